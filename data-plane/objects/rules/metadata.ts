/**
 * User metadata: at most 2 KB, and characters outside US-ASCII travel as RFC 2047 encoded words
 * (Amazon S3 user guide, "Working with object metadata").
 */
import { s3Error } from "../errors.ts";

/** 2 KB: UTF-8 bytes of all names (without `x-amz-meta-`) and values. */
export const METADATA_BYTES_MAX = 2 * 1024;

type Metadata = Readonly<Record<string, string>>;
const NO_METADATA: Metadata = Object.freeze({});

const ASCII = /^[\x00-\x7f]*$/;
const ENCODED_WORD = /=\?(utf-8)\?([bq])\?([^?]*)\?=/gi;

function decodeQ(text: string): Buffer {
  const bytes: number[] = [];
  for (let index = 0; index < text.length; index++) {
    const character = text[index]!;
    const hex = character === "=" ? text.slice(index + 1, index + 3) : "";
    if (/^[0-9a-f]{2}$/i.test(hex)) {
      bytes.push(Number.parseInt(hex, 16));
      index += 2;
    } else {
      bytes.push(character === "_" ? 0x20 : character.charCodeAt(0));
    }
  }
  return Buffer.from(bytes);
}

/** Bytes beyond ASCII that arrived one per character are UTF-8 where they can be; otherwise ISO 8859-1, as HTTP says. */
function fromWire(text: string): string {
  if (ASCII.test(text)) return text;
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > 0xff) return text;
  const bytes = Buffer.from(text, "latin1");
  const decoded = bytes.toString("utf8");
  return decoded.includes("\ufffd") ? text : decoded;
}

/** The value that a header means. */
export function decodeMetadataValue(text: string): string {
  const value = fromWire(text);
  if (!value.includes("=?")) return value;
  return value.replace(ENCODED_WORD, (_, _charset: string, coding: string, content: string) =>
    (coding.toLowerCase() === "b" ? Buffer.from(content, "base64") : decodeQ(content)).toString("utf8"),
  );
}

/** What a header can carry: ASCII as it is, anything else as one encoded word in base64. */
export function encodeMetadataValue(value: string): string {
  return ASCII.test(value) ? value : `=?UTF-8?B?${Buffer.from(value, "utf8").toString("base64")}?=`;
}

/**
 * Metadata as stored: lower-case names, decoded values.
 * @throws AwsError MetadataTooLarge
 */
export function storedMetadata(metadata: Metadata | undefined): Metadata {
  if (metadata === undefined) return NO_METADATA;
  let size = 0;
  let stored: Record<string, string> | undefined;
  for (const name in metadata) {
    // No prototype: a name such as `constructor` or `__proto__` is a name like any other.
    stored ??= Object.create(null) as Record<string, string>;
    const value = decodeMetadataValue(metadata[name]!);
    const lower = name.toLowerCase();
    // The same name in another case is the same header: values are joined, as HTTP joins repeated fields.
    stored[lower] = stored[lower] !== undefined ? `${stored[lower]},${value}` : value;
    size += Buffer.byteLength(name, "utf8") + Buffer.byteLength(value, "utf8");
  }
  if (size > METADATA_BYTES_MAX) {
    throw s3Error("MetadataTooLarge", 400, "Your metadata headers exceed the maximum allowed metadata size", {
      Size: size,
      MaxSizeAllowed: METADATA_BYTES_MAX,
    });
  }
  return stored ?? NO_METADATA;
}

/** Metadata as answered, or undefined when there is none. Returns its argument where nothing has to be encoded. */
export function answeredMetadata(metadata: Metadata): Metadata | undefined {
  let empty = true;
  let encode = false;
  for (const name in metadata) {
    empty = false;
    if (!ASCII.test(metadata[name]!)) {
      encode = true;
      break;
    }
  }
  if (empty) return undefined;
  if (!encode) return metadata;
  const result = Object.create(null) as Record<string, string>;
  for (const name in metadata) result[name] = encodeMetadataValue(metadata[name]!);
  return result;
}
