/** Numbers as text, in XML, forms, headers and queries. */

import type { NumberShape } from "../model/shapes.ts";

const integer = /^[+-]?\d{1,400}$/;
const decimal = /^[+-]?(?:\d{1,400}(?:\.\d{0,400})?|\.\d{1,400})(?:[eE][+-]?\d{1,6})?$/;

/** Reads a number of the kind; undefined when the text is none. Big integers become `bigint`, big decimals stay text: nothing is rounded. */
export function parseNumber(text: string, kind: NumberShape["kind"]): number | bigint | string | undefined {
  switch (kind) {
    case "integer":
      return integer.test(text) ? Number(text) : undefined;
    case "bigInteger":
      return integer.test(text) ? BigInt(text.startsWith("+") ? text.slice(1) : text) : undefined;
    case "bigDecimal":
      return decimal.test(text) ? text : undefined;
    case "float":
    case "number":
      if (decimal.test(text)) return Number(text);
      return specialNumber(text);
  }
}

/** The three floats that have no digits (Smithy: "NaN", "Infinity", "-Infinity"). */
export function specialNumber(text: string): number | undefined {
  if (text === "NaN") return Number.NaN;
  if (text === "Infinity") return Number.POSITIVE_INFINITY;
  if (text === "-Infinity") return Number.NEGATIVE_INFINITY;
  return undefined;
}

/** Writes a number without an exponent where the value is an integer that prints with one. */
export function formatNumber(value: number | bigint | string): string {
  if (typeof value === "number" && Number.isInteger(value) && Math.abs(value) >= 1e21) return BigInt(value).toString();
  return String(value);
}
