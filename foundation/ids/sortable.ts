/** Identifiers that sort by time of creation: UUID version 7 and ULID. */

import type { Random } from "#foundation/runtime";
import { CROCKFORD } from "./base32.ts";
import type { Ulid, Uuid } from "./brand.ts";

/** 48 bits: the year 10889. */
const TIME_MAX = 2 ** 48 - 1;
const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const ULID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;

/**
 * A generator of UUIDs version 7 (RFC 9562 §5.7).
 *
 * Ids of one generator strictly ascend, also within a millisecond and when the clock steps back: the 12 bits after the time are a counter that
 * starts below half of its range (§6.2, method 1); when it runs over, the time is advanced.
 *
 * @param now wall clock, epoch milliseconds
 */
export function createUuidV7(random: Random, now: () => number): () => Uuid {
  let time = -1;
  let counter = 0;
  return () => {
    const current = Math.min(Math.max(0, Math.floor(now())), TIME_MAX);
    if (current > time) {
      time = current;
      counter = random.uint32() & 0x7ff;
    } else if (++counter > 0xfff) {
      time++;
      counter = 0;
    }
    const bytes = random.bytes(8);
    bytes[0] = (bytes[0]! & 0x3f) | 0x80;
    const head = time.toString(16).padStart(12, "0");
    const tail = Buffer.from(bytes.buffer, bytes.byteOffset, 8).toString("hex");
    const version = (0x7000 | counter).toString(16);
    return `${head.slice(0, 8)}-${head.slice(8)}-${version}-${tail.slice(0, 4)}-${tail.slice(4)}` as Uuid;
  };
}

/** Whether `text` is a UUID version 7 in lower-case form. */
export function isUuidV7(text: string): text is Uuid {
  return UUID_V7.test(text);
}

/** Epoch milliseconds in a UUID version 7. */
export function uuidV7Time(id: Uuid): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}

/**
 * A generator of ULIDs: 10 characters of time, 16 of chance, in Crockford's base 32. Ids of one generator strictly ascend: within a millisecond
 * (or when the clock steps back) the random part is incremented.
 */
export function createUlid(random: Random, now: () => number): () => Ulid {
  let time = -1;
  const digits = new Uint8Array(16);
  return () => {
    const current = Math.min(Math.max(0, Math.floor(now())), TIME_MAX);
    if (current > time) {
      time = current;
      const bytes = random.bytes(16);
      for (let i = 0; i < 16; i++) digits[i] = bytes[i]! & 31;
    } else if (!increment(digits)) time++;
    let text = timeDigits(time);
    for (const digit of digits) text += CROCKFORD[digit];
    return text as Ulid;
  };
}

/** Whether `text` is a ULID in its canonical (upper-case) form. */
export function isUlid(text: string): text is Ulid {
  return ULID.test(text);
}

/** Adds one in base 32; false when it ran over to zero. */
function increment(digits: Uint8Array): boolean {
  for (let i = digits.length - 1; i >= 0; i--) {
    if (digits[i]! < 31) {
      digits[i]! += 1;
      return true;
    }
    digits[i] = 0;
  }
  return false;
}

function timeDigits(time: number): string {
  let text = "";
  let rest = time;
  for (let i = 0; i < 10; i++) {
    text = CROCKFORD[rest % 32] + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}
