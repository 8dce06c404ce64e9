import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { readerFixture, readIn, told } from "../testing/reader-fixture.ts";
import { INFORMATIONAL_MAX } from "./response-reader.ts";

const SOUND =
  "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103\r\nLink: </a>\r\n\r\n" +
  "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nSet-Cookie: a\r\nset-cookie: b\r\n\r\nhe\r\n\r" +
  'HTTP/1.1 404 \r\nX: \t caf\xe9 \r\nTransfer-Encoding: Chunked\r\n\r\n5;a="\\"\r"\r\n'.replace('\r"', '"') +
  "hello\r\n0003\r\n\r\n.\r\n0\r\nX-Sum: 7\r\n\r\n" +
  "HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n" +
  "HTTP/1.1 200\r\nContent-Length: 3\r\n\r\n" +
  "HTTP/1.0 200 OK\r\n\r\nuntil the\r\n\r\nend";
const METHODS = ["GET", "GET", "GET", "HEAD", "POST"];

describe("responses", () => {
  test("are the same, wherever the bytes are cut", () => {
    const whole = told(readIn(SOUND, [], METHODS));
    expect(whole).toMatchObject({
      fault: undefined,
      informational: [100, 103],
      responses: [
        { status: 200, body: "he\r\n\r", framing: "length", persistent: true, ended: true },
        { status: 404, reason: "", body: "hello\r\n.", framing: "chunked", trailers: ["X-Sum", "7"], ended: true },
        { status: 304, body: "", framing: "none", contentLength: 99, ended: true },
        { status: 200, reason: "", body: "", framing: "none", contentLength: 3, persistent: true },
        { status: 200, body: "until the\r\n\r\nend", framing: "until-close", persistent: false, ended: true },
      ],
    });
    for (let cut = 0; cut <= SOUND.length; cut++) {
      expect(told(readIn(SOUND, [cut], METHODS))).toEqual(whole);
      expect(told(readIn(SOUND, [cut, cut + 1, cut + 3], METHODS))).toEqual(whole);
    }
    const everyByte = Array.from({ length: SOUND.length }, (_, index) => index);
    expect(told(readIn(SOUND, everyByte, METHODS))).toEqual(whole);
  });

  test("fields keep their case, order and repetitions", () => {
    const [first, second] = readIn(SOUND, [], METHODS).responses;
    expect(first!.head.fields.raw).toEqual(["Content-Length", "5", "Set-Cookie", "a", "set-cookie", "b"]);
    expect(second!.head.fields.raw).toEqual(["X", "caf\xe9", "Transfer-Encoding", "Chunked"]);
    expect(second!.head.fields.lowerNames).toEqual(["x", "transfer-encoding"]);
  });

  test("whatever is sent is read, in chunks or by length, cut anywhere", () => {
    const bodies = fc.array(fc.array(fc.uint8Array({ minLength: 1, maxLength: 30 }), { maxLength: 4 }), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(bodies, fc.array(fc.nat(400), { maxLength: 12 }), fc.boolean(), (all, cuts, chunked) => {
        const latin1 = (parts: readonly Uint8Array[]): string => Buffer.concat(parts).toString("latin1");
        const text = all.map((parts) => {
          if (!chunked) return `HTTP/1.1 200 OK\r\nContent-Length: ${latin1(parts).length}\r\n\r\n${latin1(parts)}`;
          const chunks = parts.map((part) => `${part.length.toString(16)}\r\n${latin1([part])}\r\n`);
          return `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunks.join("")}0\r\n\r\n`;
        });
        const fixture = readIn(text.join(""), cuts, new Array(all.length).fill("GET"));
        expect(fixture.fault).toBeUndefined();
        expect(fixture.responses.map(({ body, ended }) => [body, ended])).toEqual(
          all.map((parts) => [latin1(parts), true]),
        );
      }),
      { numRuns: 200 },
    );
  });

  test("101 leaves HTTP: what follows belongs to the tunnel", () => {
    const fixture = readerFixture();
    fixture.send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\n");
    expect(fixture.reader.isTunnel).toBe(true);
    expect(fixture.reader.takeRest()?.toString()).toBe("HTTP/1.1 200 OK\r\n\r\n");
    expect(fixture.responses.map(({ head }) => head.status)).toEqual([101]);
  });

  test("a connection stays only when both sides say so", () => {
    const persistent = (text: string): boolean | undefined => {
      const fixture = readerFixture();
      fixture.send(text);
      return fixture.responses[0]?.head.persistent;
    };
    const length = "Content-Length: 0\r\n\r\n";
    expect(persistent(`HTTP/1.1 200 OK\r\n${length}`)).toBe(true);
    expect(persistent(`HTTP/1.1 200 OK\r\nConnection: x, Close\r\n${length}`)).toBe(false);
    expect(persistent(`HTTP/1.0 200 OK\r\n${length}`)).toBe(false);
    expect(persistent(`HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n${length}`)).toBe(true);
    expect(persistent(`HTTP/1.1 200 OK\r\nConnection: close\r\nConnection: keep-alive\r\n${length}`)).toBe(false);
  });
});

