/** What leaves on a connection: frames in the order in which they are written, and data of streams in turn, as far as windows and the peer's pace allow. */
import type { Channel } from "#foundation/http1";
import { WINDOW_AT_FIRST } from "../frames/frames.ts";
import { Octets } from "../frames/octets.ts";
import { dataFrames, type Outgoing } from "./data-frames.ts";

/** What leaves in one write. */
const OUT_BYTES_MAX = 64 * 1024;

/** A stream as it sends. */
export interface OutgoingStream extends Outgoing {
  /** Octets that the peer still takes on it; below zero when it has taken back what it had allowed (§6.9.2). */
  sendWindow: number;
  /** What waits cannot be sent now. @param isProgress whether some of it was */
  stalled(isProgress: boolean): void;
}

export interface OutboxOwner<Stream> {
  /** The queue of a stream is empty. */
  onAllSent(stream: Stream): void;
  /** What is written leaves now. */
  onFlush?(): void;
  /** It has left, or waits for the peer. */
  onFlushed(): void;
  /** What was written is with the system, or waits for it. @param isTaken false: the connection took nothing, because it is closed already */
  onWritten?(isTaken: boolean): void;
}

export class Outbox<Stream extends OutgoingStream> {
  /** Octets of data that the peer still takes on the connection (RFC 9113 §6.9). */
  window = WINDOW_AT_FIRST;
  /** While octets are read: what is written leaves when somebody flushes. */
  isHeld = false;
  readonly #channel: Channel;
  readonly #frameBytes: number;
  readonly #maxWaitingBytes: number;
  readonly #owner: OutboxOwner<Stream>;
  readonly #soon: (task: () => void) => unknown;
  /** Those that have something to send and may not yet, in turn. */
  readonly #waiting = new Set<Stream>();
  #frames: Octets | undefined;
  #isFlushing = false;

  /** @param soon calls when what is written leaves */
  constructor(
    channel: Channel,
    frameBytes: number,
    maxWaitingBytes: number,
    owner: OutboxOwner<Stream>,
    soon: (task: () => void) => unknown,
  ) {
    this.#channel = channel;
    this.#frameBytes = frameBytes;
    this.#maxWaitingBytes = maxWaitingBytes;
    this.#owner = owner;
    this.#soon = soon;
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

  /** Octets that are written, and that the peer has not taken. */
  get waitingBytes(): number {
    return this.#channel.waitingBytes + (this.#frames?.length ?? 0);
  }

  /** A stream has more to send, or an end. */
  send(stream: Stream): void {
    if (this.#waiting.has(stream)) return;
    this.#sendSome(stream);
    this.flushSoon();
  }

  /** A stream is over. */
  drop(stream: Stream): void {
    this.#waiting.delete(stream);
  }

  /** With everything else that is written until then. */
  flushSoon(): void {
    if (this.isHeld || this.#isFlushing) return;
    this.#isFlushing = true;
    this.#soon(() => {
      this.#isFlushing = false;
      if (!this.isHeld) this.flush();
    });
  }

  flush(): void {
    if (this.#channel.closed) return;
    this.#owner.onFlush?.();
    this.write();
    while (this.#waiting.size > 0 && this.#sendInTurn()) this.write();
    this.#owner.onFlushed();
  }

  write(): void {
    const frames = this.#frames;
    if (frames === undefined || frames.length === 0 || this.#channel.closed) return;
    this.#frames = undefined;
    const told = this.#channel.sendTold(frames);
    frames.length = 0;
    frames.release();
    this.#owner.onWritten?.(told !== "untaken");
    // Answers to a client that asks and asks, and takes none.
    if (this.#channel.waitingBytes > this.#maxWaitingBytes) this.#channel.reset();
  }

  /** Nothing leaves any more. */
  close(): void {
    this.#waiting.clear();
    this.#frames?.release();
    this.#frames = undefined;
  }

  #sendSome(stream: Stream): void {
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
