import { afterEach, describe, expect, test } from "bun:test";
import { connect } from "node:tls";
import { createVirtualTime } from "#foundation/runtime";
import { local } from "../testing/proxy-fixture.ts";
import { type RawPeer, type RawServer, rawClient, rawServer } from "../testing/raw-peers.ts";
import type { TunnelResult } from "../tunnel/tunnel.ts";
import { encodeProxyHeader, parseProxyHeader } from "./proxy-protocol.ts";
import { createTcpProxy, type TcpClient, type TcpFailure, type TcpProxy, type TcpProxyOptions } from "./tcp-proxy.ts";

const proxies: TcpProxy[] = [];
const servers: RawServer[] = [];
afterEach(async () => {
  await Promise.all(proxies.splice(0).map((proxy) => proxy.close(0)));
  for (const server of servers.splice(0)) server.stop();
});

function upstream(onOpen?: (peer: RawPeer) => void): RawServer {
  const server = rawServer(onOpen);
  servers.push(server);
  return server;
}

interface Fixture {
  readonly port: number;
  readonly proxy: TcpProxy;
  readonly failures: TcpFailure[];
  readonly clients: TcpClient[];
  readonly finished: Promise<TunnelResult>;
}

function start(server: RawServer, options: Partial<TcpProxyOptions> = {}): Fixture {
  const failures: TcpFailure[] = [];
  const clients: TcpClient[] = [];
  const { promise: finished, resolve: onFinished } = Promise.withResolvers<TunnelResult>();
  const proxy = createTcpProxy({
    port: 0,
    route(client) {
      clients.push(client);
      return { backend: local(server.port), onFinished };
    },
    onFailure: (failure) => failures.push(failure),
    ...options,
  });
  proxies.push(proxy);
  return { port: proxy.port, proxy, failures, clients, finished };
}

describe("a connection passed on", () => {
  test("either side may stop sending first and still hear the other", async () => {
    const server = upstream();
    for (const [index, first] of ["client", "upstream"].entries()) {
      const { port, finished } = start(server);
      const client = await rawClient(port);
      const peer = await server.peer(index);
      const [one, other] = first === "client" ? [client, peer] : [peer, client];
      one.send("question");
      one.shutdown();
      expect(await other.end()).toBe("question");
      other.send("a late answer");
      await one.until((text) => text === "a late answer");
      other.send(", and more");
      other.close();
      expect(await one.end()).toBe("a late answer, and more");
      const result = await finished;
      expect(result.reason).toBe("closed");
      expect([result.bytesUp, result.bytesDown]).toEqual(first === "client" ? [8, 23] : [23, 8]);
    }
  });

  test("a server that speaks first is heard", async () => {
    const server = upstream((peer) => peer.send("220 hello\r\n"));
    const client = await rawClient(start(server).port);
    expect(await client.until((text) => text.length > 0)).toBe("220 hello\r\n");
    client.close();
  });

  test("10 MB both ways at once arrive whole", async () => {
    const bytes = Buffer.alloc(10_000_000);
    for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 31 + (i >> 8)) & 0xff;
    const server = upstream((peer) => peer.send(bytes));
    const { port } = start(server);
    const client = await rawClient(port);
    client.send(bytes);
    await client.until((text) => text.length === bytes.length);
    const peer = await server.peer(0);
    await peer.until((text) => text.length === bytes.length);
    expect(Buffer.from(client.received, "latin1").equals(bytes)).toBe(true);
    expect(Buffer.from(peer.received, "latin1").equals(bytes)).toBe(true);
    client.close();
  });

  test("an end that does not read makes the other wait", async () => {
    const server = upstream();
    const { port } = start(server);
    const client = await rawClient(port);
    const peer = await server.peer(0);
    client.socket.pause();
    let sent = 0;
    const piece = Buffer.alloc(256 * 1024);
    // What both pairs of socket buffers hold is a few megabytes; then nothing more is taken.
    for (let refused = 0; refused < 50; ) {
      const written = Math.max(0, peer.socket.write(piece));
      sent += written;
      refused = written === 0 ? refused + 1 : 0;
      await Bun.sleep(1);
      if (sent > 64_000_000) throw new Error("nobody waited");
    }
    client.socket.resume();
    await client.until((text) => text.length >= sent);
    expect(client.received.length).toBe(sent);
    client.close();
  });

  test("an end that is gone takes the other along, after what it had sent", async () => {
    const server = upstream();
    const { port, finished } = start(server);
    const client = await rawClient(port);
    const peer = await server.peer(0);
    peer.send("last words");
    await client.until((text) => text.length > 0);
    peer.socket.terminate();
    expect(await client.end()).toBe("last words");
    expect((await finished).reason).toBe("upstream-gone");
    client.close();
  });
});

