/** JSON as policies need it. */

/** A JSON object whose members have not been looked at. */
export type JsonObject = { readonly [name: string]: unknown };

/** Whether a JSON value is an object and neither an array nor null. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A policy nests six deep (document, statements, statement, condition, operator, values); what nests deeper is not one. */
const depthMax = 16;

/**
 * Whether any object in valid JSON `text`, whose value is `parsed`, repeats a name, or nests deeper than any policy.
 *
 * `JSON.parse` keeps the last of two equal names. In a policy that would silently drop a condition, so that such documents are refused.
 */
export function isAmbiguousJson(text: string, parsed: unknown): boolean {
  return countColons(text) !== countMembers(parsed, 0);
}

/** Colons outside strings: one per member. */
function countColons(text: string): number {
  let colons = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (inString) {
      if (code === 0x5c) i++;
      else if (code === 0x22) inString = false;
    } else if (code === 0x22) inString = true;
    else if (code === 0x3a) colons++;
  }
  return colons;
}

/** Members of all objects within a value; not a number when it nests too deep, so that no count equals it. */
function countMembers(value: unknown, depth: number): number {
  if (typeof value !== "object" || value === null) return 0;
  if (depth === depthMax) return Number.NaN;
  const children: readonly unknown[] = Object.values(value);
  let members = Array.isArray(value) ? 0 : children.length;
  for (const child of children) members += countMembers(child, depth + 1);
  return members;
}
