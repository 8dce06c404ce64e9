/** R6: several gateways of one artifact keep responses together, in a store that all of them ask. */
import { afterEach, expect, test } from "bun:test";
import { createRespClient, type RespClient } from "#foundation/resp";
import { systemClock, systemRandom, systemTimers } from "#foundation/runtime";
import { type StoreProcess, startStore, storeTest } from "../support/resp-store.ts";
import { until } from "../support/until.ts";
import { compiled, type RunningGateway, refusalsOf, starting } from "./support/compiled-gateway.ts";

const started = starting();
const stores: StoreProcess[] = [];
const open: { close(): unknown }[] = [];
afterEach(async () => {
  await started.end();
  for (const one of open.splice(0)) await one.close();
  for (const store of stores.splice(0)) await store.kill();
});

async function store(options: readonly string[] = [], port?: number): Promise<StoreProcess> {
  const one = await startStore(options, port);
  stores.push(one);
  return one;
}

interface Origin {
  readonly url: string;
  readonly asked: Request[];
}

function origin(answer: (request: Request, count: number) => Response): Origin {
  const asked: Request[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch(request) {
      asked.push(request);
      return answer(request, asked.length);
    },
  });
  open.push({ close: () => server.stop(true) });
  return { url: `http://127.0.0.1:${server.port}`, asked };
}

const description = (url: string, config: string): string => `openapi: 3.1.0
info: {title: Things, version: "1"}
x-biplane-middlewares: [{name: cache, config: {${config}}}]
paths:
  /{path}:
    parameters: [{name: path, in: path, required: true, schema: {type: string}}]
    get:
      x-biplane-dispatch: {name: http-upstream, config: {url: "${url}"}}
      responses: {"200": {description: ok}}
    post:
      x-biplane-dispatch: {name: http-upstream, config: {url: "${url}"}}
      responses: {"200": {description: ok}}
`;

const PREFIX = "things";
const at = (port: number, prefix = PREFIX): string =>
  `store: {url: "redis://127.0.0.1:${port}", prefix: ${prefix}, timeout: 5}`;

const gateways = (count: number, { url }: Origin, config: string): Promise<readonly RunningGateway[]> =>
  Promise.all(Array.from({ length: count }, () => started.gateway(compiled(description(url, config)))));

interface Got {
  readonly status: number;
  readonly outcome: string | null;
  readonly body: Buffer;
  readonly headers: Headers;
}

/** All gateways are reached by one name, as behind a balancer. */
async function get(one: RunningGateway, path = "thing", headers: Record<string, string> = {}): Promise<Got> {
  const answer = await fetch(`${one.url}/${path}`, { headers: { Host: "things.test", ...headers } });
  const body = Buffer.from(await answer.arrayBuffer());
  return { status: answer.status, outcome: answer.headers.get("x-cache"), body, headers: answer.headers };
}

const outcomeOf = async (...args: Parameters<typeof get>): Promise<string | null> => (await get(...args)).outcome;

/** What is kept is there a moment after whoever asked has it. */
const untilKept = (one: RunningGateway, path = "thing", headers: Record<string, string> = {}): Promise<unknown> =>
  until(`${path} is kept`, async () => (await outcomeOf(one, path, headers)) === "HIT");

function looking(port: number): RespClient {
  const client = createRespClient({
    address: { host: "127.0.0.1", port, tls: false, database: 0 },
    timeoutMs: 5_000,
    clock: systemClock,
    timers: systemTimers,
    random: systemRandom,
  });
  open.push(client);
  return client;
}

const names = async (client: RespClient): Promise<readonly string[]> =>
  (await client.send("KEYS", "*")) as readonly string[];
const only = (all: readonly string[], end: RegExp): string => all.find((name) => end.test(name))!;
const ENTRY = /\}:[\w-]{43}$/;

