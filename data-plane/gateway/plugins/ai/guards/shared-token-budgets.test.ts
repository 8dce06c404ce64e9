/** Budgets that several gateways share, in a real store. */
import { afterEach, expect, test } from "bun:test";
import { type StoreProcess, startStore, storeTest } from "../../../../../tests/support/resp-store.ts";
import { until as untilAsync } from "../../../../../tests/support/until.ts";
import { configProblems } from "../../../testing/index.ts";
import {
  type ChatGateway,
  chatGateway,
  closeAll,
  json,
  stream,
  testProvider,
  unnamed,
  until,
} from "../testing/providers.ts";

const stores: StoreProcess[] = [];
afterEach(async () => {
  await closeAll();
  for (const store of stores.splice(0)) await store.kill();
});

async function store(port?: number): Promise<StoreProcess> {
  const one = await startStore([], port);
  stores.push(one);
  return one;
}

const HELLO = { model: "m", messages: [{ role: "user", content: "Hello" }], max_tokens: 50 };
const usage = { prompt_tokens: 10, completion_tokens: 20, total_tokens: 30 };
const COMPLETION = {
  id: "c",
  choices: [{ index: 0, message: { role: "assistant", content: "Hi." }, finish_reason: "stop" }],
  usage,
};
const remainingOf = ({ headers }: Response): number => Number(/r=(\d+)/.exec(headers.get("ratelimit") ?? "")?.[1]);

async function gateways(
  count: number,
  port: number,
  provider: { readonly url: string },
  quota: number,
  more: object = {},
  window = 3_600,
): Promise<readonly ChatGateway[]> {
  const config = {
    default_profile: "usual",
    profiles: { usual: { quota, window } },
    partition_key: "all",
    store: { url: `redis://127.0.0.1:${port}` },
    ...more,
  };
  return Promise.all(
    Array.from({ length: count }, () =>
      chatGateway({ provider: "openai", base_url: provider.url }, [{ name: "ai-token-limit", config }]),
    ),
  );
}

storeTest("R6: what one gateway has taken and put right, all others know; other policies have their own", async () => {
  const { port } = await store();
  const provider = await testProvider(json(COMPLETION));
  const [one, two] = await gateways(2, port, provider, 100);
  const first = await one!.ask(HELLO);
  expect(first.headers.get("ratelimit-policy")).toBe('"ai-tokens";q=100;qu="tokens";w=3600');
  expect(remainingOf(first)).toBe(70);
  expect(remainingOf(await two!.ask(HELLO))).toBe(40);
  const refused = await one!.ask(HELLO);
  expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([429, "ai-token-limit-exceeded"]);
  expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(3_500);
  const never = await two!.ask({ ...HELLO, max_tokens: 1_000 });
  expect([never.status, never.headers.get("retry-after")]).toEqual([429, null]);
  expect((await two!.ask({ ...HELLO, max_tokens: 1e300 })).status).toBe(429);
  const [other] = await gateways(1, port, provider, 100, { policy_name: "others" });
  expect(remainingOf(await other!.ask(HELLO))).toBe(70);
});

storeTest(
  "R6: of all requests to three gateways at once, the budget pays for exactly as many as it has tokens for",
  async () => {
    const { port } = await store();
    const provider = await testProvider(json({ ...COMPLETION, usage: { ...usage, completion_tokens: 50 } }));
    const all = await gateways(3, port, provider, 500, { count: "completion" });
    const answers = await Promise.all(Array.from({ length: 45 }, (_, index) => all[index % 3]!.ask(HELLO)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(10);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(35);
  },
);

storeTest("R6: streams are put right at their end, and what was refused costs nothing", async () => {
  const { port } = await store();
  const events = [
    { id: "c", choices: [{ index: 0, delta: { content: "Hi" }, finish_reason: "stop" }] },
    { id: "c", choices: [], usage },
    "[DONE]",
  ];
  const provider = await testProvider(
    stream(events.map(unnamed).join("")),
    json({ error: { message: "no" } }, 400),
    json(COMPLETION),
  );
  const [one, two] = await gateways(2, port, provider, 1_000);
  const streamed = await one!.ask({ ...HELLO, stream: true });
  expect(remainingOf(streamed)).toBe(948);
  expect(await streamed.text()).toContain("[DONE]");
  await until(() => one!.ended.length === 1);
  expect((await one!.ask(HELLO)).status).toBe(400);
  await until(() => one!.ended.length === 2);
  // What was put right after the end goes over one connection, before what is asked next.
  const last = await one!.ask(HELLO);
  expect(remainingOf(last)).toBe(1_000 - 30 - 30);
  expect(remainingOf(await two!.ask(HELLO))).toBe(1_000 - 30 - 30 - 30);
});

storeTest("R6: a window ends for all of them", async () => {
  const { port } = await store();
  const provider = await testProvider(json(COMPLETION));
  const [one, two] = await gateways(2, port, provider, 60, {}, 1);
  expect((await one!.ask(HELLO)).status).toBe(200);
  await untilAsync("the window is over", async () => (await two!.ask({ ...HELLO, max_tokens: 58 })).status === 200);
});

storeTest("R6: while the store is away requests are refused, or counted by each gateway for itself", async () => {
  const first = await store();
  const provider = await testProvider(json(COMPLETION));
  const [closed] = await gateways(1, first.port, provider, 100);
  const [open] = await gateways(1, first.port, provider, 100, { fail_open: true, policy_name: "open" });
  expect([remainingOf(await closed!.ask(HELLO)), remainingOf(await open!.ask(HELLO))]).toEqual([70, 70]);
  await first.kill();
  const refused = await closed!.ask(HELLO);
  const { code, error } = (await refused.json()) as { code: string; error: { type: string } };
  expect([refused.status, code, error.type]).toEqual([503, "rate-limiter-unavailable", "api_error"]);
  expect([remainingOf(await open!.ask(HELLO)), remainingOf(await open!.ask(HELLO))]).toEqual([70, 40]);
  expect((await open!.ask(HELLO)).status).toBe(429);
  expect(open!.metrics.expose()).toMatch(/biplane_gateway_ai_token_limit_store_failures_total [1-9]/);
  await store(first.port);
  await untilAsync("it decides again", async () => (await closed!.ask(HELLO)).status === 200);
  expect(remainingOf(await closed!.ask(HELLO))).toBe(40);
});

test("mistakes in the store are the compiler's to tell", () => {
  const config = (url: string) => ({
    default_profile: "usual",
    profiles: { usual: { quota: 1, window: 1 } },
    store: { url },
  });
  expect(configProblems("ai-token-limit", config("rediss://store/1"))).toEqual([]);
  expect(configProblems("ai-token-limit", config("http://store"))).toHaveLength(1);
});
