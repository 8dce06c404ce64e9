/** Paths: `a.b[0]."c d"`. */
import { malformed } from "./refusals.ts";
import type { Expression, Path } from "./syntax.ts";
import type { TokenReader } from "./token-reader.ts";
import type { Token } from "./tokens.ts";

/** Lists have at most as many elements as an array of Java. */
const indexMax = 2_147_483_647n;

/** Reads what stands between brackets. */
export type ReadIndex = (reader: TokenReader) => Expression;

/** The rest of a path that begins with a name. */
export function continuePath(reader: TokenReader, root: Token, readIndex: ReadIndex): Path {
  const steps: (string | number)[] = [];
  for (;;) {
    if (reader.accept("mark", ".")) {
      if (!reader.is("name")) throw malformed("Invalid path dot component");
      steps.push(reader.take().text);
    } else if (reader.accept("mark", "[")) {
      const index = reader.nested(() => readIndex(reader));
      reader.expectMark("]");
      steps.push(stepOf(reader, index));
    } else {
      const { start, end } = root;
      return Object.freeze({
        kind: "path",
        root: root.text,
        steps: Object.freeze(steps),
        span: Object.freeze({ start, end }),
      });
    }
  }
}

/** A path where nothing else may stand: what is assigned to, removed or changed. */
export function parseSimplePath(reader: TokenReader, readIndex: ReadIndex): Path {
  if (!reader.is("name")) throw malformed("Expected identifier for simple path");
  return continuePath(reader, reader.take(), readIndex);
}

function stepOf(reader: TokenReader, index: Expression): string | number {
  if (index.kind === "literal" && index.type === "string") return index.text;
  if (index.kind !== "literal" || index.type !== "number" || !/^-?\d+$/.test(index.text)) {
    throw reader.refusedAt("Unexpected path component", index.span);
  }
  const value = BigInt(index.text);
  if (value < 0n || value > indexMax) {
    throw reader.refusedAt(`List index is not within the allowable range; index: [${index.text}]`, index.span);
  }
  return Number(value);
}
