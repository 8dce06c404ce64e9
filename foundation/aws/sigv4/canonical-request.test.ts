import { describe, expect, test } from "bun:test";
import { RawHeaderView } from "#foundation/http";
import { canonicalHeaders } from "./canonical-request.ts";

const textOf = (raw: readonly string[], ...signed: string[]): string =>
  canonicalHeaders(new RawHeaderView(raw), signed).text;

describe("the values of signed headers", () => {
  const cases: readonly (readonly [sent: string, signed: string])[] = [
    ["plain", "plain"],
    ["a b c", "a b c"],
    ["", ""],
    ["  at both ends ", "at both ends"],
    ["a  b   c", "a b c"],
    ["a\tb", "a b"],
    ["\ta \t b\t", "a b"],
    ['"a   b"', '"a b"'],
    [" ", ""],
  ];
  for (const [sent, signed] of cases) {
    test(`${JSON.stringify(sent)} is signed as ${JSON.stringify(signed)}`, () => {
      expect(textOf(["X", sent], "x")).toBe(`x:${signed}\n`);
    });
  }

  test("a byte of a UTF-8 character is no space, though 0xA0 would be one as a character", () => {
    const wire = Buffer.from("voilà  là", "utf8").toString("latin1");
    expect(textOf(["x-amz-meta-word", wire], "x-amz-meta-word")).toBe(
      `x-amz-meta-word:${Buffer.from("voilà là", "utf8").toString("latin1")}\n`,
    );
  });

  test("repeated headers are joined by a comma, each collapsed by itself", () => {
    expect(textOf(["X", " a  b", "y", "1", "x", "c "], "x", "y")).toBe("x:a b,c\ny:1\n");
  });
});

test("headers of AWS that are not signed are named once each", () => {
  const raw = ["host", "h", "X-Amz-Date", "d", "x-amz-date", "e", "X-Amz-Target", "t", "accept", "*"];
  expect(canonicalHeaders(new RawHeaderView(raw), ["host"]).unsignedAmzHeaders).toEqual(["x-amz-date", "x-amz-target"]);
  // The same from headers whose names were not folded beforehand.
  const unfolded = { raw, get: () => undefined };
  expect(canonicalHeaders(unfolded, ["host"])).toEqual(canonicalHeaders(new RawHeaderView(raw), ["host"]));
});
