/** Test support: values of the published cases (JSON) against values of the codecs (bytes, dates, special floats). */

import type { Shape } from "../model/shapes.ts";
import { parseTimestamp } from "../values/timestamps.ts";

/** A case's value as our codecs have it. */
export function fromCase(shape: Shape, value: unknown): unknown {
  if (value === null || value === undefined) return value;
  switch (shape.kind) {
    case "structure":
    case "union":
      return Object.fromEntries(
        Object.entries(value)
          // A null member is an absent one.
          .filter(([, item]) => item !== null)
          .map(([name, item]) => {
            const member = shape.members.find((candidate) => candidate.name === name);
            return [name, member === undefined ? item : fromCase(member.shape, item)];
          }),
      );
    case "list":
      return Array.isArray(value) ? value.map((item) => fromCase(shape.element.shape, item)) : value;
    case "map":
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fromCase(shape.value.shape, item)]));
    case "timestamp":
      if (typeof value === "number") return new Date(value * 1000);
      return typeof value === "string" ? (parseTimestamp(value, "date-time") ?? value) : value;
    case "blob":
      return typeof value === "string" ? new Uint8Array(Buffer.from(value, "utf8")) : value;
    case "float":
    case "number":
      return typeof value === "string" ? Number(value) : value;
    default:
      return value;
  }
}

/** The leaves of XML and JSON texts in one spelling: numbers and times are compared by what they mean. */
export function canonicalLeaf(text: string): string {
  const trimmed = text.trim();
  if (/^-?\d+(\.\d+)?$/.test(trimmed)) return String(Number(trimmed));
  const date =
    parseTimestamp(trimmed, "http-date") ?? (trimmed.length > 10 ? parseTimestamp(trimmed, "date-time") : undefined);
  return date === undefined ? trimmed : `time ${date.getTime()}`;
}
