/** How values compare: strings by their UTF-8 bytes, numbers by value, binary by unsigned bytes (developer guide, "Query", sort key order). */

import { type AttributeValue, attributeOf, type Item } from "./attribute-value.ts";
import { compareNumbers } from "./decimal.ts";

/**
 * Orders two strings by their UTF-8 bytes.
 *
 * JavaScript compares UTF-16 units, which differs only where a surrogate meets a unit above the surrogates: U+E000…U+FFFF come before the
 * characters that surrogate pairs spell.
 */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    const xIsSurrogate = (x & 0xf800) === 0xd800;
    const yIsSurrogate = (y & 0xf800) === 0xd800;
    if (xIsSurrogate !== yIsSurrogate && x >= 0xd800 && y >= 0xd800) return xIsSurrogate ? 1 : -1;
    return x - y;
  }
  return a.length - b.length;
}

/** The place of each base64 character in the alphabet, by code; `=` sorts before all, as the absence of bytes does. */
const base64Rank: Int8Array = (() => {
  const ranks = new Int8Array(128);
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (let i = 0; i < alphabet.length; i++) ranks[alphabet.charCodeAt(i)] = i;
  ranks["=".charCodeAt(0)] = -1;
  return ranks;
})();

/**
 * Orders two binary values, both as canonical base64, by their unsigned bytes.
 *
 * Each character is six bits of the bytes, in order, so the first difference decides; nothing is decoded.
 */
export function compareBase64(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return base64Rank[x]! - base64Rank[y]!;
  }
  return a.length - b.length;
}

/**
 * Orders two values of the same key type: negative, zero or positive.
 *
 * @returns undefined when the types differ or have no order: such values compare as false, whatever the operator
 */
export function compareValues(a: AttributeValue, b: AttributeValue): number | undefined {
  if ("S" in a) return "S" in b ? compareText(a.S, b.S) : undefined;
  if ("N" in a) return "N" in b ? compareNumbers(a.N, b.N) : undefined;
  if ("B" in a) return "B" in b ? compareBase64(a.B, b.B) : undefined;
  return undefined;
}

/** Whether two normalised values are the same: sets as sets, maps by name, lists in order, numbers by value. */
export function equalValues(a: AttributeValue, b: AttributeValue): boolean {
  if (a === b) return true;
  // Numbers and binary are canonical, so equal values are equal texts.
  if ("S" in a) return "S" in b && a.S === b.S;
  if ("N" in a) return "N" in b && a.N === b.N;
  if ("B" in a) return "B" in b && a.B === b.B;
  if ("BOOL" in a) return "BOOL" in b && a.BOOL === b.BOOL;
  if ("NULL" in a) return "NULL" in b;
  if ("SS" in a) return "SS" in b && equalSets(a.SS, b.SS);
  if ("NS" in a) return "NS" in b && equalSets(a.NS, b.NS);
  if ("BS" in a) return "BS" in b && equalSets(a.BS, b.BS);
  if ("L" in a) return "L" in b && equalLists(a.L, b.L);
  return "M" in b && equalItems(a.M, b.M);
}

/** Sets up to this size are compared by looking along them. */
const scanMax = 8;

function equalSets(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  // Elements are distinct: as many, and each in the other, is equal.
  if (a.length <= scanMax) return a.every((element) => b.includes(element));
  const elements = new Set(b);
  return a.every((element) => elements.has(element));
}

function equalLists(a: readonly AttributeValue[], b: readonly AttributeValue[]): boolean {
  return a.length === b.length && a.every((value, i) => equalValues(value, b[i]!));
}

/** Whether two items have the same attributes. */
export function equalItems(a: Item, b: Item): boolean {
  if (a === b) return true;
  let count = 0;
  for (const name in a) {
    const other = attributeOf(b, name);
    if (other === undefined || !equalValues(a[name]!, other)) return false;
    count++;
  }
  for (const _ in b) count--;
  return count === 0;
}
