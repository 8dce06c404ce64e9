import { describe, expect, test } from "bun:test";
import { connect } from "node:tls";
import fc from "fast-check";
import { rawServer } from "../testing/raw-peers.ts";
import { HELLO_BYTES_MAX, PEEK_BYTES_MAX, peekClientHello } from "./client-hello.ts";

const u16 = (value: number): Buffer => Buffer.from([value >> 8, value & 0xff]);
const vector = (size: 1 | 2, bytes: Uint8Array): Buffer =>
  Buffer.concat([size === 1 ? Buffer.from([bytes.length]) : u16(bytes.length), bytes]);
const extension = (type: number, data: Uint8Array): Buffer => Buffer.concat([u16(type), vector(2, data)]);
const serverName = (name: string, kind = 0): Buffer =>
  extension(0, vector(2, Buffer.concat([Buffer.from([kind]), vector(2, Buffer.from(name, "latin1"))])));
const alpn = (...names: string[]): Buffer =>
  extension(16, vector(2, Buffer.concat(names.map((name) => vector(1, Buffer.from(name))))));

/** A ClientHello as one message, without records. */
function message(extensions: Uint8Array | undefined, behind: Uint8Array = Buffer.alloc(0)): Buffer {
  const body = Buffer.concat([
    u16(0x0303),
    Buffer.alloc(32, 7),
    vector(1, Buffer.alloc(32, 1)),
    vector(2, Buffer.from([0x13, 0x01])),
    vector(1, Buffer.from([0])),
    ...(extensions === undefined ? [] : [vector(2, extensions)]),
    behind,
  ]);
  return Buffer.concat([Buffer.from([1, 0]), u16(body.length), body]);
}

/** In records of at most `size` bytes. */
function records(bytes: Buffer, size = 16_384): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    const part = bytes.subarray(at, at + size);
    parts.push(Buffer.from([22, 3, 1]), u16(part.length), part);
  }
  return Buffer.concat(parts);
}

const sound = message(
  Buffer.concat([extension(10, Buffer.alloc(4)), serverName("Shop.Example"), alpn("h2", "http/1.1")]),
);
const hello = { serverName: "shop.example", protocols: ["h2", "http/1.1"] };

describe("the name and the protocols", () => {
  test("of a real client", async () => {
    const server = rawServer();
    const socket = connect({
      port: server.port,
      host: "127.0.0.1",
      servername: "a.shop.test",
      ALPNProtocols: ["x", "http/1.1"],
    });
    socket.on("error", () => {});
    const peer = await server.peer(0);
    const text = await peer.until((received) => peekClientHello(Buffer.from(received, "latin1")).kind !== "more");
    expect(peekClientHello(Buffer.from(text, "latin1"))).toEqual({
      kind: "hello",
      hello: { serverName: "a.shop.test", protocols: ["x", "http/1.1"] },
    });
    socket.destroy();
    server.stop();
  });

  test("in one record or in many, and not before the hello is whole", () => {
    for (const size of [16_384, 100, 7, 3]) {
      const bytes = records(sound, size);
      expect(peekClientHello(bytes)).toEqual({ kind: "hello", hello });
      expect(peekClientHello(Buffer.concat([bytes, Buffer.from([20, 3, 3, 0, 1, 1])]))).toEqual({
        kind: "hello",
        hello,
      });
      for (let cut = 0; cut < bytes.length; cut++) {
        const outcome = peekClientHello(bytes.subarray(0, cut));
        if (outcome.kind !== "more") throw new Error(`${outcome.kind} at ${cut}`);
        expect(outcome.bytes).toBeGreaterThan(cut);
        expect(outcome.bytes).toBeLessThanOrEqual(bytes.length);
      }
    }
  });

  test("none", () => {
    const none = { kind: "hello", hello: { serverName: undefined, protocols: [] } };
    expect(peekClientHello(records(message(undefined)))).toEqual(none as never);
    expect(peekClientHello(records(message(extension(10, Buffer.alloc(3)))))).toEqual(none as never);
  });
});