storeTest("R6: what one gateway has kept another answers with: status, fields, every octet, its age", async () => {
  const { port } = await store();
  const body = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 31) % 256));
  const from = origin(
    () => new Response(body, { headers: { "Cache-Control": "max-age=600", Age: "40", ETag: '"a"', "X-Name": "é" } }),
  );
  const [one, two] = await gateways(2, from, at(port));
  expect(await outcomeOf(one!)).toBe("MISS");
  await until("it is kept", async () => (await names(looking(port))).some((name) => ENTRY.test(name)));
  const { status, outcome, body: got, headers } = await get(two!);
  expect([status, outcome, got.equals(body)]).toEqual([200, "HIT", true]);
  expect([headers.get("etag"), headers.get("cache-control")]).toEqual(['"a"', "max-age=600"]);
  expect(Number(headers.get("age"))).toBeGreaterThanOrEqual(40);
  expect((await get(two!, "thing", { "If-None-Match": '"a"' })).status).toBe(304);
  expect(from.asked).toHaveLength(1);
  // Everything there goes away by itself.
  const client = looking(port);
  for (const name of await names(client)) expect(Number(await client.send("PTTL", name))).toBeGreaterThan(0);
  // Nothing is shared under another name.
  const [other] = await gateways(1, from, at(port, "others"));
  expect(await outcomeOf(other!)).toBe("MISS");
});

storeTest("R6: what is fresh no more is asked about by any of them, with the validator that is kept", async () => {
  const { port } = await store();
  const from = origin((request) =>
    request.headers.get("if-none-match") === '"a"'
      ? new Response(null, { status: 304 })
      : new Response("body", { headers: { "Cache-Control": "no-cache", ETag: '"a"' } }),
  );
  const [one, two] = await gateways(2, from, at(port));
  expect(await outcomeOf(one!)).toBe("MISS");
  await until("it is asked about", async () => {
    const { outcome, body } = await get(two!);
    expect(String(body)).toBe("body");
    return outcome === "REVALIDATED";
  });
});

storeTest("R6: what has become too old is not used", async () => {
  const { port } = await store();
  const from = origin((_, count) => new Response(String(count), { headers: { "Cache-Control": "max-age=1" } }));
  const [one, two] = await gateways(2, from, at(port));
  await untilKept(one!);
  await until("it is too old", async () => (await outcomeOf(two!)) === "MISS");
});

storeTest("R6: what is somebody's is not in the store, nor given to somebody else", async () => {
  const { port } = await store();
  const said: Readonly<Record<string, Record<string, string>>> = {
    mine: { "Cache-Control": "max-age=60" },
    shared: { "Cache-Control": "public, max-age=60" },
    private: { "Cache-Control": "private, max-age=60" },
    cookie: { "Cache-Control": "public, max-age=60", "Set-Cookie": "a=b" },
    unsaid: {},
  };
  const from = origin(({ url }) => new Response("x", { headers: said[new URL(url).pathname.slice(1)]! }));
  const [one, two] = await gateways(2, from, at(port));
  const credentials = { Authorization: "Bearer secret-of-alice" };
  const client = looking(port);
  expect(await outcomeOf(one!, "mine", credentials)).toBe("MISS");
  expect(await outcomeOf(two!, "mine", credentials)).toBe("MISS");
  expect(await outcomeOf(one!, "unsaid", { Cookie: "session=1" })).toBe("MISS");
  for (const path of ["private", "cookie"]) {
    await outcomeOf(one!, path);
    expect(await outcomeOf(two!, path)).toBe("MISS");
  }
  await untilKept(one!, "shared", credentials);
  // Commands are carried out in their order: nothing of those before is still on its way.
  expect((await names(client)).filter((name) => ENTRY.test(name))).toHaveLength(1);
  expect(await outcomeOf(two!, "shared")).toBe("HIT");
  // What is kept for all is nobody's with credentials, unless its origin says so; nor a session's.
  await untilKept(one!, "mine");
  expect(await outcomeOf(two!, "mine", credentials)).toBe("MISS");
  await untilKept(one!, "unsaid");
  expect(await outcomeOf(two!, "unsaid", { Cookie: "session=1" })).toBe("MISS");
});

