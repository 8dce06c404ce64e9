/** Where log lines go: collected and written in batches, and written out when the process ends. */

import { writeSync } from "node:fs";

/** Takes finished lines. */
export interface LogSink {
  write(line: string): void;
  /** Writes what is waiting, now. */
  flush(): void;
}

/** A batch is written when it is this large or this old: a crash loses at most 100 ms of lines, an orderly end loses none. */
const BATCH_BYTES = 64 * 1024;
const BATCH_MS = 100;
/** What is kept while the reader of the log (a pipe) does not read; further lines are counted and dropped: the log never stops the program. */
const WAITING_MAX = 4 * 1024 * 1024;

const NO_BYTES = new Uint8Array(0);

/**
 * A sink over a file descriptor (2 is standard error).
 *
 * Lines are flushed when the process exits. A write that fails is given up after the buffer's limit; nothing is ever thrown.
 */
export function descriptorSink(fd: number): LogSink {
  let waiting = "";
  /** Bytes the descriptor did not take; kept as bytes, because the cut may lie inside a character. */
  let rest: Uint8Array = NO_BYTES;
  let dropped = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (dropped > 0) {
      waiting += `${JSON.stringify({ level: "warn", msg: "log lines were dropped", dropped })}\n`;
      dropped = 0;
    }
    if (waiting === "" && rest.length === 0) return;
    const bytes = rest.length === 0 ? Buffer.from(waiting) : Buffer.concat([rest, Buffer.from(waiting)]);
    waiting = "";
    rest = bytes.subarray(writeSome(fd, bytes));
    if (rest.length > 0) later();
  };
  const later = (): void => {
    timer ??= setTimeout(flush, BATCH_MS);
    timer.unref();
  };
  process.on("exit", flush);
  return {
    flush,
    write(line) {
      if (rest.length + waiting.length + line.length > WAITING_MAX) {
        dropped++;
        return;
      }
      waiting += line;
      if (waiting.length >= BATCH_BYTES) flush();
      else later();
    },
  };
}

/** Writes what the descriptor takes; a full pipe takes less, a closed one (EPIPE) swallows everything. */
function writeSome(fd: number, bytes: Uint8Array): number {
  let written = 0;
  while (written < bytes.length) {
    try {
      written += writeSync(fd, bytes, written);
    } catch (error) {
      const full = error instanceof Error && "code" in error && error.code === "EAGAIN";
      return full ? written : bytes.length;
    }
  }
  return written;
}

/** A sink that keeps lines in memory: for tests and for showing recent lines. */
export function memorySink(): LogSink & { readonly lines: readonly string[] } {
  const lines: string[] = [];
  return { lines, write: (line) => void lines.push(line.trimEnd()), flush: () => {} };
}
