/** Names of protocols as TLS has them. Pure. */

/** RFC 7301 §3.1. */
export function alpnWire(names: readonly string[]): Buffer {
  return Buffer.concat(names.map((name) => Buffer.concat([Buffer.of(name.length), Buffer.from(name, "latin1")])));
}
