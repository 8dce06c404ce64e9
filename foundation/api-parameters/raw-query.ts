/** The query of a URL: names and values as they were sent, in order. Pure. */
import { decoded } from "./scalars.ts";

/** Values of a query by decoded name, still encoded; undefined for a name without `=`. */
export interface QueryValues extends Iterable<readonly [name: string, values: readonly (string | undefined)[]]> {
  get(name: string): readonly (string | undefined)[] | undefined;
}

export interface RawQuery {
  readonly byName: QueryValues;
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
  // Most queries are one pair, for which a table costs more than all the rest.
  return query.includes("&") ? parsePairs(query) : parsePair(query);
}

function parsePair(pair: string): RawQuery {
  if (pair === "") return { byName: NO_VALUES, isBroken: false };
  const equals = pair.indexOf("=");
  const name = plusDecoded(equals === -1 ? pair : pair.slice(0, equals));
  if (name === undefined) return { byName: NO_VALUES, isBroken: true };
  return { byName: new OneValue(name, [equals === -1 ? undefined : pair.slice(equals + 1)]), isBroken: false };
}

class OneValue implements QueryValues {
  readonly #name: string;
  readonly #values: readonly (string | undefined)[];

  constructor(name: string, values: readonly (string | undefined)[]) {
    this.#name = name;
    this.#values = values;
  }

  get(name: string): readonly (string | undefined)[] | undefined {
    return name === this.#name ? this.#values : undefined;
  }

  *[Symbol.iterator](): Generator<readonly [string, readonly (string | undefined)[]]> {
    yield [this.#name, this.#values];
  }
}

const NO_VALUES: QueryValues = new Map();

function parsePairs(query: string): RawQuery | undefined {
  const byName = new Map<string, (string | undefined)[]>();
  let isBroken = false;
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
