/** The one spelling of a JSON value: JSON Canonicalization Scheme, RFC 8785. Pure. */

/**
 * Members in the order of their names' UTF-16 code units, no white space, texts and numbers as ECMAScript writes them (RFC 8785 §3.2). Absent members take no part.
 * @param value plain JSON; texts must be well-formed Unicode
 */
export function canonicalJson(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  const members = value as Readonly<Record<string, unknown>>;
  let text = "";
  for (const name of Object.keys(members).sort()) {
    const member = members[name];
    if (member === undefined) continue;
    text += `${text === "" ? "" : ","}${JSON.stringify(name)}:${canonicalJson(member)}`;
  }
  return `{${text}}`;
}

/**
 * Reads what {@link canonicalJson} has written; undefined for everything else. What others may read in another way, members that are there twice for example, is never
 * taken for what it seems to say.
 */
export function parseCanonicalJson(bytes: Uint8Array): { readonly value: unknown } | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    const value: unknown = JSON.parse(text);
    return canonicalJson(value) === text ? { value } : undefined;
  } catch {
    return undefined;
  }
}