storeTest(
  "R6: responses are told apart by Vary and the configuration, by all of them, and names say no values",
  async () => {
    const { port } = await store();
    const from = origin(
      ({ headers }) =>
        new Response(`${headers.get("accept-language")} ${headers.get("x-tenant")}`, {
          headers: { "Cache-Control": "max-age=60", Vary: "Accept-Language" },
        }),
    );
    const [one, two] = await gateways(2, from, `vary: [X-Tenant], ${at(port)}`);
    const cases = ["de", "en"].flatMap((language) =>
      ["tenant-1", "tenant-2"].map((tenant) => ({ "Accept-Language": language, "X-Tenant": tenant })),
    );
    for (const headers of cases) await untilKept(one!, "thing", headers);
    for (const headers of cases) {
      const { outcome, body } = await get(two!, "thing", headers);
      expect([outcome, String(body)]).toEqual(["HIT", `${headers["Accept-Language"]} ${headers["X-Tenant"]}`]);
    }
    expect(from.asked).toHaveLength(4);
    // A gateway that tells more apart uses none of these.
    const [more] = await gateways(1, from, `vary: [X-Tenant, X-Other], ${at(port)}`);
    expect(await outcomeOf(more!, "thing", cases[0])).toBe("MISS");
    const client = looking(port);
    const entry = only(await names(client), ENTRY);
    const fields = (await client.send("HKEYS", entry)) as readonly string[];
    expect(`${entry} ${fields}`).not.toContain("tenant");
  },
);

storeTest("R6: who sends ever other values makes no address grow without end", async () => {
  const { port } = await store();
  const from = origin(() => new Response("x", { headers: { "Cache-Control": "max-age=60", Vary: "X-Any" } }));
  const [one] = await gateways(1, from, at(port));
  for (let index = 0; index < 80; index++) await get(one!, "thing", { "X-Any": String(index) });
  await untilKept(one!, "thing", { "X-Any": "last" });
  const client = looking(port);
  expect(Number(await client.send("HLEN", only(await names(client), ENTRY)))).toBeLessThanOrEqual(65);
});

storeTest("R6: what changes something makes it invalid for all of them", async () => {
  const { port } = await store();
  let state = 1;
  const from = origin(({ method }) => {
    if (method === "POST") state++;
    return new Response(String(state), { headers: { "Cache-Control": "max-age=600" } });
  });
  const [one, two] = await gateways(2, from, at(port));
  await untilKept(one!);
  expect(await outcomeOf(two!)).toBe("HIT");
  await (await fetch(`${two!.url}/thing`, { method: "POST", headers: { Host: "things.test" } })).text();
  const { outcome, body } = await get(one!);
  expect([outcome, String(body)]).toEqual(["MISS", "2"]);
});

storeTest("R6: no more is kept than was said; what was not used for longest makes room", async () => {
  const { port } = await store();
  const from = origin(
    ({ url }) =>
      new Response("x".repeat(url.endsWith("large") ? 20_001 : 20_000), {
        headers: { "Cache-Control": "max-age=600" },
      }),
  );
  const [one] = await gateways(1, from, `max_bytes: 65536, max_entry_bytes: 20000, ${at(port)}`);
  for (const path of ["a", "b", "c"]) await untilKept(one!, path);
  expect(await outcomeOf(one!, "a")).toBe("HIT");
  await untilKept(one!, "d");
  expect([await outcomeOf(one!, "a"), await outcomeOf(one!, "c"), await outcomeOf(one!, "b")]).toEqual([
    "HIT",
    "HIT",
    "MISS",
  ]);
  expect([await outcomeOf(one!, "large"), await outcomeOf(one!, "large")]).toEqual(["MISS", "MISS"]);
  const client = looking(port);
  const all = await names(client);
  const sizes = (await client.send("HGETALL", only(all, /:sizes$/))) as readonly string[];
  const byName = Object.fromEntries(
    sizes.flatMap((_, index) => (index % 2 === 0 ? [[sizes[index]!, Number(sizes[index + 1])]] : [])),
  );
  const { total, ...each } = byName;
  expect(total).toBeLessThanOrEqual(65_536);
  expect(Object.values(each).reduce((sum, one) => sum + one, 0)).toBe(total!);
  expect(Object.keys(each).sort()).toEqual(all.filter((name) => ENTRY.test(name)).sort());
});

