import { expect, test } from "bun:test";
import fc from "fast-check";
import { LineSplitter } from "./line-splitter.ts";
import { LINE_BYTES_MAX } from "./log-record.ts";

interface Line {
  readonly bytes: string;
  readonly dropped: number;
}

function split(chunks: readonly Uint8Array[]): readonly Line[] {
  const lines: Line[] = [];
  const splitter = new LineSplitter((line, dropped) =>
    lines.push({ bytes: Buffer.from(line).toString("latin1"), dropped }),
  );
  for (const chunk of chunks) splitter.push(chunk);
  splitter.end();
  return lines;
}

/** The whole text at once, in as few words as possible. */
function splitPlainly(text: string): readonly Line[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines.map((line) => {
    const dropped = Math.max(0, line.length - LINE_BYTES_MAX);
    return { bytes: dropped > 0 ? line.slice(0, LINE_BYTES_MAX) : line.replace(/\r$/, ""), dropped };
  });
}

test("LineSplitter gives the same lines wherever the chunks are cut", () => {
  const piece = fc.oneof(
    fc.string({ unit: fc.constantFrom("a", "b", "\n", "\r"), maxLength: 30 }),
    fc.integer({ min: LINE_BYTES_MAX - 3, max: LINE_BYTES_MAX + 3 }).map((length) => "x".repeat(length)),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), fc.array(fc.nat(40_000), { maxLength: 6 }), (pieces, cuts) => {
      const bytes = Buffer.from(pieces.join(""), "latin1");
      const edges = [0, ...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length];
      const chunks = edges.slice(1).map((edge, index) => bytes.subarray(edges[index], edge));
      expect(split(chunks)).toEqual([...splitPlainly(pieces.join(""))]);
    }),
  );
});
