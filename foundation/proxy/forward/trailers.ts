/** Trailer fields that may be passed on (RFC 9110 §6.5.1). Pure. */

import { FORWARDED_NAMES } from "./forwarded.ts";
import { HOP_BY_HOP } from "./hop-by-hop.ts";

/** What must not come late: it says how the message is framed, routed or authenticated, or who the client is. */
const NOT_IN_TRAILERS: ReadonlySet<string> = new Set([
  ...HOP_BY_HOP,
  ...FORWARDED_NAMES,
  "authorization",
  "content-encoding",
  "content-length",
  "content-range",
  "content-type",
  "cookie",
  "host",
  "set-cookie",
  "trailer",
]);

/** @param raw name, value, name, value … */
export function passedTrailers(raw: readonly string[]): (readonly [name: string, value: string])[] {
  const fields: (readonly [string, string])[] = [];
  for (let i = 0; i < raw.length; i += 2) {
    if (!NOT_IN_TRAILERS.has(raw[i]!.toLowerCase())) fields.push([raw[i]!, raw[i + 1]!]);
  }
  return fields;
}
