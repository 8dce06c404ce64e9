/** What of a request does not fit its description. */

export interface Violation {
  readonly in: "path" | "query" | "header" | "cookie" | "body";
  /** Of a parameter. */
  readonly name?: string;
  /** JSON Pointer into the value. */
  readonly pointer: string;
  /** What is allowed, to stand behind the name of the value. Never what was sent. */
  readonly message: string;
}

/** As many as are told. */
export const VIOLATIONS_MAX = 20;

/** `query parameter "limit" must be at most 100` */
export function sentenceOf({ in: place, name, pointer, message }: Violation): string {
  const what = name === undefined ? "The body" : `The ${place} parameter ${JSON.stringify(name)}`;
  return `${what}${pointer === "" ? "" : ` at ${pointer}`} ${message}.`;
}