storeTest(
  "R6: while the store is away no request fails; each keeps for itself, and forgets that afterwards",
  async () => {
    const first = await store();
    let state = 1;
    const from = origin(({ method }) => {
      if (method === "POST") state++;
      return new Response(String(state), { headers: { "Cache-Control": "max-age=600" } });
    });
    const [one, two] = await gateways(2, from, at(first.port));
    await untilKept(one!);
    await first.kill();
    // What is in the store is out of reach; what comes now is not.
    await untilKept(one!);
    expect(await outcomeOf(two!)).toBe("MISS");
    expect(await outcomeOf(two!)).toBe("HIT");
    await (await fetch(`${two!.url}/thing`, { method: "POST", headers: { Host: "things.test" } })).text();
    expect(String((await get(two!)).body)).toBe("2");
    expect(one!.metrics.expose()).toMatch(/biplane_gateway_cache_store_failures_total [1-9]/);
    const second = await store([], first.port);
    // What each kept for itself is used no more, so that both come to what is now.
    await until("both have what is now", async () => {
      const got = [String((await get(one!)).body), String((await get(two!)).body)];
      return got.join() === "2,2";
    });
    // One address after the other, so that a hit of the second is what the first has kept.
    let round = 0;
    await until("both are back", async () => {
      const path = `another-${round++}`;
      await get(one!, path);
      return (await outcomeOf(two!, path)) === "HIT";
    });
    await (await fetch(`${one!.url}/thing`, { method: "POST", headers: { Host: "things.test" } })).text();
    await second.kill();
    expect(String((await get(two!)).body)).toBe("3");
  },
);

storeTest("R6: a store that was away is told what became invalid meanwhile", async () => {
  const { port } = await store();
  let state = 1;
  const from = origin(({ method }) => {
    if (method === "POST") state++;
    return new Response(String(state), { headers: { "Cache-Control": "max-age=600" } });
  });
  const [one] = await gateways(1, from, at(port));
  await untilKept(one!);
  const client = looking(port);
  // It refuses what gateways ask, and loses nothing.
  const denied = ["EVAL", "EVALSHA"];
  await client.send("ACL", "SETUSER", "default", ...denied.map((name) => `-${name}`));
  await (await fetch(`${one!.url}/thing`, { method: "POST", headers: { Host: "things.test" } })).text();
  expect(String((await get(one!)).body)).toBe("2");
  await client.send("ACL", "SETUSER", "default", ...denied.map((name) => `+${name}`));
  expect(String((await get(one!)).body)).toBe("2");
});

storeTest("R6: what somebody else has written in the store is not answered with", async () => {
  const { port } = await store();
  const from = origin(() => new Response("right", { headers: { "Cache-Control": "max-age=600" } }));
  const [one] = await gateways(1, from, at(port));
  await untilKept(one!);
  const client = looking(port);
  const entry = only(await names(client), ENTRY);
  const field = ((await client.send("HKEYS", entry)) as readonly string[]).find((name) => name !== "vary")!;
  const head = (value: unknown): Uint8Array => {
    const text = Buffer.from(JSON.stringify(value));
    const length = Buffer.alloc(4);
    length.writeUInt32BE(text.length);
    return Buffer.concat([length, text]);
  };
  const now = Date.now();
  for (const wrong of [
    Buffer.from("x"),
    Buffer.from("xxxxxxxx"),
    head([2, 200, now, 0, []]),
    head([1, 999, now, 0, []]),
    head([1, 200, now, 5, []]),
    head([1, 200, now, 0, ["X-A", "a\r\nSet-Cookie: b=c"]]),
    head([1, 200, now, 0, ["X A", "a"]]),
    head([1, 200, now, 0, ["X-A"]]),
    head([1, 200, "now", 0, []]),
  ]) {
    await client.send("HSET", entry, field, wrong);
    const { outcome, body } = await get(one!);
    expect([outcome, String(body)]).toEqual(["MISS", "right"]);
    await untilKept(one!);
  }
  await client.send("SET", entry, "no hash");
  expect(String((await get(one!)).body)).toBe("right");
});

test("the configuration says by which name responses are shared, and keeps entries small", () => {
  const codes = (config: string) => refusalsOf(description("https://origin.test", config));
  expect(codes('store: {url: "rediss://store"}')).toEqual(["E1023"]);
  expect(codes('max_bytes: 67108864, max_entry_bytes: 16777217, store: {url: "rediss://store", prefix: a}')).toEqual([
    "E1023",
  ]);
  expect(codes('store: {url: "rediss://store", prefix: a}')).toEqual([]);
});
