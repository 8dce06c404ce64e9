/** Octets out of what a socket has delivered. Pure. */

/**
 * Up to this, octets are copied. What sockets deliver in small pieces has no buffer behind it in JavaScriptCore until somebody wants a view, and making one costs half a microsecond and
 * more for the collector: five times what copying a small body costs.
 */
const COPIED_BYTES_MAX = 4 * 1024;

/** The octets from `from` to `to`, which stay what they are: a view of `bytes` where they are many. */
export function partOf(bytes: Buffer, from: number, to: number): Buffer {
  const length = to - from;
  if (length === bytes.length) return bytes;
  if (length > COPIED_BYTES_MAX) return bytes.subarray(from, to);
  const copy = Buffer.allocUnsafeSlow(length);
  bytes.copy(copy, 0, from, to);
  return copy;
}
