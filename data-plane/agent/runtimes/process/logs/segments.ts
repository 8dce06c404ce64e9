/**
 * A log is a row of files, each named after the number of its first line: `0000000000000001.log`. So the number of lines that made room for newer ones is
 * the number in the oldest name, and nothing has to be counted elsewhere.
 */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** So many files at most; the oldest eighth goes when a new one is needed. */
export const SEGMENTS_MAX = 8;
const DIGITS = 16;
/** Lines that could not be written, as a number in decimal. */
export const UNWRITTEN_FILE = "unwritten";

export interface Segment {
  /** Number of its first line, from 1. */
  readonly first: number;
  readonly path: string;
}

export function segmentPath(directory: string, first: number): string {
  return join(directory, `${String(first).padStart(DIGITS, "0")}.log`);
}

/** Oldest first. */
export function listSegments(directory: string): readonly Segment[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .filter((name) => /^\d{16}\.log$/.test(name))
    .sort()
    .map((name) => ({ first: Number.parseInt(name, 10), path: join(directory, name) }));
}

/** Line feeds in `bytes`. */
export function countLines(bytes: Uint8Array): number {
  let lines = 0;
  for (let at = bytes.indexOf(0x0a); at !== -1; at = bytes.indexOf(0x0a, at + 1)) lines += 1;
  return lines;
}
