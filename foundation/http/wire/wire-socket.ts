/** One accepted connection: a channel with what this room knows beside it. Answers that wait are counted, and the connection may be given to another protocol. */

import type { Socket } from "bun";
import { Channel, type ChannelOwner } from "#foundation/http1";
import { SMALL_ANSWER_BYTES } from "../limits.ts";
import { answerGoesOn, answerWaits, type UnreadAnswer } from "../unread-answers.ts";
import type { ByteSocket } from "./byte-socket.ts";

type Listener = () => void;

export class WireSocket implements ByteSocket, ChannelOwner, UnreadAnswer {
  readonly remoteAddress: string;
  readonly #channel: Channel;
  #owner: ChannelOwner | undefined;
  /** Set when the connection was given to another protocol, such as WebSocket. */
  #listeners: { data?: (bytes: Uint8Array) => void; readonly others: Map<string, Listener[]> } | undefined;
  /** Written since the system was last asked for certain: the channel may have kept it for the end of the turn. */
  #unsureBytes = 0;

  /** @param onDefect told what the owner or a listener throws; the connection is closed then */
  constructor(native: Socket<Channel>, onDefect: (error: unknown) => void) {
    this.#channel = new Channel(native, this, onDefect);
    this.remoteAddress = native.remoteAddress;
  }

  set owner(owner: ChannelOwner) {
    this.#owner = owner;
  }

  get closed(): boolean {
    return this.#channel.closed;
  }

  get writable(): boolean {
    return this.#channel.writable;
  }

  get writableLength(): number {
    return this.#channel.waitingBytes;
  }

  /**
   * Sends bytes (or text, as UTF-8). What the system does not take is kept and sent when it can be: `bytes` must not change until then.
   * @param held what is kept in memory until these bytes are taken; by default they themselves
   * @returns whether nothing waits
   */
  write(bytes: Uint8Array | string, held = 0): boolean {
    const channel = this.#channel;
    if (!channel.writable) return true;
    const whole = typeof bytes === "string" ? Buffer.from(bytes) : bytes;
    channel.write(whole);
    // A client that asks for many answers in one turn and reads none must not have them kept without being counted.
    this.#unsureBytes += whole.length;
    if (this.#unsureBytes > SMALL_ANSWER_BYTES) {
      this.#unsureBytes = 0;
      channel.release();
    }
    const waiting = channel.waitingBytes;
    if (waiting === 0) return true;
    // Other protocols keep what waits within limits of their own.
    if (this.#listeners === undefined) answerWaits(this, Math.max(waiting, held));
    return false;
  }

  end(): void {
    this.#channel.end();
  }

  /** Sends what is left, says that no more will come, and drops what the client still sends: closing at once would reset the connection and lose the answer. */
  endLingering(): void {
    this.#channel.endLingering();
  }

  destroy(): void {
    this.#channel.destroy();
  }

  cut(): void {
    this.destroy();
  }

  pause(): void {
    this.#channel.pause();
  }

  resume(): void {
    this.#channel.resume();
  }

  /** Channels send without delay. */
  setNoDelay(): void {}

  /** The server watches its connections itself; once given away, a connection is watched by the other protocol. */
  setTimeout(): void {}

  on(event: "data", listener: (bytes: Uint8Array) => void): void;
  on(event: "drain" | "end" | "error" | "close", listener: Listener): void;
  on(event: string, listener: ((bytes: Uint8Array) => void) & Listener): void {
    this.#listeners ??= { others: new Map() };
    if (event === "data") {
      this.#listeners.data = listener;
      this.resume();
      return;
    }
    const { others } = this.#listeners;
    others.set(event, [...(others.get(event) ?? []), listener]);
  }

  /** For the channel alone, like the three below. */
  onBytes(bytes: Buffer): void {
    if (this.#listeners?.data !== undefined) this.#listeners.data(bytes);
    else this.#owner?.onBytes(bytes);
  }

  onEnd(): void {
    if (this.#listeners !== undefined) this.#tell("end");
    else this.#owner?.onEnd();
  }

  onDrain(): void {
    answerGoesOn(this);
    this.#tell("drain");
    this.#owner?.onDrain();
  }

  onClose(): void {
    answerGoesOn(this);
    this.#owner?.onClose();
    this.#tell("close");
  }

  #tell(event: string): void {
    for (const listener of this.#listeners?.others.get(event) ?? []) listener();
  }
}
