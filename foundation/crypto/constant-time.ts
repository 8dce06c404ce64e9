/** Comparison of secrets. */
import { timingSafeEqual } from "node:crypto";

/** Whether two texts are equal, in a time that depends on their lengths only. The lengths themselves are not secret. */
export function equalInConstantTime(left: string | Uint8Array, right: string | Uint8Array): boolean {
  const a = typeof left === "string" ? Buffer.from(left, "utf8") : left;
  const b = typeof right === "string" ? Buffer.from(right, "utf8") : right;
  return a.length === b.length && timingSafeEqual(a, b);
}
