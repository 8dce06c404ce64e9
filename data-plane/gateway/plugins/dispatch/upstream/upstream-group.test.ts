import { afterEach, describe, expect, test } from "bun:test";
import { until } from "../../../../../tests/support/until.ts";
import type { Answer } from "../../../message/answer.ts";
import { configProblems, testHost } from "../../../testing/index.ts";
import { httpUpstream } from "../http-upstream.ts";
import { leavingExchange, said, upstreamDispatching } from "../testing/dispatching.ts";
import { closeServers, deadUrl, saying, type TestServer, testServer } from "../testing/servers.ts";

afterEach(closeServers);

const weighing = (...urls: readonly string[]) => urls.map((url) => ({ url, weight: 1 }));
const counts = (...servers: readonly TestServer[]) => servers.map(({ asked }) => asked.length);
const retryAfter = (answer: Answer) => answer.headers.get("retry-after");

describe("several servers", () => {
  test("take requests in turns, by weight", async () => {
    const [a, b, none] = [await testServer(saying("a")), await testServer(saying("b")), await testServer(saying("-"))];
    const urls = [
      { url: a.url, weight: 3 },
      { url: b.url, weight: 1 },
      { url: none.url, weight: 0 },
    ];
    const { says } = await upstreamDispatching({ urls });
    const order: string[] = [];
    for (let i = 0; i < 8; i++) order.push((await says())[1]);
    expect(order.join("")).toBe("aabaaaba");
    expect(none.asked).toEqual([]);
  });

  test("have paths of their own", async () => {
    const a = await testServer(saying("a"));
    const { says } = await upstreamDispatching({ urls: weighing(`${a.url}/one`, `${a.url}/two/`) });
    await says({ target: "/x?q" });
    await says({ target: "/x?q" });
    expect(a.asked.map(({ target }) => target)).toEqual(["/one/x?q", "/two/x?q"]);
  });

  test("least_requests counts a request until the end of its response, or of its client", async () => {
    const slow = await testServer((exchange) => exchange.begin({ status: 200 }, 4, Buffer.from("ab")));
    const quick = await testServer(saying("quick"));
    const config = { urls: weighing(slow.url, quick.url), load_balancing: "least_requests" };
    const { host, says } = await upstreamDispatching(config);
    // Until the slow one has one.
    const dispatcher = await httpUpstream.setup(
      { ...config, timeout: 5, idle_timeout: 60, preserve_host: false },
      host,
    );
    const clients: { leave(): void }[] = [];
    while (slow.asked.length === 0) {
      const client = leavingExchange();
      clients.push(client);
      await dispatcher.dispatch(client.exchange);
    }
    for (let i = 0; i < 10; i++) expect(await says()).toEqual([200, "quick"]);
    for (const client of clients) client.leave();
    slow.answers(saying("slow"));
    const seen = new Set<string>();
    for (let i = 0; i < 60; i++) seen.add((await says())[1]);
    expect([...seen].sort()).toEqual(["quick", "slow"]);
  });
});

describe("passive health", () => {
  const health = { passive: { failures: 2, ejection: 10, max_ejection: 100 } };

  test("leaves out who fails in a row, for a while", async () => {
    const [bad, good] = [await testServer(saying("bad", 502)), await testServer(saying("good"))];
    const { host, says } = await upstreamDispatching({ urls: weighing(bad.url, good.url), health });
    for (let i = 0; i < 10; i++) await says();
    expect(counts(bad, good)).toEqual([2, 8]);
    host.time.advance(10_000);
    bad.answers(saying("better"));
    for (let i = 0; i < 4; i++) await says();
    expect(counts(bad, good)).toEqual([4, 10]);
  });

  test("asks those that were left out when there is nobody else", async () => {
    const [a, b] = [await testServer(saying("a", 503)), await testServer(saying("b", 503))];
    const { says } = await upstreamDispatching({ urls: weighing(a.url, b.url), health });
    for (let i = 0; i < 20; i++) expect((await says())[0]).toBe(503);
    expect(counts(a, b)[0]! + counts(a, b)[1]!).toBe(20);
  });

  test("does not blame a server for clients that go", async () => {
    const silent = await testServer(() => {});
    const good = await testServer(saying("good"));
    const host = testHost();
    const config = { urls: weighing(silent.url, good.url), health, timeout: 5, idle_timeout: 5, preserve_host: false };
    const dispatcher = await httpUpstream.setup(config as never, host);
    for (let i = 1; i <= 6; i++) {
      const { exchange, leave } = leavingExchange();
      const answer = dispatcher.dispatch(exchange);
      await until("somebody is asked", () => silent.asked.length + good.asked.length === i);
      leave();
      await answer;
    }
    expect(counts(silent, good)).toEqual([3, 3]);
  });
});

