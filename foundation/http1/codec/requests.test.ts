import { describe, expect, test } from "bun:test";
import { octets, type RequestSeen, readRequests, type Transcript } from "../testing/transcripts.ts";
import { refusalStatus } from "./faults.ts";
import type { RequestReaderOptions } from "./request-reader.ts";
import { RequestReader } from "./request-reader.ts";

const read = (text: string, options?: RequestReaderOptions): Transcript<RequestSeen> =>
  readRequests([octets(text)], options);
const outcome = (text: string, options?: RequestReaderOptions): string => read(text, options).outcome;
const withFields = (fields: string): string => `GET / HTTP/1.1\r\nHost: h\r\n${fields}\r\n`;

describe("a request", () => {
  test("is told as it stood on the wire", () => {
    const { messages, outcome: end } = read(
      "POST /a/../b?c=%2F HTTP/1.1\r\nhOSt: Shop.test:80\r\nX-A:1\r\nX-a: \t two \t\r\nEmpty:\r\nContent-Length: 5\r\n\r\nhello",
    );
    expect(messages).toEqual([
      {
        method: "POST",
        target: "/a/../b?c=%2F",
        version: "1.1",
        host: "Shop.test:80",
        fields: ["hOSt", "Shop.test:80", "X-A", "1", "X-a", "two", "Empty", "", "Content-Length", "5"],
        persistent: true,
        body: "hello",
        trailers: [],
        complete: true,
      },
    ]);
    expect(end).toBe("open");
  });

  test("sent ahead is read when the one before is done", () => {
    const { messages } = read(`${withFields("")}\r\n${withFields("Connection: close\r\n")}${withFields("")}`);
    expect(messages.map(({ complete, persistent }) => [complete, persistent])).toEqual([
      [true, true],
      [true, false],
    ]);
  });

  test("behind one that is not done is left where it is", () => {
    const bytes = octets(withFields("") + withFields(""));
    const reader = new RequestReader({ onHead() {}, onBody() {}, onComplete() {} });
    const at = reader.push(bytes);
    expect(at).toBe(bytes.length / 2);
    expect(reader.push(bytes, at)).toBe(at);
    reader.next();
    expect(reader.push(bytes, at)).toBe(bytes.length);
  });

  test("in chunks is told without them, with its trailers", () => {
    const [message] = read(
      'PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: ChunKed\r\n\r\n3;a;b=c;d="e\\"f"\r\nabc\r\n0A\r\n0123456789\r\n00\r\nX-Sum: 1\r\nx-sum: 2\r\n\r\n',
    ).messages;
    expect([message!.body, message!.trailers, message!.complete]).toEqual([
      "abc0123456789",
      ["X-Sum", "1", "x-sum", "2"],
      true,
    ]);
  });

  test("long bodies are views into what was pushed, short ones are copies", () => {
    const isView = (length: number): boolean => {
      const bytes = octets(`PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: ${length}\r\n\r\n${"a".repeat(length)}`);
      let told: Buffer | undefined;
      const reader = new RequestReader({
        onHead() {},
        onBody(data) {
          told = data;
        },
        onComplete() {},
      });
      reader.push(bytes);
      expect(told!.toString()).toBe("a".repeat(length));
      return told!.buffer === bytes.buffer && told!.byteOffset === bytes.byteOffset + bytes.length - length;
    };
    expect([isView(3), isView(4096), isView(4097), isView(100_000)]).toEqual([false, false, true, true]);
  });

  test("may be preceded by a few empty lines, not by many", () => {
    expect(read(`\r\n\r\n${withFields("")}`).messages.length).toBe(1);
    expect(outcome(`${"\r\n".repeat(5)}${withFields("")}`)).toBe("too-many-empty-lines");
    expect(outcome(`\n${withFields("")}`)).toBe("bad-line-end");
    expect(outcome(`\rG${withFields("")}`)).toBe("bad-line-end");
  });

  test("that breaks off is incomplete; a connection that ends between requests is not", () => {
    const end = (text: string): string => readRequests([octets(text)], {}, true).outcome;
    expect([end(""), end("\r\n"), end(withFields(""))]).toEqual(["open", "open", "open"]);
    expect(end("GET")).toBe("incomplete");
    expect(end(withFields("Content-Length: 1\r\n"))).toBe("incomplete");
    expect(end(withFields("Transfer-Encoding: chunked\r\n").concat("0\r\n"))).toBe("incomplete");
  });
});

