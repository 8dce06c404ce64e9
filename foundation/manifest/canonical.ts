/** One text for one manifest, and its hash. */
import { createHash } from "node:crypto";
import { canonicalJson } from "#foundation/canonical-json";
import type { Manifest } from "./manifest.ts";

/** SHA-256 of the canonical JSON of the normal form, in hex: the same for all files that mean the same. */
export function manifestHash(manifest: Manifest): string {
  return createHash("sha256").update(canonicalJson(manifest)).digest("hex");
}
