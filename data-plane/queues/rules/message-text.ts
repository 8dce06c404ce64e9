/** What a message may be made of, and its digest (SQS API Reference, SendMessage). */

/** XML 1.0 takes none of these, and so SQS takes none in either protocol. */
const FORBIDDEN = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/;

/** Whether a text consists of #x9 | #xA | #xD | #x20-#xD7FF | #xE000-#xFFFD | #x10000-#x10FFFF. */
export const isAllowedText = (text: string): boolean => !FORBIDDEN.test(text) && text.isWellFormed();

/** Bytes of a text in UTF-8. */
export const byteLength = (text: string): number => Buffer.byteLength(text);

/** Lower-case hexadecimal MD5 of a text in UTF-8. */
export const md5Hex = (text: string | Uint8Array): string => Bun.MD5.hash(text, "hex");

/** Lower-case hexadecimal SHA-256: the deduplication id of a body, where the queue makes one itself. Attributes do not count. */
export const contentDeduplicationId = (body: string): string => Bun.SHA256.hash(body, "hex");
