/** Many rows as a few parameters: each column travels as one array (`unnest($1::bigint[], $2::text[])`). */

/**
 * An array as PostgreSQL reads it from text (manual, "Arrays", "Array Input and Output Syntax"). Every element is quoted, which is right for every type of element and keeps
 * the word NULL, commas and braces apart from what they would mean.
 */
export function arrayLiteral(values: readonly (string | number | boolean | null)[]): string {
  const elements = values.map((value) => (value === null ? "NULL" : `"${String(value).replaceAll(/["\\]/g, "\\$&")}"`));
  return `{${elements.join(",")}}`;
}
