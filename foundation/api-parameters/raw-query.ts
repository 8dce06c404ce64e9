/** The query of a URL: names and values as they were sent, in order. Pure. */
import { decoded } from "./scalars.ts";

export interface RawQuery {
  /** Values by decoded name, still encoded; undefined for a name without `=`. */
  readonly byName: ReadonlyMap<string, readonly (string | undefined)[]>;
  /** Whether some name was not well formed. */
  readonly isBroken: boolean;
}

/** In forms a blank is written as a plus sign (WHATWG URL §5.1). */
export const plusDecoded = (text: string): string | undefined =>
  decoded(text.includes("+") ? text.replaceAll("+", "%20") : text);

/** More than anybody sends by intent. */
export const QUERY_PAIRS_MAX = 1_000;

/** @param query without the question mark. @returns undefined when there are too many pairs */
export function parseQuery(query: string): RawQuery | undefined {
  const byName = new Map<string, (string | undefined)[]>();
  let isBroken = false;
  if (query !== "") {
    const pairs = query.split("&");
    if (pairs.length > QUERY_PAIRS_MAX) return undefined;
    for (const pair of pairs) {
      if (pair === "") continue;
      const equals = pair.indexOf("=");
      const name = plusDecoded(equals === -1 ? pair : pair.slice(0, equals));
      if (name === undefined) {
        isBroken = true;
        continue;
      }
      const value = equals === -1 ? undefined : pair.slice(equals + 1);
      const known = byName.get(name);
      if (known === undefined) byName.set(name, [value]);
      else known.push(value);
    }
  }
  return { byName, isBroken };
}

/** Cookies of a `Cookie` field (RFC 6265 §4.2.1), as they were sent. */
export function parseCookies(field: string): ReadonlyMap<string, readonly string[]> {
  const byName = new Map<string, string[]>();
  for (const pair of field.split(";")) {
    const equals = pair.indexOf("=");
    if (equals === -1) continue;
    const name = pair.slice(0, equals).trim();
    const value = pair.slice(equals + 1).trim();
    byName.set(name, [...(byName.get(name) ?? []), value]);
  }
  return byName;
}
