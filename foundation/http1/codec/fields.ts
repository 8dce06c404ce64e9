/** Field lines as they stand in the bytes that were received: places, not texts. */

import { equalsLower } from "./octets.ts";

/** Fields that a codec, a server or a proxy must know. Every other name is `OTHER`. */
export const FIELD = {
  OTHER: 0,
  HOST: 1,
  CONTENT_LENGTH: 2,
  TRANSFER_ENCODING: 3,
  CONNECTION: 4,
  UPGRADE: 5,
  EXPECT: 6,
  KEEP_ALIVE: 7,
  PROXY_CONNECTION: 8,
  TE: 9,
  TRAILER: 10,
  DATE: 11,
  PROXY_AUTHENTICATE: 12,
  PROXY_AUTHORIZATION: 13,
} as const;

export type FieldId = (typeof FIELD)[keyof typeof FIELD];

/** Numbers for each field: where its name begins and ends, where its value begins and ends, which one it is. */
const STRIDE = 5;
const FIELDS_AT_FIRST = 24;
/** Copies share the octets with what was received up to this; of more, which may be a large body, they keep their own. */
const SHARED_BYTES_MAX = 16 * 1024;
const NO_BYTES = Buffer.alloc(0);

/**
 * The fields of one head or trailer section, in the order, the case and the bytes of the wire.
 *
 * Nothing is decoded before it is asked for. A reader uses the same object for one message after the other: what is to be kept longer than the message
 * is taken out as text.
 */
export class Fields {
  /** What all places are places in. */
  bytes: Buffer = NO_BYTES;
  count = 0;
  #table: Int32Array;

  constructor(table = new Int32Array(FIELDS_AT_FIRST * STRIDE)) {
    this.#table = table;
  }

