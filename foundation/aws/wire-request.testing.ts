/** Test support: requests without a server. */

import type { WireRequest } from "./wire.ts";

/** A request with the given target (path and query, raw). Header names may be in any case. */
export function wireRequest(
  method: string,
  target: string,
  headers: Readonly<Record<string, string>> = {},
): WireRequest {
  const question = target.indexOf("?");
  const raw = Object.entries(headers).flat();
  return {
    method,
    path: question < 0 ? target : target.slice(0, question),
    query: question < 0 ? "" : target.slice(question + 1),
    headers: {
      raw,
      get(lowerName) {
        const values = raw.filter((_, index) => index % 2 === 1 && raw[index - 1]?.toLowerCase() === lowerName);
        return values.length === 0 ? undefined : values.join(", ");
      },
    },
  };
}