describe("request lines", () => {
  const line = (text: string): string => outcome(`${text}\r\nHost: h\r\n\r\n`);

  test.each([
    ["GET / HTTP/1.1", "open"],
    ["get / HTTP/1.1", "open"],
    ["M-SEARCH / HTTP/1.1", "open"],
    ["G@T / HTTP/1.1", "bad-method"],
    [" GET / HTTP/1.1", "bad-method"],
    ["GET\t/ HTTP/1.1", "bad-method"],
    ["GET  / HTTP/1.1", "bad-target"],
    ["GET /\t HTTP/1.1", "bad-target"],
    ["GET /\x00 HTTP/1.1", "bad-target"],
    ["GET /\xe9 HTTP/1.1", "bad-target"],
    ["GET /a#b HTTP/1.1", "bad-target"],
    ["GET / HTTP/1.1 ", "bad-version"],
    ["GET /  HTTP/1.1", "bad-version"],
    ["GET / http/1.1", "bad-version"],
    ["GET / HTTP/1.10", "bad-version"],
    ["GET / HTTP/11", "bad-version"],
    ["GET / HTTP/2.0", "unsupported-version"],
    ["GET / HTTP/1.2", "unsupported-version"],
    ["GET /", "bad-version"],
    ["GET", "bad-method"],
    ["\x16\x03\x01\x02\x00", "bad-method"],
    [`${"A".repeat(32)} / HTTP/1.1`, "open"],
    [`${"A".repeat(33)} / HTTP/1.1`, "method-too-long"],
  ])("%j is %s", (text, expected) => expect(line(text)).toBe(expected));

  test("a reader may take targets of any octets but blanks and controls", () => {
    const { messages } = read("GET /\xe9#b HTTP/1.1\r\nHost: h\r\n\r\n", { anyTarget: true });
    expect(messages[0]!.target).toBe("/\xe9#b");
    expect(outcome("GET /\x7f HTTP/1.1\r\nHost: h\r\n\r\n", { anyTarget: true })).toBe("bad-target");
  });

  test.each([
    ["OPTIONS * HTTP/1.1", "open"],
    ["GET * HTTP/1.1", "bad-target"],
    ["OPTIONS ** HTTP/1.1", "bad-target"],
    ["GET http://a.test/x HTTP/1.1", "open"],
    ["GET HTTPS://a.test?x HTTP/1.1", "open"],
    ["GET http://user@a.test/ HTTP/1.1", "bad-target"],
    ["GET http:/// HTTP/1.1", "bad-target"],
    ["GET http://:80/ HTTP/1.1", "bad-target"],
    ["GET ftp://a.test/ HTTP/1.1", "bad-target"],
    ["GET a.test:80 HTTP/1.1", "bad-target"],
    ["GET index.html HTTP/1.1", "bad-target"],
    ["CONNECT a.test:443 HTTP/1.1", "left-http"],
    ["CONNECT a.test HTTP/1.1", "bad-target"],
    ["CONNECT / HTTP/1.1", "bad-target"],
    ["CONNECT [::1]:443 HTTP/1.1", "left-http"],
    ["CONNECT [::1] HTTP/1.1", "bad-target"],
  ])("form of %j: %s", (text, expected) => expect(line(text)).toBe(expected));

  test("the authority of an absolute target is the host, whatever the field says", () => {
    expect(read("GET http://a.test:8080?q HTTP/1.1\r\nHost: b.test\r\n\r\n").messages[0]!.host).toBe("a.test:8080");
  });
});

