/** One request as the reader of a connection hands it on: its head is there, its body comes. */

import { RawHeaderView } from "../headers.ts";
import type { RequestHead } from "./request-head.ts";

/** Told what becomes of the body. */
export interface BodyListener {
  onData(chunk: Uint8Array): void;
  /** The body is complete. */
  onEnd(): void;
}

/** What a request may ask of its connection. */
export interface BodySource {
  pauseBody(): void;
  resumeBody(): void;
}

const NO_TRAILERS: readonly string[] = [];

export class WireRequest {
  readonly method: string;
  readonly target: string;
  readonly version: "1.0" | "1.1";
  readonly headers: RawHeaderView;
  rawTrailers: readonly string[] = NO_TRAILERS;
  /** Whether all of the body has arrived. */
  complete: boolean;
  readonly #source: BodySource;
  #listener: BodyListener | undefined;
  /** What came before anybody listened: at most what the socket delivers at once, because it is paused then. */
  #early: Uint8Array[] | undefined;
  #dropping = false;

  constructor(head: RequestHead, hasBody: boolean, source: BodySource) {
    this.method = head.method;
    this.target = head.target;
    this.version = head.version;
    this.headers = new RawHeaderView(head.headers.raw, head.headers.lowerNames);
    this.complete = !hasBody;
    this.#source = source;
  }

  /** Whether somebody reads the body, or nobody ever will. */
  get isRead(): boolean {
    return this.#listener !== undefined || this.#dropping;
  }

  /** Starts the flow. What has arrived is delivered before this returns. */
  listen(listener: BodyListener): void {
    this.#listener = listener;
    const early = this.#early;
    this.#early = undefined;
    for (const chunk of early ?? []) listener.onData(chunk);
    if (this.complete) listener.onEnd();
    else this.#source.resumeBody();
  }

  /** Reads and drops the rest. */
  drop(): void {
    this.#dropping = true;
    this.#early = undefined;
    this.#source.resumeBody();
  }

  pause(): void {
    if (!this.complete) this.#source.pauseBody();
  }

  resume(): void {
    if (!this.complete) this.#source.resumeBody();
  }

  /** For the reader of the connection, like `finish`. */
  push(chunk: Uint8Array): void {
    if (this.#listener !== undefined) this.#listener.onData(chunk);
    else if (!this.#dropping) {
      this.#early ??= [];
      this.#early.push(chunk);
    }
  }

  finish(trailers: readonly string[]): void {
    this.complete = true;
    this.rawTrailers = trailers;
    this.#listener?.onEnd();
  }
}
