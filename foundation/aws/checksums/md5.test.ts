import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { Md5Stream } from "./md5-stream.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const reference = (bytes: Uint8Array): string => createHash("md5").update(bytes).digest("hex");
const message = (length: number, seed: number): Uint8Array =>
  new Uint8Array(length).map((_, index) => (index * 31 + (index >> 8) * 7 + seed) & 0xff);

describe("one message", () => {
  // RFC 1321 appendix A.5.
  test.each([
    ["", "d41d8cd98f00b204e9800998ecf8427e"],
    ["abc", "900150983cd24fb0d6963f7d28e17f72"],
    [
      "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
      "57edf4a22be3c955ac49da2e2107b67a",
    ],
  ])("the published digest of %p", (text, digest) => {
    const stream = new Md5Stream();
    stream.update(new TextEncoder().encode(text));
    expect(hex(stream.digest())).toBe(digest);
  });

  test("every length around the ends of blocks, in pieces of every length", () => {
    for (const length of [1, 55, 56, 57, 63, 64, 65, 119, 120, 127, 128, 129, 1000, 70_000]) {
      const bytes = message(length, length);
      for (const piece of [1, 7, 63, 64, 65, 300, 70_000]) {
        if (length / piece > 2000) continue;
        const stream = new Md5Stream();
        for (let at = 0; at < length; at += piece) stream.update(bytes.subarray(at, at + piece));
        expect(hex(stream.digest())).toBe(reference(bytes));
      }
    }
  });
});

describe("several messages together", () => {
  test.each([
    ["four alike", [262_144, 262_144, 262_144, 262_144]],
    ["three, one shorter", [262_144, 262_144, 70_001]],
    ["two, one empty", [262_144, 0]],
    ["lengths that are no blocks", [100, 1000, 64, 65]],
    ["one alone", [100_000]],
    ["more than there are lanes", [640, 640, 640, 640, 640]],
  ])("%s", (_, lengths) => {
    const messages = lengths.map((length, index) => message(length, index));
    const streams = lengths.map(() => new Md5Stream());
    Md5Stream.updateTogether(streams, messages);
    expect(streams.map((stream) => hex(stream.digest()))).toEqual(messages.map(reference));
  });

  test("streams that meet and part again", () => {
    const streams = Array.from({ length: 4 }, () => new Md5Stream());
    const taken: Uint8Array[][] = streams.map(() => []);
    const turn = (who: readonly number[], lengthOf: (index: number) => number): void => {
      const pieces = who.map((index) => message(lengthOf(index), index + taken[index]!.length));
      Md5Stream.updateTogether(
        who.map((index) => streams[index]!),
        pieces,
      );
      for (const [place, index] of who.entries()) taken[index]!.push(pieces[place]!);
    };
    turn([0, 1, 2, 3], () => 128);
    turn([1, 3], () => 6400);
    turn([0], () => 13);
    turn([0, 1, 2], () => 640);
    turn([0], () => 51);
    turn([3, 2, 1, 0], (index) => 6400 + 64 * index);
    expect(streams.map((stream) => hex(stream.digest()))).toEqual(
      taken.map((pieces) => reference(Buffer.concat(pieces))),
    );
  });
});
