/** The official client of OpenAI, in front of Ollama's own API. */
import { afterEach, expect, test } from "bun:test";
import OpenAI from "openai";
import { configProblems } from "../../../testing/index.ts";
import { chatGateway, closeAll, json, lines, testProvider, until } from "../testing/providers.ts";

afterEach(closeAll);

const clientOf = (url: string): OpenAI => new OpenAI({ baseURL: url, apiKey: "client's own", maxRetries: 0 });
const config = (url: string) => ({ provider: "ollama", api: "native", base_url: url });
const line = (message: object, rest: object = { done: false }): object => ({
  model: "llama",
  created_at: "2025-01-01T00:00:00Z",
  message: { role: "assistant", content: "", ...message },
  ...rest,
});
const LAST = line({}, { done: true, done_reason: "stop", prompt_eval_count: 26, eval_count: 9 });
const HELLO = { model: "llama", messages: [{ role: "user" as const, content: "Hello" }] };

test("a whole answer: options, formats, images, calls and their results there; calls and usage back", async () => {
  const provider = await testProvider(
    json(
      line(
        { content: "Let me see.", tool_calls: [{ function: { name: "weather", arguments: { city: "Bern" } } }] },
        { done: true, done_reason: "stop", prompt_eval_count: 12, eval_count: 5 },
      ),
    ),
  );
  const { url, metrics } = await chatGateway(config(provider.url), [
    { name: "ai-cost-tracker", config: { prices: { "ollama/llama": { prompt: 1, completion: 2 } } } },
  ]);
  const tools = [{ type: "function" as const, function: { name: "weather", parameters: { type: "object" } } }];
  const answer = await clientOf(url).chat.completions.create({
    model: "llama",
    max_completion_tokens: 100,
    temperature: 0.5,
    seed: 3,
    stop: "END",
    response_format: { type: "json_schema", json_schema: { name: "n", schema: { type: "object" } } },
    tools,
    messages: [
      { role: "developer", content: "Be short." },
      {
        role: "user",
        content: [
          { type: "text", text: "Where?" },
          { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } },
        ],
      },
      {
        role: "assistant",
        content: null,
        tool_calls: [{ id: "t0", type: "function", function: { name: "weather", arguments: '{"city":"Ulm"}' } }],
      },
      { role: "tool", tool_call_id: "t0", content: "Rain" },
    ],
  });
  expect(answer.choices[0]).toMatchObject({
    finish_reason: "tool_calls",
    message: { content: "Let me see.", tool_calls: [{ function: { name: "weather", arguments: '{"city":"Bern"}' } }] },
  });
  expect(answer.usage).toEqual({ prompt_tokens: 12, completion_tokens: 5, total_tokens: 17 });
  expect(provider.asked.map(({ target, body }) => ({ target, body }))).toEqual([
    {
      target: "/api/chat",
      body: {
        model: "llama",
        stream: false,
        format: { type: "object" },
        tools,
        options: { num_predict: 100, temperature: 0.5, seed: 3, stop: ["END"] },
        messages: [
          { role: "system", content: "Be short." },
          { role: "user", content: "Where?", images: ["AAAA"] },
          {
            role: "assistant",
            content: "",
            tool_calls: [{ function: { name: "weather", arguments: { city: "Ulm" } } }],
          },
          { role: "tool", content: "Rain", tool_name: "weather" },
        ],
      },
    },
  ]);
  expect(metrics.expose()).toContain('biplane_gateway_ai_cost_dollars_total{provider="ollama",model="llama"} 0.022');
});

