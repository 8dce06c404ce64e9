/** What leaves on a connection: frames in the order in which they are written, and data of streams in turn, as far as windows and the client's pace allow. */
import type { Channel } from "#foundation/http1";
import { WINDOW_AT_FIRST } from "../frames/frames.ts";
import { Octets } from "../frames/octets.ts";
import { dataFrames } from "./data-frames.ts";
import type { Http2Exchange } from "./http2-exchange.ts";
import { OUT_BYTES_MAX } from "./http2-limits.ts";

export interface OutboxOwner {
  /** The queue of a stream is empty. */
  onAllSent(stream: Http2Exchange): void;
  /** What is written leaves now. */
  onFlush(): void;
  /** It has left, or waits for the client. */
  onFlushed(): void;
}

export class Outbox {
  /** Octets of data that the client still takes on the connection (RFC 9113 §6.9). */
  window = WINDOW_AT_FIRST;
  /** While octets are read: what is written leaves when somebody flushes. */
  isHeld = false;
  readonly #channel: Channel;
  readonly #frameBytes: number;
  readonly #maxWaitingBytes: number;
  readonly #owner: OutboxOwner;
  /** Those that have something to send and may not yet, in turn. */
  readonly #waiting = new Set<Http2Exchange>();
  #frames: Octets | undefined;
  #isFlushing = false;

  constructor(channel: Channel, frameBytes: number, maxWaitingBytes: number, owner: OutboxOwner) {
    this.#channel = channel;
    this.#frameBytes = frameBytes;
    this.#maxWaitingBytes = maxWaitingBytes;
    this.#owner = owner;
  }

  /** To write frames to, before anything else happens. */
  get frames(): Octets {
    this.#frames ??= new Octets();
    return this.#frames;
  }

  /** Whether everything is with the system. */
  get isEmpty(): boolean {
    return this.#channel.waitingBytes === 0 && (this.#frames?.length ?? 0) === 0;
  }

  /** A stream has more to send, or an end. */
  send(stream: Http2Exchange): void {
    if (this.#waiting.has(stream)) return;
    this.#sendSome(stream);
    this.flushSoon();
  }

  /** A stream is over. */
  drop(stream: Http2Exchange): void {
    this.#waiting.delete(stream);
  }

  /** With everything else that is written in this turn of the loop. */
  flushSoon(): void {
    if (this.isHeld || this.#isFlushing) return;
    this.#isFlushing = true;
    queueMicrotask(() => {
      this.#isFlushing = false;
      if (!this.isHeld) this.flush();
    });
  }

  flush(): void {
    if (this.#channel.closed) return;
    this.#owner.onFlush();
    this.write();
    while (this.#waiting.size > 0 && this.#sendInTurn()) this.write();
    this.#owner.onFlushed();
  }

  write(): void {
    const frames = this.#frames;
    if (frames === undefined || frames.length === 0 || this.#channel.closed) return;
    this.#frames = undefined;
    this.#channel.send(frames);
    frames.length = 0;
    frames.release();
    // Answers to a client that asks and asks, and takes none.
    if (this.#channel.waitingBytes > this.#maxWaitingBytes) this.#channel.reset();
  }

  /** Nothing leaves any more. */
  close(): void {
    this.#waiting.clear();
    this.#frames?.release();
    this.#frames = undefined;
  }

  #sendSome(stream: Http2Exchange): void {
    const { frames } = this;
    const room = this.#channel.waitingBytes === 0 ? OUT_BYTES_MAX - frames.length : 0;
    const sent = dataFrames(
      frames,
      stream,
      Math.max(0, Math.min(room, this.window, stream.sendWindow)),
      this.#frameBytes,
    );
    this.window -= sent;
    stream.sendWindow -= sent;
    if (stream.queue.length === 0) this.#owner.onAllSent(stream);
    else {
      this.#waiting.add(stream);
      stream.stalled(sent > 0);
    }
  }

  /** Each of those that wait. @returns whether any could send something */
  #sendInTurn(): boolean {
    const before = this.window;
    for (const stream of [...this.#waiting]) {
      if (this.window <= 0 || this.#channel.waitingBytes > 0 || this.#channel.closed) break;
      if (stream.sendWindow <= 0 || !this.#waiting.delete(stream)) continue;
      this.#sendSome(stream);
      if (this.frames.length >= OUT_BYTES_MAX) this.write();
    }
    return this.window !== before;
  }
}
