/** Writes field sections (RFC 7541). Pure. */
import type { Octets } from "../frames/octets.ts";
import { FieldTable, sizeOf } from "./field-table.ts";
import { huffmanLength, writeHuffman } from "./huffman.ts";
import { STATIC_FIELDS } from "./static-table.ts";

/** Octets of the table that we keep for a peer that allows more. */
const TABLE_BYTES_MAX = 4096;
/** Their values are never the same twice, or nobody may learn them from the size of what is sent (§7.1). */
const NOT_KEPT = new Set([
  "age",
  "authorization",
  "content-length",
  "content-range",
  "date",
  "etag",
  "expires",
  "last-modified",
  "location",
  "ratelimit",
  "set-cookie",
  "traceparent",
  "x-request-id",
]);
/** An entry that takes more of the table than this drives out too much. */
const ENTRY_BYTES_MAX = TABLE_BYTES_MAX / 4;

const staticNames = new Map<string, number>();
const staticFields = new Map<string, number>();
for (let index = STATIC_FIELDS.length - 1; index > 0; index--) {
  const [name, value] = STATIC_FIELDS[index]!;
  staticNames.set(name, index);
  staticFields.set(`${name}\n${value}`, index);
}

export class FieldEncoder {
  readonly #numbers = new Map<string, number>();
  readonly #table: FieldTable;
  /** Sizes that the peer has to be told before the next field: the smallest since, and the last (§4.2). */
  #resized: { smallest: number; last: number } | undefined;

  constructor() {
    this.#table = new FieldTable(TABLE_BYTES_MAX, ([name, value], number) => {
      const key = `${name}\n${value}`;
      if (this.#numbers.get(key) === number) this.#numbers.delete(key);
    });
  }

  /** The peer keeps at most this. */
  set peerTableBytes(bytes: number) {
    const size = Math.min(bytes, TABLE_BYTES_MAX);
    if (size === this.#table.limit) return;
    this.#resized = { smallest: Math.min(size, this.#resized?.smallest ?? size), last: size };
    this.#table.limit = size;
  }

  /** To be called before the first field of a section. */
  begin(out: Octets): void {
    const resized = this.#resized;
    if (resized === undefined) return;
    this.#resized = undefined;
    if (resized.smallest < resized.last) integer(out, 0x20, 5, resized.smallest);
    integer(out, 0x20, 5, resized.last);
  }

  /** @param name in lower case @param value one character for each octet */
  field(out: Octets, name: string, value: string): void {
    const key = `${name}\n${value}`;
    const known = staticFields.get(key);
    if (known !== undefined) {
      integer(out, 0x80, 7, known);
      return;
    }
    const number = this.#numbers.get(key);
    if (number !== undefined) {
      integer(out, 0x80, 7, this.#table.indexOf(number));
      return;
    }
    const isKept = !NOT_KEPT.has(name) && sizeOf(name, value) <= ENTRY_BYTES_MAX;
    const added = isKept ? this.#table.add(name, value) : undefined;
    if (added !== undefined) this.#numbers.set(key, added);
    const nameIndex = staticNames.get(name) ?? 0;
    integer(out, added === undefined ? 0 : 0x40, added === undefined ? 4 : 6, nameIndex);
    if (nameIndex === 0) text(out, name);
    text(out, value);
  }
}

function integer(out: Octets, pattern: number, bits: number, value: number): void {
  const mask = (1 << bits) - 1;
  if (value < mask) {
    out.octet(pattern | value);
    return;
  }
  out.octet(pattern | mask);
  let rest = value - mask;
  for (; rest >= 0x80; rest >>= 7) out.octet((rest & 0x7f) | 0x80);
  out.octet(rest);
}

function text(out: Octets, value: string): void {
  const coded = huffmanLength(value);
  if (coded >= value.length) {
    integer(out, 0, 7, value.length);
    out.latin1(value);
    return;
  }
  integer(out, 0x80, 7, coded);
  out.reserve(coded);
  out.length = writeHuffman(value, out.bytes, out.length);
}