describe("Host", () => {
  const host = (...values: readonly string[]): string =>
    outcome(`GET / HTTP/1.1\r\n${values.map((value) => `Host: ${value}\r\n`).join("")}\r\n`);

  test("stands there once, in HTTP/1.0 at most once", () => {
    expect(host()).toBe("no-host");
    expect(host("a", "a")).toBe("repeated-host");
    expect(outcome("GET / HTTP/1.0\r\n\r\n")).toBe("open");
    expect(outcome("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n")).toBe("repeated-host");
  });

  test.each([
    "",
    "a",
    "a.b-c_d~e",
    "a%20b",
    "127.0.0.1:80",
    "a:",
    "[::1]",
    "[2001:db8::1]:8080",
    "[::ffff:1.2.3.4]:1",
    "a:65535",
  ])("%j is one", (value) => expect(host(value)).toBe("open"));

  test.each([
    "a b",
    "a,b",
    "a/b",
    "a@b",
    "a:b",
    "a:80:80",
    "a:65536",
    "a:-1",
    "[::1",
    "::1",
    "[::1]x",
    "[a]",
    "a%2",
    "a%zz",
    "http://a",
    "a\xe9",
    'a"',
    "a?b",
    "a\\b",
  ])("%j is none", (value) => expect(host(value)).toBe("bad-host"));
});

describe("fields", () => {
  test.each([
    ["A : b\r\n", "space-before-colon"],
    ["A\t: b\r\n", "space-before-colon"],
    [" A: b\r\n", "folded-line"],
    ["A: b\r\n c\r\n", "folded-line"],
    ["A: b\r\n\tc\r\n", "folded-line"],
    [": b\r\n", "bad-field-name"],
    ["A\r\n", "bad-field-name"],
    ["A(: b\r\n", "bad-field-name"],
    ["\x00A: b\r\n", "bad-field-name"],
    ["A\xe9: b\r\n", "bad-field-name"],
    ["A: b\n", "bad-line-end"],
    ["A: b\rB: c\r\n", "bad-line-end"],
    ["A\n", "bad-line-end"],
    ["A: b\x00c\r\n", "bad-field-value"],
    ["A: b\x7f\r\n", "bad-field-value"],
    ["A: b\x0b\r\n", "bad-field-value"],
    ["A: b\tc\xe9\r\n", "open"],
    ["A:\r\n", "open"],
  ])("%j: %s", (fields, expected) => expect(outcome(withFields(fields))).toBe(expected));

  test("an empty line of LF alone ends no head", () =>
    expect(outcome("GET / HTTP/1.1\r\nHost: h\r\n\n")).toBe("bad-line-end"));
});

