/** Streams that leave HTTP (RFC 8441), from the side of the client: by hand, and with the server of this room. */
import { afterEach, describe, expect, test } from "bun:test";
import {
  ClientPool,
  type Origin,
  type OutgoingRequest,
  type RawDuplex,
  type ServerExchange,
  serve,
} from "#foundation/http1";
import { until } from "../../../tests/support/until.ts";
import { CODE, FLAG, FRAME, SETTING } from "../frames/frames.ts";
import { http2, http2Client } from "../index.ts";
import { type RawServed, serveRaw } from "../testing/raw-server.ts";

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

const HANDSHAKE: OutgoingRequest = {
  method: "GET",
  target: "/chat?x=1",
  host: "shop.test",
  fields: ["Sec-WebSocket-Version", "13", "Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==", "Connection", "Upgrade"],
  upgrade: "websocket",
  body: null,
  responseTimeoutMs: 5_000,
};
const WINDOW = 64 * 1024;
const OFFERED = [[SETTING.ENABLE_CONNECT_PROTOCOL, 1]] as const;

/** What became of a request, as it becomes of it. */
class Outcome {
  duplex: RawDuplex | undefined;
  status: number | undefined;
  body = "";
  failure: string | undefined;
  received = Buffer.alloc(0);
  hasEnded = false;
  isClosed = false;
  drains = 0;

  /** Reads what comes. */
  start(): void {
    this.duplex!.start({
      onBytes: (bytes) => {
        this.received = Buffer.concat([this.received, bytes]);
      },
      onEnd: () => {
        this.hasEnded = true;
      },
      onDrain: () => {
        this.drains++;
      },
      onClose: () => {
        this.isClosed = true;
      },
    });
  }
}

function ask(pool: ClientPool, origin: Origin, request = HANDSHAKE): Outcome {
  const outcome = new Outcome();
  pool.request(origin, request, {
    onUpgraded({ head }, duplex) {
      outcome.status = head.status;
      outcome.duplex = duplex;
    },
    onResponse({ head, body }) {
      outcome.status = head.status;
      const failed = (): void => {
        outcome.failure = "body";
      };
      body.read({ onData: (bytes) => (outcome.body += bytes), onEnd() {}, onFailure: failed });
    },
    onFailure({ kind }, sent) {
      outcome.failure = `${kind} ${sent ? "sent" : "unsent"}`;
    },
  });
  return outcome;
}

function poolAndServer(onOpen = (served: RawServed): void => served.settings(OFFERED)) {
  const server = serveRaw(undefined, onOpen);
  const pool = new ClientPool({ http2: http2Client({ streamWindow: WINDOW }) });
  open.push(pool, server);
  const origin: Origin = { address: { kind: "tcp", host: "127.0.0.1", port: server.port }, version: "2" };
  return { server, pool, origin };
}

/** One that was asked for, and what its server sees. */
async function asked(onOpen?: (served: RawServed) => void) {
  const { server, pool, origin } = poolAndServer(onOpen);
  const outcome = ask(pool, origin);
  await until("it is asked for", () => server.accepted[0]?.of(FRAME.HEADERS, 1).length === 1);
  return { outcome, served: server.accepted[0]!, pool, origin };
}

async function opened(fields: Readonly<Record<string, string>> = {}) {
  const all = await asked();
  all.served.head(1, fields, FLAG.END_HEADERS);
  await until("it has left HTTP", () => all.outcome.duplex !== undefined);
  return { ...all, duplex: all.outcome.duplex! };
}

const isEnd = ({ flags }: { flags: number }): boolean => (flags & FLAG.END_STREAM) !== 0;

