/** What plain scalars mean in YAML 1.2's core schema (§10.3.2). */

const INTEGER = /^[-+]?[0-9]+$/;
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
const BASED = /^0(?:o[0-7]+|x[0-9a-fA-F]+)$/;
const NOT_FINITE = /^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;

const WORDS: ReadonlyMap<string, boolean | null> = new Map([
  ["", null],
  ["~", null],
  ...["null", "Null", "NULL"].map((word) => [word, null] as const),
  ...["true", "True", "TRUE"].map((word) => [word, true] as const),
  ...["false", "False", "FALSE"].map((word) => [word, false] as const),
]);

/** The value; undefined for what JSON cannot say. Everything that looks like a date or like `no` is text. */
export function plainScalar(text: string): string | number | boolean | null | undefined {
  const word = text.length <= 5 ? WORDS.get(text) : undefined;
  if (word !== undefined) return word;
  const first = text.charCodeAt(0);
  // Numbers begin with a digit, a sign or a point: 0-9 are 48-57, + is 43, - is 45, . is 46.
  if (first < 43 || first > 57 || first === 44 || first === 47) return text;
  if (INTEGER.test(text) || FLOAT.test(text) || BASED.test(text)) {
    const value = Number(text.replace(/^\+/, ""));
    return Number.isFinite(value) ? value : undefined;
  }
  return NOT_FINITE.test(text) ? undefined : text;
}
