/** One text for one manifest, and its hash. */
import { createHash } from "node:crypto";
import type { Manifest } from "./manifest.ts";

/**
 * JSON without blanks and with keys in the order of their UTF-16 code units, numbers and texts as ECMAScript writes them: RFC 8785 (JSON Canonicalization Scheme).
 * Entries that are undefined are left out.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value)
    .filter(([, entry]) => entry !== undefined)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, entry]) => `${JSON.stringify(key)}:${canonicalJson(entry)}`);
  return `{${entries.join(",")}}`;
}

/** SHA-256 of the canonical JSON of the normal form, in hex: the same for all files that mean the same. */
export function manifestHash(manifest: Manifest): string {
  return createHash("sha256").update(canonicalJson(manifest)).digest("hex");
}
