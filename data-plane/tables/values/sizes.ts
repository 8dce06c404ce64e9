/** Bytes as DynamoDB counts them (developer guide, "DynamoDB item sizes and formats"). */

import type { AttributeValue, Item } from "./attribute-value.ts";
import { numberSize } from "./decimal.ts";

/** A list or map has 3 bytes of its own, and 1 per element. */
const documentOverhead = 3;
const elementOverhead = 1;

/** Bytes of an item: names as UTF-8, and values. */
export function itemSize(item: Item): number {
  let size = 0;
  for (const name in item) size += textSize(name) + valueSize(item[name]!);
  return size;
}

/** Bytes of a normalised value, without the attribute's name. */
export function valueSize(value: AttributeValue): number {
  if ("S" in value) return textSize(value.S);
  if ("N" in value) return numberSize(value.N);
  if ("B" in value) return base64Size(value.B);
  if ("BOOL" in value || "NULL" in value) return 1;
  if ("M" in value) return mapSize(value.M);
  if ("L" in value) {
    let size = documentOverhead;
    for (const element of value.L) size += elementOverhead + valueSize(element);
    return size;
  }
  if ("SS" in value) return sumOf(value.SS, textSize);
  if ("NS" in value) return sumOf(value.NS, numberSize);
  return sumOf(value.BS, base64Size);
}

function mapSize(map: Item): number {
  let size = documentOverhead;
  for (const name in map) size += elementOverhead + textSize(name) + valueSize(map[name]!);
  return size;
}

function sumOf(elements: readonly string[], sizeOf: (element: string) => number): number {
  let size = 0;
  for (const element of elements) size += sizeOf(element);
  return size;
}

/** Texts up to this length are counted here: most are ASCII, and a call into the runtime costs more. */
const countedMax = 24;

/** Bytes of a string as UTF-8. */
export function textSize(text: string): number {
  const { length } = text;
  if (length > countedMax) return Buffer.byteLength(text, "utf8");
  for (let i = 0; i < length; i++) if (text.charCodeAt(i) >= 0x80) return Buffer.byteLength(text, "utf8");
  return length;
}

/** Bytes that canonical base64 stands for. */
export function base64Size(text: string): number {
  if (text === "") return 0;
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  return (text.length / 4) * 3 - padding;
}
