import { afterEach, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect as connectTcp } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import type { EdgeRoute } from "#contracts";
import { connectWebSocket } from "#foundation/http";
import { rawClient, rawExchange } from "#foundation/http/testing";
import { parseProxyHeader } from "#foundation/proxy";
import { openLocalCa } from "./local-ca.ts";
import { configOf, routeTo, startTestEdge, type TestEdge } from "./testing/index.ts";

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function edgeWith(...given: Parameters<typeof startTestEdge>): Promise<TestEdge> {
  const edge = await startTestEdge(...given);
  cleanUps.push(() => edge[Symbol.asyncDispose]());
  return edge;
}

/** A program that answers with its name and what it was asked. */
function program(name: string, answer?: (request: Request) => Response | Promise<Response>): number {
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch:
      answer ?? ((request) => Response.json({ name, url: request.url, headers: Object.fromEntries(request.headers) })),
  });
  cleanUps.push(() => server.stop(true));
  return server.port!;
}

const ask = (edge: TestEdge, host: string, path = "/", init: RequestInit = {}) =>
  fetch(`http://127.0.0.1:${edge.port}${path}`, { ...init, headers: { ...(init.headers as object), host } });
const nameOf = async (response: Response): Promise<string> => ((await response.json()) as { name: string }).name;

describe("HTTP", () => {
  test("goes to the program that has the host and path, and nowhere else", async () => {
    const [one, two, three] = [program("one"), program("two"), program("three")];
    const edge = await edgeWith(
      configOf(1, routeTo("a.test", [one]), routeTo("a.test", [two], { path: "/api" }), routeTo("b.test", [three])),
    );
    expect(await nameOf(await ask(edge, "a.test"))).toBe("one");
    expect(await nameOf(await ask(edge, "A.test.:99", "/api/x"))).toBe("two");
    expect(await nameOf(await ask(edge, "b.test", "/api"))).toBe("three");
    const unknown = await ask(edge, "c.test");
    expect(unknown.status).toBe(404);
    expect(await unknown.json()).toMatchObject({ code: "NO_SUCH_HOST", retryable: false });
    const page = await ask(edge, "c.test", "/<script>", { headers: { accept: "text/html,*/*" } });
    expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(await page.text()).not.toContain("script");
  });

  test("programs are told who asks, and not what a client says of itself", async () => {
    const port = program("one");
    const edge = await edgeWith(configOf(1, routeTo("a.test", [port])));
    const headers = {
      "x-forwarded-for": "6.6.6.6",
      "x-forwarded-proto": "https",
      "x-forwarded-host": "evil",
      forwarded: "for=6.6.6.6",
    };
    const heard = ((await (await ask(edge, "a.test", "/", { headers })).json()) as { headers: Record<string, string> })
      .headers;
    expect(heard).toMatchObject({
      host: "a.test",
      "x-forwarded-for": "127.0.0.1",
      "x-forwarded-proto": "http",
      "x-forwarded-host": "a.test",
    });
    expect(JSON.stringify(heard)).not.toContain("6.6.6.6");
  });

  test.each([
    ["scaled_to_zero", "SCALED_TO_ZERO"],
    ["not_deployed", "NOT_DEPLOYED"],
    ["unhealthy", "UNHEALTHY"],
    [undefined, "UNHEALTHY"],
  ] as const)("without backends, because %s, it says so", async (unavailable, code) => {
    const edge = await edgeWith(configOf(1, routeTo("a.test", [], unavailable === undefined ? {} : { unavailable })));
    const answer = await ask(edge, "a.test");
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({ code });
  });

  test("a request for what is being started waits for it", async () => {
    const edge = await edgeWith(configOf(1, routeTo("a.test", [], { unavailable: "starting" })));
    const answer = ask(edge, "a.test");
    await Bun.sleep(20);
    edge.link.give(configOf(2, routeTo("a.test", [program("one")])));
    expect(await nameOf(await answer)).toBe("one");
  });

  test("a backend that does not listen is passed over; when none does, it is an error of its own", async () => {
    const gone = program("gone");
    await cleanUps.pop()!();
    const edge = await edgeWith(configOf(1, routeTo("a.test", [gone, program("one")]), routeTo("b.test", [gone])));
    for (let turn = 0; turn < 8; turn++) expect(await nameOf(await ask(edge, "a.test"))).toBe("one");
    const answer = await ask(edge, "b.test");
    expect([answer.status, await answer.json()]).toEqual([502, expect.objectContaining({ code: "BAD_ANSWER" })]);
  });

  test("answers flow as they are made, and bodies as they are sent", async () => {
    const go = Promise.withResolvers<void>();
    const port = program("stream", async (request) => {
      if (request.method === "POST") {
        let bytes = 0;
        for await (const chunk of request.body!) bytes += chunk.length;
        return new Response(String(bytes));
      }
      return new Response(
        new ReadableStream({
          async start(controller) {
            controller.enqueue("data: first\n\n");
            await go.promise;
            controller.enqueue("data: last\n\n");
            controller.close();
          },
        }),
        { headers: { "content-type": "text/event-stream" } },
      );
    });
    const edge = await edgeWith(configOf(1, routeTo("a.test", [port])));
    const reader = (await ask(edge, "a.test")).body!.getReader();
    expect(new TextDecoder().decode((await reader.read()).value)).toBe("data: first\n\n");
    go.resolve();
    expect(new TextDecoder().decode((await reader.read()).value)).toBe("data: last\n\n");
    const megabyte = new Uint8Array(1_048_576);
    const body = new ReadableStream({
      start(controller) {
        for (let part = 0; part < 32; part++) controller.enqueue(megabyte);
        controller.close();
      },
    });
    expect(await (await ask(edge, "a.test", "/", { method: "POST", body })).text()).toBe(String(32 * 1_048_576));
  });

  test("WebSockets go through", async () => {
    const server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: (request, bun) => (bun.upgrade(request) ? undefined : new Response("no", { status: 400 })),
      websocket: { message: (socket, message) => void socket.send(`you said ${message}`) },
    });
    cleanUps.push(() => server.stop(true));
    const edge = await edgeWith(configOf(1, routeTo("127.0.0.1", [server.port!])));
    const socket = await connectWebSocket({ url: `ws://127.0.0.1:${edge.port}/chat` });
    const heard = new Promise((resolve) => socket.onMessage(resolve));
    socket.send("hello");
    expect(await heard).toBe("you said hello");
    expect(edge.edge.status().connections).toBe(1);
    socket.close();
  });
});

