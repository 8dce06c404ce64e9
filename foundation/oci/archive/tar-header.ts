/**
 * One 512-byte header of a tar archive (POSIX.1-2017 pax, "ustar Interchange Format"; GNU tar manual, "Basic Tar Format").
 */

import { layerInvalid } from "../errors.ts";

export const BLOCK = 512;

/** A header as written; names and numbers may still be overruled by extended headers before it. */
export interface TarHeader {
  readonly name: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly modifiedSeconds: number;
  readonly type: string;
  readonly linkName: string;
  /** Whether the fields after the magic are those of old GNU tar, where `prefix` means something else. */
  readonly gnu: boolean;
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Text of a name. Files are made by name, so that a name which is not UTF-8 could not be made faithfully. */
export function decodeName(bytes: Uint8Array): string {
  let text: string;
  try {
    text = UTF8.decode(bytes);
  } catch {
    throw layerInvalid(
      `The archive holds a name that is not UTF-8: ${JSON.stringify(Buffer.from(bytes).toString("latin1"))}.`,
    );
  }
  if (text.includes("\0")) throw layerInvalid("The archive holds a name with a NUL in it.");
  return text;
}

/** The text of a field that ends at its first NUL or where the field ends. */
function fieldText(block: Uint8Array, start: number, length: number): string {
  const field = block.subarray(start, start + length);
  const end = field.indexOf(0);
  return decodeName(end < 0 ? field : field.subarray(0, end));
}

/**
 * A number of a header: octal digits between blanks, or, when the first bit is set, big-endian binary (GNU).
 * An empty field is 0.
 */
export function fieldNumber(block: Uint8Array, start: number, length: number, what: string): number {
  const first = block[start]!;
  if (first === 0x80 || first === 0xff) return binaryNumber(block, start, length, what);
  let value = 0;
  let seen = false;
  let ended = false;
  for (let at = start; at < start + length; at++) {
    const byte = block[at]!;
    if (byte === 0x20 || byte === 0) ended ||= seen;
    else if (byte < 0x30 || byte > 0x37 || ended) throw layerInvalid(`The archive's ${what} is not a number.`);
    else {
      seen = true;
      value = value * 8 + (byte - 0x30);
    }
  }
  return value;
}

function binaryNumber(block: Uint8Array, start: number, length: number, what: string): number {
  const negative = block[start] === 0xff;
  let value = negative ? -1n : 0n;
  for (let at = start + 1; at < start + length; at++) value = (value << 8n) | BigInt(block[at]!);
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw layerInvalid(`The archive's ${what} is out of range.`);
  return number;
}

export function isZeroBlock(block: Uint8Array): boolean {
  for (const byte of block) if (byte !== 0) return false;
  return true;
}

/** The checksum counts its own field as blanks; old writers summed signed bytes. */
function assertChecksum(block: Uint8Array): void {
  const written = fieldNumber(block, 148, 8, "checksum");
  let unsigned = 8 * 0x20;
  let signed = 8 * 0x20;
  for (let at = 0; at < BLOCK; at++) {
    if (at >= 148 && at < 156) continue;
    const byte = block[at]!;
    unsigned += byte;
    signed += byte > 127 ? byte - 256 : byte;
  }
  if (written !== unsigned && written !== signed) throw layerInvalid("A header of the archive has the wrong checksum.");
}

/** @throws image_layer_invalid when the block is not a header */
export function parseTarHeader(block: Uint8Array): TarHeader {
  assertChecksum(block);
  const magic = Buffer.from(block.subarray(257, 265)).toString("latin1");
  const gnu = magic === "ustar  \0";
  const posix = magic.startsWith("ustar\0");
  const prefix = posix ? fieldText(block, 345, 155) : "";
  const name = fieldText(block, 0, 100);
  const size = fieldNumber(block, 124, 12, "size");
  if (size < 0) throw layerInvalid("The archive holds a file of negative size.");
  return {
    name: prefix === "" ? name : `${prefix}/${name}`,
    mode: fieldNumber(block, 100, 8, "mode") & 0o7777,
    uid: fieldNumber(block, 108, 8, "user"),
    gid: fieldNumber(block, 116, 8, "group"),
    size,
    modifiedSeconds: fieldNumber(block, 136, 12, "time"),
    type: String.fromCharCode(block[156]!),
    linkName: fieldText(block, 157, 100),
    gnu,
  };
}
