import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { CLOSE, connectWebSocket, type HttpServer, httpRequest, serveHttp, type WebSocketConnection } from "./index.ts";
import { rawClient } from "./testing/raw-client.ts";
import { encodeFrame, FrameDecoder, type Incoming, OPCODE, WebSocketError } from "./websocket-frames.ts";
import { acceptKey } from "./websocket-handshake.ts";

describe("frames", () => {
  const decodeAll = (bytes: Uint8Array, step: number, masked = false, limit = 1e6): Incoming[] => {
    const decoder = new FrameDecoder(masked, limit);
    const got: Incoming[] = [];
    const copy = Uint8Array.from(bytes);
    for (let at = 0; at < copy.length; at += step) decoder.push(copy.subarray(at, at + step), (one) => got.push(one));
    return got;
  };
  const closeCodeOf = (bytes: readonly number[], masked = false, limit = 1e6): number => {
    try {
      decodeAll(Uint8Array.from(bytes), 1, masked, limit);
    } catch (error) {
      if (error instanceof WebSocketError) return error.closeCode;
    }
    return 0;
  };

  test("the examples of RFC 6455 §5.7", () => {
    const hello = { kind: "text", text: "Hello" } as const;
    expect(decodeAll(Uint8Array.from([0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]), 99)).toEqual([hello]);
    const masked = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
    expect(decodeAll(Uint8Array.from(masked), 99, true)).toEqual([hello]);
    const fragments = [0x01, 0x03, 0x48, 0x65, 0x6c, 0x80, 0x02, 0x6c, 0x6f];
    expect(decodeAll(Uint8Array.from(fragments), 99)).toEqual([hello]);
  });

  test.each([0, 1, 125, 126, 127, 65_535, 65_536, 70_001])(
    "%d bytes go there and back, cut anywhere, masked or not",
    (length) => {
      const payload = Buffer.from(Array.from({ length }, (_, i) => (i * 7) & 255));
      for (const mask of [undefined, Uint8Array.of(1, 2, 3, 4)]) {
        const frame = encodeFrame(OPCODE.binary, payload, mask);
        for (const step of [length > 1000 ? 977 : 1, 3, 1 << 20]) {
          const [incoming, ...rest] = decodeAll(frame, step, mask !== undefined);
          expect(rest).toEqual([]);
          expect(incoming?.kind === "binary" && Buffer.from(incoming.bytes).equals(payload)).toBe(true);
        }
      }
    },
  );

  test("a ping between fragments is delivered in between", () => {
    const bytes = Buffer.concat([
      Buffer.from([0x01, 0x01, 0x61]),
      encodeFrame(OPCODE.ping, Buffer.from("p")),
      Buffer.from([0x80, 0x01, 0x62]),
    ]);
    expect(decodeAll(bytes, 1).map((one) => one.kind)).toEqual(["ping", "text"]);
  });

  test.each([
    ["a reserved bit", [0xc1, 0x00], CLOSE.protocolError],
    ["an unknown data opcode", [0x83, 0x00], CLOSE.protocolError],
    ["an unknown control opcode", [0x8b, 0x00], CLOSE.protocolError],
    ["a fragmented ping", [0x09, 0x00], CLOSE.protocolError],
    ["a long ping", [0x89, 126, 0, 126], CLOSE.protocolError],
    ["a continuation of nothing", [0x80, 0x00], CLOSE.protocolError],
    ["a message inside a message", [0x01, 0x00, 0x81, 0x00], CLOSE.protocolError],
    ["a mask from a server", [0x81, 0x80, 0, 0, 0, 0], CLOSE.protocolError],
    ["a close of one byte", [0x88, 0x01, 0x03], CLOSE.protocolError],
    ["the close code 1005", [0x88, 0x02, 0x03, 0xed], CLOSE.protocolError],
    ["text that is not UTF-8", [0x81, 0x01, 0xff], CLOSE.invalidData],
    ["a close reason that is not UTF-8", [0x88, 0x03, 0x03, 0xe8, 0xff], CLOSE.invalidData],
    ["a length of 2^63", [0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0], CLOSE.tooBig],
  ] as const)("%s ends the connection", (_name, bytes, code) => {
    expect(closeCodeOf(bytes)).toBe(code);
  });

  test("an unmasked client frame and a message over the limit are refused before their payload", () => {
    expect(closeCodeOf([0x81, 0x05], true)).toBe(CLOSE.protocolError);
    expect(closeCodeOf([0x82, 11], false, 10)).toBe(CLOSE.tooBig);
    expect(closeCodeOf([0x02, 6, 1, 2, 3, 4, 5, 6, 0x80, 5], false, 10)).toBe(CLOSE.tooBig);
  });

  test("the accept key of RFC 6455 §1.3", () => {
    expect(acceptKey("dGhlIHNhbXBsZSBub25jZQ==")).toBe("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  });
});

describe("connections", () => {
  let server: HttpServer;
  let opened: ((connection: WebSocketConnection) => void) | undefined;
  /** Of the second, no machine is so busy that both ends are silent for one. */
  const PING_INTERVALS_MS: Readonly<Record<string, number>> = { "/ping": 30, "/idle": 400 };

  beforeAll(async () => {
    server = await serveHttp({
      port: 0,
      handler: () => ({ status: 200, body: "plain" }),
      limits: { keepAliveTimeoutMs: 100, headersTimeoutMs: 100 },
      upgrade: async (request) => {
        if (request.path === "/no") return { status: 401, headers: [["www-authenticate", "Bearer"]], body: "who?" };
        if (request.path === "/throw") throw new Error("secret");
        return {
          kind: "accept",
          ...(request.headers.has("sec-websocket-protocol") ? { protocol: "v2" } : {}),
          limits: {
            maxMessageBytes: 100_000,
            maxBufferedBytes: 8_000_000,
            pingIntervalMs: PING_INTERVALS_MS[request.path] ?? 0,
          },
          onOpen: (connection) => {
            if (request.path === "/echo") connection.onMessage((data) => connection.send(data));
            if (request.path === "/greet") connection.send("early");
            if (request.path === "/fail") {
              connection.onMessage(() => {
                throw new Error("listener");
              });
            }
            opened?.(connection);
          },
        };
      },
    });
  });

  afterAll(() => server.close(0));

  const connect = (path: string, rest: Partial<Parameters<typeof connectWebSocket>[0]> = {}) =>
    connectWebSocket({ url: server.url.replace("http", "ws") + path, ...rest });
  const closeOf = (connection: WebSocketConnection): Promise<number> =>
    new Promise((resolve) => connection.onClose((code) => resolve(code)));
  const nextMessage = (connection: WebSocketConnection): Promise<string | Uint8Array> =>
    new Promise((resolve) => connection.onMessage(resolve));
  const accepted = (): Promise<WebSocketConnection> =>
    new Promise((resolve) => {
      opened = resolve;
    });

  test("text and bytes are echoed, in order; plain requests still work beside them", async () => {
    const client = await connect("/echo");
    const got: (string | number)[] = [];
    const done = Promise.withResolvers<void>();
    client.onMessage((data) => {
      got.push(typeof data === "string" ? data : data.length);
      if (got.length === 4) done.resolve();
    });
    client.send("héllo");
    client.send(new Uint8Array(70_000));
    client.send("");
    client.send("x".repeat(50_000));
    await done.promise;
    expect(got).toEqual(["héllo", 70_000, "", "x".repeat(50_000)]);
    expect(await (await httpRequest({ url: server.url })).text()).toBe("plain");
    client.close(4001, "bye");
    expect(await closeOf(client)).toBe(4001);
  });

  test("the server sees the client's code and reason; the upgrade request stays readable", async () => {
    const server = accepted();
    const client = await connect("/echo?x=1", { headers: [["x-token", "t"]] });
    const connection = await server;
    expect([connection.request?.query, connection.request?.headers.get("x-token")]).toEqual(["x=1", "t"]);
    const closed = new Promise((resolve) => connection.onClose((code, reason) => resolve([code, reason])));
    client.close(3000, "enough");
    expect(await closed).toEqual([3000, "enough"]);
    expect(connection.state).toBe("closed");
    connection.send("into the void");
  });

  test("a message sent before the listener is set is kept", async () => {
    const client = await connect("/greet");
    expect(await nextMessage(client)).toBe("early");
    client.close();
  });

  test("an idle connection outlives the timeouts of HTTP, and pings keep it known", async () => {
    const client = await connect("/idle", { limits: { pingIntervalMs: 400 } });
    let closed = false;
    client.onClose(() => {
      closed = true;
    });
    const start = performance.now();
    while (performance.now() - start < 1_000) await Bun.sleep(50);
    expect(closed).toBe(false);
    client.close();
  });

  test("a peer that falls silent is cut", async () => {
    const connection = accepted();
    const client = await rawClient(server.port);
    client.send(handshake("/ping"));
    await client.until((received) => received.includes("\r\n\r\n"));
    expect(await closeOf(await connection)).toBe(CLOSE.abnormal);
    client.destroy();
  });

  test("a peer that breaks the protocol gets the reason and the connection closes", async () => {
    for (const [bytes, code] of [
      [[0x81, 0x01, 0x61], CLOSE.protocolError],
      [[0x82, 0xff, 0, 0, 0, 0, 0x7f, 0, 0, 0, 1, 2, 3, 4], CLOSE.tooBig],
      [[0x81, 0x81, 0, 0, 0, 0, 0xff], CLOSE.invalidData],
    ] as const) {
      const client = await rawClient(server.port);
      client.send(handshake("/echo"));
      await client.until((received) => received.includes("\r\n\r\n"));
      client.send(Uint8Array.from(bytes));
      const answer = await client.closed();
      const frame = Buffer.from(answer.slice(answer.indexOf("\r\n\r\n") + 4), "latin1");
      expect([frame[0], frame.readUInt16BE(2)]).toEqual([0x88, code]);
    }
  });

  test("a listener that throws closes with 1011", async () => {
    const client = await connect("/fail");
    client.send("x");
    expect(await closeOf(client)).toBe(CLOSE.internalError);
  });

  test("a peer that does not read is cut when too much is waiting; bufferedBytes tells before", async () => {
    const connection = accepted();
    const client = await rawClient(server.port);
    client.send(handshake("/quiet"));
    const serverSide = await connection;
    await client.until((received) => received.includes("\r\n\r\n"));
    client.socket.pause();
    const closed = closeOf(serverSide);
    let most = 0;
    for (let i = 0; i < 10_000 && serverSide.state === "open"; i++) {
      serverSide.send(new Uint8Array(65_536));
      most = Math.max(most, serverSide.bufferedBytes);
    }
    expect(most).toBeGreaterThan(1_000_000);
    expect(most).toBeLessThan(8_200_000);
    client.destroy();
    expect([CLOSE.policyViolation, CLOSE.abnormal] as number[]).toContain(await closed);
    await serverSide.drained();
  });

  test("refusals are ordinary answers", async () => {
    const refusal = (path: string) =>
      connect(path).then(
        () => 0,
        (error) => error.status,
      );
    expect(await refusal("/no")).toBe(401);
    expect(await refusal("/throw")).toBe(500);
    for (const [drop, status] of [
      [/Sec-WebSocket-Key: .*\r\n/, 400],
      [/Sec-WebSocket-Version: .*\r\n/, 426],
    ] as const) {
      const client = await rawClient(server.port);
      client.send(handshake("/echo").replace(drop, ""));
      expect(await client.closed()).toStartWith(`HTTP/1.1 ${status}`);
    }
    const client = await rawClient(server.port);
    client.send(handshake("/no"));
    expect(await client.closed()).toEndWith("\r\n\r\nwho?");
  });

  test("a protocol is chosen from those offered, never another", async () => {
    const client = await connect("/echo", { protocols: ["v1", "v2"] });
    client.close();
    expect(
      await connect("/echo", { protocols: ["v1"] }).then(
        () => 0,
        (error) => error.status,
      ),
    ).toBe(500);
  });

  test("frames that come together with the handshake are not lost", async () => {
    const client = await rawClient(server.port);
    client.send(
      Buffer.concat([
        Buffer.from(handshake("/echo")),
        encodeFrame(OPCODE.text, Buffer.from("hi"), Uint8Array.of(9, 8, 7, 6)),
      ]),
    );
    await client.until((received) => received.endsWith("\r\n\r\n\x81\x02hi"));
    client.destroy();
  });

  test("closing the server says 1001 to its WebSockets", async () => {
    const own = await serveHttp({
      port: 0,
      handler: () => ({ status: 200 }),
      upgrade: () => ({ kind: "accept", onOpen: () => {} }),
    });
    const client = await connectWebSocket({ url: own.url });
    const closed = closeOf(client);
    await own.close(2000);
    expect(await closed).toBe(CLOSE.goingAway);
  });

  test("Bun's own WebSocket client understands us", async () => {
    const socket = new WebSocket(`${server.url.replace("http", "ws")}/echo`);
    const got = await new Promise((resolve) => {
      socket.onopen = () => socket.send("hello");
      socket.onmessage = (event) => resolve(event.data);
    });
    expect(got).toBe("hello");
    const closed = new Promise((resolve) => {
      socket.onclose = (event) => resolve(event.code);
    });
    socket.close(1000);
    expect(await closed).toBe(1000);
  });

  function handshake(path: string): string {
    return `GET ${path} HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`;
  }
});
