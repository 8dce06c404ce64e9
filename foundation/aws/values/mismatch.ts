/** The error of a service that returns a value which its model does not allow. */

import type { Shape } from "../model/shapes.ts";

/** A `TypeError` that names the shape and what stood in its place, without the value itself: it may be a secret. */
export function mismatch(shape: Shape | Shape["kind"], value: unknown): TypeError {
  const expected = typeof shape === "string" ? shape : `${shape.kind} ${shape.name}`;
  const found = value === null ? "null" : Array.isArray(value) ? "an array" : typeof value;
  return new TypeError(`a service returned ${found} where its model has ${expected}`);
}
