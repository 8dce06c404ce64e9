/** Credentials in a query: read, and taken off before it goes upstream. Pure. */

/** Values of a member, decoded as those of forms are; those that cannot be are left out. */
export function queryValues(query: string, name: string): readonly string[] {
  if (query === "") return [];
  return query.split("&").flatMap((pair) => {
    if (nameOf(pair) !== name) return [];
    const equals = pair.indexOf("=");
    const value = equals === -1 ? "" : decoded(pair.slice(equals + 1));
    return value === undefined ? [] : [value];
  });
}

/** The query without a member, the others as they were sent. */
export function queryWithout(query: string, name: string): string {
  return query
    .split("&")
    .filter((pair) => nameOf(pair) !== name)
    .join("&");
}

const nameOf = (pair: string): string | undefined => decoded(pair.split("=", 1)[0]!);

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll("+", "%20"));
  } catch {
    return undefined;
  }
}
