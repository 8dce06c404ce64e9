/** Media types (RFC 9110 §8.3.1) and the ranges that descriptions name. Pure. */

const MEDIA_TYPE = /^\s*([!#$%&'*+\-.^_`|~0-9A-Za-z]+\/[!#$%&'*+\-.^_`|~0-9A-Za-z]+)\s*(;|$)/;

/** In lower case, without parameters; undefined for what is none. */
export function mediaTypeOf(contentType: string | undefined): string | undefined {
  return contentType === undefined ? undefined : MEDIA_TYPE.exec(contentType)?.[1]?.toLowerCase();
}

/**
 * How well a type that is sent fits one that is described; 0: not. The same type fits best; then the same structure (`application/json` described, `…+json` sent, RFC 6839);
 * then ranges.
 */
export function rankOf(described: string, sent: string): number {
  if (described === sent) return 4;
  const plus = sent.lastIndexOf("+");
  if (plus !== -1 && described === `application/${sent.slice(plus + 1)}`) return 3;
  if (described === "*/*" || described === "*") return 1;
  return described.endsWith("/*") && sent.startsWith(described.slice(0, -1)) ? 2 : 0;
}
