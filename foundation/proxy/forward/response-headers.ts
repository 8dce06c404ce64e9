/** The fields of an upstream's response that the client gets. Pure. */

import type { ResponseHead } from "../codec/response-head.ts";
import { HOP_BY_HOP, nominated } from "./hop-by-hop.ts";

/** Name and value pairs that may be changed. */
export type MutableHeaders = (readonly [name: string, value: string])[];

/** In their order; without what is for one hop alone, and without the length, which the server writes. */
export function responseHeaders({ fields }: ResponseHead): MutableHeaders {
  const { raw, lowerNames } = fields;
  const headers: MutableHeaders = [];
  let connection: string | undefined;
  for (let i = 0; i < lowerNames.length; i++) {
    const name = lowerNames[i]!;
    if (name === "connection")
      connection = connection === undefined ? raw[i * 2 + 1]! : `${connection},${raw[i * 2 + 1]}`;
    if (name === "content-length" || HOP_BY_HOP.has(name)) continue;
    headers.push([raw[i * 2]!, raw[i * 2 + 1]!]);
  }
  const dropped = nominated(connection);
  return dropped.size === 0 ? headers : headers.filter(([name]) => !dropped.has(name.toLowerCase()));
}