describe("a stream that is to leave HTTP", () => {
  test("is asked for with its protocol, without what proves things over HTTP/1.1, and stays open", async () => {
    const { served } = await asked();
    const [frame] = served.of(FRAME.HEADERS, 1);
    expect(served.headOf(frame!)).toEqual([
      [":method", "CONNECT"],
      [":protocol", "websocket"],
      [":scheme", "http"],
      [":authority", "shop.test"],
      [":path", "/chat?x=1"],
      ["sec-websocket-version", "13"],
    ]);
    expect(isEnd(frame!)).toBe(false);
  });

  test("carries octets both ways, and each end ends by itself", async () => {
    const { outcome, served, duplex, pool, origin } = await opened({ "content-length": "0" });
    outcome.start();
    served.data(1, "hello", false);
    await until("it has come", () => outcome.received.toString() === "hello");
    expect(duplex.write(Buffer.from("world"))).toBe(true);
    await until("it has gone", () => served.bodyOf(1).toString() === "world");
    served.data(1, "", true);
    await until("its end has come", () => outcome.hasEnded);
    expect(outcome.isClosed).toBe(false);
    duplex.write(Buffer.from("!"));
    duplex.end();
    await until("all has gone", () => served.of(FRAME.DATA, 1).some(isEnd));
    expect(served.bodyOf(1).toString()).toBe("world!");
    await until("it is closed", () => outcome.isClosed);
    expect(served.resetOf(1)).toBeUndefined();
    expect(pool.counts(origin)).toEqual({ idle: 1, open: 1, waiting: 0 });
  });

  test("goes at the pace of its reader, and of its server", async () => {
    const { outcome, served, duplex } = await opened();
    // Nobody reads yet: the server may send a window, and is allowed no more.
    served.data(1, Buffer.alloc(WINDOW / 4), false);
    for (let i = 0; i < 3; i++) served.data(1, Buffer.alloc(WINDOW / 4), false);
    served.frame(FRAME.PING, 0, 0, "12345678");
    await until("it has read so far", () => served.of(FRAME.PING).length === 1);
    expect(served.of(FRAME.WINDOW_UPDATE, 1)).toEqual([]);
    outcome.start();
    await until("it may send more", () => served.of(FRAME.WINDOW_UPDATE, 1).length > 0);
    duplex.pause();
    served.data(1, Buffer.alloc(WINDOW / 4), false);
    await until("all has come", () => outcome.received.length === (WINDOW / 4) * 5);
    duplex.resume();

    expect(duplex.write(Buffer.alloc(100_000))).toBe(false);
    await until("what the window takes has gone", () => served.bodyOf(1).length === 65_535);
    served.frame(FRAME.PING, 0, 0, "12345678");
    await until("it has gone on", () => served.of(FRAME.PING).length === 2);
    expect(served.bodyOf(1).length).toBe(65_535);
    expect(outcome.drains).toBe(0);
    const more = Buffer.alloc(4);
    more.writeUInt32BE(100_000);
    served.frame(FRAME.WINDOW_UPDATE, 0, 0, more);
    served.frame(FRAME.WINDOW_UPDATE, 0, 1, more);
    await until("the rest has gone", () => served.bodyOf(1).length === 100_000);
    await until("more may follow", () => outcome.drains === 1);
  });

  test("is cut from here, and says nothing more", async () => {
    const { outcome, served, duplex } = await opened();
    outcome.start();
    duplex.destroy();
    await until("the server is told", () => served.resetOf(1) === CODE.CANCEL);
    expect(outcome.isClosed).toBe(true);
    duplex.write(Buffer.from("late"));
    duplex.shutdown();
    served.frame(FRAME.PING, 0, 0, "12345678");
    await until("it has gone on", () => served.of(FRAME.PING).length === 1);
    expect(served.of(FRAME.DATA, 1)).toEqual([]);
  });

  test("stays in HTTP when its server says no", async () => {
    const { outcome, served } = await asked();
    served.head(1, { ":status": "403" }, FLAG.END_HEADERS);
    served.data(1, "who are you?");
    await until("the answer has come", () => outcome.body === "who are you?");
    expect(outcome.status).toBe(403);
    await until("nothing more is sent on it", () => served.of(FRAME.DATA, 1).some(isEnd));
    expect(served.resetOf(1)).toBeUndefined();
    expect(outcome.duplex).toBeUndefined();
  });

  test("is not asked for where its server does not offer that", async () => {
    for (const settings of [[], [[SETTING.ENABLE_CONNECT_PROTOCOL, 0]]] as const) {
      const { pool, origin, server } = poolAndServer((served) => served.settings(settings));
      const outcome = ask(pool, origin);
      await until("it has failed", () => outcome.failure !== undefined);
      expect(outcome.failure).toBe("no-connect unsent");
      expect(server.accepted[0]!.of(FRAME.HEADERS)).toEqual([]);
    }
  });

  test("is asked for again when its server has not looked at it", async () => {
    const { outcome, served } = await asked();
    served.frame(FRAME.RST_STREAM, 0, 1, Buffer.of(0, 0, 0, CODE.REFUSED_STREAM));
    await until("it is asked for again", () => served.of(FRAME.HEADERS, 3).length === 1);
    served.head(3, {}, FLAG.END_HEADERS);
    await until("it has left HTTP", () => outcome.duplex !== undefined);
  });

  test("outlives what its server says of going away, and keeps the connection", async () => {
    const { outcome, served, duplex } = await opened();
    outcome.start();
    served.frame(FRAME.GOAWAY, 0, 0, Buffer.of(0, 0, 0, 1, 0, 0, 0, 0));
    served.data(1, "still here", false);
    await until("it goes on", () => outcome.received.toString() === "still here");
    duplex.end();
    served.data(1, "", true);
    await until("both are closed", () => outcome.isClosed && served.isClosed);
  });

  test("asks with GET, without a body, and for a path", async () => {
    const { pool, origin } = poolAndServer();
    const wrong: Partial<OutgoingRequest>[] = [
      { method: "POST" },
      { body: Buffer.from("x") },
      { target: "*" },
      { upgrade: "web socket" },
    ];
    for (const one of wrong) {
      const outcome = ask(pool, origin, { ...HANDSHAKE, ...one });
      await until("it has failed", () => outcome.failure !== undefined);
      expect(outcome.failure).toBe("unsafe unsent");
    }
  });
});