test("a stream: each line passes as a chunk before the next is made, and usage is at the end", async () => {
  let read = 0;
  const documents = [line({ thinking: "Hm." }), line({ content: "Grüße" }), line({ content: "!" }), LAST];
  // The next line is made once the client has read the last one.
  const provider = await testProvider(lines(documents, (index) => until(() => read >= index)));
  const { url } = await chatGateway(config(`${provider.url}/api`));
  const seen: string[] = [];
  let usage: unknown;
  for await (const part of await clientOf(url).chat.completions.create({
    ...HELLO,
    stream: true,
    stream_options: { include_usage: true },
  })) {
    const { delta, finish_reason: reason } = part.choices[0] ?? {};
    seen.push(`${(delta as { reasoning?: string })?.reasoning ?? ""}${delta?.content ?? ""}${reason ?? ""}`);
    usage = part.usage ?? usage;
    read++;
  }
  expect(seen).toEqual(["Hm.", "Grüße", "!", "stop", ""]);
  expect(usage).toEqual({ prompt_tokens: 26, completion_tokens: 9, total_tokens: 35 });
});

test("a client that goes ends the provider's work", async () => {
  let isGone = false;
  const provider = await testProvider((exchange) => {
    exchange.onGone = () => {
      isGone = true;
    };
    exchange.begin({ status: 200, fields: ["Content-Type", "application/x-ndjson"] }, undefined);
    exchange.write(Buffer.from(`${JSON.stringify(line({ content: "one" }))}\n`));
  });
  const { url } = await chatGateway(config(provider.url));
  const answer = await clientOf(url).chat.completions.create({ ...HELLO, stream: true });
  for await (const part of answer) {
    expect(part.choices[0]?.delta.content).toBe("one");
    break;
  }
  await until(() => isGone);
});

test("errors: before a stream begins another is asked; in the middle the client is told", async () => {
  const failing = await testProvider(
    lines([{ error: "out of memory" }]),
    lines([line({ content: "Hal" }), { error: "out of memory" }], (index) => until(() => index === 0 || read > 0)),
    json({ error: "model not found" }, 404),
  );
  let read = 0;
  const good = await testProvider(lines([line({ content: "Hi." }), LAST]));
  const { url, ask } = await chatGateway({ ...config(failing.url), fallback: [config(good.url)] });
  expect(await (await ask({ ...HELLO, stream: true })).text()).toContain("Hi.");
  const half = async (): Promise<void> => {
    for await (const part of await clientOf(url).chat.completions.create({ ...HELLO, stream: true })) {
      read += part.choices.length;
    }
  };
  await expect(half()).rejects.toThrow("out of memory");
  expect(read).toBe(1);
  const refused = await ask(HELLO);
  expect([refused.status, await refused.json()]).toMatchObject([404, { error: { message: "model not found" } }]);
});

test("what cannot be said there is refused by name, and nobody is asked", async () => {
  const provider = await testProvider(json(LAST));
  const { ask } = await chatGateway(config(provider.url));
  const image = (url: string) => ({
    messages: [{ role: "user", content: [{ type: "image_url", image_url: { url } }] }],
  });
  for (const [wrong, param] of [
    [{ logit_bias: {} }, "logit_bias"],
    [{ n: 2 }, "n"],
    [{ temperature: "hot" }, "temperature"],
    [{ tool_choice: "required" }, "tool_choice"],
    [{ tools: [{ type: "custom" }] }, "tools[0]"],
    [image("https://example.com/a.png"), "messages[0].content[0].image_url.url"],
    [{ messages: [{ role: "robot", content: "x" }] }, "messages[0].role"],
  ] as const) {
    const answer = await ask({ ...HELLO, ...wrong });
    expect([answer.status, ((await answer.json()) as { error: { param: string } }).error.param]).toEqual([400, param]);
  }
  expect(provider.asked).toEqual([]);
  expect(configProblems("ai-proxy", { provider: "anthropic", api: "native" })).toEqual([
    "/api The provider anthropic has only one API.",
  ]);
});

test("its models", async () => {
  const provider = await testProvider(json({ models: [{ name: "llama:8b", modified_at: "2025-02-19T00:00:00Z" }] }));
  const { url } = await chatGateway(config(provider.url));
  expect((await clientOf(url).models.list()).data).toEqual([
    { id: "llama:8b", object: "model", created: 1_739_923_200, owned_by: "ollama" },
  ]);
  expect(provider.asked[0]?.target).toBe("/api/tags");
});