describe("what nobody should send", () => {
  test.each([
    ["no host", "GET / HTTP/1.1\r\n\r\n", 400],
    ["two hosts", "GET / HTTP/1.1\r\nHost: a.test\r\nHost: b.test\r\n\r\n", 400],
    ["a host with a space", "GET / HTTP/1.1\r\nHost: a.test b.test\r\n\r\n", 400],
    ["a host with a path", "GET / HTTP/1.1\r\nHost: a.test/b\r\n\r\n", 400],
    ["a host with a user", "GET / HTTP/1.1\r\nHost: u@a.test\r\n\r\n", 400],
    [
      "a length and chunks",
      "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      400,
    ],
    ["two lengths", "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcd", 400],
    ["a folded header", "GET / HTTP/1.1\r\nHost: a.test\r\nX: a\r\n b\r\n\r\n", 400],
    ["a space before the colon", "GET / HTTP/1.1\r\nHost : a.test\r\n\r\n", 400],
    ["bare line feeds", "GET / HTTP/1.1\nHost: a.test\n\n", 400],
    ["a header of 200 KB", `GET / HTTP/1.1\r\nHost: a.test\r\nX: ${"x".repeat(200_000)}\r\n\r\n`, 431],
  ])("%s is refused, and no program hears of it", async (_, text, status) => {
    let heard = 0;
    const port = program("one", () => {
      heard++;
      return new Response("heard");
    });
    const edge = await edgeWith(configOf(1, routeTo("a.test", [port]), routeTo("b.test", [port])));
    expect(await rawExchange(edge.port, text)).toStartWith(`HTTP/1.1 ${status} `);
    expect(heard).toBe(0);
  });

  test("the host in a whole URL counts, and not the one beside it", async () => {
    const edge = await edgeWith(configOf(1, routeTo("a.test", [program("one")]), routeTo("b.test", [program("two")])));
    const answer = await rawExchange(edge.port, "GET http://a.test/ HTTP/1.1\r\nHost: b.test\r\n\r\n");
    // RFC 9112 §3.2.2: the target's authority replaces the field.
    expect(answer).toContain('"name":"one"');
    expect(answer).toContain('"host":"a.test"');
  });

  test("one request with another in its body is one request", async () => {
    const paths: string[] = [];
    const port = program("one", async (request) => {
      paths.push(`${new URL(request.url).pathname} ${(await request.text()).length}`);
      return new Response("ok");
    });
    const edge = await edgeWith(configOf(1, routeTo("a.test", [port])));
    const inner = "GET /inner HTTP/1.1\r\nHost: a.test\r\n\r\n";
    await rawExchange(
      edge.port,
      `POST /outer HTTP/1.1\r\nHost: a.test\r\nContent-Length: ${inner.length}\r\n\r\n${inner}`,
    );
    expect(paths).toEqual([`/outer ${inner.length}`]);
  });
});

