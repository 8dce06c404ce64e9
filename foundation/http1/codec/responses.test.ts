import { describe, expect, test } from "bun:test";
import { octets, type ResponseSeen, readResponses, type Transcript } from "../testing/transcripts.ts";
import { ResponseReader } from "./response-reader.ts";

const read = (text: string, ...methods: readonly string[]): Transcript<ResponseSeen> =>
  readResponses([octets(text)], methods.length === 0 ? ["GET"] : methods);
const outcome = (text: string, ...methods: readonly string[]): string => read(text, ...methods).outcome;
const bodies = (text: string, ...methods: readonly string[]): readonly unknown[] =>
  read(text, ...methods).messages.map(({ status, body, framing, complete }) => [status, framing, body, complete]);

describe("a response", () => {
  test("is told as it stood on the wire", () => {
    const { messages } = read("HTTP/1.1 404 Not \xe9 Found\r\nX-A: 1\r\nx-a:2\r\nContent-Length: 2\r\n\r\nno");
    expect(messages).toEqual([
      {
        status: 404,
        reason: "Not \xe9 Found",
        version: "1.1",
        persistent: true,
        framing: "length",
        fields: ["X-A", "1", "x-a", "2", "Content-Length", "2"],
        body: "no",
        trailers: [],
        complete: true,
      },
    ]);
  });

  test("has no body to HEAD, as 204 and as 304, whatever its fields say", () => {
    expect(
      bodies(
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
        "HEAD",
        "GET",
      ),
    ).toEqual([
      [200, "none", "", true],
      [200, "length", "x", true],
    ]);
    expect(
      bodies(
        "HTTP/1.1 204 N\r\n\r\nHTTP/1.1 304 N\r\nContent-Length: 5\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
      ),
    ).toEqual([
      [204, "none", "", true],
      [304, "none", "", true],
      [200, "chunked", "x", true],
    ]);
  });

  test("without a length goes on to the end of the connection", () => {
    const text = "HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n";
    expect(bodies(text)).toEqual([[200, "until-close", "HTTP/1.1 200 OK\r\n\r\n", false]]);
    expect(readResponses([octets(text)], ["GET"], true).messages[0]!.complete).toBe(true);
  });

  test("is preceded by others of 1xx, which have no body; by 16 at most", () => {
    expect(
      bodies(
        "HTTP/1.1 100 C\r\n\r\nHTTP/1.1 103 E\r\nLink: x\r\nContent-Length: 3\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
      ),
    ).toEqual([
      [100, "none", "", true],
      [103, "none", "", true],
      [200, "none", "", true],
    ]);
    expect(outcome("HTTP/1.1 100 C\r\n\r\n".repeat(16))).toBe("open");
    expect(outcome("HTTP/1.1 100 C\r\n\r\n".repeat(17))).toBe("too-many-informational");
  });

  test("of 101, and of 2xx to CONNECT, is the last of HTTP", () => {
    expect(read("HTTP/1.1 101 S\r\nUpgrade: x\r\n\r\nrest")).toMatchObject({ outcome: "left-http", rest: "rest" });
    expect(read("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nrest", "CONNECT")).toMatchObject({
      outcome: "left-http",
      rest: "rest",
    });
    expect(bodies("HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno", "CONNECT")).toEqual([[403, "length", "no", true]]);
  });

  test("that nobody asked for is a fault, also in the same piece", () => {
    const reader = new ResponseReader();
    reader.expect("GET", { onInformational() {}, onHead() {}, onBody() {}, onComplete() {} });
    const bytes = octets("HTTP/1.1 204 N\r\n\r\nHTTP/1.1 204 N\r\n\r\n");
    const at = reader.push(bytes);
    expect([at, reader.fault, reader.isIdle]).toEqual([bytes.length / 2, undefined, true]);
    reader.push(bytes, at);
    expect(reader.fault).toBe("unsolicited");
  });

  test("that breaks off is incomplete", () => {
    const end = (text: string): string => readResponses([octets(text)], ["GET"], true).outcome;
    expect(end("HTTP/1.1 200")).toBe("incomplete");
    expect(end("HTTP/1.1 100 C\r\n\r\n")).toBe("incomplete");
    expect(end("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nx")).toBe("incomplete");
    expect(end("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n")).toBe("incomplete");
  });

  test("tells whether its connection stays", () => {
    const stays = (text: string): boolean => read(text).messages[0]!.persistent;
    const length = "Content-Length: 0\r\n";
    expect(stays(`HTTP/1.1 200 OK\r\n${length}\r\n`)).toBe(true);
    expect(stays(`HTTP/1.1 200 OK\r\n${length}Connection: close\r\n\r\n`)).toBe(false);
    expect(stays(`HTTP/1.0 200 OK\r\n${length}\r\n`)).toBe(false);
    expect(stays(`HTTP/1.0 200 OK\r\n${length}Connection: keep-alive\r\n\r\n`)).toBe(true);
    expect(stays("HTTP/1.1 200 OK\r\n\r\n")).toBe(false);
  });
});

describe("status lines", () => {
  test.each([
    ["HTTP/1.1 200 OK", "open"],
    ["HTTP/1.1 200 ", "open"],
    ["HTTP/1.1 200", "open"],
    ["HTTP/1.0 599 x\ty", "open"],
    ["HTTP/1.1  200 OK", "bad-status"],
    ["HTTP/1.1 20 OK", "bad-status"],
    ["HTTP/1.1 2000 OK", "bad-status"],
    ["HTTP/1.1 099 OK", "bad-status"],
    ["HTTP/1.1 600 OK", "bad-status"],
    ["HTTP/1.1 200 O\x00K", "bad-status"],
    ["HTTP/1.1 200 O\nK", "bad-line-end"],
    ["HTTP/1.1 200 OK\rX", "bad-line-end"],
    ["HTTP/1.2 200 OK", "unsupported-version"],
    ["HTTP/2 200 OK", "bad-version"],
    ["ICY 200 OK", "bad-version"],
    [" HTTP/1.1 200 OK", "bad-version"],
    ["\r\nHTTP/1.1 200 OK", "bad-version"],
  ])("%j is %s", (line, expected) => expect(outcome(`${line}\r\nContent-Length: 0\r\n\r\n`)).toBe(expected));
});

test.each([
  ["Content-Length: 1\r\nContent-Length: 1\r\n", "repeated-content-length"],
  ["Content-Length: 1\r\nTransfer-Encoding: chunked\r\n", "length-and-coding"],
  ["Content-Length: x\r\n", "bad-content-length"],
  ["Transfer-Encoding: gzip\r\n", "bad-transfer-coding"],
  ["Transfer-Encoding: gzip, chunked\r\n", "unsupported-transfer-coding"],
])("framing %j is %s, also where there is no body", (fields, expected) => {
  expect(outcome(`HTTP/1.1 200 OK\r\n${fields}\r\n`)).toBe(expected);
  expect(outcome(`HTTP/1.1 204 N\r\n${fields}\r\n`)).toBe(expected);
});