  /** @returns the place of the first field of that name, or -1 */
  find(id: FieldId): number {
    for (let i = 0; i < this.count; i++) if (this.#table[i * STRIDE + 4] === id) return i;
    return -1;
  }

  /** Fields that came in another form than lines. @param raw name, value, name, value … one character for each octet */
  static of(raw: readonly string[]): Fields {
    const fields = new Fields();
    let text = "";
    for (let i = 0; i < raw.length; i += 2) text += `${raw[i]}: ${raw[i + 1]}\r\n`;
    fields.bytes = Buffer.from(text, "latin1");
    let at = 0;
    for (let i = 0; i < raw.length; i += 2) {
      const nameEnd = at + raw[i]!.length;
      const valueEnd = nameEnd + 2 + raw[i + 1]!.length;
      fields.begin(at, nameEnd, fieldId(fields.bytes, at, nameEnd));
      fields.finish(nameEnd + 2, valueEnd);
      at = valueEnd + 2;
    }
    return fields;
  }

  /** The value of the field at a place, as text of one character for each byte. */
  value(index: number): string {
    const at = index * STRIDE;
    return this.bytes.toString("latin1", this.#table[at + 2], this.#table[at + 3]);
  }

  name(index: number): string {
    const at = index * STRIDE;
    return this.bytes.toString("latin1", this.#table[at], this.#table[at + 1]);
  }

  id(index: number): FieldId {
    return this.#table[index * STRIDE + 4] as FieldId;
  }

  /** Where the name begins: the line begins there too. */
  nameStart(index: number): number {
    return this.#table[index * STRIDE]!;
  }

  nameEnd(index: number): number {
    return this.#table[index * STRIDE + 1]!;
  }

  valueStart(index: number): number {
    return this.#table[index * STRIDE + 2]!;
  }

  valueEnd(index: number): number {
    return this.#table[index * STRIDE + 3]!;
  }

  /** Whether the field at a place has that name (in lower case). */
  isNamed(index: number, lowerName: string): boolean {
    const at = index * STRIDE;
    return equalsLower(this.bytes, this.#table[at]!, this.#table[at + 1]!, lowerName);
  }

  /** All values of the field joined with `", "`, or undefined when it is absent. */
  get(lowerName: string): string | undefined {
    let joined: string | undefined;
    for (let i = 0; i < this.count; i++) {
      if (this.isNamed(i, lowerName)) joined = joined === undefined ? this.value(i) : `${joined}, ${this.value(i)}`;
    }
    return joined;
  }

  has(lowerName: string): boolean {
    for (let i = 0; i < this.count; i++) if (this.isNamed(i, lowerName)) return true;
    return false;
  }

  /** Name, value, name, value … exactly as received; the caller's to keep. */
  toRaw(): string[] {
    const raw = new Array<string>(this.count * 2);
    for (let i = 0; i < this.count; i++) {
      raw[i * 2] = this.name(i);
      raw[i * 2 + 1] = this.value(i);
    }
    return raw;
  }

  /** The same, independent of the reader that goes on to the next message. */
  copy(): Fields {
    if (this.count === 0) return new Fields();
    const copy = new Fields(this.#table.slice(0, this.count * STRIDE));
    copy.count = this.count;
    if (this.bytes.length <= SHARED_BYTES_MAX) {
      // What was received changes no more: the reader goes on to the next message in other memory.
      copy.bytes = this.bytes;
      return copy;
    }
    const from = this.nameStart(0);
    // With the CRLF of the last line, which tells a plain one.
    copy.bytes = Buffer.from(this.bytes.subarray(from, this.valueEnd(this.count - 1) + 2));
    copy.shift(from);
    return copy;
  }

  /** For the scanner of heads, like the three below. */
  clear(): void {
    this.count = 0;
  }

  /** Adds a field whose value is still to come. */
  begin(nameStart: number, nameEnd: number, id: FieldId): void {
    const at = this.count++ * STRIDE;
    if (at + STRIDE > this.#table.length) {
      const larger = new Int32Array(this.#table.length * 2);
      larger.set(this.#table);
      this.#table = larger;
    }
    this.#table[at] = nameStart;
    this.#table[at + 1] = nameEnd;
    this.#table[at + 4] = id;
  }

  /** Completes the last one. */
  finish(valueStart: number, valueEnd: number): void {
    const at = (this.count - 1) * STRIDE;
    this.#table[at + 2] = valueStart;
    this.#table[at + 3] = valueEnd;
  }

  /** The bytes have moved towards their beginning. */
  shift(by: number): void {
    const table = this.#table;
    for (let at = 0; at < this.count * STRIDE; at += STRIDE) {
      table[at]! -= by;
      table[at + 1]! -= by;
      table[at + 2]! -= by;
      table[at + 3]! -= by;
    }
  }
}

/** Which field a name is. */
export function fieldId(bytes: Uint8Array, from: number, to: number): FieldId {
  switch (to - from) {
    case 2:
      return equalsLower(bytes, from, to, "te") ? FIELD.TE : FIELD.OTHER;
    case 4:
      if (equalsLower(bytes, from, to, "host")) return FIELD.HOST;
      return equalsLower(bytes, from, to, "date") ? FIELD.DATE : FIELD.OTHER;
    case 6:
      return equalsLower(bytes, from, to, "expect") ? FIELD.EXPECT : FIELD.OTHER;
    case 7:
      if (equalsLower(bytes, from, to, "upgrade")) return FIELD.UPGRADE;
      return equalsLower(bytes, from, to, "trailer") ? FIELD.TRAILER : FIELD.OTHER;
    case 10:
      if (equalsLower(bytes, from, to, "connection")) return FIELD.CONNECTION;
      return equalsLower(bytes, from, to, "keep-alive") ? FIELD.KEEP_ALIVE : FIELD.OTHER;
    case 14:
      return equalsLower(bytes, from, to, "content-length") ? FIELD.CONTENT_LENGTH : FIELD.OTHER;
    case 16:
      return equalsLower(bytes, from, to, "proxy-connection") ? FIELD.PROXY_CONNECTION : FIELD.OTHER;
    case 17:
      return equalsLower(bytes, from, to, "transfer-encoding") ? FIELD.TRANSFER_ENCODING : FIELD.OTHER;
    case 18:
      return equalsLower(bytes, from, to, "proxy-authenticate") ? FIELD.PROXY_AUTHENTICATE : FIELD.OTHER;
    case 19:
      return equalsLower(bytes, from, to, "proxy-authorization") ? FIELD.PROXY_AUTHORIZATION : FIELD.OTHER;
    default:
      return FIELD.OTHER;
  }
}
