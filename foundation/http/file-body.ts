/** Files as answer bodies: opened before the head is sent, read in large chunks into two buffers that take turns. */

import { close, open, read } from "node:fs";
import { SCARCE_CHUNK_BYTES, WRITE_CHUNK_BYTES } from "./limits.ts";
import type { FileSlice } from "./message.ts";
import { begin, breakOff, end, type Outgoing } from "./response-end.ts";
import { Pace } from "./stream-body.ts";
import { answersPress } from "./unread-answers.ts";

/** The file ended before the slice did. */
export class FileTooShort extends Error {
  override readonly name = "FileTooShort";
}

/** Sends a slice. Rejects with the system's error (ENOENT, EACCES …) or `FileTooShort` while nothing was sent yet. */
export async function sendFile(outgoing: Outgoing, slice: FileSlice): Promise<void> {
  const { exchange, head } = outgoing;
  const fd = slice.fd ?? (await openFile(slice.path));
  const length = slice.end - slice.start;
  const reader = new SliceReader(fd, slice);
  try {
    // The first chunk comes before the head: a file that cannot be read is an error, not a broken body.
    const first = await reader.next();
    if (exchange.closed) {
      exchange.finish(false);
      return;
    }
    head.fields.push("Content-Length", String(length));
    begin(outgoing);
    if (reader.done) {
      exchange.bytesOut = length;
      await end(outgoing, length === 0 ? null : first);
      return;
    }
    await sendChunks(outgoing, reader, first);
  } finally {
    await reader.settled();
    close(fd, () => {});
  }
}

async function sendChunks(outgoing: Outgoing, reader: SliceReader, first: Uint8Array): Promise<void> {
  const { exchange } = outgoing;
  const pace = new Pace(exchange, () => {});
  try {
    let chunk = first;
    while (!exchange.closed) {
      // The next chunk is read while this one is on its way.
      const next = reader.done ? undefined : reader.next();
      await pace.write(chunk, reader.held);
      if (next === undefined) break;
      chunk = await next;
    }
  } catch (error) {
    breakOff(outgoing, error);
    return;
  }
  if (exchange.closed) exchange.finish(false);
  else await end(outgoing, null);
}

/** Reads a slice chunk by chunk. A chunk stays valid until the second call of `next` after the one that returned it. */
class SliceReader {
  readonly #fd: number;
  readonly #slice: FileSlice;
  readonly #chunkBytes: number;
  readonly #buffers: [Uint8Array, Uint8Array];
  #at: number;
  #turn = 0;
  #pending: Promise<Uint8Array> | undefined;

  constructor(fd: number, slice: FileSlice) {
    this.#fd = fd;
    this.#slice = slice;
    this.#at = slice.start;
    const length = slice.end - slice.start;
    this.#chunkBytes = answersPress() ? SCARCE_CHUNK_BYTES : WRITE_CHUNK_BYTES;
    this.#buffers = [
      // Not zeroed: only the part that was read into is ever sent.
      Buffer.allocUnsafeSlow(Math.min(length, this.#chunkBytes)),
      Buffer.allocUnsafeSlow(Math.min(Math.max(0, length - this.#chunkBytes), this.#chunkBytes)),
    ];
  }

  /** Bytes in memory for the slice. */
  get held(): number {
    return this.#buffers[0].length + this.#buffers[1].length;
  }

  /** Whether everything was asked for. */
  get done(): boolean {
    return this.#at >= this.#slice.end;
  }

  next(): Promise<Uint8Array> {
    const position = this.#at;
    const length = Math.min(this.#chunkBytes, this.#slice.end - position);
    this.#at += length;
    const chunk = this.#buffers[this.#turn++ & 1]!.subarray(0, length);
    const pending = this.#fill(chunk, position);
    // Whoever awaits the chunk sees the rejection; it must not count as unhandled while the client is slow.
    pending.catch(() => {});
    this.#pending = pending;
    return pending;
  }

  /** Resolves when no read is in flight: only then may the descriptor be closed, because its number may be given to another file. */
  async settled(): Promise<void> {
    await this.#pending?.catch(() => {});
  }

  async #fill(chunk: Uint8Array, position: number): Promise<Uint8Array> {
    const { path, transform } = this.#slice;
    let filled = 0;
    while (filled < chunk.length) {
      const count = await readOnce(this.#fd, chunk, filled, position + filled);
      if (count === 0) throw new FileTooShort(`${path} ends at byte ${position + filled}.`);
      filled += count;
    }
    return transform === undefined ? chunk : transform(chunk);
  }
}

/** Closes a descriptor; nothing can be done about a failure to close what was only read. */
export function closeSlice(fd: number): void {
  close(fd, () => {});
}

function openFile(path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    open(path, "r", (error, fd) => (error ? reject(error) : resolve(fd)));
  });
}

function readOnce(fd: number, buffer: Uint8Array, offset: number, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    read(fd, buffer, offset, buffer.length - offset, position, (error, count) =>
      error ? reject(error) : resolve(count),
    );
  });
}