describe("a new configuration", () => {
  test("takes the place of the old one in one step: no request fails while programs change", async () => {
    const ports = [program("p0"), program("p1"), program("p2")];
    const edge = await edgeWith(configOf(1, routeTo("a.test", [ports[0]!])));
    let [done, cursor] = [false, 1];
    const bad: unknown[] = [];
    let answered = 0;
    const client = async (): Promise<void> => {
      while (!done) {
        const answer = await ask(edge, "a.test");
        if (answer.status === 200) answered++;
        else bad.push(answer.status);
        await answer.arrayBuffer();
      }
    };
    const clients = Array.from({ length: 8 }, client);
    for (let round = 0; round < 100; round++) {
      edge.link.give(configOf(++cursor, routeTo("a.test", [ports[round % 3]!])));
      const before = answered;
      while (answered === before) await Bun.sleep(1);
    }
    done = true;
    await Promise.all(clients);
    expect(bad).toEqual([]);
    expect(edge.link.appliedCursors.at(-1)).toBe(cursor as never);
  });

  test("is quiet when the last request to what it took away has its answer", async () => {
    const go = Promise.withResolvers<void>();
    const slow = program("slow", async () => {
      await go.promise;
      return new Response("at last");
    });
    const edge = await edgeWith(configOf(3, routeTo("a.test", [slow])));
    const answer = ask(edge, "a.test");
    while (edge.edge.status().connections === 0) await Bun.sleep(1);
    edge.link.give(configOf(8, routeTo("a.test", [program("new")])));
    expect(edge.edge.status().quietThrough).toBe(3 as never);
    expect(await nameOf(await ask(edge, "a.test"))).toBe("new");
    go.resolve();
    expect(await (await answer).text()).toBe("at last");
    while ((edge.edge.status().quietThrough as number) !== 8) await Bun.sleep(1);
  });

  test("the last one is served after a start without any control plane", async () => {
    const edge = await edgeWith(configOf(1, routeTo("a.test", [program("one")])));
    expect(edge.link.connected).toBe(false);
    expect(await nameOf(await ask(edge, "a.test"))).toBe("one");
  });
});

