import { describe, expect, test } from "bun:test";
import { readFraming, splitTarget } from "./framing.ts";

const refusalOf = (...raw: string[]): string | undefined => readFraming(["Host", "h", ...raw], "1.1").refusal;

describe("readFraming, whatever the engine lets through", () => {
  test.each([
    ["both Content-Length and Transfer-Encoding", ["content-length", "5", "TRANSFER-ENCODING", "chunked"]],
    ["both Content-Length and Transfer-Encoding", ["Transfer-Encoding", "chunked", "Content-Length", "0"]],
    ["more than one Content-Length header", ["Content-Length", "5", "content-length", "5"]],
    ["a malformed Content-Length header", ["Content-Length", "5, 5"]],
    ["a malformed Content-Length header", ["Content-Length", ""]],
    ["a malformed Content-Length header", ["Content-Length", "1e3"]],
    ["a malformed Content-Length header", ["Content-Length", "9999999999999999"]],
    ["more than one Transfer-Encoding header", ["Transfer-Encoding", "chunked", "Transfer-Encoding", "chunked"]],
    ["an unsupported transfer coding", ["Transfer-Encoding", "chunked, chunked"]],
    ["an unsupported transfer coding", ["Transfer-Encoding", "identity"]],
    ["more than one Host header", ["HOST", "h"]],
  ])("refuses %s", (refusal, raw) => {
    expect(refusalOf(...raw)).toBe(refusal);
  });

  test.each(["a b", "a/b", "u@h", "h\\", "h#", "h?x", "<h>", "h\t", "hé"])("refuses the host %p", (host) => {
    expect(readFraming(["Host", host], "1.1").refusal).toBe("a malformed Host header");
  });

  test.each(["", "h", "h:80", "my_bucket.s3.test", "[::1]:80", "127.0.0.1", "a.b-c.test."])(
    "takes the host %p",
    (host) => {
      expect(readFraming(["Host", host], "1.1").refusal).toBeUndefined();
    },
  );

  test("HTTP/1.0 has no transfer coding and needs no host", () => {
    expect(readFraming(["Transfer-Encoding", "chunked"], "1.0").refusal).toBe("Transfer-Encoding in HTTP/1.0");
    expect(readFraming([], "1.0")).toEqual({ refusal: undefined, host: "", contentLength: undefined, chunked: false });
    expect(readFraming([], "1.1").refusal).toBe("no Host header");
  });

  test("sound requests", () => {
    expect(readFraming(["Host", "h", "Content-Length", "42"], "1.1")).toMatchObject({
      refusal: undefined,
      contentLength: 42,
    });
    expect(readFraming(["Host", "h", "Transfer-Encoding", "Chunked"], "1.1")).toMatchObject({
      refusal: undefined,
      chunked: true,
    });
    // Names of the same length are no match.
    expect(readFraming(["Host", "h", "X-Not-A-Length", "x", "Abcd", "y"], "1.1").refusal).toBeUndefined();
  });
});

test.each([
  ["/", "/", "", undefined],
  ["/a?b?c", "/a", "b?c", undefined],
  ["/?", "/", "", undefined],
  ["//a/../b", "//a/../b", "", undefined],
  ["*", "*", "", undefined],
  ["http://h:1/a?b", "/a", "b", "h:1"],
  ["HTTPS://h", "/", "", "h"],
  ["http://h?x", "/", "x", "h"],
])("splitTarget(%p)", (target, path, query, authority) => {
  expect(splitTarget(target)).toEqual({ path, query, authority });
});
