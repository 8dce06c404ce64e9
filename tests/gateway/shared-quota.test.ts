/** R6: several gateways of one artifact count together, in a store that all of them ask. */
import { afterEach, expect, test } from "bun:test";
import { compileGateway } from "#control-plane/gateways";
import { type StoreProcess, startStore, storeTest } from "../support/resp-store.ts";
import { until } from "../support/until.ts";
import { compiled, type RunningGateway, starting } from "./support/compiled-gateway.ts";

const started = starting();
const stores: StoreProcess[] = [];
afterEach(async () => {
  await started.end();
  for (const store of stores.splice(0)) await store.kill();
});

async function store(options: readonly string[] = [], port?: number): Promise<StoreProcess> {
  const one = await startStore(options, port);
  stores.push(one);
  return one;
}

/** @param config of `rate-limit`, in YAML's flow style */
const description = (config: string): string => `openapi: 3.1.0
info: {title: Things, version: "1"}
paths:
  /things:
    get:
      x-biplane-middlewares: [{name: rate-limit, config: {${config}}}]
      x-biplane-dispatch: {name: mock, config: {body: ok, content_type: text/plain}}
      responses: {"200": {description: ok}}
`;

const gateways = (config: string, count: number): Promise<readonly RunningGateway[]> =>
  Promise.all(
    Array.from({ length: count }, () =>
      started.gateway(compiled(description(config)), { secrets: { environment: { STORE_PASSWORD: "the password" } } }),
    ),
  );

const statusOf = async ({ url }: RunningGateway): Promise<number> => (await fetch(`${url}/things`)).status;

storeTest("R6: of all requests to three gateways at once, exactly the quota is allowed", async () => {
  const { port } = await store();
  const all = await gateways(`quota: 50, window: 3600, store: {url: "redis://127.0.0.1:${port}"}`, 3);
  const answers = await Promise.all(
    Array.from({ length: 120 }, async (_, index) => {
      const { status, headers } = await fetch(`${all[index % 3]!.url}/things`);
      return { status, remaining: Number(/r=(\d+)/.exec(headers.get("ratelimit") ?? "")?.[1]) };
    }),
  );
  const allowed = answers.filter(({ status }) => status === 200);
  expect(allowed).toHaveLength(50);
  expect(answers.filter(({ status }) => status === 429)).toHaveLength(70);
  // Each of them was told another number of requests that are left.
  expect(new Set(allowed.map(({ remaining }) => remaining)).size).toBe(50);
  const late = await fetch(`${all[0]!.url}/things`);
  expect(late.headers.get("ratelimit-policy")).toBe('"default";q=50;w=3600');
  expect(Number(late.headers.get("retry-after"))).toBeGreaterThan(3_500);
});

storeTest("R6: quotas of other policies, and of gateways that start later, are what they should be", async () => {
  const { port } = await store();
  const where = `store: {url: "redis://127.0.0.1:${port}/3"}`;
  const [first] = await gateways(`quota: 2, window: 3600, ${where}`, 1);
  const [other] = await gateways(`quota: 2, window: 3600, policy_name: other, ${where}`, 1);
  expect([await statusOf(first!), await statusOf(first!), await statusOf(first!)]).toEqual([200, 200, 429]);
  expect(await statusOf(other!)).toBe(200);
  const [later] = await gateways(`quota: 2, window: 3600, ${where}`, 1);
  expect(await statusOf(later!)).toBe(429);
});

storeTest("R6: a window ends for all of them, and who waits as told is allowed", async () => {
  const { port } = await store();
  const [one, two] = await gateways(`quota: 1, window: 1, store: {url: "redis://127.0.0.1:${port}"}`, 2);
  expect(await statusOf(one!)).toBe(200);
  await until("the window is over", async () => (await statusOf(two!)) === 200);
});

storeTest(
  "R6: while the store is away requests are refused, or counted by each gateway for itself; when it is back, together again",
  async () => {
    const first = await store();
    const where = `store: {url: "redis://127.0.0.1:${first.port}"}`;
    const [closed] = await gateways(`quota: 2, window: 3600, ${where}`, 1);
    const [open] = await gateways(`quota: 2, window: 3600, fail_open: true, policy_name: open, ${where}`, 1);
    expect([await statusOf(closed!), await statusOf(open!)]).toEqual([200, 200]);
    await first.kill();
    const refused = await fetch(`${closed!.url}/things`);
    expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([
      503,
      "rate-limiter-unavailable",
    ]);
    expect([await statusOf(open!), await statusOf(open!), await statusOf(open!)]).toEqual([200, 200, 429]);
    expect(open!.metrics.expose()).toMatch(/biplane_gateway_rate_limit_store_failures_total [1-9]/);
    // It remembers nothing, the script neither.
    await store([], first.port);
    await until("it decides again", async () => (await statusOf(closed!)) === 200);
    expect(await statusOf(closed!)).toBe(200);
    expect(await statusOf(closed!)).toBe(429);
  },
);

storeTest("R6: a store that wants a password is given it, and one that is wrong lets nobody in", async () => {
  const { port } = await store(["--requirepass", "the password"]);
  const where = (password: string) =>
    `quota: 1, window: 3600, store: {url: "redis://127.0.0.1:${port}", password: "${password}"}`;
  const [right] = await gateways(where("env://STORE_PASSWORD"), 1);
  expect([await statusOf(right!), await statusOf(right!)]).toEqual([200, 429]);
  const [wrong] = await gateways(where("another"), 1);
  expect(await statusOf(wrong!)).toBe(503);
});

test("a store is reached by TLS unless plain text is allowed", () => {
  const codes = (scheme: string) =>
    compileGateway({
      files: ["api.yaml"],
      read: () => Buffer.from(description(`quota: 1, window: 1, store: {url: "${scheme}://store/1"}`)),
      provenance: { compiler: "test" },
    }).diagnostics.map(({ code }) => code);
  expect([codes("redis"), codes("rediss"), codes("http")]).toEqual([["E1031"], [], ["E1023"]]);
});