describe("TLS", () => {
  /** What a client that trusts this authority reads. */
  function readTls(port: number, servername: string, ca: string, text: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = connectTls({ port, host: "127.0.0.1", servername, ca }, () => socket.write(text));
      let received = "";
      socket.on("data", (chunk) => {
        received += chunk.toString("latin1");
        if (received.includes("\r\n\r\n")) socket.destroy();
      });
      socket.on("error", reject);
      socket.on("close", () => resolve(received));
    });
  }

  test("is ended here with a certificate of the local authority, for names as they come and go", async () => {
    const edge = await edgeWith(configOf(1, routeTo("a.test", [program("one")])), { httpsPort: 0 });
    while (edge.edge.httpsUrl === undefined) await Bun.sleep(5);
    const port = Number(new URL(edge.edge.httpsUrl).port);
    const ca = readFileSync(edge.edge.caPath!, "utf8");
    const answer = await readTls(port, "a.test", ca, "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n");
    expect(answer).toStartWith("HTTP/1.1 200 ");
    await expect(readTls(port, "b.test", ca, "GET / HTTP/1.1\r\nHost: b.test\r\n\r\n")).rejects.toThrow(
      /altname|hostname/i,
    );
    edge.link.give(configOf(2, routeTo("b.test", [program("two")])));
    for (let answered = ""; !answered.startsWith("HTTP/1.1 200 "); ) {
      answered = await readTls(port, "b.test", ca, "GET / HTTP/1.1\r\nHost: b.test\r\nConnection: close\r\n\r\n").catch(
        () => "",
      );
    }
  });

  test("is passed on unopened by the name that is asked for; who asks for another, or for none, is closed", async () => {
    const directory = mkdtempSync(join(tmpdir(), "biplane-own-ca-"));
    cleanUps.push(() => rmSync(directory, { recursive: true, force: true }));
    const own = await openLocalCa(directory);
    const server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      tls: await own.issue(["db.test"]),
      fetch: () => new Response("its own certificate"),
    });
    cleanUps.push(() => server.stop(true));
    const edge = await edgeWith(configOf(1, routeTo("db.test", [server.port!], { protocol: "tls_passthrough" })), {
      tlsPort: 0,
    });
    const { tlsPort } = edge.edge;
    const answer = await readTls(
      tlsPort!,
      "db.test",
      own.certificate,
      "GET / HTTP/1.1\r\nHost: db.test\r\nConnection: close\r\n\r\n",
    );
    expect(answer).toStartWith("HTTP/1.1 200 ");
    await expect(readTls(tlsPort!, "other.test", own.certificate, "")).rejects.toThrow();
    const plain = await rawClient(tlsPort!);
    plain.send("GET / HTTP/1.1\r\nHost: db.test\r\n\r\n");
    expect(await plain.closed()).toBe("");
    expect(edge.metrics.expose()).toMatch(/biplane_edge_tcp_failures_total\{kind="[a-z-]+"\} [12]/);
  });
});

describe("raw TCP", () => {
  /** A server that gives back what it gets, and keeps it. */
  function echo(): { readonly port: number; readonly received: Buffer[] } {
    const received: Buffer[] = [];
    const listener = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      socket: {
        data(socket, bytes) {
          received.push(Buffer.from(bytes));
          socket.write(bytes);
        },
      },
    });
    cleanUps.push(() => listener.stop(true));
    return { port: listener.port, received };
  }
  const tcpRoute = (listenPort: number, port: number, more: Partial<EdgeRoute> = {}): EdgeRoute => {
    const { hostname: _, ...route } = routeTo(`tcp-${listenPort}`, [port], {
      protocol: "tcp_raw",
      listenPort,
      ...more,
    });
    return route;
  };
  const freePort = (): number => {
    const probe = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    probe.stop(true);
    return probe.port;
  };
  const opens = (port: number): Promise<boolean> =>
    new Promise((resolve) => {
      const socket = connectTcp({ port, host: "127.0.0.1" }, () => {
        socket.destroy();
        resolve(true);
      });
      socket.on("error", () => resolve(false));
    });

  test("its port is open while a configuration has it, and goes to whoever has it then", async () => {
    const [first, second, port] = [echo(), echo(), freePort()];
    const edge = await edgeWith(configOf(1, tcpRoute(port, first.port)));
    const held = await rawClient(port);
    held.send("one");
    await held.until((text) => text === "one");
    edge.link.give(configOf(2, tcpRoute(port, second.port)));
    const later = await rawClient(port);
    later.send("two");
    await later.until((text) => text === "two");
    held.send(" still");
    await held.until((text) => text === "one still");
    expect(Buffer.concat(first.received).toString()).toBe("one still");
    expect(Buffer.concat(second.received).toString()).toBe("two");
    edge.link.give(configOf(3));
    while (await opens(port)) await Bun.sleep(5);
    held.destroy();
    later.destroy();
  });

  test("a program that expects it is told who connects, in a PROXY header of version 2", async () => {
    const [backend, port] = [echo(), freePort()];
    await edgeWith(configOf(1, tcpRoute(port, backend.port, { proxyProtocol: "v2" })));
    const client = await rawClient(port);
    client.send("hello");
    await client.until((text) => text.endsWith("hello"));
    const bytes = Buffer.concat(backend.received);
    const header = parseProxyHeader(bytes);
    expect(header).toMatchObject({ kind: "header" });
    expect(JSON.stringify(header)).toContain(String(client.socket.localPort));
    client.destroy();
  });
});
