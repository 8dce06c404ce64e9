/**
 * Log lines and how they stand in a file, one a line, readable with any pager:
 *
 *     <milliseconds since 1970> <o|e|s> <bytes that were cut off> <the line>\n
 *
 * The line itself is kept byte for byte (it may be no valid UTF-8); it cannot hold a line feed.
 */

/** plfm §1.13: longer lines are cut, and say so. */
export const LINE_BYTES_MAX = 16 * 1024;

/** `system`: the supervisor itself has something to say, for example that lines were lost. */
export type LogStream = "stdout" | "stderr" | "system";

export interface LogLine {
  /** When its end was read, milliseconds since 1970. */
  readonly time: number;
  readonly stream: LogStream;
  readonly bytes: Uint8Array;
  readonly truncated: boolean;
  /** How many bytes of the line were cut off. */
  readonly droppedBytes: number;
}

const LETTER: Readonly<Record<LogStream, string>> = { stdout: "o", stderr: "e", system: "s" };
const STREAM: Readonly<Record<string, LogStream>> = { o: "stdout", e: "stderr", s: "system" };
/** 13 digits of time, a letter, at most 16 digits, three spaces. */
const HEAD_BYTES_MAX = 40;

/** The largest record there can be, with its line feed. */
export const RECORD_BYTES_MAX = HEAD_BYTES_MAX + LINE_BYTES_MAX + 1;

/** What stands before the bytes of a line. */
export function recordHead(time: number, stream: LogStream, droppedBytes: number): string {
  return `${time} ${LETTER[stream]} ${droppedBytes} `;
}

/** One record without its line feed; undefined when it is none (the file was torn by a power cut). */
export function parseRecord(record: Uint8Array): LogLine | undefined {
  let spaces = 0;
  let start = 0;
  const edge = Math.min(record.length, HEAD_BYTES_MAX);
  for (; start < edge && spaces < 3; start += 1) if (record[start] === 0x20) spaces += 1;
  if (spaces < 3) return undefined;
  const match = /^(\d{1,16}) ([oes]) (\d{1,16}) $/.exec(new TextDecoder("latin1").decode(record.subarray(0, start)));
  const stream = STREAM[match?.[2] ?? ""];
  if (match === null || stream === undefined) return undefined;
  const droppedBytes = Number(match[3]);
  return { time: Number(match[1]), stream, bytes: record.subarray(start), truncated: droppedBytes > 0, droppedBytes };
}
