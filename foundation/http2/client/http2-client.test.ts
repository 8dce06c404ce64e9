/** What a client of HTTP/2 does with frames that any server, or an attacker, may send. */
import { afterEach, describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  type ClientLimits,
  ClientPool,
  type ClientResponse,
  type Origin,
  type OutgoingRequest,
  type SendOptions,
  send,
} from "#foundation/http1";
import { systemClock, systemTimers } from "#foundation/runtime";
import { until, untilStill } from "../../../tests/support/until.ts";
import { CODE, FLAG, FRAME, SETTING } from "../frames/frames.ts";
import { type Http2ClientLimits, http2Client } from "../index.ts";
import { frameOf, type ReceivedFrame } from "../testing/raw-client.ts";
import { type RawServed, serveRaw } from "../testing/raw-server.ts";

const open: { close(): unknown }[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

type OnFrame = (served: RawServed, frame: ReceivedFrame) => void;

interface Options {
  readonly onOpen?: (served: RawServed) => void;
  readonly limits?: Partial<ClientLimits>;
  readonly http2?: Partial<Http2ClientLimits>;
}

const get = (target = "/", extra: Partial<OutgoingRequest> = {}): OutgoingRequest => ({
  method: "GET",
  target,
  host: "shop.test",
  ...extra,
});

/** A server by hand, and a pool to ask it. */
function byHand(onFrame?: OnFrame, { onOpen, limits, http2 }: Options = {}) {
  const server = serveRaw(onFrame, onOpen);
  const pool = new ClientPool({ http2: http2Client(http2), ...(limits === undefined ? {} : { limits }) });
  open.push(pool, server);
  const origin: Origin = { address: { kind: "tcp", host: "127.0.0.1", port: server.port }, version: "2" };
  const served = async (n = 0): Promise<RawServed> => {
    await until("it is connected", () => server.accepted.length > n);
    return server.accepted[n]!;
  };
  return {
    server,
    pool,
    origin,
    ask: (request = get(), options?: SendOptions): Promise<ClientResponse> => send(pool, origin, request, options),
    served,
    /** The first frame with fields of a stream of the first connection. */
    async asked(stream = 1): Promise<RawServed> {
      const connection = await served();
      await until(`stream ${stream} is begun`, () => connection.of(FRAME.HEADERS, stream).length > 0);
      return connection;
    },
  };
}

const isRequest = ({ type }: ReceivedFrame): boolean => type === FRAME.HEADERS;
const text = async ({ body }: ClientResponse): Promise<string> => (await body.bytes(10_000_000)).toString("latin1");
/** What became of it: the status and the body, or why there is none. */
const outcome = (response: Promise<ClientResponse>): Promise<string> =>
  response.then(
    async (answer) => {
      try {
        return `${answer.status} ${await text(answer)}`;
      } catch (error) {
        return `${answer.status} ${(error as Error).message}`;
      }
    },
    (error: { failure?: { kind: string; fault?: string }; sent?: boolean; message: string }) =>
      `${error.failure?.kind} ${error.failure?.fault ?? ""} ${error.sent === true ? "sent" : "unsent"}`,
  );
const answering: OnFrame = (served, frame) => {
  if (!isRequest(frame)) return;
  served.head(frame.stream, {}, FLAG.END_HEADERS);
  served.data(frame.stream, "ok");
};

describe("a request", () => {
  test("is sent with what it says, without what is for one hop", async () => {
    const { ask, asked } = byHand();
    const response = ask(
      get("/a?b=c", {
        method: "POST",
        fields: ["X-A", "1", "x-a", "2", "Connection", "close", "Keep-Alive", "1", "TE", "gzip"],
        body: Buffer.from("hello"),
      }),
    );
    const served = await asked();
    expect(served.headOf(served.of(FRAME.HEADERS)[0]!)).toEqual([
      [":method", "POST"],
      [":scheme", "http"],
      [":authority", "shop.test"],
      [":path", "/a?b=c"],
      ["x-a", "1"],
      ["x-a", "2"],
      ["te", "trailers"],
      ["content-length", "5"],
    ]);
    await until("the body has come", () => served.bodyOf(1).toString() === "hello");
    served.head(1, { "x-b": "\xe9" }, FLAG.END_HEADERS);
    served.data(1, "world");
    const answer = await response;
    expect([answer.status, answer.fields, await text(answer)]).toEqual([200, ["x-b", "\xe9"], "world"]);
    expect(served.of(FRAME.DATA, 1).at(-1)!.flags & FLAG.END_STREAM).toBe(1);
  });

  test("waits until the server has said what it takes", async () => {
    const { ask, served } = byHand(answering, { onOpen: () => undefined });
    const response = outcome(ask());
    const connection = await served();
    await until("its settings have come", () => connection.of(FRAME.SETTINGS).length > 0);
    await untilStill("nothing more comes", () => connection.frames.length);
    expect(connection.of(FRAME.HEADERS)).toEqual([]);
    connection.settings();
    expect(await response).toBe("200 ok");
  });

  test("shares its connection with as many as the server takes, and another one is opened for more", async () => {
    const { ask, pool, origin, server } = byHand(undefined, {
      onOpen: (served) => served.settings([[SETTING.MAX_CONCURRENT_STREAMS, 2]]),
    });
    const responses = [ask(get("/0")), ask(get("/1")), ask(get("/2"))];
    await until("all are sent", () => server.accepted.flatMap((served) => served.of(FRAME.HEADERS)).length === 3);
    expect(pool.counts(origin)).toEqual({ idle: 0, open: 2, waiting: 0 });
    for (const served of server.accepted) for (const { stream } of served.of(FRAME.HEADERS)) served.head(stream);
    expect(await Promise.all(responses.map(outcome))).toEqual(["200 ", "200 ", "200 "]);
  });

  test("waits when there may be no other connection, and is sent when another one is over", async () => {
    const { ask, pool, origin, asked } = byHand(undefined, {
      onOpen: (served) => served.settings([[SETTING.MAX_CONCURRENT_STREAMS, 1]]),
      limits: { maxSharedConnections: 1 },
    });
    const first = ask();
    const second = ask();
    const served = await asked(1);
    expect(pool.counts(origin)).toEqual({ idle: 0, open: 1, waiting: 1 });
    served.head(1);
    await asked(3);
    served.head(3);
    expect([await outcome(first), await outcome(second)]).toEqual(["200 ", "200 "]);
  });

  test("that cannot be written is refused, and harms no other", async () => {
    const { ask } = byHand(answering);
    expect(await outcome(ask(get("no path")))).toBe("unsafe  unsent");
    expect(await outcome(ask(get("/", { host: "a b" })))).toBe("unsafe  unsent");
    expect(await outcome(ask(get("/", { fields: ["a", "b\r\nc: d"] })))).toBe("unsafe  unsent");
    expect(await outcome(ask(get("/", { upgrade: "websocket" })))).toBe("no-connect  unsent");
    expect(await outcome(ask(get("shop.test:443", { method: "CONNECT" })))).toBe("unsafe  unsent");
    expect(await outcome(ask())).toBe("200 ok");
  });

  test("that nobody waits for any more is taken back", async () => {
    const { ask, asked } = byHand();
    const controller = new AbortController();
    const response = ask(get(), { signal: controller.signal });
    const served = await asked();
    controller.abort(new Error("enough"));
    await expect(response).rejects.toThrow("enough");
    await until("it is reset", () => served.resetOf(1) === CODE.CANCEL);
    // What still comes for it is for nobody.
    served.head(1, {}, FLAG.END_HEADERS);
    served.data(1, "late");
    const second = ask();
    await asked(3);
    served.head(3);
    expect(await outcome(second)).toBe("200 ");
  });
});

describe("bodies", () => {
  test("of requests wait for both windows", async () => {
    const { ask, asked } = byHand(undefined, {
      onOpen: (served) => served.settings([[SETTING.INITIAL_WINDOW_SIZE, 10]]),
    });
    const response = ask(get("/", { method: "POST", body: Buffer.alloc(100_000, "x") }));
    const served = await asked();
    await untilStill("nothing more comes", () => served.bodyOf(1).length);
    expect(served.bodyOf(1).length).toBe(10);
    served.frame(FRAME.WINDOW_UPDATE, 0, 1, Buffer.from([0, 1, 0x86, 0xa0]));
    await untilStill("nothing more comes", () => served.bodyOf(1).length);
    expect(served.bodyOf(1).length).toBe(65_535);
    // Taking it back makes it negative (§6.9.2): nothing more until it is above zero.
    served.settings([[SETTING.INITIAL_WINDOW_SIZE, 0]]);
    served.frame(FRAME.WINDOW_UPDATE, 0, 0, Buffer.from([0, 1, 0x86, 0xa0]));
    await until("all has come", () => served.bodyOf(1).length === 100_000);
    served.head(1);
    expect(await outcome(response)).toBe("200 ");
  });

  test("of responses come no faster than they are read", async () => {
    const { ask, asked } = byHand(undefined, { http2: { streamWindow: 1000 } });
    const response = ask();
    const served = await asked();
    served.head(1, {}, FLAG.END_HEADERS);
    served.data(1, Buffer.alloc(1000), false);
    const { body } = await response;
    await untilStill("nothing more comes", () => served.frames.length);
    expect(served.of(FRAME.WINDOW_UPDATE, 1)).toEqual([]);
    const reading = body.bytes(10_000);
    await until("more is allowed", () => served.of(FRAME.WINDOW_UPDATE, 1).length > 0);
    served.data(1, Buffer.alloc(1000));
    expect((await reading).length).toBe(2000);
  });

  test("of responses in any pieces, with their trailers", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 }),
        fc.boolean(),
        async (pieces, cuts, hasTrailers) => {
          const { ask, asked, pool, server } = byHand();
          const response = ask();
          const served = await asked();
          const sent: Buffer[] = [
            frameOf(FRAME.HEADERS, FLAG.END_HEADERS, 1, served.section([[":status", "200"]])),
            ...pieces.map((piece) => frameOf(FRAME.DATA, 0, 1, Buffer.from(piece))),
            hasTrailers
              ? frameOf(FRAME.HEADERS, FLAG.END_HEADERS | FLAG.END_STREAM, 1, served.section([["x-t", "1"]]))
              : frameOf(FRAME.DATA, FLAG.END_STREAM, 1),
          ];
          const octets = Buffer.concat(sent);
          for (let at = 0, i = 0; at < octets.length; i++) {
            const to = Math.min(octets.length, at + cuts[i % cuts.length]!);
            served.send(octets.subarray(at, to));
            await Bun.sleep(0);
            at = to;
          }
          const { body } = await response;
          expect(await body.bytes(100_000)).toEqual(Buffer.concat(pieces));
          expect(body.trailers.toRaw()).toEqual(hasTrailers ? ["x-t", "1"] : []);
          pool.close();
          server.close();
        },
      ),
      { numRuns: 25 },
    );
  });

  test("of requests arrive whole whatever windows the server opens, and never beyond them", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 3000 }),
        fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 10 }),
        fc.integer({ min: 1, max: 150_000 }),
        async (initial, grants, length) => {
          const allowed = { stream: initial, connection: 65_535 };
          let turn = 0;
          let wasBeyond = false;
          const { ask, pool, server, asked } = byHand(
            (served, frame) => {
              if (frame.type !== FRAME.DATA) return;
              allowed.stream -= frame.payload.length;
              allowed.connection -= frame.payload.length;
              wasBeyond ||= allowed.stream < 0 || allowed.connection < 0;
              if ((frame.flags & FLAG.END_STREAM) !== 0) served.head(1);
              else grantTo(served);
            },
            { onOpen: (served) => served.settings([[SETTING.INITIAL_WINDOW_SIZE, initial]]) },
          );
          const grantTo = (served: RawServed): void => {
            for (const [stream, which] of [
              [1, "stream"],
              [0, "connection"],
            ] as const) {
              const more = grants[turn++ % grants.length]!;
              allowed[which] += more;
              const payload = Buffer.alloc(4);
              payload.writeUInt32BE(more);
              served.frame(FRAME.WINDOW_UPDATE, 0, stream, payload);
            }
          };
          const body = Buffer.alloc(length, "0123456789");
          const response = ask(get("/", { method: "PUT", body }));
          const served = await asked();
          grantTo(served);
          expect(await outcome(response)).toBe("200 ");
          expect(served.bodyOf(1).equals(body)).toBe(true);
          expect(wasBeyond).toBe(false);
          pool.close();
          server.close();
        },
      ),
      { numRuns: 25 },
    );
  });
});