describe("a circuit breaker", () => {
  const circuit_breaker = { failures: 2, window: 60, reset: 30 };

  test("opens, says for how long, lets one request try, and closes", async () => {
    const server = await testServer(saying("bad", 503));
    const { host, ask, says } = await upstreamDispatching({ url: server.url, circuit_breaker });
    await says();
    await says();
    host.time.advance(500);
    const refused = await ask();
    expect([refused.status, retryAfter(refused)]).toEqual([503, "30"]);
    expect(JSON.parse((await said(refused))[1]).code).toBe("circuit-open");
    expect(server.asked.length).toBe(2);
    host.time.advance(29_500);
    expect(await says()).toEqual([503, "bad"]);
    expect((await says())[1]).toContain("circuit-open");
    host.time.advance(30_000);
    const held = Promise.withResolvers<void>();
    server.answers((exchange) => void held.promise.then(() => exchange.answer({ status: 200 }, "good")));
    const trial = ask();
    await until("it tries", () => server.asked.length === 4);
    expect((await says())[1]).toContain("circuit-open");
    held.resolve();
    expect(await said(await trial)).toEqual([200, "good"]);
    expect(await says()).toEqual([200, "good"]);
  });

  test("is not stuck when the client of the request that tries has gone", async () => {
    const server = await testServer(saying("bad", 503));
    const config = { url: server.url, circuit_breaker, timeout: 5, idle_timeout: 5, preserve_host: false };
    const host = testHost();
    const { says } = await upstreamDispatching(config, host);
    await says();
    await says();
    host.time.advance(30_000);
    server.answers(() => {});
    const { exchange, leave } = leavingExchange();
    const dispatcher = await httpUpstream.setup({ connect_timeout: 5, load_balancing: "round_robin", ...config }, host);
    const answer = dispatcher.dispatch(exchange);
    await until("it tries", () => server.asked.length === 3);
    leave();
    await answer;
    server.answers(saying("good"));
    expect(await says()).toEqual([200, "good"]);
  });

  test("of one server leaves the others alone, and outlives a reload", async () => {
    const good = await testServer(saying("good"));
    const host = testHost();
    const config = { urls: weighing(await deadUrl(), good.url), circuit_breaker };
    const first = await upstreamDispatching(config, host);
    const statuses: number[] = [];
    for (let i = 0; i < 6; i++) statuses.push((await first.says())[0]);
    expect(statuses).toEqual([502, 200, 502, 200, 200, 200]);
    const second = await upstreamDispatching(config, host);
    for (let i = 0; i < 4; i++) expect((await second.says())[0]).toBe(200);
  });
});

describe("active health", () => {
  const active = { path: "/ready", interval: 1, timeout: 1, healthy: 1, unhealthy: 1, statuses: "200-299" };

  test("sends nothing to who is not healthy, and 503 when nobody is", async () => {
    let isReady = false;
    const server = await testServer((exchange) => {
      const isCheck = exchange.head.target === "/ready";
      exchange.answer({ status: isCheck && !isReady ? 500 : 200 }, "here");
    });
    const { host, ask, says } = await upstreamDispatching({ url: `${server.url}/base`, health: { active } });
    const refused = async (): Promise<boolean> => (await says())[0] === 503;
    await until("it is found not to be healthy", refused);
    const answer = await ask();
    expect([answer.status, (await said(answer))[1]]).toEqual([503, expect.stringContaining("No upstream is healthy")]);
    isReady = true;
    const checks = server.asked.length;
    await until("it is asked again", () => {
      host.time.advance(200);
      return server.asked.length > checks;
    });
    await until("it is found healthy", async () => !(await refused()));
    expect(await says()).toEqual([200, "here"]);
  });

  test("ends with its last artifact", async () => {
    const server = await testServer(saying("here"));
    const host = testHost();
    const kept: { close?(): void }[] = [];
    const keep = <Kept>(_kind: string, _key: string, create: () => Kept): Kept => {
      const one = create();
      kept.push(one as { close?(): void });
      return one;
    };
    await upstreamDispatching({ url: server.url, health: { active } }, { ...host, keep });
    await until("it is asked", () => server.asked.length === 1 && host.time.pendingTimers() > 0);
    for (const one of kept) one.close?.();
    host.time.advance(10_000);
    expect(host.time.pendingTimers()).toBe(0);
  });
});

test("fields that are set replace those of the client", async () => {
  const server = await testServer(saying("here"));
  const { says } = await upstreamDispatching({ url: server.url, headers: { "X-Key": "ours", "X-New": "1" } });
  await says({ headers: { "x-key": "theirs", "x-other": "kept" } });
  expect(server.asked[0]?.fields).toMatchObject({ "x-key": "ours", "x-new": "1", "x-other": "kept" });
});

describe("the compiler refuses", () => {
  const url = "https://a.example";
  test.each([
    [{}],
    [{ url, urls: [{ url }] }],
    [{ urls: [] }],
    [{ urls: [{ url: "ftp://a" }] }],
    [{ urls: [{ url }, { url, weight: 2 }] }],
    [{ urls: [{ url, weight: 0 }] }],
    [{ url, retries: { attempts: 0 } }],
    [{ url, retries: { on: ["500"] } }],
    [{ url, health: {} }],
    [{ url, health: { active: {} } }],
    [{ url, health: { active: { path: "ready" } } }],
    [{ url, health: { active: { path: "/", statuses: "300-200" } } }],
    [{ url, load_balancing: "sticky" }],
    [{ url, headers: { Host: "b" } }],
    [{ url, headers: { "a b": "c" } }],
    [{ url, headers: { a: "b\r\nc: d" } }],
    [{ url, tls: { cert: "x" } }],
  ])("%j", (config) => {
    expect(configProblems("http-upstream", config as never)).not.toEqual([]);
  });

  test("nothing of a configuration with all members", () => {
    const config = {
      urls: [{ url, weight: 2 }, { url: "https://b.example/base" }],
      load_balancing: "random_two",
      retries: { attempts: 2, on: ["connect", "timeout", 503], budget: 0.1 },
      health: { active: { path: "/ready", statuses: "200,204" }, passive: {} },
      circuit_breaker: {},
      headers: { "X-Key": "env://KEY" },
    };
    expect(configProblems("http-upstream", config as never)).toEqual([]);
  });
});
