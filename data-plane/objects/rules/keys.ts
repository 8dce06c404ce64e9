/** What may be the key of an object (Amazon S3 user guide, "Naming Amazon S3 objects"). */
import { s3Error } from "../errors.ts";

/** Bytes of UTF-8. */
export const KEY_BYTES_MAX = 1024;
/** A UTF-16 unit is at most three bytes of UTF-8, so that keys up to 341 units need no counting. */
const KEY_UNITS_SURELY_SHORT = Math.floor(KEY_BYTES_MAX / 3);

/**
 * Refuses keys that S3 refuses. Everything else is a key of its own: `.`, `..`, `//`, a slash at either end, control characters.
 * @throws AwsError KeyTooLongError above 1024 bytes; InvalidURI when the text is not well-formed Unicode
 */
export function assertObjectKey(key: string): void {
  if (!key.isWellFormed())
    throw s3Error("InvalidURI", 400, "Couldn't parse the specified URI.", { URI: key.toWellFormed() });
  if (key.length <= KEY_UNITS_SURELY_SHORT) return;
  const size = Buffer.byteLength(key, "utf8");
  if (size > KEY_BYTES_MAX) {
    throw s3Error("KeyTooLongError", 400, "Your key is too long", { Size: size, MaxSizeAllowed: KEY_BYTES_MAX });
  }
}

/** Compares by UTF-8 bytes, which is the order of code points; `<` compares UTF-16 units and is wrong above U+FFFF. */
export function compareKeys(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) {
    const a = left.charCodeAt(index);
    const b = right.charCodeAt(index);
    if (a === b) continue;
    // Surrogates stand for code points above all other units: lift them over U+E000 … U+FFFF.
    const aIsSurrogate = (a & 0xf800) === 0xd800;
    const bIsSurrogate = (b & 0xf800) === 0xd800;
    if (aIsSurrogate !== bIsSurrogate) return aIsSurrogate ? 1 : -1;
    return a - b;
  }
  return left.length - right.length;
}
