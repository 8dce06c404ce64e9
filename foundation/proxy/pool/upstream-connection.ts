/** One connection to an upstream: exchanges one after the other, each with its own listener. */

import type { ResponseFault, ResponseListener, ResponseReaderLimits } from "../codec/response-reader.ts";
import { ResponseReader } from "../codec/response-reader.ts";
import type { Channel, ChannelOwner } from "../io/channel.ts";
import { type Deadlines, NEVER, type Timed } from "../io/deadlines.ts";

/** Who asked, and is told what comes. */
export interface ExchangeListener extends ResponseListener {
  /** All of what arrived at once was told. */
  onPieceEnd(): void;
  /** The system took what waited: more of the request may be sent. */
  onDrain(): void;
  /** The deadline of the exchange has passed; nothing was done about it. */
  onExpired(): void;
  /**
   * There will be no (whole) response; the connection is gone.
   * @param untouched nothing of the response had arrived
   */
  onFault(fault: ResponseFault, untouched: boolean): void;
}

/** Where connections go when they are free, or gone. */
export interface ConnectionHome {
  onFree(connection: UpstreamConnection): void;
  onGone(connection: UpstreamConnection): void;
}

/** A channel that has left HTTP. */
export interface DetachedChannel {
  readonly channel: Channel;
  /** What came behind the head. */
  readonly rest: Buffer | undefined;
}

export class UpstreamConnection implements ChannelOwner, Timed {
  deadline = NEVER;
  /** Exchanges that it has carried before the present one. */
  exchanges = 0;
  readonly #channel: Channel;
  readonly #home: ConnectionHome;
  readonly #deadlines: Deadlines;
  readonly #reader: ResponseReader;
  #listener: ExchangeListener | undefined;
  #requestSent = true;
  #gone = false;

  constructor(channel: Channel, home: ConnectionHome, deadlines: Deadlines, limits: ResponseReaderLimits) {
    this.#channel = channel;
    this.#home = home;
    this.#deadlines = deadlines;
    this.#reader = new ResponseReader(limits);
    channel.owner = this;
    deadlines.add(this);
  }

  /** `timeoutMs` from now the listener's `onExpired` is called, unless this is called again. */
  expireAfter(timeoutMs: number): void {
    this.deadline = this.#deadlines.now + timeoutMs;
  }

  /**
   * Begins an exchange.
   * @param head one character for each byte, with its empty line; `body` goes with it
   * @param complete whether that is the whole request; else `send` and `requestSent` follow
   */
  begin(
    method: string,
    head: string,
    body: Uint8Array | undefined,
    complete: boolean,
    listener: ExchangeListener,
  ): void {
    this.#listener = listener;
    this.#requestSent = complete;
    this.#reader.expect(method, listener);
    this.#channel.writeText(head, body);
  }

  /** @returns whether more may be sent at once; if not, the bytes must not change until `onDrain` */
  send(bytes: Uint8Array): boolean {
    return this.#channel.write(bytes);
  }

  /** The same with a text of one character per byte before and behind the bytes. */
  sendText(text: string, bytes?: Uint8Array, tail?: string): boolean {
    return this.#channel.writeText(text, bytes, tail);
  }

  /** The request is complete. */
  requestSent(): void {
    this.#requestSent = true;
  }

  pause(): void {
    this.#channel.pause();
  }

  resume(): void {
    this.#channel.resume();
  }

  /** Nobody wants what is left of the exchange. The listener is told nothing more. */
  abandon(): void {
    this.#listener = undefined;
    this.#channel.reset();
    this.#leave();
  }

  /** The connection has left HTTP: it belongs to the caller, with what came behind the head. */
  detach(): DetachedChannel {
    const rest = this.#reader.takeRest();
    this.#listener = undefined;
    this.#gone = true;
    this.#deadlines.remove(this);
    this.#home.onGone(this);
    return { channel: this.#channel, rest };
  }

  close(): void {
    this.#channel.end();
    this.#leave();
  }

  onBytes(bytes: Buffer): void {
    const listener = this.#listener;
    if (listener === undefined && !this.#gone) {
      // Nobody asked: whatever it is, the next request must not take it for its answer.
      this.#channel.destroy();
      this.#leave();
      return;
    }
    const untouched = this.#reader.isUntouched;
    const fault = this.#reader.push(bytes);
    if (fault !== undefined) this.#fail(fault, untouched);
    else if (this.#reader.isIdle || this.#reader.isDone) this.#over(listener!);
    else listener?.onPieceEnd();
  }

  onEnd(): void {
    this.#ended();
  }

  onClose(): void {
    this.#ended();
  }

  onDrain(): void {
    this.#listener?.onDrain();
  }

  expire(): void {
    if (this.#listener !== undefined) this.#listener.onExpired();
    else this.close();
  }

  #ended(): void {
    if (this.#gone) return;
    const listener = this.#listener;
    const untouched = this.#reader.isUntouched;
    const fault = this.#reader.end();
    if (fault !== undefined) this.#fail(fault, untouched);
    else if (listener !== undefined) this.#over(listener);
    this.#channel.destroy();
    this.#leave();
  }

  /** The response is complete. */
  #over(listener: ExchangeListener): void {
    this.#listener = undefined;
    this.deadline = NEVER;
    this.#channel.resume();
    this.#free();
    listener.onPieceEnd();
  }

  #free(): void {
    if (this.#gone) return;
    // An answer before the end of the request: the upstream does not want the rest, and would take the next request for it.
    if (this.#requestSent && this.#reader.isIdle && !this.#channel.ended) {
      this.exchanges++;
      this.#home.onFree(this);
    } else this.close();
  }

  #fail(fault: ResponseFault, untouched: boolean): void {
    const listener = this.#listener;
    this.#listener = undefined;
    this.#channel.reset();
    this.#leave();
    // The response was whole before the bytes that nobody asked for: only the connection is of no use.
    if (fault === "unsolicited") listener?.onPieceEnd();
    else listener?.onFault(fault, untouched);
  }

  #leave(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#deadlines.remove(this);
    this.#home.onGone(this);
  }
}