test("a response that is complete before its request is whole, also when the rest is not wanted", async () => {
  const { ask, asked } = byHand();
  const response = outcome(
    ask(get("/", { method: "POST", stream: { length: undefined } }), {
      source: (async function* () {
        yield Buffer.from("a");
        await new Promise(() => undefined);
      })(),
    }),
  );
  const served = await asked();
  const reset = frameOf(FRAME.RST_STREAM, 0, 1, Buffer.alloc(4));
  const head = frameOf(FRAME.HEADERS, FLAG.END_HEADERS, 1, served.section([[":status", "413"]]));
  served.send(Buffer.concat([head, frameOf(FRAME.DATA, FLAG.END_STREAM, 1, "too large"), reset]));
  expect(await response).toBe("413 too large");
  await until("no more is sent", () => served.resetOf(1) !== undefined);
});

describe("requests that no server has looked at", () => {
  test("are sent again, once each, when a server goes away (GOAWAY)", async () => {
    const targets: string[] = [];
    const { ask, server } = byHand((served, frame) => {
      if (!isRequest(frame)) return;
      const path = Object.fromEntries(served.headOf(frame))[":path"]!;
      if (served === server.accepted[0]) {
        // Only the first was looked at.
        if (frame.stream === 7) {
          served.frame(FRAME.GOAWAY, 0, 0, Buffer.from([0, 0, 0, 1, 0, 0, 0, 0]));
          served.head(1);
          targets.push("/0");
        }
        return;
      }
      targets.push(path);
      served.head(frame.stream);
    });
    const answers = await Promise.all(
      [0, 1, 2, 3].map((i) => outcome(ask(get(`/${i}`, { method: "POST", body: Buffer.from("x") })))),
    );
    expect(answers).toEqual(["200 ", "200 ", "200 ", "200 "]);
    expect(targets.sort()).toEqual(["/0", "/1", "/2", "/3"]);
    await until("the first is closed", () => server.accepted[0]!.isClosed);
  });

  test("are sent again when a server refuses them, not for ever, and fewer at a time", async () => {
    let isRefusing = true;
    let asked = 0;
    const { ask } = byHand((served, frame) => {
      if (!isRequest(frame)) return;
      asked++;
      if (isRefusing) served.frame(FRAME.RST_STREAM, 0, frame.stream, Buffer.from([0, 0, 0, CODE.REFUSED_STREAM]));
      else served.head(frame.stream);
    });
    expect(await outcome(ask())).toBe("closed  unsent");
    expect(asked).toBe(5);
    isRefusing = false;
    expect(await outcome(ask())).toBe("200 ");
  });

  test("fail when the server may have looked at them, or when their body was begun", async () => {
    const { ask, asked, served } = byHand();
    const seen = outcome(ask());
    const connection = await asked(1);
    let isBegun = false;
    const streamed = outcome(
      ask(get("/", { method: "POST", stream: { length: undefined } }), {
        source: (async function* () {
          isBegun = true;
          yield Buffer.from("a");
          await new Promise(() => undefined);
        })(),
      }),
    );
    await asked(3);
    await until("its body is begun", () => isBegun && connection.bodyOf(3).length > 0);
    connection.frame(FRAME.GOAWAY, 0, 0, Buffer.from([0, 0, 0, 1, 0, 0, 0, 0]));
    expect(await streamed).toBe("closed  sent");
    connection.cut();
    expect(await seen).toBe("closed  sent");
    expect((await served()).of(FRAME.HEADERS).length).toBe(2);
  });
});