describe("a hostile server", () => {
  const cases: readonly [string, (served: RawServed) => void, (served: RawServed) => boolean][] = [
    ["resets it", (served) => served.frame(FRAME.RST_STREAM, 0, 1, Buffer.of(0, 0, 0, CODE.CANCEL)), () => true],
    ["cuts the connection", (served) => served.cut(), () => true],
    ["says fields on it", (served) => served.head(1), (served) => served.resetOf(1) === CODE.PROTOCOL_ERROR],
    [
      "sends more than it may",
      (served) => {
        for (let i = 0; i < 40; i++) served.data(1, Buffer.alloc(16_384), false);
      },
      (served) => served.resetOf(1) === CODE.FLOW_CONTROL_ERROR,
    ],
    [
      "takes its offer back",
      (served) => served.settings([[SETTING.ENABLE_CONNECT_PROTOCOL, 0]]),
      (served) => served.goAway === CODE.PROTOCOL_ERROR,
    ],
  ];
  for (const [name, act, isAnswered] of cases) {
    test(`that ${name} loses it, once`, async () => {
      const { outcome, served, duplex } = await opened();
      outcome.start();
      duplex.pause();
      act(served);
      await until("it is closed", () => outcome.isClosed);
      await until("the server is told why", () => isAnswered(served));
      expect(duplex.write(Buffer.from("x"))).toBe(true);
      duplex.destroy();
    });
  }

  test("that ends it with the head of its answer has said all", async () => {
    const { outcome, served } = await asked();
    served.head(1);
    await until("it has left HTTP", () => outcome.duplex !== undefined);
    outcome.start();
    expect(outcome.hasEnded).toBe(true);
    outcome.duplex!.end();
    await until("it is closed", () => outcome.isClosed && served.of(FRAME.DATA, 1).some(isEnd));
  });

  test("that resets it before anybody has looked leaves nothing open", async () => {
    const { outcome, served } = await opened();
    served.data(1, "x", false);
    served.frame(FRAME.RST_STREAM, 0, 1, Buffer.of(0, 0, 0, CODE.CANCEL));
    served.frame(FRAME.PING, 0, 0, "12345678");
    await until("it has read so far", () => served.of(FRAME.PING).length === 1);
    outcome.start();
    expect(outcome.isClosed).toBe(true);
  });

  test("that changes to it as in HTTP/1.1, or offers nonsense, is not understood", async () => {
    const { outcome, served } = await asked();
    served.head(1, { ":status": "101" }, FLAG.END_HEADERS);
    await until("it has failed", () => outcome.failure === "malformed sent");
    expect(served.resetOf(1)).toBe(CODE.PROTOCOL_ERROR);
    const { pool, origin, server } = poolAndServer((one) => one.settings([[SETTING.ENABLE_CONNECT_PROTOCOL, 2]]));
    const other = ask(pool, origin);
    await until("it has failed", () => other.failure !== undefined);
    await until("the server is told", () => server.accepted[0]!.goAway === CODE.PROTOCOL_ERROR);
  });
});

describe("with the server of this room", () => {
  test("many carry more than any buffer holds, over one connection, beside requests", async () => {
    const server = await serve({
      port: 0,
      protocols: [http2({ allowsConnect: true })],
      onExchange(exchange: ServerExchange) {
        if (!exchange.head.upgrade) {
          exchange.answer({ status: 200 }, "plain");
          return;
        }
        const duplex = exchange.switchProtocols("websocket", []);
        duplex.start({
          onBytes: (bytes) => {
            if (!duplex.write(Buffer.from(bytes))) duplex.pause();
          },
          onDrain: () => duplex.resume(),
          onEnd: () => duplex.shutdown(),
          onClose() {},
        });
      },
    });
    open.push({ close: () => server.close(0) });
    const pool = new ClientPool({ http2: http2Client() });
    open.push(pool);
    const origin: Origin = { address: { kind: "tcp", host: "127.0.0.1", port: server.port }, version: "2" };
    const tunnels = Array.from({ length: 8 }, () => ask(pool, origin));
    const sent = Buffer.alloc(2_000_000, "0123456789abcdefg");
    await Promise.all(
      tunnels.map(async (one) => {
        await until("it has left HTTP", () => one.duplex !== undefined);
        one.start();
        for (let at = 0; at < sent.length; at += 50_000) {
          const before = one.drains;
          if (!one.duplex!.write(sent.subarray(at, at + 50_000)))
            await until("more may follow", () => one.drains > before);
        }
        one.duplex!.shutdown();
        await until("all has come back", () => one.hasEnded && one.isClosed);
        expect(one.received.equals(sent)).toBe(true);
      }),
    );
    const plain = ask(pool, origin, { method: "GET", target: "/", host: "shop.test" });
    await until("it is answered", () => plain.body === "plain");
    expect(pool.counts(origin)).toEqual({ idle: 1, open: 1, waiting: 0 });
  });
});
