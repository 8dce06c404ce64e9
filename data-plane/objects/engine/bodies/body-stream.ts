/** Plain bytes out of stored bodies: ranges, decryption, several segments in a row. */

import type { ByteRange } from "../port.ts";
import type { OpenBody } from "./body-files.ts";
import { FRAME_BYTES, frameCount, frameKey, frameOffset, openFrame, SALT_BYTES, storedSize } from "./frame-cipher.ts";

/**
 * Plain bytes read at once, 512 KiB: two of these for each reader. Sending costs less the larger the pieces are, because fewer waits for the client come between
 * them (CPU for 64 MiB: 53 ms in pieces of 64 KiB, 39 of 256, 33 of 512, 30 of 1,024). A whole number of frames.
 */
const READ_BYTES = 8 * FRAME_BYTES;

/** One body of an object: the whole of it, or a part. */
export interface Segment {
  /** Plain bytes. */
  readonly size: number;
  /** What part of this body is wanted. */
  readonly range: ByteRange;
  readonly open: () => OpenBody;
}

/** Bytes on disk. */
export function storedSizeOf(size: number, encrypted: boolean): number {
  return encrypted ? storedSize(size) : size;
}

/** The wanted bytes at once; for small ranges. */
export function readRangeNow(body: OpenBody, size: number, range: ByteRange, objectKey: Uint8Array | null): Uint8Array {
  if (objectKey === null) return body.readNow(range.start, range.end - range.start);
  const key = frameKey(objectKey, body.readNow(0, SALT_BYTES));
  const frames = framesOf(size, range);
  const stored = body.readNow(frames.offset, frames.length);
  return openFrames(key, size, range, frames, stored);
}

interface Frames {
  readonly first: number;
  /** One past the last. */
  readonly end: number;
  readonly offset: number;
  readonly length: number;
}

function framesOf(size: number, range: ByteRange): Frames {
  const first = Math.min(Math.floor(range.start / FRAME_BYTES), frameCount(size) - 1);
  const end = Math.max(first + 1, Math.ceil(range.end / FRAME_BYTES));
  const offset = frameOffset(first);
  const stop = end === frameCount(size) ? storedSize(size) : frameOffset(end);
  return { first, end, offset, length: stop - offset };
}

function openFrames(key: Uint8Array, size: number, range: ByteRange, frames: Frames, stored: Uint8Array): Uint8Array {
  const last = frameCount(size) - 1;
  const plain: Uint8Array[] = [];
  for (let index = frames.first; index < frames.end; index++) {
    const from = frameOffset(index) - frames.offset;
    const to = index + 1 === frames.end ? stored.length : frameOffset(index + 1) - frames.offset;
    plain.push(openFrame(key, index, index === last, stored.subarray(from, to)));
  }
  const whole = plain.length === 1 ? plain[0]! : Buffer.concat(plain);
  const base = frames.first * FRAME_BYTES;
  return whole.subarray(range.start - base, range.end - base);
}

/**
 * Reads a range of one open body in pieces. The next piece is read while the one before is used; two pieces of memory take turns, because a fresh one for each
 * would leave tens of megabytes to the garbage collector. A piece is valid until the next is asked for.
 */
async function* streamBody(
  body: OpenBody,
  size: number,
  range: ByteRange,
  objectKey: Uint8Array | null,
): AsyncGenerator<Uint8Array> {
  const key = objectKey === null ? null : frameKey(objectKey, await body.read(0, SALT_BYTES));
  // The stored form of a piece is the larger one.
  const memoryBytes = Math.min(storedSizeOf(READ_BYTES, true), storedSizeOf(size, objectKey !== null));
  const memories: [Uint8Array?, Uint8Array?] = [];
  let turn: 0 | 1 = 0;
  const memory = (): Uint8Array => {
    turn = turn === 0 ? 1 : 0;
    const held = memories[turn] ?? new Uint8Array(memoryBytes);
    memories[turn] = held;
    return held;
  };
  const readPiece = async (start: number): Promise<Uint8Array> => {
    // Pieces end at multiples of READ_BYTES, so that no frame is opened twice.
    const end = Math.min(range.end, (Math.floor(start / READ_BYTES) + 1) * READ_BYTES);
    if (key === null) return body.read(start, end - start, memory());
    const piece = { start, end };
    const frames = framesOf(size, piece);
    return openFrames(key, size, piece, frames, await body.read(frames.offset, frames.length, memory()));
  };
  let position = range.start;
  let upcoming = readPiece(position);
  for (;;) {
    const piece = await upcoming;
    position += piece.length;
    if (position >= range.end) {
      if (piece.length > 0) yield piece;
      return;
    }
    upcoming = readPiece(position);
    // When the reader leaves early nobody awaits it any more.
    upcoming.catch(() => undefined);
    yield piece;
  }
}

/** Readers that were opened and never read must not keep their files open for ever. */
const forgotten = new FinalizationRegistry<{ close(): void }>((held) => held.close());

/**
 * The wanted bytes of the segments, one after the other. The first segment is open when this returns.
 * @param release called once, when the reader has ended or was forgotten
 */
export function streamSegments(
  segments: readonly Segment[],
  objectKey: Uint8Array | null,
  release: () => void,
): AsyncIterable<Uint8Array> {
  const held = holdFirst(segments, release);
  const iterable: AsyncIterable<Uint8Array> = {
    [Symbol.asyncIterator]: () => {
      forgotten.unregister(held);
      const pieces = iterate(segments, objectKey, held);
      const iterator: AsyncIterator<Uint8Array> = {
        next: () => pieces.next(),
        // A generator that was never started ends without running its `finally`.
        async return() {
          await pieces.return(undefined);
          held.close();
          return { done: true, value: undefined };
        },
      };
      forgotten.register(iterator, held);
      return iterator;
    },
  };
  forgotten.register(iterable, held, held);
  return iterable;
}

interface Held {
  body: OpenBody | undefined;
  close(): void;
}

function holdFirst(segments: readonly Segment[], release: () => void): Held {
  let released = false;
  const held: Held = {
    body: undefined,
    close() {
      held.body?.close();
      held.body = undefined;
      if (released) return;
      released = true;
      release();
    },
  };
  try {
    held.body = segments[0]?.open();
  } catch (error) {
    held.close();
    throw error;
  }
  return held;
}

async function* iterate(
  segments: readonly Segment[],
  objectKey: Uint8Array | null,
  held: Held,
): AsyncGenerator<Uint8Array> {
  try {
    for (const segment of segments) {
      held.body ??= segment.open();
      yield* streamBody(held.body, segment.size, segment.range, objectKey);
      held.body.close();
      held.body = undefined;
    }
  } finally {
    held.close();
  }
}
