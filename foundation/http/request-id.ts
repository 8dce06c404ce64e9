/** Request ids: 16 random upper-case hex digits (64 bits), cut from a pool so that one costs a slice. */

import { randomBytes } from "node:crypto";

const POOL_BYTES = 4096;
const ID_DIGITS = 16;

/** A generator of request ids. Unique enough to find one request in a log; no secret. */
export function createRequestIds(): () => string {
  let pool = "";
  let next = 0;
  return () => {
    if (next === pool.length) {
      pool = randomBytes(POOL_BYTES).toString("hex").toUpperCase();
      next = 0;
    }
    next += ID_DIGITS;
    return pool.slice(next - ID_DIGITS, next);
  };
}
