/** The field that says on which request fields an answer depends (RFC 9110 §12.5.5). */
import type { HeaderFields } from "../../message/header-fields.ts";

/** Adds names to `Vary`, unless they or `*` are there already. @param names separated by commas */
export function addVary(headers: HeaderFields, names: string): void {
  const present = new Set(varyNames(headers));
  if (present.has("*")) return;
  const missing = names.split(/\s*,\s*/).filter((name) => !present.has(name.toLowerCase()));
  if (missing.length > 0) headers.append("Vary", missing.join(", "));
}

/** In lower case. */
export function varyNames(headers: HeaderFields): readonly string[] {
  const value = headers.get("vary");
  if (value === undefined) return [];
  return value
    .toLowerCase()
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}
