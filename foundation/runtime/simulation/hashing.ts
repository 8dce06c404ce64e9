/**
 * Small non-cryptographic hashes: for seeds of forked generators and for the trace. Pure.
 */

/** Scrambles 32 bits so that every input bit reaches every output bit (the finaliser of MurmurHash3). */
export function mix32(value: number): number {
  let hash = value | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** A 32-bit hash of a text (FNV-1a over UTF-16 code units, then mixed), different for each `salt`. */
export function hashText(text: string, salt: number): number {
  let hash = (0x811c9dc5 ^ salt) | 0;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return mix32(hash ^ text.length);
}
