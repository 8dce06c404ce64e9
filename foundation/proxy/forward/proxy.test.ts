import { afterEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ClientPool } from "#foundation/http1";
import { local, proxyFixtures } from "../testing/proxy-fixture.ts";
import { type RawPeer, rawClient } from "../testing/raw-peers.ts";
import type { ProxyFailure } from "./failure.ts";
import type { ForwardResult } from "./route.ts";

const { front, upstream, scripted, close } = proxyFixtures();
afterEach(close);

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const isWhole = (head: string): boolean => head.endsWith("\r\n\r\n");
const get = (target = "/", extra = ""): string => `GET ${target} HTTP/1.1\r\nHost: h\r\n${extra}\r\n`;

/** One request through the proxy to a scripted upstream: what the upstream saw, and what the client. */
async function through(request: string, answer: string, closes = false): Promise<{ seen: string; got: string }> {
  const server = scripted();
  const { port } = await front({ route: () => ({ backend: local(server.port) }), port: 8080 });
  const client = await rawClient(port);
  client.send(request);
  const peer = await server.peer(0);
  const seen = await peer.until(isWhole);
  peer.send(answer);
  if (closes) peer.close();
  const got = await client.until(
    (text) => /\r\n\r\n/.test(text) && (closes ? text.endsWith("0\r\n\r\n") : text.length > 40),
  );
  client.close();
  return { seen, got };
}

describe("what the upstream sees", () => {
  test("the request byte for byte, without what was for us alone", async () => {
    const { seen } = await through(
      "DELETE /a/../b%2F//c?x=%zz&&y HTTP/1.1\r\nhOsT: shop.test\r\nX-A: 1\r\nx-a:  caf\xe9 \r\nConnection: keep-alive, X-Secret\r\n" +
        "X-Secret: s\r\nKeep-Alive: 5\r\nTE: trailers, gzip\r\nProxy-Authorization: p\r\nUpgrade: h2c\r\nCookie: a=b\r\n\r\n",
      OK,
    );
    expect(seen).toBe(
      "DELETE /a/../b%2F//c?x=%zz&&y HTTP/1.1\r\nHost: shop.test\r\nX-A: 1\r\nx-a: caf\xe9\r\nCookie: a=b\r\n" +
        "X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Port: 8080\r\nX-Forwarded-Host: shop.test\r\n" +
        "Connection: TE\r\nTE: trailers\r\n\r\n",
    );
  });

  test.each([
    ["http://other.test:81/p?q", "GET", "/p?q", "other.test:81"],
    ["http://other.test?q", "GET", "/?q", "other.test"],
    ["http://other.test", "OPTIONS", "*", "other.test"],
    ["*", "OPTIONS", "*", "h"],
  ])("the target %s of %s as %s", async (target, method, expected, host) => {
    const { seen } = await through(`${method} ${target} HTTP/1.1\r\nHost: h\r\n\r\n`, OK);
    expect(seen).toStartWith(`${method} ${expected} HTTP/1.1\r\nHost: ${host}\r\n`);
  });

  test("what the route says instead", async () => {
    const server = scripted();
    const { port } = await front({
      via: "edge",
      forwarded: { for: "append", proto: "preserve", port: "remove", host: "remove", forwarded: "append" },
      route: () => ({
        backend: local(server.port),
        host: "backend",
        target: "/v2",
        setHeaders: [["X-User", "ana"]],
        removeHeaders: ["authorization"],
      }),
    });
    const client = await rawClient(port);
    client.send(
      get(
        "/v1",
        "X-User: mallory\r\nAuthorization: a\r\nX-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\nVia: 1.0 x\r\nForwarded: for=a\r\n",
      ),
    );
    const peer = await server.peer(0);
    expect(await peer.until(isWhole)).toBe(
      `GET /v2 HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n` +
        "X-Forwarded-For: 192.0.2.1, 127.0.0.1\r\nX-Forwarded-Proto: https\r\n" +
        "Forwarded: for=a, for=127.0.0.1;proto=http;host=h\r\nVia: 1.0 x, 1.1 edge\r\nX-User: ana\r\n\r\n",
    );
    client.close();
  });

  test("a host, where the backend has no name", async () => {
    const directory = mkdtempSync(join(tmpdir(), "biplane-proxy-"));
    const path = join(directory, "s");
    const seen = Promise.withResolvers<string>();
    const server = Bun.listen({
      unix: path,
      socket: {
        data(socket, bytes) {
          seen.resolve(bytes.toString());
          socket.write(OK);
        },
      },
    });
    const { port } = await front({ route: () => ({ backend: { address: { kind: "unix", path } }, host: "backend" }) });
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe("ok");
    expect(await seen.promise).toContain("Host: localhost\r\n");
    server.stop(true);
    rmSync(directory, { recursive: true, force: true });
  });

  test("a route that would split the request is a mistake of the program", async () => {
    const server = scripted();
    const { port } = await front({ route: () => ({ backend: local(server.port), target: "/ HTTP/1.1\r\nX: y" }) });
    const client = await rawClient(port);
    client.send(get());
    expect(await client.until((text) => text.includes("\r\n\r\n"))).toStartWith("HTTP/1.1 500");
    expect(server.peers.map((peer) => peer.received)).toEqual([""]);
    client.close();
  });
});

