/** Backpressure, slow peers, and what is told about finished exchanges. */

import { afterEach, describe, expect, test } from "bun:test";
import { createMetrics } from "#foundation/telemetry";
import {
  type AccessEntry,
  type HttpHandler,
  type HttpServer,
  type HttpServerOptions,
  httpRequest,
  serveHttp,
} from "./index.ts";
import { rawClient } from "./testing/raw-client.ts";

const servers: HttpServer[] = [];

async function start(handler: HttpHandler, options: Partial<HttpServerOptions> = {}): Promise<HttpServer> {
  const server = await serveHttp({ port: 0, handler, ...options });
  servers.push(server);
  return server;
}

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close(0)));
});

const MIB = 1024 * 1024;
/** Socket buffers on loopback take a few MiB on both sides; a queue without a limit takes all. */
const BUFFERED_MAX = 24 * MIB;
const TOTAL = 96 * MIB;

/** Resolves when `value` has stopped changing. */
async function settled(value: () => number): Promise<number> {
  for (let last = -1, same = 0; same < 6; ) {
    await Bun.sleep(10);
    const now = value();
    same = now === last ? same + 1 : 0;
    last = now;
  }
  return value();
}

describe("backpressure", () => {
  test("a client that does not read stops the source of the answer", async () => {
    let produced = 0;
    const server = await start(() => ({
      status: 200,
      contentLength: TOTAL,
      body: (async function* () {
        const chunk = new Uint8Array(MIB);
        for (; produced < TOTAL; produced += MIB) yield chunk;
      })(),
    }));
    const reply = await httpRequest({ url: server.url });
    expect(await settled(() => produced)).toBeLessThan(BUFFERED_MAX);
    let received = 0;
    for await (const chunk of reply.body) received += chunk.length;
    expect([received, produced]).toEqual([TOTAL, TOTAL]);
  });

  test("a handler that does not read stops the client", async () => {
    const gate = Promise.withResolvers<void>();
    const server = await start(async (request) => {
      let received = 0;
      for await (const chunk of request.body) {
        if (received === 0) await gate.promise;
        received += chunk.length;
      }
      return { status: 200, body: String(received) };
    });
    let sent = 0;
    const body = (async function* () {
      const chunk = new Uint8Array(MIB);
      for (; sent < TOTAL; sent += MIB) yield chunk;
    })();
    const reply = httpRequest({ url: server.url, method: "PUT", body, contentLength: TOTAL });
    expect(await settled(() => sent)).toBeLessThan(BUFFERED_MAX);
    gate.resolve();
    expect(await (await reply).text()).toBe(String(TOTAL));
  });

  test("a client that takes nothing for too long is cut", async () => {
    const sent = Promise.withResolvers<boolean>();
    const server = await start(
      () => ({ status: 200, body: new Uint8Array(TOTAL), onSent: (_bytes, complete) => sent.resolve(complete) }),
      { limits: { writeIdleTimeoutMs: 80 } },
    );
    const client = await rawClient(server.port);
    client.socket.pause();
    client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    expect(await sent.promise).toBe(false);
    client.destroy();
  });
});

describe("what is told", () => {
  test("the access log and the metrics show each exchange once", async () => {
    const entries: AccessEntry[] = [];
    const metrics = createMetrics();
    const server = await start(
      async (request) => {
        if (request.path === "/throw") throw new Error("x");
        return { status: 201, body: await request.body.bytes(100) };
      },
      { accessLog: (entry) => void entries.push(entry), metrics, name: "test", requestId: () => "ID" },
    );
    await (
      await httpRequest({ url: `${server.url}/a?b`, method: "PUT", body: "hello", headers: [["user-agent", "me"]] })
    ).text();
    await (await httpRequest({ url: `${server.url}/throw` })).text();
    const client = await rawClient(server.port);
    client.send("BREW / HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.1\r\n\r\n");
    await client.closed();
    const { durationMs, ...first } = entries[0]!;
    expect(durationMs).toBeGreaterThan(0);
    expect(first).toEqual({
      requestId: "ID",
      remoteAddress: "127.0.0.1",
      method: "PUT",
      target: "/a?b",
      host: `127.0.0.1:${server.port}`,
      status: 201,
      bytesIn: 5,
      bytesOut: 5,
      userAgent: "me",
      complete: true,
    });
    expect(entries[1]).toMatchObject({ status: 500, target: "/throw", complete: true });
    const text = metrics.expose();
    expect(text).toContain('biplane_http_requests_total{server="test",method="PUT",status="2xx"} 1\n');
    expect(text).toContain('biplane_http_requests_total{server="test",method="GET",status="5xx"} 1\n');
    expect(text).toContain('biplane_http_requests_in_flight{server="test"} 0\n');
    expect(text).toContain("biplane_http_unread_body_bytes 0\n");
    expect(text).toContain("biplane_http_unread_answer_bytes 0\n");
    expect(text).toContain('biplane_http_body_bytes_total{server="test",direction="in"} 5\n');
    expect(text).toContain(`biplane_http_request_seconds_count{server="test"} ${entries.length}\n`);
  });

  test("a client that leaves is logged as incomplete", async () => {
    const logged = Promise.withResolvers<AccessEntry>();
    const arrived = Promise.withResolvers<void>();
    const server = await start(
      (request) =>
        new Promise((resolve) => {
          request.signal.addEventListener("abort", () => resolve({ status: 200 }));
          arrived.resolve();
        }),
      { accessLog: logged.resolve },
    );
    const client = await rawClient(server.port);
    client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    await arrived.promise;
    client.destroy();
    expect(await logged.promise).toMatchObject({ status: 499, complete: false });
  });
});
