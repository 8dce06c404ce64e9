/** A query, pair by pair. Pure. */

export interface QueryPair {
  /** Decoded. */
  readonly name: string;
  /** Decoded. */
  readonly value: string;
  /** As it is written. */
  readonly written: string;
}

export function queryPairs(query: string): readonly QueryPair[] {
  if (query === "") return [];
  return query.split("&").map((written) => {
    const equals = written.indexOf("=");
    const name = equals === -1 ? written : written.slice(0, equals);
    return { name: decoded(name), value: equals === -1 ? "" : decoded(written.slice(equals + 1)), written };
  });
}

/** What cannot be decoded is what is written. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text;
  }
}
