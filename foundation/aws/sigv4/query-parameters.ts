/** The parameters of a raw query by decoded name; for the few parameters that signatures use. */

import { decodePercent } from "./uri-encoding.ts";

/**
 * Decodes a raw query. Of a repeated parameter the first value counts.
 *
 * A plus sign stays a plus sign: base64 signatures of Version 2 arrive both as `%2B` and, from careless clients, as `+`.
 */
export function queryParameters(query: string): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  let start = 0;
  while (start <= query.length) {
    const ampersand = query.indexOf("&", start);
    const end = ampersand === -1 ? query.length : ampersand;
    if (end > start) {
      let equals = query.indexOf("=", start);
      if (equals === -1 || equals > end) equals = end;
      const name = decodePercent(query.slice(start, equals));
      if (!parameters.has(name)) parameters.set(name, equals < end ? decodePercent(query.slice(equals + 1, end)) : "");
    }
    start = end + 1;
  }
  return parameters;
}
