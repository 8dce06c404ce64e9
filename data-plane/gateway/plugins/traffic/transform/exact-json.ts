/** JSON that is changed in one place, and otherwise means what it meant: also numbers that no double holds. */

interface ExactJson {
  parse(text: string, revive: (key: string, value: unknown, context: { readonly source?: string }) => unknown): unknown;
  rawJSON(source: string): object;
  isRawJSON(value: unknown): boolean;
}

/** ECMAScript's proposal "JSON.parse source text access", which the engine has and the type library does not. */
const exact = JSON as unknown as ExactJson;

/** Only then something could be lost. Within a text it does no harm. */
const MAY_LOSE = /\d{16}|\d[eE]|\d\.\d*0\b|-0/;

/** @throws SyntaxError for what is no JSON; RangeError for what is nested too deep */
export function parseExactly(text: string): unknown {
  if (!MAY_LOSE.test(text)) return JSON.parse(text);
  return exact.parse(text, (_key, value, { source }) =>
    typeof value === "number" && source !== undefined && (String(value) !== source || Object.is(value, -0))
      ? exact.rawJSON(source)
      : value,
  );
}

/** Whether it has members. */
export function isContainer(value: unknown): value is Record<string, unknown> | unknown[] {
  return typeof value === "object" && value !== null && !exact.isRawJSON(value);
}
