import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { isSubject, parseNatsAddress } from "./index.ts";
import { written } from "./nats-message.ts";
import { isNkeySeed, nkeyOf } from "./nkey.ts";
import { OperationReader, type ServerOperation } from "./operation-reader.ts";
import { streamAnswer } from "./stream-answer.ts";

const text = (pieces: readonly Uint8Array[]): string => Buffer.concat(pieces).toString();

describe("what servers say", () => {
  const INFO = `INFO ${JSON.stringify({ max_payload: 1048576, headers: true, nonce: "abc", tls_available: true })} \r\n`;
  const all = `${INFO}PING\r\nPONG\r\n+OK\r\n-ERR 'Unknown Protocol Operation'\r\nMSG a.b 1 5\r\nhello\r\nhmsg a 1 re 14 16\r\nNATS/1.0 503\r\nxy\r\n`;

  test("is the same in pieces of any size", () => {
    for (let size = 1; size < all.length; size++) {
      const reader = new OperationReader();
      const read: ServerOperation[] = [];
      const bytes = Buffer.from(all);
      for (let at = 0; at < bytes.length; at += size) read.push(...reader.push(bytes.subarray(at, at + size)));
      expect(read).toEqual([
        {
          kind: "info",
          info: {
            maxPayload: 1048576,
            takesHeaders: true,
            nonce: "abc",
            offersTls: true,
            requiresTls: false,
            isLeaving: false,
          },
        },
        { kind: "ping" },
        { kind: "pong" },
        { kind: "ok" },
        { kind: "error", reason: "Unknown Protocol Operation" },
        { kind: "message", subject: "a.b", headers: "", payload: Buffer.from("hello") },
        { kind: "message", subject: "a", headers: "NATS/1.0 503\r\n", payload: Buffer.from("xy") },
      ]);
      expect(reader.hasRest).toBe(false);
    }
  });

  test.each([
    "HTTP/1.1 400 Bad Request\r\n",
    "PING\n",
    "\r\n",
    "INFO\r\n",
    "INFO []\r\n",
    "INFO {}\r\n",
    'INFO {"max_payload":-1}\r\n',
    'INFO {"max_payload":1,"nonce":7}\r\n',
    `INFO {"max_payload":1,"x":"${"a".repeat(70_000)}"}\r\n`,
    `INFO ${"{".repeat(70_000)}`,
    `-ERR ${"a".repeat(5_000)}`,
    "MSG a 1\r\n",
    "MSG a 1 99999999\r\n",
    "MSG a 1 -1\r\n",
    "MSG a 1 2\r\nabc\r\n",
    "HMSG a 1 9 2\r\nab\r\n",
  ])("%j is refused", (said) => expect(() => new OperationReader().push(Buffer.from(said))).toThrow());

  test("any octets are read or refused", () => {
    const unit = fc.constantFrom(
      "INFO ",
      "MSG ",
      "HMSG ",
      "PING",
      "-ERR ",
      "a ",
      "1 ",
      "0 ",
      "{",
      "}",
      "\r\n",
      "\r",
      "é",
    );
    fc.assert(
      fc.property(fc.string({ unit }), (said) => {
        try {
          new OperationReader().push(Buffer.from(said));
        } catch (error) {
          expect((error as Error).constructor.name).toBe("NatsBroken");
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe("messages", () => {
  test("are written with their lengths in octets", () => {
    const payload = Buffer.from("é");
    expect(text(written({ subject: "a.b", payload }, undefined))).toBe("PUB a.b 2\r\né\r\nPING\r\n");
    expect(text(written({ subject: "a", headers: [["X-A", "ü"]], payload }, "re"))).toBe(
      "HPUB a re 21 23\r\nNATS/1.0\r\nX-A: ü\r\n\r\né\r\nPING\r\n",
    );
  });

  test.each(["", "a..b", ".a", "a.", "a b", "a.*", "a.>", "a\r\nPUB b 0", "a\tb", "a\u0000", "x".repeat(2_000)])(
    "%j is no subject",
    (subject) => {
      expect(isSubject(subject)).toBe(false);
      expect(() => written({ subject, payload: Buffer.of() }, undefined)).toThrow(TypeError);
    },
  );

  test("headers say nothing but themselves", () => {
    const of = (name: string, value: string) => () =>
      written({ subject: "a", headers: [[name, value]], payload: Buffer.of() }, undefined);
    expect(of("X", "a\r\nY: b")).toThrow(TypeError);
    expect(of("X: Y", "a")).toThrow(TypeError);
  });
});

describe("answers of streams", () => {
  const of = (said: unknown, headers = "") => streamAnswer(headers, Buffer.from(JSON.stringify(said)));
  test("are acknowledgements or say why not", () => {
    expect(of({ stream: "S", seq: 7, duplicate: true })).toEqual({ stream: "S", sequence: 7, isDuplicate: true });
    expect(String(of("", "NATS/1.0 503\r\n\r\n"))).toContain("no stream takes this subject");
    expect(String(of({ error: { code: 503, description: "insufficient resources" } }))).toContain("insufficient");
    for (const said of [
      null,
      1,
      {},
      { stream: "S" },
      { stream: 1, seq: 1 },
      { stream: "S", seq: 0 },
      { stream: "S", seq: 0.5 },
    ]) {
      expect(String(of(said))).toContain("is no stream");
    }
  });
});

describe("addresses", () => {
  test.each([
    ["nats://one", { host: "one", port: 4222, tls: false }],
    ["tls://one:7000/", { host: "one", port: 7000, tls: true }],
    ["nats://[::1]:1", { host: "::1", port: 1, tls: false }],
  ])("%s", (address, expected) => expect(parseNatsAddress(address)).toEqual(expected));

  test.each(["one:4222", "http://one", "nats://", "nats://ann:secret@one", "tls://one/x", "tls://one?a", "nats://a,b"])(
    "%s is none",
    (address) => expect(() => parseNatsAddress(address)).toThrow(TypeError),
  );
});

test("keys are those that the documentation of NATS shows, and nothing else is one", () => {
  const seed = "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY";
  expect(nkeyOf(seed).user).toBe("UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4");
  expect(isNkeySeed(seed)).toBe(true);
  for (const other of [
    "",
    "SU",
    seed.slice(0, -1),
    `${seed.slice(0, -1)}A`,
    seed.toLowerCase(),
    "UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4",
  ]) {
    expect(isNkeySeed(other)).toBe(false);
  }
});
