/** Reads the log of an instance, from files alone: while it runs, after it ended, with or without its supervisor. */
import { closeSync, fstatSync, openSync, readFileSync, readSync } from "node:fs";
import { type LogLine, parseRecord } from "../../rules/log-record.ts";
import type { LogLoss } from "../../runtime.ts";
import { codeOf } from "../atomic-file.ts";
import { readUnwritten } from "./log-writer.ts";
import { countLines, listSegments, type Segment } from "./segments.ts";

const READ_BYTES = 64 * 1024;
const LINE_FEED = 0x0a;

/** Follows a log line by line; remembers where it is, and goes on there when more was written. */
export class LogCursor {
  readonly #directory: string;
  readonly #since: number;
  #fd: number | undefined;
  /** Number of the first line of the open file. */
  #first = 0;
  #offset = 0;
  /** Number of the next line to read. */
  #next: number;
  #rest: Uint8Array = new Uint8Array(0);

  /** @param tail how many of the last lines to begin with; undefined for all that there are */
  constructor(directory: string, options: { readonly tail?: number; readonly since?: number }) {
    this.#directory = directory;
    this.#since = options.since ?? 0;
    const oldest = listSegments(directory)[0]?.first ?? 1;
    this.#next = options.tail === undefined ? oldest : Math.max(oldest, endOf(directory) - options.tail);
  }

  /** Lines that stand in the files now, a chunk at a time. Empty when there are no more for the moment. */
  read(): readonly LogLine[] {
    for (;;) {
      if (this.#fd === undefined && !this.#open()) return [];
      const chunk = this.#readChunk();
      if (chunk !== undefined) {
        const lines = this.#linesOf(chunk);
        if (lines.length > 0) return lines;
        continue;
      }
      // The end of this file. A newer one means that nothing more comes here, but only a look after that is sure to have seen all.
      if (!this.#newer()) return [];
      const last = this.#readChunk();
      if (last !== undefined) {
        const lines = this.#linesOf(last);
        if (lines.length > 0) return lines;
        continue;
      }
      this.close();
      const gap = this.#openNext();
      if (gap !== undefined) return [gap];
    }
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
    this.#rest = new Uint8Array(0);
  }

  /** The file that holds the next line; at the first call it may lie in the middle of one. */
  #open(): boolean {
    const segments = listSegments(this.#directory);
    const holder = segments.findLast((segment) => segment.first <= this.#next) ?? segments[0];
    return holder !== undefined && this.#openSegment(holder);
  }

  #openSegment(segment: Segment): boolean {
    try {
      this.#fd = openSync(segment.path, "r");
    } catch (error) {
      if (codeOf(error) === "ENOENT") return false;
      throw error;
    }
    this.#first = segment.first;
    this.#offset = 0;
    this.#line = segment.first;
    this.#rest = new Uint8Array(0);
    return true;
  }

  /** Number of the line that begins at the start of `#rest`. */
  #line = 1;

  #newer(): boolean {
    return (listSegments(this.#directory).at(-1)?.first ?? 0) > this.#first;
  }

  /** Opens the file after the one that was read. When it is gone already, says how many lines are missed. */
  #openNext(): LogLine | undefined {
    const following = listSegments(this.#directory).find((segment) => segment.first >= this.#line);
    if (following === undefined || !this.#openSegment(following)) return undefined;
    const missed = following.first - this.#next;
    this.#next = Math.max(this.#next, following.first);
    if (missed <= 0) return undefined;
    const bytes = Buffer.from(`${missed} lines made room for newer ones before they were read`);
    return { time: Date.now(), stream: "system", bytes, truncated: false, droppedBytes: 0 };
  }

  #readChunk(): Uint8Array | undefined {
    if (this.#fd === undefined) return undefined;
    const chunk = new Uint8Array(READ_BYTES);
    const length = readSync(this.#fd, chunk, 0, READ_BYTES, this.#offset);
    this.#offset += length;
    return length === 0 ? undefined : chunk.subarray(0, length);
  }

  #linesOf(chunk: Uint8Array): readonly LogLine[] {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const lines: LogLine[] = [];
    let from = 0;
    for (let at = bytes.indexOf(LINE_FEED); at !== -1; at = bytes.indexOf(LINE_FEED, from)) {
      const number = this.#line;
      this.#line += 1;
      const line = number < this.#next ? undefined : parseRecord(bytes.subarray(from, at));
      if (line !== undefined && line.time >= this.#since) lines.push(line);
      from = at + 1;
    }
    this.#next = Math.max(this.#next, this.#line);
    this.#rest = bytes.slice(from);
    return lines;
  }
}

/** Number of the line that will be written next. */
function endOf(directory: string): number {
  for (;;) {
    const newest = listSegments(directory).at(-1);
    if (newest === undefined) return 1;
    try {
      return newest.first + countLines(readFileSync(newest.path));
    } catch (error) {
      // It was rotated away while we looked: look again.
      if (codeOf(error) !== "ENOENT") throw error;
    }
  }
}

export function lossOf(directory: string): LogLoss {
  return {
    rotatedLines: (listSegments(directory)[0]?.first ?? 1) - 1,
    unwrittenLines: readUnwritten(directory),
  };
}

/** Bytes of all files of the log together. */
export function logBytes(directory: string): number {
  return listSegments(directory).reduce((sum, segment) => {
    const fd = openSync(segment.path, "r");
    try {
      return sum + fstatSync(fd).size;
    } finally {
      closeSync(fd);
    }
  }, 0);
}