describe("who the client is", () => {
  test.each([1, 2] as const)("is told the upstream in version %d", async (version) => {
    const server = upstream();
    const tlvs = version === 2 ? [{ type: 0xea, value: Uint8Array.of(1, 2) }] : [];
    const { port } = start(server, {
      route: () => ({ backend: local(server.port), proxyProtocol: { version, tlvs } }),
    });
    const client = await rawClient(port);
    client.send("hello");
    const peer = await server.peer(0);
    const text = await peer.until((received) => received.endsWith("hello"));
    const outcome = parseProxyHeader(Buffer.from(text, "latin1"));
    if (outcome.kind !== "header") throw new Error(outcome.kind);
    expect(outcome.length).toBe(text.length - 5);
    expect(outcome.header).toMatchObject({
      version,
      tlvs,
      addresses: { sourceAddress: "127.0.0.1", sourcePort: client.socket.localPort, destinationPort: port },
    });
    client.close();
  });

  test("is read from the header that a proxy before us sent, byte by byte, and passed on", async () => {
    const server = upstream();
    const clients: TcpClient[] = [];
    const { port } = start(server, {
      acceptProxyProtocol: true,
      route: (client) => {
        clients.push(client);
        return { backend: local(server.port), proxyProtocol: { version: 1 } };
      },
    });
    const header = encodeProxyHeader({
      version: 2,
      tlvs: [],
      addresses: {
        family: "ipv6",
        sourceAddress: "2001:db8::7",
        sourcePort: 1234,
        destinationAddress: "2001:db8::1",
        destinationPort: 443,
      },
    });
    const client = await rawClient(port);
    for (const byte of header) {
      client.send(Uint8Array.of(byte));
      await Bun.sleep(0);
    }
    client.send("hello");
    const peer = await server.peer(0);
    expect(await peer.until((text) => text.endsWith("hello"))).toBe(
      "PROXY TCP6 2001:db8::7 2001:db8::1 1234 443\r\nhello",
    );
    expect(clients[0]!.proxyHeader?.addresses?.sourceAddress).toBe("2001:db8::7");
    client.close();
  });

  test("is not believed where no header is expected, and must be said where one is", async () => {
    const server = upstream();
    const open = await rawClient(start(server).port);
    open.send("PROXY TCP4 1.2.3.4 1.2.3.4 1 2\r\n");
    expect(await (await server.peer(0)).until((text) => text.endsWith("\n"))).toStartWith("PROXY TCP4");
    open.close();
    const strict = start(server, { acceptProxyProtocol: true });
    const client = await rawClient(strict.port);
    client.send("GET / HTTP/1.1\r\n\r\n");
    await client.end();
    expect(strict.failures).toEqual([{ kind: "refused", fault: "malformed-proxy-header" }]);
    expect(server.peers.length).toBe(1);
  });
});

describe("the name that a TLS client asks for", () => {
  test("decides where its connection goes, unopened", async () => {
    const server = upstream();
    const { port, clients } = start(server, { peekTls: true });
    const socket = connect({ port, host: "127.0.0.1", servername: "shop.test", ALPNProtocols: ["h2"] });
    socket.on("error", () => {});
    const peer = await server.peer(0);
    await peer.until((text) => text.startsWith("\x16\x03\x01") && text.includes("shop.test"));
    expect(clients[0]!.hello).toEqual({ serverName: "shop.test", protocols: ["h2"] });
    socket.destroy();
  });

  test("who does not speak TLS is refused", async () => {
    const { port, failures } = start(upstream(), { peekTls: true });
    const client = await rawClient(port);
    client.send("GET / HTTP/1.1\r\n\r\n");
    await client.end();
    expect(failures).toEqual([{ kind: "refused", fault: "not-tls" }]);
  });
});

describe("failures", () => {
  test("another backend is tried when one cannot be reached", async () => {
    const dead = upstream();
    dead.stop();
    const server = upstream((peer) => peer.send("hello"));
    const { port } = start(server, {
      attemptsMax: 2,
      route: async (_client, failed) => ({ backend: local(failed.length === 0 ? dead.port : server.port) }),
    });
    const client = await rawClient(port);
    await client.until((text) => text === "hello");
    client.close();
  });

  test("nobody to go to, and a route that throws", async () => {
    const thrown = new Error("a defect");
    for (const [route, failure] of [
      [() => undefined, { kind: "no-upstream" }],
      [() => Promise.reject(thrown), { kind: "route-failed", error: thrown }],
    ] as const) {
      const { port, failures } = start(upstream(), { route });
      const client = await rawClient(port);
      await client.end();
      expect(failures).toEqual([failure]);
    }
  });

  test("silence before the hello, and in both directions, is ended", async () => {
    const time = createVirtualTime(0);
    const server = upstream();
    const waiting = start(server, { peekTls: true, openingTimeoutMs: 1000, time });
    const mute = await rawClient(waiting.port);
    mute.send("\x16");
    while (waiting.proxy.connections === 0) await Bun.sleep(0);
    time.advance(1200);
    await mute.end();
    expect(waiting.failures).toEqual([{ kind: "opening-timeout" }]);

    const idle = start(server, { idleTimeoutMs: 1000, time });
    const client = await rawClient(idle.port);
    const peer = await server.peer(0);
    for (let turn = 0; turn < 3; turn++) {
      time.advance(800);
      client.send("x");
      await peer.until((text) => text.length === turn + 1);
    }
    time.advance(1300);
    await client.end();
    expect((await idle.finished).reason).toBe("idle");
  });

  test("no more than allowed are open; closing lets them end, and cuts what does not", async () => {
    const server = upstream();
    const { port, proxy, finished } = start(server, { maxConnections: 1 });
    const first = await rawClient(port);
    await server.peer(0);
    const second = await rawClient(port);
    await second.end();
    expect(proxy.connections).toBe(1);
    const closing = proxy.close(50);
    first.send("still heard");
    await (await server.peer(0)).until((text) => text === "still heard");
    await closing;
    await first.end();
    expect((await finished).reason).toBe("cut");
  });
});
