import { afterEach, describe, expect, test } from "bun:test";
import { until } from "../../../../../tests/support/until.ts";
import { testHost } from "../../../testing/index.ts";
import { httpUpstream } from "../http-upstream.ts";
import { leavingExchange, said, upstreamDispatching } from "../testing/dispatching.ts";
import { closeServers, deadUrl, saying, testServer } from "../testing/servers.ts";

afterEach(closeServers);

const RETRIES = { attempts: 1, on: ["connect", 502, 503, 504], budget: 0.2 };
const weighing = (...urls: readonly string[]) => urls.map((url) => ({ url, weight: 1 }));

describe("requests are sent again", () => {
  test("when no server has seen them, whatever they are", async () => {
    const good = await testServer(saying("good"));
    const { says } = await upstreamDispatching({ urls: weighing(await deadUrl(), good.url), retries: RETRIES });
    for (const method of ["GET", "POST", "PATCH", "GET"]) {
      expect(await says({ method, body: method === "GET" ? "" : "x" })).toEqual([200, "good"]);
    }
    expect(good.asked.map(({ method }) => method)).toEqual(["GET", "POST", "PATCH", "GET"]);
  });

  test("to another server, when one answers that it cannot, with the same body", async () => {
    const bodies: string[] = [];
    const bad = await testServer(saying("bad", 503));
    const good = await testServer(async (exchange) => {
      bodies.push((await exchange.body.bytes(100)).toString());
      exchange.answer({ status: 200 }, "good");
    });
    const { says } = await upstreamDispatching({ urls: weighing(bad.url, good.url), retries: RETRIES });
    expect(await says({ method: "PUT", target: "/a?b=1", body: "whole" })).toEqual([200, "good"]);
    expect([bad.asked.length, bodies, good.asked[0]?.target]).toEqual([1, ["whole"], "/a?b=1"]);
  });

  test("when a response takes too long, if that is asked for", async () => {
    const silent = await testServer(() => {});
    const good = await testServer(saying("good"));
    const urls = weighing(silent.url, good.url);
    const patient = await upstreamDispatching({ urls, timeout: 0.2, retries: RETRIES });
    expect((await patient.says())[0]).toBe(504);
    const { says } = await upstreamDispatching({ urls, timeout: 0.2, retries: { ...RETRIES, on: ["timeout"] } });
    expect(await says()).toEqual([200, "good"]);
  });

  test("to the only one there is, after a pause", async () => {
    let count = 0;
    const flaky = await testServer((exchange) => exchange.answer({ status: ++count < 3 ? 502 : 200 }, `${count}`));
    const { host, ask } = await upstreamDispatching({ url: flaky.url, retries: { ...RETRIES, attempts: 2 } });
    const answer = ask();
    await until("it waits", () => host.time.pendingTimers() > 0);
    expect(count).toBe(1);
    host.time.advance(25);
    await until("it waits again", () => count === 2 && host.time.pendingTimers() > 0);
    host.time.advance(50);
    expect(await said(await answer)).toEqual([200, "3"]);
  });
});

describe("requests are not sent again", () => {
  test("without being asked to", async () => {
    const bad = await testServer(saying("bad", 503));
    const good = await testServer(saying("good"));
    const { says } = await upstreamDispatching({ urls: weighing(bad.url, good.url) });
    expect(await says()).toEqual([503, "bad"]);
    expect(good.asked.length).toBe(0);
  });

  test.each(["POST", "PATCH"])("when %s may have been seen", async (method) => {
    const bad = await testServer((exchange) => exchange.abort());
    const good = await testServer(saying("good"));
    const { says } = await upstreamDispatching({ urls: weighing(bad.url, good.url), retries: RETRIES });
    expect((await says({ method, body: "x" }))[0]).toBe(502);
    bad.answers(saying("bad", 503));
    expect(await says({ method, body: "x" })).toEqual([200, "good"]);
    expect(await says({ method, body: "x" })).toEqual([503, "bad"]);
    expect([bad.asked.length, good.asked.length]).toEqual([2, 1]);
  });

  test("more often than said, and the last response is the answer", async () => {
    const bad = await testServer(saying("bad", 503));
    const worse = await testServer(saying("worse", 504));
    const { says } = await upstreamDispatching({ urls: weighing(bad.url, worse.url), retries: RETRIES });
    expect(await says()).toEqual([504, "worse"]);
    expect([bad.asked.length, worse.asked.length]).toEqual([1, 1]);
  });

  test("for statuses that were not named", async () => {
    const bad = await testServer(saying("bad", 500));
    const { says } = await upstreamDispatching({ url: bad.url, retries: RETRIES });
    expect(await says()).toEqual([500, "bad"]);
    expect(bad.asked.length).toBe(1);
  });

  test("beyond the budget: a server that fails everybody is not given twice as much", async () => {
    const urls = [await testServer(saying("a", 503)), await testServer(saying("b", 503))];
    const { says } = await upstreamDispatching({
      urls: weighing(...urls.map(({ url }) => url)),
      retries: { ...RETRIES, budget: 0.25 },
    });
    for (let i = 0; i < 100; i++) expect((await says())[0]).toBe(503);
    // 10 at first, and a quarter of 100.
    expect(urls[0]!.asked.length + urls[1]!.asked.length).toBe(135);
  });

  test("when the client has gone during the pause", async () => {
    const bad = await testServer(saying("bad", 503));
    const host = testHost();
    const { exchange, leave } = leavingExchange();
    const config = { url: bad.url, timeout: 5, idle_timeout: 5, preserve_host: false, retries: RETRIES };
    const dispatcher = await httpUpstream.setup(config as never, host);
    const answer = dispatcher.dispatch(exchange);
    await until("it waits", () => host.time.pendingTimers() > 0);
    leave();
    host.time.advance(1000);
    expect((await answer).status).toBe(499);
    expect([bad.asked.length, host.time.pendingTimers()]).toEqual([1, 0]);
  });
});
