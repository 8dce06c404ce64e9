/** Which fields a module may write. */

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$/;
/** RFC 9110 §5.5, octets as characters. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Said by the gateway alone: how messages are framed, and what holds for one connection only (RFC 9110 §7.6.1). */
const OF_CONNECTIONS: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "host",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

export const isFieldName = (name: string): boolean => TOKEN.test(name) && !OF_CONNECTIONS.has(name.toLowerCase());
export const isFieldValue = (value: string): boolean => VALUE.test(value);

/** Of one call: adding fields is cheap, and keeping them is not. */
export const FIELDS_CHANGED_MAX = 256;
