/** The body of a message that arrives, from either side: had whole, told to a sink, or pulled. */

import type { FaultCode } from "./codec/faults.ts";
import { Fields } from "./codec/fields.ts";

/** Why a body is not complete. */
export type BodyFailure =
  | { readonly kind: "malformed"; readonly fault: FaultCode }
  /** The peer closed the connection, or it was cut. */
  | { readonly kind: "gone" }
  /** No octet came for as long as the limit says, while somebody waited for one. */
  | { readonly kind: "stalled" }
  /** There are more octets than whoever reads it has said it may have. */
  | { readonly kind: "too-large" };

/** What pulling a body rejects with. */
export class BodyBroken extends Error {
  override readonly name = "BodyBroken";
  constructor(readonly failure: BodyFailure) {
    super(`The body is not complete: ${failure.kind === "malformed" ? failure.fault : failure.kind}.`);
  }
}

export class BodyTooLarge extends Error {
  override readonly name = "BodyTooLarge";
}

/** Told what comes, as it comes. */
export interface BodySink {
  /** A view into what was received; nobody changes it. */
  onData(bytes: Buffer): void;
  /** Complete. */
  onEnd(trailers: Fields): void;
  /** There will be no end. */
  onFailure(failure: BodyFailure): void;
}

/** The connection that a body comes from. */
export interface BodySource {
  /** Somebody reads from now on: what was held back may come. */
  wantBody(): void;
  pauseBody(): void;
  resumeBody(): void;
}

/** Unread octets of a pulled body from which on the peer waits: twice what a socket delivers at once, as a rule. */
const HIGH_WATER_BYTES = 256 * 1024;

export class MessageBody implements AsyncIterable<Buffer> {
  /** Whether all of it has arrived. */
  isComplete = false;
  /** Octets that have arrived. */
  received = 0;
  /** How many may arrive; what has more than that fails. */
  limit = Number.POSITIVE_INFINITY;
  readonly #source: BodySource;
  #sink: BodySink | undefined;
  #first: Buffer | undefined;
  #more: Buffer[] | undefined;
  #trailers: Fields | undefined;
  #failure: BodyFailure | undefined;
  #dropping = false;

  constructor(source: BodySource) {
    this.#source = source;
  }

  /** Whether somebody reads it, or nobody ever will. */
  get isRead(): boolean {
    return this.#sink !== undefined || this.#dropping;
  }

