import { afterEach, expect, test } from "bun:test";
import OpenAI from "openai";
import { chatGateway, closeAll, json, testProvider } from "../testing/providers.ts";

afterEach(closeAll);

const clientOf = (url: string): OpenAI => new OpenAI({ baseURL: url, apiKey: "client's own", maxRetries: 0 });
const listed = (...ids: readonly string[]) =>
  json({ object: "list", data: ids.map((id) => ({ id, object: "model", created: 7, owned_by: "them" })) });

async function namesAt(url: string): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const { id, owned_by } of clientOf(url).models.list()) names.push(`${id} ${owned_by}`);
  return names;
}

test("what may be asked for, out of all providers, each asked once", async () => {
  const openai = await testProvider(listed("gpt-small", "gpt-secret", "claude-like", "embed-1"));
  const anthropic = await testProvider(
    json({ data: [{ type: "model", id: "claude-a", display_name: "A", created_at: "2025-02-19T00:00:00Z" }] }),
  );
  const target = { provider: "openai", base_url: openai.url, api_key: "env://PROVIDER_KEY" };
  const { url } = await chatGateway({
    aliases: { fast: "gpt-small", hidden: "gpt-secret", "embed-1": "claude-a" },
    routes: [
      { pattern: "gpt-*", deny: ["gpt-secret"], ...target },
      { pattern: "exact", ...target },
      {
        pattern: "claude-*",
        provider: "anthropic",
        base_url: anthropic.url,
        api_key: "env://PROVIDER_KEY",
        auth: { query: "k" },
      },
    ],
    targets: { usual: target, named: { provider: "ollama", allow: ["llama"] } },
    default_target: "usual",
  });
  expect(await namesAt(url)).toEqual([
    "claude-a anthropic",
    "embed-1 anthropic",
    "exact openai",
    "fast openai",
    "gpt-small openai",
  ]);
  expect(await clientOf(url).models.retrieve("claude-a")).toEqual({
    id: "claude-a",
    object: "model",
    created: 1_739_923_200,
    owned_by: "anthropic",
  });
  const refused = await clientOf(url)
    .models.retrieve("gpt-secret")
    .catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(OpenAI.NotFoundError);
  expect(openai.asked.map(({ target: path, fields }) => [path, fields.authorization])).toEqual([
    ["/v1/models", "Bearer sk-provider"],
  ]);
  expect(anthropic.asked.map(({ target: path }) => path)).toEqual(["/v1/models?limit=1000&k=sk-provider"]);
  expect(JSON.stringify([openai.asked, anthropic.asked])).not.toContain("client's own");
});

test("a list without one of the providers says so; without any it is none", async () => {
  const good = await testProvider(listed("gpt-small"));
  const bad = await testProvider(json({ error: { message: "bad key sk-provider" } }, 401), json({ models: 1 }));
  const { url } = await chatGateway({
    routes: [
      { pattern: "gpt-*", provider: "openai", base_url: good.url },
      { pattern: "*", provider: "anthropic", base_url: bad.url },
    ],
  });
  const ask = async (): Promise<Record<string, unknown>> => (await fetch(`${url}/models`)).json() as never;
  expect(await ask()).toEqual({
    object: "list",
    data: [{ id: "gpt-small", object: "model", created: 7, owned_by: "openai" }],
    partial: true,
    warnings: [{ provider: "anthropic", status: 401, detail: "The provider refuses the gateway." }],
  });
  expect((await ask()).warnings).toEqual([
    { provider: "anthropic", status: 200, detail: "The provider has sent no list." },
  ]);
  expect((await fetch(`${url}/models/gpt-unknown`)).status).toBe(502);
  const alone = await chatGateway({ provider: "openai", base_url: bad.url });
  const answer = await fetch(`${alone.url}/models`);
  expect([answer.status, await answer.json()]).toMatchObject([502, { code: "upstream-unavailable" }]);
});

test("a provider that does not answer in time is left out", async () => {
  const silent = await testProvider(() => undefined);
  const { url } = await chatGateway({
    models_timeout: 0.05,
    provider: "openai",
    base_url: silent.url,
    aliases: { fast: "m" },
  });
  expect(await (await fetch(`${url}/models`)).json()).toMatchObject({
    data: [{ id: "fast" }],
    warnings: [{ provider: "openai", status: null, detail: "The provider took too long." }],
  });
});
