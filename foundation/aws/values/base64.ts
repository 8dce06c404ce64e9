/** Strict base64 (RFC 4648 section 4): padding required, no other characters, so that one value has one spelling. */

/** Undefined when the text is not base64. */
export function decodeBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0) return undefined;
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const bytes = Buffer.from(text, "base64");
  // Buffer skips what is not base64 and also reads the URL alphabet: the first shows in the length, the second in the text.
  if (bytes.length !== (text.length / 4) * 3 - padding || text.includes("-") || text.includes("_")) return undefined;
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** The text of bytes. */
export function encodeBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}
