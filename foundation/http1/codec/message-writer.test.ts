import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { octets, readRequests, readResponses } from "../testing/transcripts.ts";
import { MessageWriter, PreparedFields, UnsafeMessage } from "./message-writer.ts";
import { RequestReader } from "./request-reader.ts";

const text = (writer: MessageWriter): string => writer.view().toString("latin1");
const bad = ["a\r\nb", "a\nb", "a\rb", "a\0b", "a\x7fb", "a\u0100b"];

describe("a writer", () => {
  test("writes requests and responses", () => {
    const writer = new MessageWriter();
    writer
      .requestLine("PUT", "/a?b", "h:80")
      .field("X-A", "1\t\xe9")
      .contentLength(2)
      .connection("close")
      .endHead()
      .body(octets("hi"));
    expect(text(writer)).toBe(
      "PUT /a?b HTTP/1.1\r\nHost: h:80\r\nX-A: 1\t\xe9\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi",
    );
    writer
      .reset()
      .statusLine(200, "OK")
      .chunked()
      .endHead()
      .chunk(octets("hello world, hello"))
      .chunk(octets(""))
      .lastChunk(["T", "u"]);
    expect(text(writer)).toBe(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n12\r\nhello world, hello\r\n0\r\nT: u\r\n\r\n",
    );
    writer.reset().requestLine("GET", "/", "h").acceptsTrailers().endHead();
    expect(writer.view().toString()).toBe("GET / HTTP/1.1\r\nHost: h\r\nConnection: TE\r\nTE: trailers\r\n\r\n");
    writer.reset().statusLine(101, "").upgrade("websocket").endHead();
    expect(text(writer)).toBe("HTTP/1.1 101 \r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  });

  test.each(bad)("lets %j stand nowhere", (value) => {
    const writer = new MessageWriter();
    expect(() => writer.requestLine(value, "/", "h")).toThrow(UnsafeMessage);
    expect(() => writer.requestLine("GET", value, "h")).toThrow(UnsafeMessage);
    expect(() => writer.requestLine("GET", "/", value)).toThrow(UnsafeMessage);
    expect(() => writer.statusLine(200, value)).toThrow(UnsafeMessage);
    expect(() => writer.field(value, "x")).toThrow(UnsafeMessage);
    expect(() => writer.field("X", value)).toThrow(UnsafeMessage);
    expect(() => writer.upgrade(value)).toThrow(UnsafeMessage);
    expect(() => writer.lastChunk(["T", value])).toThrow(UnsafeMessage);
    expect(() => writer.lastChunk([value, "u"])).toThrow(UnsafeMessage);
  });

  test("lets no caller decide where a message ends or where it goes", () => {
    const writer = new MessageWriter();
    for (const name of ["Content-Length", "transfer-encoding", "CONNECTION", "Host"]) {
      expect(() => writer.field(name, "1")).toThrow(UnsafeMessage);
      expect(() => writer.lastChunk([name, "1"])).toThrow(UnsafeMessage);
    }
    for (const name of ["", "a b", "a:", "a\xe9"]) expect(() => writer.field(name, "1")).toThrow(UnsafeMessage);
    for (const length of [-1, 0.5, Number.NaN, 2 ** 53])
      expect(() => writer.contentLength(length)).toThrow(UnsafeMessage);
    for (const status of [99, 600, 200.5, Number.NaN])
      expect(() => writer.statusLine(status, "")).toThrow(UnsafeMessage);
    for (const target of ["", "/a b", "/\t"])
      expect(() => writer.requestLine("GET", target, "h")).toThrow(UnsafeMessage);
    for (const host of ["a b", "a@b", "a/b"]) expect(() => writer.requestLine("GET", "/", host)).toThrow(UnsafeMessage);
  });

  test("copies received fields octet for octet, those of one hop left out", () => {
    const reader = new RequestReader({ onHead() {}, onBody() {}, onComplete() {} });
    reader.push(
      octets(
        "GET / HTTP/1.1\r\nA: 1\r\nb: \xe9\r\nHost: h\r\nC:\t3\r\nD: \t4 \r\nE:\r\nTE: trailers\r\nF: 6\r\nConnection: g, close\r\nG: 7\r\nKeep-Alive: 1\r\nH: 8\r\n\r\n",
      ),
    );
    const writer = new MessageWriter().received(reader.head.fields);
    expect(text(writer)).toBe("A: 1\r\nb: \xe9\r\nC: 3\r\nD: 4\r\nE: \r\nF: 6\r\nH: 8\r\n");
    writer.reset().received(reader.head.fields, undefined, (fields, i) => fields.isNamed(i, "b"));
    expect(text(writer)).toBe("A: 1\r\nC: 3\r\nD: 4\r\nE: \r\nF: 6\r\nH: 8\r\n");
  });

  test("checks fields once that are written often", () => {
    const prepared = new PreparedFields(["A", "1", "b", "\xe9"]);
    expect(text(new MessageWriter().prepared(prepared).prepared(prepared))).toBe("A: 1\r\nb: \xe9\r\n".repeat(2));
    for (const raw of [
      ["A", "1\r\n"],
      ["Host", "h"],
      ["a b", "1"],
    ])
      expect(() => new PreparedFields(raw)).toThrow(UnsafeMessage);
  });

  test("grows with what is written", () => {
    const writer = new MessageWriter()
      .statusLine(200, "OK")
      .contentLength(300_000)
      .endHead()
      .body(Buffer.alloc(300_000, "x"));
    expect(readResponses([writer.copy()]).messages[0]!.body.length).toBe(300_000);
  });

  const value = fc.string({ unit: fc.constantFrom(...'abc\t ,;="\xe9:\r\n\0'), maxLength: 12 });
  const name = fc.string({ unit: fc.constantFrom(..."aB-_1: \r\n\xe9"), minLength: 1, maxLength: 6 });

  test("what it writes is read as it was meant, or it throws", () => {
    let written = 0;
    fc.assert(
      fc.property(
        fc.array(fc.tuple(name, value), { maxLength: 4 }),
        fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 3 }),
        (fields, chunks) => {
          const writer = new MessageWriter();
          try {
            writer.requestLine("POST", "/x", "h").rawFields(fields.flat()).chunked().endHead();
            for (const chunk of chunks) writer.chunk(chunk);
            writer.lastChunk(fields.flat());
          } catch (error) {
            expect(error).toBeInstanceOf(UnsafeMessage);
            return;
          }
          written++;
          const { messages, outcome } = readRequests([writer.copy()]);
          const sent = fields.flatMap(([key, text]) => [key, text.replace(/^[ \t]+|[ \t]+$/g, "")]);
          expect([outcome, messages.length]).toEqual(["open", 1]);
          expect(messages[0]!.fields).toEqual(["Host", "h", ...sent, "Transfer-Encoding", "chunked"]);
          expect(messages[0]!.trailers).toEqual(sent);
          expect(messages[0]!.body).toBe(chunks.map((chunk) => Buffer.from(chunk).toString("latin1")).join(""));
        },
      ),
      { numRuns: 2000 },
    );
    expect(written).toBeGreaterThan(100);
  });
});
