/** Streams as answer bodies, written at the pace of the client. */

import type { Exchange } from "./exchange.ts";
import type { IdleEntry } from "./idle-watch.ts";
import { WRITE_CHUNK_BYTES } from "./limits.ts";
import { begin, breakOff, end, type Outgoing } from "./response-end.ts";

/** A streamed body whose length differs from what was announced. */
export class BodyLengthMismatch extends Error {
  override readonly name = "BodyLengthMismatch";
}

/** Long bytes in chunks, so that each write waits for the client. */
export async function* slices(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += WRITE_CHUNK_BYTES) yield bytes.subarray(at, at + WRITE_CHUNK_BYTES);
}

/**
 * The same of bytes that belong to nobody else: their memory is given back as soon as they are sent, or not wanted. Left to the collector, answers that were
 * cut would still be there while the next ones come.
 */
export async function* ownSlices(bytes: Uint8Array<ArrayBuffer>): AsyncGenerator<Uint8Array> {
  try {
    yield* slices(bytes);
  } finally {
    bytes.buffer.transfer(0);
  }
}

/** Tells a source that nobody wants the rest. */
export function stopIterator(iterator: AsyncIterator<Uint8Array>): void {
  iterator.return?.().catch(() => {});
}

/** Writes chunks and waits for a slow client; one for each streamed answer. */
export class Pace implements IdleEntry {
  deadline = 0;
  readonly #exchange: Exchange;
  #wake: (() => void) | undefined;

  /** @param onGone called when the client goes away before the answer is complete */
  constructor(exchange: Exchange, onGone: () => void) {
    this.#exchange = exchange;
    exchange.response.onDrain(() => this.#resume());
    exchange.whenClosed(() => {
      this.#resume();
      onGone();
    });
  }

  /**
   * Writes one chunk; resolves when the next one may follow, also when the client has gone. The chunk may be reused afterwards.
   * @param held what is kept in memory meanwhile
   */
  async write(chunk: Uint8Array, held = chunk.length): Promise<void> {
    const exchange = this.#exchange;
    if (exchange.closed) return;
    exchange.bytesOut += chunk.length;
    if (exchange.response.write(chunk, held)) return;
    exchange.idle.start(this, exchange.limits.writeIdleTimeoutMs);
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    exchange.idle.stop(this);
  }

  /** The client took nothing for too long. */
  expire(): void {
    this.#exchange.connection.socket.destroy();
  }

  #resume(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}

/**
 * Sends the chunks of `source`. With a length the first chunk is awaited before the head, so that an early failure is still an answer; without
 * one the head goes first, because the body may be an endless stream of events.
 *
 * @param held what the source itself keeps in memory until its end
 */
export async function sendStream(
  outgoing: Outgoing,
  source: AsyncIterable<Uint8Array>,
  length: number | undefined,
  held = 0,
): Promise<void> {
  const { exchange, head, trailers } = outgoing;
  const iterator = source[Symbol.asyncIterator]();
  let step = length === undefined ? undefined : await iterator.next();
  if (exchange.closed) {
    stopIterator(iterator);
    exchange.finish(false);
    return;
  }
  if (length !== undefined) head.fields.push("Content-Length", String(length));
  begin(outgoing);
  const pace = new Pace(exchange, () => stopIterator(iterator));
  try {
    if (step === undefined) {
      exchange.response.flushHeaders();
      step = await iterator.next();
    }
    while (!step.done && !exchange.closed) {
      await writeChunk(pace, exchange, step.value, length, held);
      if (!exchange.closed) step = await iterator.next();
    }
    if (!exchange.closed && length !== undefined && exchange.bytesOut < length) {
      throw new BodyLengthMismatch(`The body ended after ${exchange.bytesOut} of ${length} announced bytes.`);
    }
  } catch (error) {
    breakOff(outgoing, error);
    stopIterator(iterator);
    return;
  }
  if (exchange.closed) {
    exchange.finish(false);
    return;
  }
  if (trailers !== undefined && length === undefined) exchange.response.setTrailers(trailers());
  await end(outgoing, null);
}

async function writeChunk(
  pace: Pace,
  exchange: Exchange,
  chunk: Uint8Array,
  length: number | undefined,
  held: number,
): Promise<void> {
  if (chunk.length === 0) return;
  if (length !== undefined && exchange.bytesOut + chunk.length > length) {
    throw new BodyLengthMismatch(`The body is longer than the announced ${length} bytes.`);
  }
  const kept = Math.max(chunk.length, held);
  if (chunk.length <= WRITE_CHUNK_BYTES) return pace.write(chunk, kept);
  for await (const part of slices(chunk)) await pace.write(part, kept);
}
