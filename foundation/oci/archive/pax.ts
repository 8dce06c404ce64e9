/** Extended headers (POSIX.1-2017 pax, "pax Extended Header"): lines of `length key=value\n`. */

import { layerInvalid } from "../errors.ts";
import { decodeName } from "./tar-header.ts";

/** What extended headers say. A key that occurs twice counts by its last value; the two lists keep all. */
export interface PaxRecords {
  readonly values: ReadonlyMap<string, string>;
  /** `GNU.sparse.offset` and `GNU.sparse.numbytes` in turn: version 0.0 of sparse files repeats the keys. */
  readonly sparsePairs: readonly string[];
  readonly xattrs: readonly string[];
}

export const NO_RECORDS: PaxRecords = { values: new Map(), sparsePairs: [], xattrs: [] };

const XATTR = "SCHILY.xattr.";

/** @throws image_layer_invalid when the lines are not well formed */
export function parsePax(bytes: Uint8Array): PaxRecords {
  const values = new Map<string, string>();
  const sparsePairs: string[] = [];
  const xattrs: string[] = [];
  let at = 0;
  while (at < bytes.length) {
    const space = bytes.indexOf(0x20, at);
    const digits = space < 0 ? "" : Buffer.from(bytes.subarray(at, Math.min(space, at + 12))).toString("latin1");
    const length = /^[1-9][0-9]*$/.test(digits) ? Number(digits) : 0;
    const end = at + length;
    if (length <= digits.length + 2 || end > bytes.length || bytes[end - 1] !== 0x0a) throw malformed();
    const equals = bytes.indexOf(0x3d, space + 1);
    if (equals < 0 || equals >= end || equals === space + 1) throw malformed();
    const key = decodeName(bytes.subarray(space + 1, equals));
    const raw = bytes.subarray(equals + 1, end - 1);
    at = end;
    // Attributes may hold any bytes; only that they are there is of interest.
    if (key.startsWith(XATTR)) xattrs.push(key.slice(XATTR.length));
    else if (!isOfInterest(key)) continue;
    else if (key === "GNU.sparse.offset" || key === "GNU.sparse.numbytes") sparsePairs.push(decodeName(raw));
    else values.set(key, decodeName(raw));
  }
  return { values, sparsePairs, xattrs };
}

function isOfInterest(key: string): boolean {
  return key.startsWith("GNU.sparse.") || ["path", "linkpath", "size", "uid", "gid", "mtime"].includes(key);
}

/** Later records overrule earlier ones; an empty value takes the earlier one back. */
export function mergePax(first: PaxRecords, second: PaxRecords): PaxRecords {
  if (first === NO_RECORDS) return second;
  if (second === NO_RECORDS) return first;
  return {
    values: new Map([...first.values, ...second.values]),
    sparsePairs: second.sparsePairs.length > 0 ? second.sparsePairs : first.sparsePairs,
    xattrs: [...new Set([...first.xattrs, ...second.xattrs])],
  };
}

/** A whole number of an extended header, or undefined when the key is absent or empty. */
export function paxInteger(records: PaxRecords, key: string): number | undefined {
  const text = records.values.get(key);
  if (text === undefined || text === "") return undefined;
  return paxNumber(text, key);
}

export function paxNumber(text: string, key: string): number {
  const value = /^[0-9]{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw layerInvalid(`The archive's ${key} is not a number.`);
  return value;
}

/** Seconds since 1970 with a fraction, or undefined. */
export function paxTime(records: PaxRecords): number | undefined {
  const text = records.values.get("mtime");
  if (text === undefined || text === "") return undefined;
  if (!/^-?[0-9]{1,12}(\.[0-9]{0,30})?$/.test(text)) throw layerInvalid("The archive's mtime is not a time.");
  return Number(text);
}

function malformed(): Error {
  return layerInvalid("An extended header of the archive is not well formed.");
}
