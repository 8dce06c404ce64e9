/** Where requests and connections go. */

import type { Origin } from "#foundation/http1";

/** One upstream server, by HTTP/1.1 or by any protocol. Equal ones share connections; to use the same object each time saves looking that up. */
export type Backend = Pick<Origin, "address" | "tls">;

/** `host:port` as it stands in a `Host` field; `localhost` for a socket in the file system. */
export function authorityOf({ address }: Backend): string {
  if (address.kind === "unix") return "localhost";
  const host = address.host.includes(":") ? `[${address.host}]` : address.host;
  return `${host}:${address.port}`;
}