describe("what two readers might understand differently is refused", () => {
  const name = (...parts: Buffer[]): Buffer => records(message(Buffer.concat(parts)));
  test.each([
    ["two names", name(serverName("a.test"), serverName("b.test"))],
    ["two lists of protocols", name(alpn("a"), alpn("b"))],
    ["two names in one list", name(extension(0, vector(2, Buffer.concat([entry("a"), entry("b")]))))],
    ["a name of another kind", name(serverName("a.test", 1))],
    ["an empty name", name(serverName(""))],
    ["an empty list of names", name(extension(0, vector(2, Buffer.alloc(0))))],
    ["bytes behind the list", name(extension(0, Buffer.concat([vector(2, entry("a")), Buffer.from([0])])))],
    ["a NUL in the name", name(serverName("a.test\0.evil"))],
    ["a slash in the name", name(serverName("a/../b"))],
    ["a trailing dot", name(serverName("a.test."))],
    ["a name beyond ASCII", name(serverName("caf\xe9.test"))],
    ["a name of 300 characters", name(serverName(`${"a.".repeat(150)}b`))],
    ["an empty protocol", name(alpn(""))],
    ["an extension that goes too far", name(Buffer.concat([u16(10), u16(9), Buffer.alloc(3)]))],
    ["bytes behind the extensions", records(message(serverName("a"), Buffer.from([0])))],
    ["a message that is not a hello", records(Buffer.concat([Buffer.from([2]), sound.subarray(1)]))],
    ["an empty record", Buffer.concat([records(sound.subarray(0, 10)), Buffer.from([22, 3, 1, 0, 0])])],
    ["another record in between", Buffer.concat([records(sound.subarray(0, 10)), Buffer.from([23, 3, 1, 0, 1, 0])])],
    ["SSL 2", Buffer.from([22, 2, 0, 0, 4, 1, 0, 0, 0])],
    ["a record of 16,385 bytes", Buffer.concat([Buffer.from([22, 3, 1]), u16(16_385), sound])],
    ["a hello of 16,385 bytes", Buffer.from([22, 3, 1, 0, 5, 1, 0, 0x40, 1, 3])],
    ["more records than anybody sends", records(sound, 1)],
  ])("%s", (_name, bytes) => {
    expect(peekClientHello(bytes)).toEqual({ kind: "malformed" });
  });

  test("what is not TLS is told apart", () => {
    expect(peekClientHello(Buffer.from("GET / HTTP/1.1\r\n")).kind).toBe("not-tls");
    expect(peekClientHello(Buffer.from([0x80, 46, 1])).kind).toBe("not-tls");
  });
});

function entry(name: string): Buffer {
  return Buffer.concat([Buffer.from([0]), vector(2, Buffer.from(name))]);
}

test("whatever comes is read, refused or waited for within the bound", () => {
  const mutated = fc.array(fc.tuple(fc.nat(sound.length + 5), fc.nat(255)), { maxLength: 4 }).map((changes) => {
    const bytes = Buffer.from(records(sound));
    for (const [at, value] of changes) bytes[at] = value;
    return bytes;
  });
  const hostile = fc.oneof(
    mutated,
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.concat([Buffer.from([22, 3, 1]), bytes])),
    fc.uint8Array({ maxLength: 200 }).map((bytes) => records(Buffer.concat([Buffer.from([1, 0]), bytes]), 50)),
  );
  fc.assert(
    fc.property(hostile, (bytes) => {
      const outcome = peekClientHello(bytes);
      if (outcome.kind !== "more") return;
      expect(outcome.bytes).toBeGreaterThan(bytes.length);
      expect(outcome.bytes).toBeLessThanOrEqual(PEEK_BYTES_MAX + HELLO_BYTES_MAX);
    }),
    { numRuns: 500 },
  );
});