describe("what the client gets", () => {
  test("the response with its fields, repeated ones too, without what was for us alone", async () => {
    const { got } = await through(
      get(),
      "HTTP/1.1 404 Nope\r\nSet-Cookie: a\r\nset-cookie: b\r\nDate: then\r\nConnection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: 1\r\nContent-Length: 4\r\n\r\ngone",
    );
    expect(got.replace(/Keep-Alive: timeout=\d+/, "Keep-Alive")).toBe(
      "HTTP/1.1 404 Not Found\r\nSet-Cookie: a\r\nset-cookie: b\r\nDate: then\r\nContent-Length: 4\r\nConnection: keep-alive\r\nKeep-Alive\r\n\r\ngone",
    );
  });

  test("HEAD, 204 and 304 without a body, with the length that was said", async () => {
    const length = (text: string): string | undefined => /content-length: (\d+)/i.exec(text)?.[1];
    const head = "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n";
    expect(length((await through(head, "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n")).got)).toBe("99");
    const unknown = await through(head, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    expect(length(unknown.got)).toBeUndefined();
    expect(length((await through(get(), "HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n")).got)).toBe("7");
    expect(length((await through(get(), "HTTP/1.1 204 No Content\r\n\r\n")).got)).toBeUndefined();
  });

  test("a body that ends with the connection, whole", async () => {
    const { got } = await through(get(), "HTTP/1.0 200 OK\r\n\r\nall of it", true);
    expect(got).toEndWith("9\r\nall of it\r\n0\r\n\r\n");
  });

  test("chunks as they come, and trailers", async () => {
    const server = scripted();
    const { port } = await front({ route: () => ({ backend: local(server.port) }) });
    const client = await rawClient(port);
    client.send(get());
    const peer = await server.peer(0);
    await peer.until(isWhole);
    peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    await client.until(isWhole);
    for (const piece of ["one", "two"]) {
      peer.send(`3\r\n${piece}\r\n`);
      await client.until((text) => text.endsWith(`3\r\n${piece}\r\n`));
    }
    peer.send("0\r\nX-Sum: 7\r\nCookie: a\r\n\r\n");
    expect(await client.until((text) => text.endsWith("0\r\nX-Sum: 7\r\n\r\n"))).toContain("chunked");
    client.close();
  });

  test("no end that says behind the body how it was to be read", async () => {
    const server = scripted();
    const { port } = await front({ route: () => ({ backend: local(server.port) }) });
    const client = await rawClient(port);
    client.send(get());
    const peer = await server.peer(0);
    await peer.until(isWhole);
    peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
    await client.until((text) => text.endsWith("3\r\none\r\n"));
    peer.send("0\r\nX-Sum: 7\r\nContent-Length: 5\r\n\r\n");
    expect(await client.end()).toEndWith("3\r\none\r\n");
    client.close();
  });
});

describe("bodies of requests", () => {
  test("chunked ones with their trailers, in the pieces in which they come", async () => {
    const server = scripted();
    const { port } = await front({ route: () => ({ backend: local(server.port) }) });
    const client = await rawClient(port);
    client.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
    const peer = await server.peer(0);
    await peer.until((text) => text.endsWith("\r\n5\r\nhello\r\n"));
    client.send("1;x=y\r\n!\r\n0\r\nX-Sum: 7\r\nTransfer-Encoding: x\r\nHost: evil\r\n\r\n");
    expect(await peer.until((text) => text.endsWith("1\r\n!\r\n0\r\nX-Sum: 7\r\n\r\n"))).toContain(
      "Transfer-Encoding: chunked\r\n",
    );
    peer.send(OK);
    expect(await client.until((text) => text.endsWith("ok"))).toStartWith("HTTP/1.1 200");
    client.close();
  });

  test("short ones leave in one piece with their head, once they are whole", async () => {
    const server = scripted();
    const { port } = await front({ route: () => ({ backend: local(server.port) }) });
    const client = await rawClient(port);
    client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhel");
    client.send("lo");
    const peer = await server.peer(0);
    expect(await peer.until((text) => text.endsWith("hello"))).toContain("Content-Length: 5\r\n\r\nhello");
    client.close();
  });

  test("Expect: 100-continue is the upstream's to answer", async () => {
    const server = scripted();
    const { port } = await front({ route: () => ({ backend: local(server.port) }) });
    const ask = async (index: number): Promise<{ client: RawPeer; peer: RawPeer }> => {
      const client = await rawClient(port);
      client.send("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
      const peer = await server.peer(index);
      await peer.until(isWhole);
      return { client, peer };
    };
    const wanted = await ask(0);
    expect(wanted.client.received).toBe("");
    wanted.peer.send("HTTP/1.1 100 Continue\r\n\r\n");
    await wanted.client.until((text) => text === "HTTP/1.1 100 Continue\r\n\r\n");
    wanted.client.send("hello");
    await wanted.peer.until((text) => text.endsWith("hello"));
    wanted.peer.send(OK);
    await wanted.client.until((text) => text.endsWith("ok"));
    wanted.client.close();

    // The connection of the first one is free again; the second request takes it.
    const client = await rawClient(port);
    client.send("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
    await wanted.peer.until((text) => text.split("Expect: 100-continue").length === 3 && isWhole(text));
    wanted.peer.send("HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n");
    expect(await client.end()).toStartWith("HTTP/1.1 417");
    await wanted.peer.end();
    client.close();
  });

  test("an upstream that never says 100 gets the body all the same", async () => {
    const server = scripted();
    const { port } = await front({ route: () => ({ backend: local(server.port) }) });
    const client = await rawClient(port);
    client.send("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
    await client.until((text) => text === "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("hello");
    await (await server.peer(0)).until((text) => text.endsWith("hello"));
    client.close();
  });

  test("an answer before the end of the body is passed on, and the upstream gets no more", async () => {
    const server = scripted();
    const { port } = await front({ route: () => ({ backend: local(server.port) }) });
    const client = await rawClient(port);
    client.send(`POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n${"x".repeat(70_000)}`);
    const peer = await server.peer(0);
    await peer.until((text) => text.length > 70_000);
    peer.send("HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nno!");
    expect(await client.until((text) => text.endsWith("no!"))).toContain("Connection: close");
    await peer.end();
    client.close();
  });
});

describe("failures", () => {
  async function failing(
    script: ((peer: RawPeer) => void) | "nobody" | "none",
    options: { responseTimeoutMs?: number; idleTimeoutMs?: number } = {},
  ): Promise<{ failures: ProxyFailure[]; results: ForwardResult[]; answer: string }> {
    const server = scripted((peer) => {
      if (typeof script === "function") peer.until(isWhole).then(() => script(peer));
    });
    if (script === "nobody") server.stop();
    const failures: ProxyFailure[] = [];
    const results: ForwardResult[] = [];
    const { port } = await front({
      ...options,
      route: () =>
        script === "none" ? undefined : { backend: local(server.port), onFinished: (result) => results.push(result) },
      onFailure: (failure) => {
        failures.push(failure);
        return { status: 502, headers: [["connection", "close"]], body: failure.kind };
      },
    });
    const client = await rawClient(port);
    client.send(get());
    const answer = await client.end();
    client.close();
    return { failures, results, answer };
  }

  test.each([
    ["none" as const, { kind: "no-upstream" }],
    ["nobody" as const, { kind: "connect-refused", code: "ECONNREFUSED" }],
    [(peer: RawPeer) => peer.close(), { kind: "upstream-closed" }],
    [
      (peer: RawPeer) => {
        peer.send("HTTP/1.1 200 OK\r\nX: ");
        peer.close();
      },
      { kind: "upstream-closed" },
    ],
    [(peer: RawPeer) => peer.send("SSH-2.0-x\r\n\r\n"), { kind: "bad-response", fault: "bad-version" }],
    [
      (peer: RawPeer) => peer.send(`HTTP/1.1 200 OK\r\nX: ${"y".repeat(70_000)}\r\n\r\n`),
      { kind: "bad-response", fault: "head-too-large" },
    ],
    [
      (peer: RawPeer) => peer.send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"),
      { kind: "bad-response", fault: "unexpected-upgrade" },
    ],
  ] as [Parameters<typeof failing>[0], ProxyFailure][])("%p is %p", async (script, failure) => {
    const { failures, results, answer } = await failing(script);
    expect(failures).toEqual([failure]);
    expect(answer).toEndWith(`\r\n\r\n${failure.kind}`);
    if (script !== "none") expect(results).toMatchObject([{ status: undefined, failure, complete: false }]);
  });

  test("an upstream that says nothing, or its head byte by byte for ever, is given up", async () => {
    expect((await failing(() => {}, { responseTimeoutMs: 100 })).failures).toEqual([{ kind: "response-timeout" }]);
    let timer: ReturnType<typeof setInterval> | undefined;
    const slow = await failing(
      (peer) => {
        peer.send("HTTP/1.1 200 OK\r\nX: ");
        timer = setInterval(() => peer.send("y"), 10);
      },
      { responseTimeoutMs: 200 },
    );
    clearInterval(timer);
    expect(slow.failures).toEqual([{ kind: "response-timeout" }]);
  });

  test.each([
    ["by length", "Content-Length: 10"],
    ["in chunks", "Transfer-Encoding: chunked"],
  ])(
    "an upstream that dies in the middle of a body %s: the client sees that it is not whole",
    async (_name, framing) => {
      const { answer, results, failures } = await failing((peer) => {
        peer.send(`HTTP/1.1 200 OK\r\n${framing}\r\n\r\n`);
        peer.send(framing.startsWith("Transfer") ? "5\r\nhello\r\n" : "hello");
        setTimeout(() => peer.close(), 20);
      });
      expect(answer).toContain("hello");
      expect(answer).not.toEndWith("0\r\n\r\n");
      expect(failures).toEqual([]);
      expect(results).toMatchObject([{ status: 200, complete: false, bytesReceived: 5 }]);
    },
  );

  test("an upstream that stops in the middle of a body is given up", async () => {
    const { answer, results } = await failing(
      (peer) => peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"),
      { idleTimeoutMs: 100 },
    );
    expect(answer).toEndWith("hello");
    expect(results).toMatchObject([{ status: 200, complete: false }]);
  });

  test("a client that leaves takes its request along", async () => {
    for (const script of [
      () => {},
      (peer: RawPeer) => peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"),
    ]) {
      const finished = Promise.withResolvers<ForwardResult>();
      const server = scripted();
      const { port } = await front({
        route: () => ({ backend: local(server.port), onFinished: finished.resolve }),
      });
      const client = await rawClient(port);
      client.send(get());
      const peer = await server.peer(0);
      await peer.until(isWhole);
      script(peer);
      if (peer.received !== "" && script.length > 0) await client.until((text) => text.endsWith("hello"));
      client.close();
      await peer.end();
      expect((await finished.promise).complete).toBe(false);
    }
  });

  test("another backend is tried when one was not reached", async () => {
    const dead = scripted();
    dead.stop();
    const backend = await upstream(async (request) => ({ status: 200, body: await request.body.text(100) }));
    const seen: unknown[] = [];
    const { port } = await front({
      attemptsMax: 2,
      route: (_request, failed) => {
        seen.push(failed.map(({ failure }) => failure.kind));
        return { backend: failed.length === 0 ? local(dead.port) : backend };
      },
    });
    const response = await fetch(`http://127.0.0.1:${port}/`, { method: "POST", body: "hello" });
    expect(await response.text()).toBe("hello");
    expect(seen).toEqual([[], ["connect-refused"]]);
  });
});

describe("connections", () => {
  test("are used again, one request at a time", async () => {
    const server = scripted();
    const { port, proxy } = await front({ route: () => ({ backend }) });
    const backend = local(server.port);
    const client = await rawClient(port);
    for (let turn = 1; turn <= 3; turn++) {
      client.send(get(`/${turn}`));
      const peer = await server.peer(0);
      await peer.until((text) => text.split("GET ").length === turn + 1 && isWhole(text));
      peer.send(OK);
      await client.until((text) => text.split("ok").length === turn + 1);
    }
    expect(server.peers.length).toBe(1);
    expect(proxy.pool.counts(backend)).toEqual({ idle: 1, open: 1, waiting: 0 });
    client.close();
  });

  test("bytes that nobody asked for make one useless: the next request does not get them", async () => {
    const server = scripted();
    const { port } = await front({ route: () => ({ backend: local(server.port) }) });
    const client = await rawClient(port);
    client.send(get("/1"));
    const first = await server.peer(0);
    await first.until(isWhole);
    first.send(`${OK}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil`);
    await client.until((text) => text.endsWith("ok"));
    client.send(get("/2"));
    const second = await server.peer(1);
    await second.until(isWhole);
    second.send(OK);
    expect(await client.until((text) => text.split("ok").length === 3)).not.toContain("evil");
    client.close();
  });

  test.each([
    ["GET", true],
    ["PUT", true],
    ["POST", false],
  ])("%s on a connection that its server has just closed is sent again: %p", async (method, repeated) => {
    const server = scripted();
    const backend = local(server.port);
    const { port } = await front({
      route: () => ({ backend }),
      onFailure: ({ kind }) => ({ status: 502, body: kind }),
    });
    const client = await rawClient(port);
    client.send(get());
    const first = await server.peer(0);
    await first.until(isWhole);
    first.send(OK);
    await client.until((text) => text.endsWith("ok"));
    client.send(`${method} /again HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx`);
    await first.until((text) => text.endsWith("\r\n\r\nx"));
    first.close();
    if (repeated) {
      const second = await server.peer(1);
      expect(await second.until((text) => text.endsWith("\r\n\r\nx"))).toStartWith(`${method} /again`);
      second.send(OK);
      await client.until((text) => text.split("ok").length === 3);
    } else {
      await client.until((text) => text.endsWith("upstream-closed"));
      expect(server.peers.length).toBe(1);
    }
    client.close();
  });

  test("no more than allowed are opened; who must wait waits, and who comes too late is refused", async () => {
    const server = scripted();
    const backend = local(server.port);
    const pool = new ClientPool({ limits: { maxConnections: 1, maxWaiting: 1 } });
    const { port } = await front({
      pool,
      route: () => ({ backend }),
      onFailure: ({ kind }) => ({ status: 503, body: kind }),
    });
    const clients = [await rawClient(port), await rawClient(port), await rawClient(port)];
    clients[0]!.send(get("/0"));
    const peer = await server.peer(0);
    await peer.until(isWhole);
    clients[1]!.send(get("/1"));
    while (pool.counts(backend).waiting === 0) await Bun.sleep(0);
    clients[2]!.send(get("/2"));
    await clients[2]!.until((text) => text.endsWith("pool-full"));
    peer.send(OK);
    await clients[0]!.until((text) => text.endsWith("ok"));
    await peer.until((text) => text.includes("GET /1") && isWhole(text));
    peer.send(OK);
    await clients[1]!.until((text) => text.endsWith("ok"));
    expect(server.peers.length).toBe(1);
    for (const client of clients) client.close();
    pool.close();
    await peer.end();
  });
});

test("what the caller's functions throw is a 500, not a silence", async () => {
  const thrown = (): never => {
    throw new Error("a defect");
  };
  const backend = await upstream(() => ({ status: 200, body: "x" }));
  const dead = scripted();
  dead.stop();
  for (const options of [
    { route: thrown },
    { route: () => Promise.reject(new Error("a defect")) },
    { route: () => ({ backend, responseHeaders: thrown }) },
    { route: () => ({ backend, onFinished: thrown }) },
    { route: () => ({ backend: local(dead.port) }), onFailure: thrown },
  ]) {
    const { port } = await front(options);
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(500);
  }
});

test("fields of an answer may be changed by the route", async () => {
  const backend = await upstream(() => ({ status: 200, headers: [["set-cookie", "a=b"]], body: "x" }));
  const { port } = await front({
    route: () => ({ backend, responseHeaders: (_status, headers) => headers.push(["set-cookie", "sticky=1"]) }),
  });
  const response = await fetch(`http://127.0.0.1:${port}/`);
  expect(response.headers.getAll("set-cookie")).toEqual(["a=b", "sticky=1"]);
});