describe("framing", () => {
  test.each([
    ["Content-Length: 0\r\n", "open"],
    ["Content-Length: 00003\r\n", "open"],
    ["Content-Length: +1\r\n", "bad-content-length"],
    ["Content-Length: -1\r\n", "bad-content-length"],
    ["Content-Length: 0x1\r\n", "bad-content-length"],
    ["Content-Length: 1 1\r\n", "bad-content-length"],
    ["Content-Length: 1,1\r\n", "bad-content-length"],
    ["Content-Length:\r\n", "bad-content-length"],
    ["Content-Length: 1234567890123456\r\n", "bad-content-length"],
    ["Content-Length: 1\r\ncontent-length: 1\r\n", "repeated-content-length"],
    ["Content-Length: 1\r\nContent-Length: 2\r\n", "repeated-content-length"],
    ["Content-Length: 1\r\nTransfer-Encoding: chunked\r\n", "length-and-coding"],
    ["Transfer-Encoding: chunked\r\n", "open"],
    ["Transfer-Encoding: \tCHUNKED \r\n", "open"],
    ["Transfer-Encoding: gzip, chunked\r\n", "unsupported-transfer-coding"],
    ["Transfer-Encoding: chunked, gzip\r\n", "bad-transfer-coding"],
    ["Transfer-Encoding: chunked, chunked\r\n", "bad-transfer-coding"],
    ["Transfer-Encoding: chunked,\r\n", "bad-transfer-coding"],
    ["Transfer-Encoding: , chunked\r\n", "bad-transfer-coding"],
    ["Transfer-Encoding: xchunked\r\n", "bad-transfer-coding"],
    ["Transfer-Encoding: identity\r\n", "bad-transfer-coding"],
    ['Transfer-Encoding: "chunked"\r\n', "bad-transfer-coding"],
    ["Transfer-Encoding: chunked;q=1\r\n", "bad-transfer-coding"],
    ["Transfer-Encoding:\r\n", "bad-transfer-coding"],
    ["Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "bad-transfer-coding"],
    ["Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "bad-transfer-coding"],
  ])("%j: %s", (fields, expected) => expect(outcome(withFields(fields))).toBe(expected));

  test("HTTP/1.0 knows no transfer coding", () => {
    expect(outcome("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")).toBe("bad-transfer-coding");
  });

  test.each([
    ["5\r\nhello\r\n0\r\n\r\n", "open"],
    ["\r\n", "bad-chunk-size"],
    ["g\r\n", "bad-chunk-size"],
    ["0x5\r\n", "bad-chunk-size"],
    [" 5\r\n", "bad-chunk-size"],
    ["5 \r\n", "bad-chunk-size"],
    ["-5\r\n", "bad-chunk-size"],
    ["5\nhello", "bad-line-end"],
    ["5\r\r\n", "bad-line-end"],
    ["0000000000000\r\n\r\n", "open"],
    ["00000000000000\r\n\r\n", "chunk-too-large"],
    ["fffffffffffff0\r\n", "chunk-too-large"],
    ["5;\r\n", "bad-chunk-extension"],
    ["5; a\r\n", "bad-chunk-extension"],
    ["5;a=\r\n", "bad-chunk-extension"],
    ["5;a=b=c\r\n", "bad-chunk-extension"],
    ['5;a="b\r\n', "bad-chunk-extension"],
    ['5;a="b"c\r\n', "bad-chunk-extension"],
    ["5;a\nhello", "bad-line-end"],
    ["5;a\rX", "bad-line-end"],
    [`5;${"a".repeat(1023)}\r\n`, "open"],
    [`5;${"a".repeat(1024)}\r\n`, "chunk-extensions-too-long"],
    ["1;aaaaaaaaaaaaaaa\r\n.\r\n".repeat(1093), "chunk-extensions-too-long"],
    ["5\r\nhelloX", "bad-chunk-end"],
    ["5\r\nhello\n", "bad-chunk-end"],
    ["0\r\nX: y\n", "bad-line-end"],
    ["0\r\n X: y\r\n\r\n", "folded-line"],
    ["0\r\nContent-Length: 5\r\n\r\n", "forbidden-trailer"],
    ["0\r\ntransfer-encoding: chunked\r\n\r\n", "forbidden-trailer"],
    ["0\r\nHost: x\r\n\r\n", "forbidden-trailer"],
    [`0\r\n${"X: y\r\n".repeat(129)}\r\n`, "too-many-fields"],
    [`0\r\nX: ${"y".repeat(16_384)}`, "trailers-too-large"],
  ])("chunks %j: %s", (chunks, expected) =>
    expect(outcome(withFields("Transfer-Encoding: chunked\r\n") + chunks)).toBe(expected),
  );

  test("extensions are counted for each body by itself", () => {
    const body = `${`1;${"a".repeat(500)}\r\n.\r\n`.repeat(30)}0\r\n\r\n`;
    const request = withFields("Transfer-Encoding: chunked\r\n") + body;
    expect(outcome(request + request + request)).toBe("open");
  });

  test("CONNECT has no body; what follows is for another protocol", () => {
    expect(outcome("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\nContent-Length: 1\r\n\r\n")).toBe("unexpected-body");
    expect(read("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n\x16\x03").rest).toBe("\x16\x03");
  });
});

describe("the connection", () => {
  test.each([
    ["1.1", "", true],
    ["1.1", "Connection: close\r\n", false],
    ["1.1", "Connection: x, CLOSE\r\n", false],
    ["1.1", "Connection: x\r\nConnection: close\r\n", false],
    ["1.1", "Connection: xclose\r\n", true],
    ["1.0", "", false],
    ["1.0", "Connection: Keep-Alive\r\n", true],
    ["1.0", "Connection: keep-alive, close\r\n", false],
  ])("HTTP/%s with %j stays: %p", (version, fields, stays) => {
    expect(read(`GET / HTTP/${version}\r\nHost: h\r\n${fields}\r\n`).messages[0]!.persistent).toBe(stays);
  });

  test("may leave HTTP when both fields say so, in HTTP/1.1", () => {
    expect(read(`${withFields("Upgrade: x\r\nConnection: keep-alive, Upgrade\r\n")}rest`)).toMatchObject({
      outcome: "left-http",
      rest: "rest",
    });
    expect(outcome(withFields("Upgrade: x\r\n"))).toBe("open");
    expect(outcome(withFields("Connection: upgrade\r\n"))).toBe("open");
    expect(outcome("GET / HTTP/1.0\r\nUpgrade: x\r\nConnection: upgrade, keep-alive\r\n\r\n")).toBe("open");
  });

  test("100-continue is expected with a body, in HTTP/1.1; other expectations are told apart", () => {
    const expects = (version: string, fields: string): readonly boolean[] => {
      const reader = new RequestReader({ onHead() {}, onBody() {}, onComplete() {} });
      reader.push(octets(`PUT / HTTP/${version}\r\nHost: h\r\n${fields}\r\n`));
      return [reader.head.expectsContinue, reader.head.expectsUnknown];
    };
    expect(expects("1.1", "Expect: 100-Continue\r\nContent-Length: 1\r\n")).toEqual([true, false]);
    expect(expects("1.1", "Expect: 100-continue\r\n")).toEqual([false, false]);
    expect(expects("1.0", "Expect: 100-continue\r\nContent-Length: 1\r\n")).toEqual([false, false]);
    expect(expects("1.1", "Expect: tea\r\n")).toEqual([false, true]);
  });
});

describe("limits", () => {
  test("of the target", () => {
    const target = (length: number): string =>
      outcome(`GET /${"a".repeat(length - 1)} HTTP/1.1\r\nHost: h\r\n\r\n`, { limits: { maxTargetBytes: 20 } });
    expect([target(20), target(21)]).toEqual(["open", "target-too-long"]);
  });

  test("of the number of fields", () => {
    const fields = (count: number): string =>
      outcome(withFields("A: b\r\n".repeat(count - 1)), { limits: { maxFields: 5 } });
    expect([fields(5), fields(6)]).toEqual(["open", "too-many-fields"]);
  });

  test("of the head, to the octet and without its end", () => {
    const head = withFields("A: b\r\n");
    const limited = (maxHeadBytes: number): string => outcome(head, { limits: { maxHeadBytes } });
    expect([limited(head.length), limited(head.length - 1)]).toEqual(["open", "head-too-large"]);
    expect(outcome(`GET / HTTP/1.1\r\nHost: ${"h".repeat(100)}`, { limits: { maxHeadBytes: 100 } })).toBe(
      "head-too-large",
    );
  });

  test("more fields than a table holds at first", () => {
    const fields = Array.from({ length: 100 }, (_, i) => `X-${i}: ${i}\r\n`).join("");
    expect(read(withFields(fields)).messages[0]!.fields.slice(-2)).toEqual(["X-99", "99"]);
  });
});

test("each refusal has its status", () => {
  const codes = [
    "bad-host",
    "target-too-long",
    "head-too-large",
    "too-many-fields",
    "unsupported-transfer-coding",
    "method-too-long",
    "unsupported-version",
  ] as const;
  expect(codes.map(refusalStatus)).toEqual([400, 414, 431, 431, 501, 501, 505]);
});
