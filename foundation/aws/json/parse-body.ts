/** The JSON text of a body. */

import type { Shape, StructureShape } from "../model/shapes.ts";
import { MalformedInput } from "../values/malformed-input.ts";
import { parseJsonExactly } from "./number-text.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Parses a body; an empty one is `{}`. Throws `MalformedInput` (syntax) for text that is not UTF-8 or not JSON. */
export function parseJsonBody(body: Uint8Array, shape: StructureShape): unknown {
  if (body.length === 0) return {};
  try {
    const text = utf8.decode(body);
    return hasBigNumbers(shape) ? parseJsonExactly(text) : JSON.parse(text);
  } catch (error) {
    throw new MalformedInput(error instanceof Error ? error.message : String(error), { syntax: true });
  }
}

const bigNumbers = new WeakMap<Shape, boolean>();

/** Whether a value of the shape may hold a number beyond a double. Remembered per shape. */
function hasBigNumbers(root: StructureShape): boolean {
  const known = bigNumbers.get(root);
  if (known !== undefined) return known;
  const seen = new Set<Shape>();
  const open: Shape[] = [root];
  let found = false;
  for (let shape = open.pop(); shape !== undefined && !found; shape = open.pop()) {
    if (seen.has(shape)) continue;
    seen.add(shape);
    found = shape.kind === "bigInteger" || shape.kind === "bigDecimal";
    if (shape.kind === "list") open.push(shape.element.shape);
    else if (shape.kind === "map") open.push(shape.value.shape);
    else if (shape.kind === "structure" || shape.kind === "union") open.push(...shape.members.map((m) => m.shape));
  }
  bigNumbers.set(root, found);
  return found;
}
