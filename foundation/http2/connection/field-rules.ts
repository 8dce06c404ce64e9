/** What fields of HTTP/2 look like, of requests and of responses (RFC 9113 §8.2). Pure. */
import { type Fields, is, TEXT, TOKEN } from "#foundation/http1";

/** The message is malformed, and said to be nothing more than that (§8.1.1). */
export const MALFORMED = "malformed";

/** For one hop of another version (§8.2.2). */
export const OF_CONNECTIONS: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
]);

/** Token of letters in lower case (§8.2.1). */
export function isName(name: string): boolean {
  if (name === "") return false;
  for (let i = 0; i < name.length; i++) {
    const octet = name.charCodeAt(i);
    if (!is(octet, TOKEN) || (octet >= 0x41 && octet <= 0x5a)) return false;
  }
  return true;
}

/** Without blanks around it, and without control characters. */
export function isValue(value: string): boolean {
  for (let i = 0; i < value.length; i++) if (!is(value.charCodeAt(i), TEXT)) return false;
  return value === "" || (!isBlank(value.charCodeAt(0)) && !isBlank(value.charCodeAt(value.length - 1)));
}

function isBlank(octet: number): boolean {
  return octet === 0x20 || octet === 0x09;
}

/** What `content-length` says; undefined when it is not there. */
export function lengthOf(fields: Fields): number | undefined | typeof MALFORMED {
  const text = fields.get("content-length");
  if (text === undefined) return undefined;
  const length = /^\d{1,15}$/.test(text) ? Number(text) : -1;
  return length === -1 ? MALFORMED : length;
}
