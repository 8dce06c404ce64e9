import { describe, expect, test } from "bun:test";
import { parseRequestHead } from "./request-head.ts";

describe("heads that are read", () => {
  test("nothing is decoded, normalised or joined", () => {
    expect(
      parseRequestHead(
        "GET /a/../b//%2F?x=%41&&y?z HTTP/1.1\r\nHost: h\r\nX-A:1\r\nx-a: \t 2  b\t\r\nEmpty:\r\nE2: \r\nU: \xc3\xa0",
      ),
    ).toEqual({
      method: "GET",
      target: "/a/../b//%2F?x=%41&&y?z",
      version: "1.1",
      headers: {
        raw: ["Host", "h", "X-A", "1", "x-a", "2  b", "Empty", "", "E2", "", "U", "\xc3\xa0"],
        lowerNames: ["host", "x-a", "x-a", "empty", "e2", "u"],
      },
    });
  });

  test.each([
    ["*", "OPTIONS * HTTP/1.1"],
    ["http://h:1/a?b", "GET http://h:1/a?b HTTP/1.1"],
    ["http://h/@a", "GET http://h/@a HTTP/1.1"],
    ["http://h?@a", "GET http://h?@a HTTP/1.1"],
    ["/caf\xc3\xa9", "GET /caf\xc3\xa9 HTTP/1.0"],
  ])("the target %s", (target, line) => {
    expect(parseRequestHead(line)?.target).toBe(target);
  });

  test("a name with the hash of another is not taken for it", () => {
    // "Aa" and "BB" have the same hash in base 31.
    for (const name of ["x-Aa", "x-BB", "x-Aa", "X-bb"]) {
      expect(parseRequestHead(`GET / HTTP/1.1\r\n${name}: 1`)?.headers).toEqual({
        raw: [name, "1"],
        lowerNames: [name.toLowerCase()],
      });
    }
    const long = `x-${"a".repeat(500)}`;
    expect(parseRequestHead(`GET / HTTP/1.1\r\n${long}: 1`)?.headers.raw[0]).toBe(long);
  });
});

describe("heads that are refused", () => {
  test.each([
    ["no version", "GET /"],
    ["version 0.9", "GET / HTTP/0.9"],
    ["version 2.0", "PRI * HTTP/2.0"],
    ["version 1.2", "GET / HTTP/1.2"],
    ["a longer version", "GET / HTTP/1.10"],
    ["another protocol", "GET / RTSP/1.1"],
    ["a small version", "GET / http/1.1"],
    ["two spaces before the target", "GET  / HTTP/1.1"],
    ["two spaces behind the target", "GET /  HTTP/1.1"],
    ["a space at the end", "GET / HTTP/1.1 "],
    ["a space in the target", "GET /a b HTTP/1.1"],
    ["a tab for a space", "GET\t/ HTTP/1.1"],
    ["no method", " / HTTP/1.1"],
    ["a method that is no token", "G(T / HTTP/1.1"],
    ["a long method", `${"A".repeat(33)} / HTTP/1.1`],
    ["no target", "GET HTTP/1.1"],
    ["the whole server for something else than its options", "GET * HTTP/1.1"],
    ["a user before the host", "GET http://user@host/ HTTP/1.1"],
    ["a user and a password before the host", "GET http://shop.test:80@evil.test/ HTTP/1.1"],
    ["a target without a slash", "GET a HTTP/1.1"],
    ["an authority", "CONNECT h:443 HTTP/1.1"],
    ["a scheme that is none", "GET 1:// HTTP/1.1"],
    ["a control character in the target", "GET /\x01 HTTP/1.1"],
    ["DEL in the target", "GET /\x7f HTTP/1.1"],
    ["a bare LF in the request line", "GET / HTTP/1.1\nHost: h"],
    ["a bare CR in the request line", "GET / HTTP/1.1\rHost: h"],
    ["a bare LF in a value", "GET / HTTP/1.1\r\nX: a\nY: b"],
    ["a bare CR in a value", "GET / HTTP/1.1\r\nX: a\rb"],
    ["a bare CR at the end of a value", "GET / HTTP/1.1\r\nX: a\r"],
    ["NUL in a value", "GET / HTTP/1.1\r\nX: a\0b"],
    ["a space before the colon", "GET / HTTP/1.1\r\nX : a"],
    ["a folded line", "GET / HTTP/1.1\r\nX: a\r\n b"],
    ["a space before the first name", "GET / HTTP/1.1\r\n X: a"],
    ["no name", "GET / HTTP/1.1\r\n: a"],
    ["no colon", "GET / HTTP/1.1\r\nX"],
    ["no colon in its line", "GET / HTTP/1.1\r\nX\r\nY: z"],
    ["a name beyond ASCII", "GET / HTTP/1.1\r\n\xe9: a"],
    ["an empty line before a field", "GET / HTTP/1.1\r\n\r\nX: a"],
    ["nothing", ""],
  ])("%s", (_name, text) => {
    expect(parseRequestHead(text)).toBeUndefined();
  });
});