  /** All of it, when it has arrived and nobody reads it; undefined otherwise. For short bodies, which come at once with their head. */
  get whole(): Buffer | undefined {
    if (!this.isComplete || this.isRead) return undefined;
    if (this.#first === undefined) return NO_BYTES;
    return this.#more === undefined ? this.#first : Buffer.concat([this.#first, ...this.#more]);
  }

  /** Trailer fields once it is complete. Valid until the exchange is over. */
  get trailers(): Fields {
    return this.#trailers ?? NO_FIELDS;
  }

  /** Tells everything to `sink`; what has arrived already before this returns. */
  read(sink: BodySink): void {
    if (this.isRead) throw new Error("a body is read once");
    this.#sink = sink;
    const first = this.#first;
    const more = this.#more;
    this.#first = undefined;
    this.#more = undefined;
    if (first !== undefined) sink.onData(first);
    for (const chunk of more ?? []) sink.onData(chunk);
    if (this.isComplete) sink.onEnd(this.trailers);
    else if (this.#failure !== undefined) sink.onFailure(this.#failure);
    else this.#source.wantBody();
  }

  /** The peer waits from now on. A little more may still come. */
  pause(): void {
    if (!this.isComplete) this.#source.pauseBody();
  }

  resume(): void {
    if (!this.isComplete) this.#source.resumeBody();
  }

  /** Reads and drops all of it. */
  drop(): void {
    if (this.isRead) return;
    this.#dropping = true;
    this.#first = undefined;
    this.#more = undefined;
    if (!this.isComplete) this.#source.wantBody();
  }

  /** Pulls it chunk by chunk. A reader that is slow slows the peer. Rejects with `BodyBroken`. */
  [Symbol.asyncIterator](): AsyncIterator<Buffer> {
    return new Pull(this);
  }

  /** All of it. Rejects with `BodyTooLarge` as soon as there are more than `limit` octets, and with `BodyBroken`. */
  async bytes(limit: number): Promise<Buffer> {
    const { whole } = this;
    if (whole !== undefined && whole.length <= limit) return whole;
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of this) {
      length += chunk.length;
      if (length > limit) throw new BodyTooLarge(`The body is longer than ${limit} octets.`);
      chunks.push(chunk);
    }
    return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
  }

  /** For the connection, like the two below. */
  push(bytes: Buffer): void {
    this.received += bytes.length;
    if (this.received > this.limit) this.fail({ kind: "too-large" });
    if (this.#failure !== undefined) return;
    if (this.#sink !== undefined) this.#sink.onData(bytes);
    else if (this.#dropping) return;
    else if (this.#first === undefined) this.#first = bytes;
    else {
      this.#more ??= [];
      this.#more.push(bytes);
    }
  }

  finish(trailers: Fields): void {
    this.isComplete = true;
    this.#trailers = trailers;
    this.#sink?.onEnd(trailers);
  }

  fail(failure: BodyFailure): void {
    if (this.isComplete || this.#failure !== undefined) return;
    this.#failure = failure;
    this.#sink?.onFailure(failure);
  }
}

const NO_BYTES = Buffer.alloc(0);
const NO_FIELDS = new Fields();

const NO_SOURCE: BodySource = { wantBody() {}, pauseBody() {}, resumeBody() {} };

/** The body of a message that has none. */
export function emptyBody(): MessageBody {
  const body = new MessageBody(NO_SOURCE);
  body.finish(NO_FIELDS);
  return body;
}

type Step = IteratorResult<Buffer, undefined>;

/** Turns what is told into what is pulled. */
class Pull implements AsyncIterator<Buffer>, BodySink {
  readonly #body: MessageBody;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #paused = false;
  #ended = false;
  #error: BodyBroken | undefined;
  #wake: { readonly resolve: (step: Step) => void; readonly reject: (error: Error) => void } | undefined;

  constructor(body: MessageBody) {
    this.#body = body;
    body.read(this);
  }

  onData(bytes: Buffer): void {
    if (this.#ended) return;
    const wake = this.#wake;
    this.#wake = undefined;
    if (wake !== undefined) {
      wake.resolve({ done: false, value: bytes });
      return;
    }
    this.#chunks.push(bytes);
    this.#bytes += bytes.length;
    if (this.#bytes < HIGH_WATER_BYTES || this.#paused) return;
    this.#paused = true;
    this.#body.pause();
  }

  onEnd(): void {
    this.#ended = true;
    this.#wake?.resolve({ done: true, value: undefined });
    this.#wake = undefined;
  }

  onFailure(failure: BodyFailure): void {
    this.#error = new BodyBroken(failure);
    this.#wake?.reject(this.#error);
    this.#wake = undefined;
  }

  next(): Promise<Step> {
    const chunk = this.#chunks.shift();
    if (chunk !== undefined) {
      this.#bytes -= chunk.length;
      if (this.#paused && this.#bytes < HIGH_WATER_BYTES / 2) {
        this.#paused = false;
        this.#body.resume();
      }
      return Promise.resolve({ done: false, value: chunk });
    }
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    if (this.#error !== undefined) return Promise.reject(this.#error);
    return new Promise((resolve, reject) => {
      this.#wake = { resolve, reject };
    });
  }

  /** Nobody wants the rest: it is dropped as it comes. */
  return(): Promise<Step> {
    this.#ended = true;
    this.#chunks.length = 0;
    if (this.#paused) this.#body.resume();
    return Promise.resolve({ done: true, value: undefined });
  }
}
