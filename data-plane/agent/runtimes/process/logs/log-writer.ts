/**
 * Writes the log of one instance: bounded on disk and in memory. The supervisor reads the program's output no faster than this writes, so that a program
 * that talks faster than the disk waits, and nothing is dropped; only when the disk refuses (full) are lines lost, and counted.
 */
import { closeSync, fstatSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { LineSplitter } from "../../rules/line-splitter.ts";
import { type LogStream, RECORD_BYTES_MAX, recordHead } from "../../rules/log-record.ts";
import { codeOf } from "../atomic-file.ts";
import { countLines, listSegments, SEGMENTS_MAX, segmentPath, UNWRITTEN_FILE } from "./segments.ts";

const BATCH_BYTES = 256 * 1024;
const LINE_FEED = 0x0a;

export interface LogWriter {
  /** Takes a chunk of output apart into lines, and writes those that are complete. */
  write(stream: "stdout" | "stderr", chunk: Uint8Array): void;
  /** A line of our own. */
  say(text: string): void;
  /** Writes what has no line feed yet. */
  close(): void;
}

export interface LogWriterOptions {
  readonly directory: string;
  readonly bytesMax: number;
  readonly now: () => number;
  /** Lines stand in the file now. */
  readonly onAppended: () => void;
}

export function openLogWriter({ directory, bytesMax, now, onAppended }: LogWriterOptions): LogWriter {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const segmentBytesMax = Math.floor(bytesMax / SEGMENTS_MAX);
  let segment = openNewest(directory);
  let unwritten = readUnwritten(directory);
  let unwrittenNow = 0;
  let failure: string | undefined;

  // Records wait here until the chunk that they came from has been taken apart: one write a chunk instead of one a line.
  const batch = new Uint8Array(BATCH_BYTES);
  let batchBytes = 0;
  let batchLines = 0;

  const append = (bytes: Uint8Array, lines: number): void => {
    if (segment.bytes > 0 && segment.bytes + bytes.length > segmentBytesMax) segment = rotate(directory, segment);
    writeFully(segment.fd, bytes);
    segment.bytes += bytes.length;
    segment.lines += lines;
  };
  const flush = (): void => {
    if (batchBytes === 0) return;
    const bytes = batch.subarray(0, batchBytes);
    const lines = batchLines;
    batchBytes = 0;
    batchLines = 0;
    try {
      if (unwrittenNow > 0) {
        // Said first, so that the gap stands where it is.
        const text = `${unwrittenNow} lines could not be written: ${failure}`;
        append(Buffer.from(`${recordHead(now(), "system", 0)}${text}\n`), 1);
        unwritten += unwrittenNow;
        unwrittenNow = 0;
        writeFileSync(join(directory, UNWRITTEN_FILE), String(unwritten));
      }
      append(bytes, lines);
      onAppended();
    } catch (error) {
      failure = codeOf(error) ?? String(error);
      unwrittenNow += lines;
    }
  };
  const add = (stream: LogStream, line: Uint8Array, droppedBytes: number): void => {
    // A batch never goes beyond what a segment may hold, so that rotation by whole batches keeps the bound.
    if (batchBytes + RECORD_BYTES_MAX > Math.min(BATCH_BYTES, segmentBytesMax)) flush();
    const head = recordHead(now(), stream, droppedBytes);
    for (let at = 0; at < head.length; at += 1) batch[batchBytes + at] = head.charCodeAt(at);
    batchBytes += head.length;
    batch.set(line, batchBytes);
    batchBytes += line.length;
    batch[batchBytes] = LINE_FEED;
    batchBytes += 1;
    batchLines += 1;
  };

  const splitters = {
    stdout: new LineSplitter((line, dropped) => add("stdout", line, dropped)),
    stderr: new LineSplitter((line, dropped) => add("stderr", line, dropped)),
  };
  return {
    write(stream, chunk) {
      splitters[stream].push(chunk);
      flush();
    },
    say(text) {
      add("system", Buffer.from(text.replaceAll("\n", " ").slice(0, 1000)), 0);
      flush();
    },
    close() {
      splitters.stdout.end();
      splitters.stderr.end();
      flush();
      closeSync(segment.fd);
    },
  };
}

interface OpenSegment {
  readonly fd: number;
  readonly first: number;
  bytes: number;
  lines: number;
}

/** Goes on in the newest file. What a crash tore off in the middle of a line is ended, so that the next line stands alone. */
function openNewest(directory: string): OpenSegment {
  const newest = listSegments(directory).at(-1) ?? { first: 1, path: segmentPath(directory, 1) };
  const fd = openSync(newest.path, "a", 0o600);
  const content = readFileSync(newest.path);
  if (content.length > 0 && content.at(-1) !== LINE_FEED) writeFully(fd, Uint8Array.of(LINE_FEED));
  const torn = content.length > 0 && content.at(-1) !== LINE_FEED ? 1 : 0;
  return { fd, first: newest.first, bytes: fstatSync(fd).size, lines: countLines(content) + torn };
}

/** Makes the next file first: when that fails, the old one goes on to be used, and nothing is lost. */
function rotate(directory: string, full: OpenSegment): OpenSegment {
  const first = full.first + full.lines;
  const fd = openSync(segmentPath(directory, first), "a", 0o600);
  closeSync(full.fd);
  for (const old of listSegments(directory).slice(0, -SEGMENTS_MAX)) rmSync(old.path, { force: true });
  return { fd, first, bytes: 0, lines: 0 };
}

function writeFully(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
}

export function readUnwritten(directory: string): number {
  try {
    return Number.parseInt(readFileSync(join(directory, UNWRITTEN_FILE), "utf8"), 10) || 0;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return 0;
    throw error;
  }
}