describe("a hostile server", () => {
  const huge = Buffer.alloc(4);
  huge.writeUInt32BE(0x7fff_ffff);
  const flood = (served: RawServed, frame: Buffer): void => served.send(Buffer.concat(Array(11_000).fill(frame)));
  const wrong: Record<string, [(served: RawServed) => void, number]> = {
    "a push": [(served) => served.frame(FRAME.PUSH_PROMISE, 4, 1, Buffer.from([0, 0, 0, 2])), CODE.PROTOCOL_ERROR],
    "leave to push": [(served) => served.settings([[SETTING.ENABLE_PUSH, 1]]), CODE.PROTOCOL_ERROR],
    "a stream that nobody has begun": [(served) => served.head(99), CODE.PROTOCOL_ERROR],
    "a stream of its own": [(served) => served.data(2, "x"), CODE.PROTOCOL_ERROR],
    "a window that overflows": [(served) => served.frame(FRAME.WINDOW_UPDATE, 0, 0, huge), CODE.FLOW_CONTROL_ERROR],
    "a window that grows by nothing": [
      (served) => served.frame(FRAME.WINDOW_UPDATE, 0, 0, Buffer.alloc(4)),
      CODE.PROTOCOL_ERROR,
    ],
    "all windows overflow": [
      (served) => {
        served.frame(FRAME.WINDOW_UPDATE, 0, 1, Buffer.from([0x40, 0, 0, 0]));
        served.settings([[SETTING.INITIAL_WINDOW_SIZE, 0x7fff_ffff]]);
      },
      CODE.FLOW_CONTROL_ERROR,
    ],
    "compressed fields that are none": [
      (served) => served.frame(FRAME.HEADERS, 5, 1, Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff])),
      CODE.COMPRESSION_ERROR,
    ],
    "a frame that is too long": [(served) => served.data(1, Buffer.alloc(16_385)), CODE.FRAME_SIZE_ERROR],
    "fields that go on and on": [
      (served) => {
        served.frame(FRAME.HEADERS, 0, 1, served.section([[":status", "200"]]));
        for (let i = 0; i < 100; i++) served.frame(FRAME.CONTINUATION, 0, 1, "");
      },
      CODE.ENHANCE_YOUR_CALM,
    ],
    "settings without end": [
      (served) => {
        flood(served, frameOf(FRAME.SETTINGS, 0, 0));
      },
      CODE.ENHANCE_YOUR_CALM,
    ],
    "pings without end": [
      (served) => {
        flood(served, frameOf(FRAME.PING, 0, 0, Buffer.alloc(8)));
      },
      CODE.ENHANCE_YOUR_CALM,
    ],
    "resets without end": [
      (served) => {
        flood(served, frameOf(FRAME.RST_STREAM, 0, 1, Buffer.alloc(4)));
      },
      CODE.ENHANCE_YOUR_CALM,
    ],
  };
  for (const [name, [does, code]] of Object.entries(wrong)) {
    test(`is left: ${name}`, async () => {
      const { ask, asked } = byHand();
      const response = outcome(ask());
      const served = await asked();
      does(served);
      await until("it is told why", () => served.goAway !== undefined || served.isClosed);
      expect(served.goAway).toBe(code);
      expect(await response).toMatch(/^(malformed bad-frames|closed ) sent$/);
      await until("it is left", () => served.isClosed);
    });
  }

  const streams: Record<string, [(served: RawServed) => void, string]> = {
    "no status": [
      (served) => served.frame(FRAME.HEADERS, 5, 1, served.section([["a", "b"]])),
      "malformed bad-stream sent",
    ],
    "a status twice": [
      (served) =>
        served.frame(
          FRAME.HEADERS,
          5,
          1,
          served.section([
            [":status", "200"],
            [":status", "200"],
          ]),
        ),
      "malformed bad-stream sent",
    ],
    "status 101": [(served) => served.head(1, { ":status": "101" }), "malformed bad-stream sent"],
    "a line end in a value": [(served) => served.head(1, { a: "b\r\nc: d" }), "malformed bad-stream sent"],
    "a name in upper case": [(served) => served.head(1, { Abc: "d" }), "malformed bad-stream sent"],
    "transfer-encoding": [(served) => served.head(1, { "transfer-encoding": "chunked" }), "malformed bad-stream sent"],
    "data before fields": [(served) => served.data(1, "x"), "malformed bad-stream sent"],
    "1xx as its end": [(served) => served.head(1, { ":status": "103" }), "malformed bad-stream sent"],
    "1xx without end": [
      (served) => {
        for (let i = 0; i < 20; i++) served.head(1, { ":status": "103" }, FLAG.END_HEADERS);
      },
      "malformed bad-stream sent",
    ],
    "a head that is too large": [
      (served) => {
        // A bomb: each octet stands for an entry of a thousand.
        const entry = served.section([["x-a", "y".repeat(900)]]);
        served.frame(
          FRAME.HEADERS,
          5,
          1,
          Buffer.concat([served.section([[":status", "200"]]), entry, Buffer.alloc(10_000, 0xbe)]),
        );
      },
      "malformed head-too-large sent",
    ],
    "fewer octets than were said": [
      (served) => {
        served.head(1, { "content-length": "5" }, FLAG.END_HEADERS);
        served.data(1, "abc");
      },
      "malformed bad-stream sent",
    ],
    "a reset": [
      (served) => served.frame(FRAME.RST_STREAM, 0, 1, Buffer.from([0, 0, 0, CODE.INTERNAL_ERROR])),
      "closed  sent",
    ],
  };
  for (const [name, [does, expected]] of Object.entries(streams)) {
    test(`loses one stream: ${name}`, async () => {
      const { ask, asked, pool, origin } = byHand();
      const response = outcome(ask());
      const served = await asked();
      does(served);
      expect(await response).toBe(expected);
      const second = outcome(ask());
      await asked(3);
      served.head(3);
      expect(await second).toBe("200 ");
      expect(pool.counts(origin).open).toBe(1);
    });
  }

  test("that sends more than it may loses the stream", async () => {
    const { ask, asked } = byHand(undefined, { http2: { streamWindow: 100 } });
    const response = outcome(ask());
    const served = await asked();
    served.head(1, {}, FLAG.END_HEADERS);
    served.data(1, Buffer.alloc(101), false);
    await response;
    await until("it is reset", () => served.resetOf(1) === CODE.FLOW_CONTROL_ERROR);
  });

  test("that speaks HTTP/1.1 is said to be no server of HTTP/2, and the request was not sent", async () => {
    const listener = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      socket: { data: (native) => void native.write("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n") },
    });
    const pool = new ClientPool({ http2: http2Client() });
    open.push(pool, { close: () => listener.stop(true) });
    const origin: Origin = { address: { kind: "tcp", host: "127.0.0.1", port: listener.port }, version: "2" };
    expect(await outcome(send(pool, origin, get()))).toBe("malformed bad-frames unsent");
  });

  test("whatever it sends, every request ends and the client lives", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            type: fc.integer({ min: 0, max: 10 }),
            flags: fc.integer({ min: 0, max: 255 }),
            stream: fc.constantFrom(0, 1, 1, 1, 3, 5, 2),
            payload: fc.uint8Array({ maxLength: 40 }),
          }),
          { maxLength: 12 },
        ),
        async (frames) => {
          const { ask, asked, pool, server } = byHand();
          const responses = Promise.all([outcome(ask()), outcome(ask())]);
          const served = await asked(3);
          for (const { type, flags, stream, payload } of frames)
            served.frame(type, flags, stream, Buffer.from(payload));
          served.end();
          for (const one of await responses) expect(one).toMatch(/^(\d{3} |closed|malformed|connect)/);
          pool.close();
          server.close();
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe("a connection", () => {
  test("is waited for as long as was said, also by a pool that had nothing to do before", async () => {
    let offsetMs = 0;
    const clock = { monotonicMs: () => systemClock.monotonicMs() + offsetMs };
    const server = serveRaw(answering, () => undefined);
    const pool = new ClientPool({ http2: http2Client(), time: { clock, timers: systemTimers } });
    open.push(pool, server);
    const origin: Origin = { address: { kind: "tcp", host: "127.0.0.1", port: server.port }, version: "2" };
    offsetMs = 3_600_000;
    const response = outcome(send(pool, origin, get("/", { totalTimeoutMs: 60_000 })));
    await until("it is connected", () => server.accepted.length === 1);
    // Several sweeps of deadlines.
    await Bun.sleep(350);
    server.accepted[0]!.settings();
    expect(await response).toBe("200 ok");
  });

  test("answers PING, and ends in order when its pool closes", async () => {
    const { ask, asked, pool } = byHand();
    const response = outcome(ask());
    const served = await asked();
    served.frame(FRAME.PING, 0, 0, "12345678");
    await until("it is answered", () => served.of(FRAME.PING).some(({ flags }) => (flags & FLAG.ACK) !== 0));
    pool.close();
    await until("it says goodbye", () => served.goAway === CODE.NO_ERROR);
    // What is on its way is not cut.
    served.head(1, {}, FLAG.END_HEADERS);
    served.data(1, "whole");
    expect(await response).toBe("200 whole");
    await until("it is closed", () => served.isClosed);
  });

  test("that does not answer is asked whether it lives, and left when it does not say so", async () => {
    const { ask, asked } = byHand(undefined, { http2: { pongTimeoutMs: 1 } });
    expect(await outcome(ask(get("/", { responseTimeoutMs: 1 })))).toBe("response-timeout  sent");
    const served = await asked();
    await until("it is asked", () => served.of(FRAME.PING).length > 0);
    await until("it is left", () => served.isClosed);
  });
});
