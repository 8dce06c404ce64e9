import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type ChunkedOutcome, ChunkedReader } from "./chunked-reader.ts";

interface Result {
  readonly outcome: ChunkedOutcome["kind"];
  readonly data: string;
  readonly trailers: readonly string[];
  /** What was left of the input. */
  readonly rest: string;
}

/** Feeds a text in pieces of the given lengths, the last one for the rest. */
function read(text: string, lengths: readonly number[] = []): Result {
  const reader = new ChunkedReader();
  const bytes = Buffer.from(text, "latin1");
  let data = "";
  let at = 0;
  for (const length of [...lengths, bytes.length]) {
    const piece = bytes.subarray(at, at + length);
    const outcome = reader.push(piece, 0, (part) => {
      data += Buffer.from(part).toString("latin1");
    });
    if (outcome.kind !== "more") {
      const rest = outcome.kind === "end" ? bytes.subarray(at + outcome.at).toString("latin1") : "";
      return { outcome: outcome.kind, data, trailers: reader.trailers, rest };
    }
    at += piece.length;
  }
  return { outcome: "more", data, trailers: reader.trailers, rest: "" };
}

const SOUND = '5\r\nhello\r\n00003;a;b=c;d="x;\\""\r\n \r\n\r\n0;e\r\nX-Sum: 7\r\nx:\r\n\r\nGET /';

describe("what is read", () => {
  test("the same, wherever the pieces are cut", () => {
    const whole = read(SOUND);
    expect(whole).toEqual({ outcome: "end", data: "hello \r\n", trailers: ["X-Sum", "7", "x", ""], rest: "GET /" });
    for (let cut = 0; cut <= SOUND.length; cut++) {
      for (const next of [1, 2, 7]) expect(read(SOUND, [cut, next])).toEqual(whole);
    }
    expect(read(SOUND, new Array(SOUND.length).fill(1))).toEqual(whole);
  });

  test("whatever is sent in chunks of any sizes", () => {
    const chunks = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 6 });
    fc.assert(
      fc.property(chunks, fc.array(fc.nat(20), { maxLength: 8 }), (parts, cuts) => {
        const text = parts.map((part) => `${part.length.toString(16)}\r\n${Buffer.from(part).toString("latin1")}\r\n`);
        const { outcome, data, rest } = read(`${text.join("")}0\r\n\r\n+`, cuts);
        expect([outcome, data, rest]).toEqual(["end", Buffer.concat(parts).toString("latin1"), "+"]);
      }),
      { numRuns: 200 },
    );
  });

  test("an end that is still to come", () => {
    for (const text of ["", "5", "5\r\nhel", "5\r\nhello\r\n", "0\r\n", "0\r\n\r", "0\r\nX: y\r\n"]) {
      expect(read(text).outcome).toBe("more");
    }
  });
});

describe("what others may read differently is refused", () => {
  test.each([
    ["no size", "\r\nhello\r\n"],
    ["no digit", "g\r\n"],
    ["a sign", "+5\r\nhello\r\n"],
    ["a prefix", "0x5\r\nhello\r\n"],
    ["a space before the size", " 5\r\nhello\r\n"],
    ["a space behind the size", "5 \r\nhello\r\n"],
    ["14 digits", "10000000000000\r\n"],
    ["LF alone behind the size", "5\nhello\r\n"],
    ["CR alone behind the size", "5\rhello\r\n"],
    ["more data than announced", "5\r\nhello!\r\n"],
    ["LF alone behind data", "5\r\nhello\n0\r\n\r\n"],
    ["an extension without a name", "5;\r\nhello\r\n"],
    ["an extension that ends in a semicolon", "5;a;\r\nhello\r\n"],
    ["an extension that begins with =", "5;=a\r\nhello\r\n"],
    ["LF in an extension", "5;a\nhello\r\n"],
    ["LF in a quoted extension", '5;a="\n"\r\nhello\r\n'],
    ["CR in a quoted extension", '5;a="\r\nhello\r\n'],
    ["a space in an extension", "5; a\r\nhello\r\n"],
    ["a malformed trailer", "0\r\nX : y\r\n\r\n"],
    ["a trailer with LF alone", "0\r\nX: y\nZ: a\r\n\r\n"],
  ])("%s", (_name, text) => {
    expect(read(text).outcome).toBe("malformed");
    expect(read(text, new Array(text.length).fill(1)).outcome).toBe("malformed");
  });
});

test("extensions and trailers have limits", () => {
  const chunk = (extension: number): string => `1;${"e".repeat(extension)}\r\nx\r\n`;
  expect(read(chunk(1000)).outcome).toBe("more");
  expect(read(chunk(1030)).outcome).toBe("malformed");
  expect(read(chunk(1000).repeat(10)).outcome).toBe("more");
  expect(read(chunk(1000).repeat(20)).outcome).toBe("malformed");
  const trailers = (count: number): string => `0\r\n${`X: ${"y".repeat(95)}\r\n`.repeat(count)}\r\n`;
  expect(read(trailers(100)).outcome).toBe("end");
  expect(read(trailers(200)).outcome).toBe("malformed");
  expect(read(trailers(200), new Array(20_000).fill(1)).outcome).toBe("malformed");
});
