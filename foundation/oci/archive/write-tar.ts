/** Writes tar archives as bytes that depend on the entries alone (POSIX.1-2017 pax; ustar headers, with extended ones only where a field is too short). */

import type { TarAttributes, TarKind } from "./tar-entry.ts";
import { BLOCK } from "./tar-header.ts";

const TYPES: Readonly<Record<TarKind, string>> = {
  file: "0",
  hardlink: "1",
  symlink: "2",
  character: "3",
  block: "4",
  directory: "5",
  fifo: "6",
};

/** Largest number in eleven octal digits: 8 GiB − 1. */
const SIZE_MAX = 0o77777777777;
/** Largest number in seven octal digits. */
const ID_MAX = 0o7777777;

/** The header blocks of one entry. Its contents follow, then `tarPadding` zeros. */
export function tarHeaderBlocks(entry: Omit<TarAttributes, "xattrs">): Uint8Array {
  const path = entry.kind === "directory" ? `${entry.path}/` : entry.path;
  const seconds = Math.floor(entry.modifiedMs / 1000);
  const records: [key: string, value: string][] = [];
  const fits = (text: string): boolean => Buffer.byteLength(text) <= 100 && /^[\x00-\x7f]*$/.test(text);
  if (!fits(path)) records.push(["path", path]);
  if (!fits(entry.linkPath)) records.push(["linkpath", entry.linkPath]);
  if (entry.sizeBytes > SIZE_MAX) records.push(["size", String(entry.sizeBytes)]);
  if (entry.uid > ID_MAX) records.push(["uid", String(entry.uid)]);
  if (entry.gid > ID_MAX) records.push(["gid", String(entry.gid)]);
  if (seconds < 0 || seconds > SIZE_MAX) records.push(["mtime", String(seconds)]);
  const header = ustar({ ...entry, path }, TYPES[entry.kind], Math.min(Math.max(seconds, 0), SIZE_MAX));
  if (records.length === 0) return header;
  const body = Buffer.concat(records.map(([key, value]) => paxLine(key, value)));
  const extended = ustar(
    { path: "PaxHeaders/entry", linkPath: "", mode: 0o644, uid: 0, gid: 0, sizeBytes: body.length },
    "x",
    0,
  );
  return Buffer.concat([extended, body, new Uint8Array(tarPadding(body.length)), header]);
}

/** Zeros that follow contents of `sizeBytes`. */
export function tarPadding(sizeBytes: number): number {
  return (BLOCK - (sizeBytes % BLOCK)) % BLOCK;
}

/** What ends an archive. */
export const TAR_END: Uint8Array = new Uint8Array(2 * BLOCK);

type UstarFields = Pick<TarAttributes, "path" | "linkPath" | "mode" | "uid" | "gid" | "sizeBytes">;

function ustar(fields: UstarFields, type: string, seconds: number): Uint8Array {
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, digits: number): void =>
    void block.write(value.toString(8).padStart(digits, "0"), at, digits, "latin1");
  // What does not fit stands in the extended header; the cut name only helps readers that know none.
  Buffer.from(fields.path).copy(block, 0, 0, 100);
  octal(fields.mode, 100, 7);
  octal(Math.min(fields.uid, ID_MAX), 108, 7);
  octal(Math.min(fields.gid, ID_MAX), 116, 7);
  octal(Math.min(fields.sizeBytes, SIZE_MAX), 124, 11);
  octal(seconds, 136, 11);
  block.fill(0x20, 148, 156);
  block.write(type, 156, 1, "latin1");
  Buffer.from(fields.linkPath).copy(block, 157, 0, 100);
  block.write("ustar\x0000", 257, 8, "latin1");
  let sum = 0;
  for (const byte of block) sum += byte;
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, 8, "latin1");
  return block;
}

/** A line counts its own length, digits included: the length grows until it fits. */
function paxLine(key: string, value: string): Buffer {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest + 1;
  while (String(length).length + rest !== length) length = String(length).length + rest;
  return Buffer.from(`${length} ${key}=${value}\n`);
}
