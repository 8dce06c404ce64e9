/** Fields that are for the next hop alone (RFC 9110 §7.6.1). Pure. */

/** Never passed on, in lower case. */
export const HOP_BY_HOP: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "proxy-authenticate",
  "proxy-authorization",
  "te",
  "transfer-encoding",
  "upgrade",
]);

const NONE: ReadonlySet<string> = new Set();

/**
 * What a `Connection` field declares to be for the next hop, in lower case. Framing and host are never copied, so that they cannot be taken away.
 * @param connection its value (several joined with `,`), or undefined
 */
export function nominated(connection: string | undefined): ReadonlySet<string> {
  if (connection === undefined || connection === "keep-alive" || connection === "close") return NONE;
  const names = new Set<string>();
  for (const option of connection.toLowerCase().split(",")) {
    const name = option.trim();
    if (name !== "" && !HOP_BY_HOP.has(name)) names.add(name);
  }
  return names;
}