describe("what others may read differently is refused", () => {
  const ok = "HTTP/1.1 200 OK\r\n";
  test.each([
    ["another protocol", "HTTPS/1.1 200 OK\r\n\r\n"],
    ["HTTP/0.9", "hello\r\n\r\n"],
    ["HTTP/2.0", "HTTP/2.0 200 OK\r\n\r\n"],
    ["HTTP/1.2", "HTTP/1.2 200 OK\r\n\r\n"],
    ["lower case", "http/1.1 200 OK\r\n\r\n"],
    ["two digits", "HTTP/1.1 20 OK\r\n\r\n"],
    ["four digits", "HTTP/1.1 2000 OK\r\n\r\n"],
    ["status 099", "HTTP/1.1 099 OK\r\n\r\n"],
    ["status 600", "HTTP/1.1 600 OK\r\n\r\n"],
    ["two spaces", "HTTP/1.1  200 OK\r\n\r\n"],
    ["an empty line before", `\r\n${ok}\r\n`],
    ["LF alone", "HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n"],
    ["CR in the reason", "HTTP/1.1 200 O\rK\r\n\r\n"],
    ["NUL in a value", `${ok}X: a\0b\r\n\r\n`],
    ["CR in a value", `${ok}X: a\rContent-Length: 4\r\n\r\n`],
    ["LF in a value", `${ok}X: a\nContent-Length: 4\r\n\r\n`],
    ["a folded line", `${ok}X: a\r\n b\r\n\r\n`],
    ["a space before the colon", `${ok}Content-Length : 4\r\n\r\nabcd`],
    ["no name", `${ok}: a\r\n\r\n`],
    ["no colon", `${ok}abc\r\n\r\n`],
    ["two equal lengths", `${ok}Content-Length: 4\r\nContent-Length: 4\r\n\r\nabcd`],
    ["two lengths in one field", `${ok}Content-Length: 4, 4\r\n\r\nabcd`],
    ["a signed length", `${ok}Content-Length: +4\r\n\r\nabcd`],
    ["a hexadecimal length", `${ok}Content-Length: 0x4\r\n\r\nabcd`],
    ["an empty length", `${ok}Content-Length:\r\n\r\nabcd`],
    ["a length beyond 2^53", `${ok}Content-Length: 9999999999999999\r\n\r\nabcd`],
    ["a length and a coding", `${ok}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ["a coding and a length", `${ok}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n`],
    ["two codings", `${ok}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ["gzip, chunked", `${ok}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
    ["identity", `${ok}Transfer-Encoding: identity\r\n\r\nabc`],
    ["a disguised coding", `${ok}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n`],
    ["a coding in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
    ["a size without digits", `${ok}Transfer-Encoding: chunked\r\n\r\n\r\n`],
    ["a size with a space", `${ok}Transfer-Encoding: chunked\r\n\r\n5 \r\nhello\r\n`],
    ["a size with a prefix", `${ok}Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n`],
    ["14 digits", `${ok}Transfer-Encoding: chunked\r\n\r\n10000000000000\r\n`],
    ["LF behind a size", `${ok}Transfer-Encoding: chunked\r\n\r\n5\nhello\r\n`],
    ["more data than announced", `${ok}Transfer-Encoding: chunked\r\n\r\n5\r\nhello!\r\n`],
    ["something else than CRLF behind data", `${ok}Transfer-Encoding: chunked\r\n\r\n5\r\nhello.\n0\r\n\r\n`],
    ["CR alone behind data", `${ok}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r0\r\n\r\n`],
    ["an extension without a name", `${ok}Transfer-Encoding: chunked\r\n\r\n5;\r\nhello\r\n`],
    ["an extension without a value", `${ok}Transfer-Encoding: chunked\r\n\r\n5;a=\r\nhello\r\n`],
    ["a quoted name", `${ok}Transfer-Encoding: chunked\r\n\r\n5;"a"\r\nhello\r\n`],
    ["CR in a quoted extension", `${ok}Transfer-Encoding: chunked\r\n\r\n5;a="\r\nhello\r\n`],
    ["a malformed trailer", `${ok}Transfer-Encoding: chunked\r\n\r\n0\r\nX : y\r\n\r\n`],
    ["a trailer with LF alone", `${ok}Transfer-Encoding: chunked\r\n\r\n0\r\nX: y\nZ: a\r\n\r\n`],
  ])("%s", (_name, text) => {
    expect(readIn(text, []).fault).toBe("malformed");
    expect(
      readIn(
        text,
        Array.from({ length: text.length }, (_, index) => index),
      ).fault,
    ).toBe("malformed");
  });

  test("bytes that no request asked for", () => {
    expect(readIn("HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", []).fault).toBe("unsolicited");
    expect(readIn("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab", []).fault).toBe("unsolicited");
    expect(readIn("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na", [], ["HEAD"]).fault).toBe("unsolicited");
  });

  test("an end that comes too early", () => {
    for (const text of [
      "",
      "HTTP/1.1 200 OK\r\n",
      "HTTP/1.1 100 Continue\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n",
    ]) {
      expect(readIn(text, []).fault).toBe("incomplete");
    }
  });
});

describe("limits", () => {
  test("of a head, in one piece and in many", () => {
    const head = (bytes: number): string => `HTTP/1.1 200 OK\r\nX: ${"y".repeat(bytes - 20)}`;
    for (const step of [1, 7, 10_000]) {
      const send = (text: string): ReturnType<typeof readerFixture> => {
        const fixture = readerFixture(["GET"], 200);
        for (let at = 0; at < text.length; at += step) fixture.send(text.slice(at, at + step));
        return fixture;
      };
      expect(send(`${head(200)}\r\n\r\n`).fault).toBeUndefined();
      expect(send(`${head(201)}\r\n\r\n`).fault).toBe("head-too-large");
      expect(send(head(300)).fault).toBe("head-too-large");
    }
  });

  test("of informational responses", () => {
    const send = (count: number): ReturnType<typeof readerFixture> => {
      const fixture = readerFixture();
      fixture.send("HTTP/1.1 102 Processing\r\n\r\n".repeat(count));
      return fixture;
    };
    expect(send(INFORMATIONAL_MAX).fault).toBeUndefined();
    expect(send(INFORMATIONAL_MAX + 1).fault).toBe("too-many-informational");
  });

  test("of extensions and trailers", () => {
    const start = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    const read = (text: string): string | undefined => {
      const fixture = readerFixture();
      fixture.send(start + text);
      return fixture.fault;
    };
    expect(read(`1;${"e".repeat(1000)}\r\nx\r\n`.repeat(16))).toBeUndefined();
    expect(read(`1;${"e".repeat(1000)}\r\nx\r\n`.repeat(17))).toBe("malformed");
    expect(read(`0\r\n${`X: ${"y".repeat(95)}\r\n`.repeat(100)}\r\n`)).toBeUndefined();
    expect(read(`0\r\n${`X: ${"y".repeat(95)}\r\n`.repeat(200)}\r\n`)).toBe("malformed");
  });
});

test("mutated responses: the same verdict however they are cut, and never more responses than requests", () => {
  const mutation = fc.record({ at: fc.nat(SOUND.length), cut: fc.nat(3), text: fc.string({ maxLength: 3 }) });
  const odd = fc.constantFrom("\r", "\n", "\r\n", " ", "\0", ":", "0", "chunked", "Content-Length: 7\r\n", ";", '"');
  fc.assert(
    fc.property(
      fc.array(fc.tuple(mutation, fc.option(odd)), { minLength: 1, maxLength: 4 }),
      fc.array(fc.nat(SOUND.length), { maxLength: 10 }),
      (mutations, cuts) => {
        let text = SOUND;
        for (const [{ at, cut, text: inserted }, special] of mutations) {
          text = text.slice(0, at) + (special ?? inserted) + text.slice(at + cut);
        }
        const whole = readIn(text, [], METHODS);
        expect(told(readIn(text, cuts, METHODS))).toEqual(told(whole));
        expect(whole.responses.length).toBeLessThanOrEqual(METHODS.length);
      },
    ),
    { numRuns: 300 },
  );
});
