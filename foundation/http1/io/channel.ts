/** One socket of Bun's, plain or in TLS, from either side: output that waits for the peer, and an end that is told once. */

import type { Socket, SocketHandler } from "bun";
import { arrive, arriveMore, type Member, outbox, placeInOutbox } from "./turns.ts";

/** Memory of which a part is written. */
export interface Written {
  readonly memory: Buffer;
  readonly length: number;
}

/** Who is told what happens on a channel. */
export interface ChannelOwner {
  /** Bytes arrived. They belong to the owner from now on. */
  onBytes(bytes: Buffer): void;
  /** The peer sends no more. */
  onEnd(): void;
  /** The system took everything that waited. */
  onDrain(): void;
  /** Once: nothing can be sent or received any more. */
  onClose(): void;
}

/** How long a peer may take to read what was sent before a close that it would lose it by (RFC 9112 §9.6). */
const LINGER_MS = 2000;
/** How long the last bytes may take to leave. */
const LAST_BYTES_MS_MAX = 60_000;

export class Channel implements Member {
  closed = false;
  owner: ChannelOwner;
  readonly #native: Socket<Channel>;
  readonly #onDefect: ((error: unknown) => void) | undefined;
  /** Received in this turn, or while it was paused, and not looked at yet. */
  #received: Buffer | undefined;
  #receivedMore: Buffer[] | undefined;
  /** The peer has ended behind what is `#received`. */
  #endsBehind = false;
  /** Where in the outbox of the turn what was written in it begins, and how long it is. */
  #outAt = 0;
  #outBytes = 0;
  #waiting: Uint8Array[] | undefined;
  #waitingBytes = 0;
  #paused = false;
  /** What happens when all is sent: nothing; we say that no more will come; it closes; it closes when the peer has closed it, or in a while. */
  #ending: "no" | "half" | "whole" | "linger" | "lingering" = "no";
  /** We are closing it ourselves. */
  #closing = false;
  #ended = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param onDefect is told what the owner throws in a turn; the channel is closed then */
  constructor(native: Socket<Channel>, owner: ChannelOwner, onDefect?: (error: unknown) => void) {
    this.#native = native;
    this.owner = owner;
    this.#onDefect = onDefect;
    native.data = this;
    native.setNoDelay(true);
  }

  get remoteAddress(): string {
    return this.#native.remoteAddress;
  }

  /** Bytes that the system was offered and has not taken. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  get writable(): boolean {
    return !this.closed && this.#ending === "no";
  }

  /** Whether the peer has said that it sends no more. */
  get ended(): boolean {
    return this.#ended;
  }

  /**
   * Sends bytes; what the system does not take at once is kept, and must not change until `onDrain`.
   * @returns whether nothing waits
   */
  write(bytes: Uint8Array): boolean {
    if (!this.writable || bytes.length === 0) return this.#waitingBytes === 0;
    const at = this.#placeFor(bytes.length);
    if (at !== -1) {
      outbox.set(bytes, at);
      return true;
    }
    const written = this.#waitingBytes === 0 ? Math.max(0, this.#native.write(bytes)) : 0;
    if (written === bytes.length) return true;
    this.#wait(written === 0 ? bytes : bytes.subarray(written));
    return false;
  }

  /** Sends what a writer holds; what the system does not take at once is copied. @returns whether nothing waits */
  send(writer: Written): boolean {
    return this.sendTold(writer) !== "waits";
  }

  /**
   * The same. What leaves at the end of the turn counts as sent.
   * @returns `untaken` when the connection took nothing, because it is closed already: none of it has reached the peer, or ever will
   */
  sendTold(writer: Written): "sent" | "waits" | "untaken" {
    if (!this.writable) return "untaken";
    const { length } = writer;
    const at = this.#placeFor(length);
    if (at !== -1) {
      writer.memory.copy(outbox, at, 0, length);
      return "sent";
    }
    let written = 0;
    if (this.#waitingBytes === 0) {
      written = this.#native.write(writer.memory, 0, length);
      if (written === length) return "sent";
      if (written < 0) return "untaken";
    }
    this.#wait(Uint8Array.prototype.slice.call(writer.memory, written, length));
    return "waits";
  }

  /** Sends what waits, then says that no more will come. The peer may go on sending. */
  shutdown(): void {
    this.#endWith("half");
  }

  /** Sends what waits, then closes. */
  end(): void {
    this.#endWith("whole");
  }

  /** Sends what waits, says that no more will come, and drops what the peer still sends: closing at once would reset the connection and lose the last answer. */
  endLingering(): void {
    this.#endWith("linger");
  }

  /** Closes now; what waits is lost. */
  destroy(): void {
    this.#closeNow(() => this.#native.end());
  }

  /** Closes now, so that the peer cannot take it for a proper end. */
  reset(): void {
    this.#closeNow(() => this.#native.terminate());
  }

  pause(): void {
    if (this.#paused || this.closed) return;
    this.#paused = true;
    this.#native.pause();
  }

  resume(): void {
    if (!this.#paused || this.closed) return;
    this.#paused = false;
    this.#native.resume();
    if (this.#received !== undefined) arrive(this, 0);
  }

  /** For the handlers below, like the three that follow. */
  received(bytes: Buffer): void {
    if (this.closed) return;
    if (this.#received === undefined) {
      this.#received = bytes;
      if (!this.#paused) arrive(this, bytes.length);
      return;
    }
    this.#receivedMore ??= [];
    this.#receivedMore.push(bytes);
    if (!this.#paused) arriveMore(bytes.length);
  }

  /** For the turn. */
  deliver(): void {
    while (this.#received !== undefined && !this.#paused) this.#deliverOne();
    if (this.#received !== undefined || !this.#endsBehind) return;
    try {
      this.peerEnded();
    } catch (error) {
      this.#failed(error);
    }
  }

  /** For the turn, and for who has to know now what the system does not take: what was written in this turn leaves. */
  release(): void {
    const length = this.#outBytes;
    if (length === 0) return;
    this.#outBytes = 0;
    const written = Math.max(0, this.#native.write(outbox, this.#outAt, length));
    if (written < length)
      this.#wait(Uint8Array.prototype.slice.call(outbox, this.#outAt + written, this.#outAt + length));
  }

  drained(): void {
    const waiting = this.#waiting;
    while (waiting !== undefined && waiting.length > 0) {
      const first = waiting[0]!;
      const written = this.#native.write(first);
      if (written < 0) return;
      this.#waitingBytes -= written;
      if (written < first.length) {
        waiting[0] = first.subarray(written);
        return;
      }
      waiting.shift();
    }
    if (this.#ending === "no") this.owner.onDrain();
    else this.#endNow();
  }

  peerEnded(): void {
    if (this.#ended || this.closed) return;
    while (this.#received !== undefined && !this.#paused) this.#deliverOne();
    if (this.closed) return;
    this.#endsBehind = this.#received !== undefined;
    if (this.#endsBehind) return;
    this.#ended = true;
    if (this.#ending === "lingering") this.destroy();
    else if (this.#ending !== "linger") this.owner.onEnd();
  }

  /** @param broken whether the peer ended it in no proper way */
  wasClosed(broken: boolean): void {
    if (this.closed) return;
    while (this.#received !== undefined && !this.#closing) this.#deliverOne();
    if (this.#endsBehind) this.peerEnded();
    // When we had said that we send no more, the peer's saying so closes the socket at once.
    if (!broken && !this.#closing && this.#ending === "half") this.peerEnded();
    if (this.closed) return;
    this.closed = true;
    this.#drop();
    clearTimeout(this.#timer);
    this.owner.onClose();
  }

  #deliverOne(): void {
    const bytes = this.#received!;
    const more = this.#receivedMore;
    this.#received = more?.shift();
    if (more !== undefined && this.#received === undefined) this.#receivedMore = undefined;
    if (this.closed || this.#ending === "linger" || this.#ending === "lingering") return;
    try {
      this.owner.onBytes(bytes);
    } catch (error) {
      this.#failed(error);
    }
  }

  /** The owner has thrown. */
  #failed(error: unknown): void {
    this.#onDefect?.(error);
    this.destroy();
  }

  /** Within a turn, what is written leaves at its end, as one piece. @returns -1 when it has to leave now; what was to leave at the end has left then */
  #placeFor(length: number): number {
    if (this.#waitingBytes > 0) return -1;
    const at = placeInOutbox(this, length, this.#outBytes === 0 ? -1 : this.#outAt + this.#outBytes);
    if (at === -1) this.release();
    else {
      if (this.#outBytes === 0) this.#outAt = at;
      this.#outBytes += length;
    }
    return at;
  }

  #wait(bytes: Uint8Array): void {
    this.#waiting ??= [];
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
  }

  #drop(): void {
    this.#waiting = undefined;
    this.#waitingBytes = 0;
    this.#received = undefined;
    this.#receivedMore = undefined;
    this.#outBytes = 0;
  }

  #closeNow(close: () => void): void {
    if (this.closed) return;
    this.release();
    this.#drop();
    this.#closing = true;
    // Bun closes the descriptor now, and calls `close` before it returns.
    close();
  }

  #endWith(ending: "half" | "whole" | "linger"): void {
    if (this.closed || (this.#ending !== "no" && this.#ending !== "half")) return;
    this.release();
    this.#ending = ending;
    if (this.#waitingBytes === 0) this.#endNow();
    // What waits must not wait for a peer that takes nothing.
    else this.#timer = setTimeout(() => this.destroy(), LAST_BYTES_MS_MAX);
  }

  #endNow(): void {
    clearTimeout(this.#timer);
    switch (this.#ending) {
      case "half":
        this.#native.shutdown();
        break;
      case "linger":
        this.#ending = "lingering";
        this.#native.shutdown();
        if (this.#ended) this.destroy();
        else {
          this.#timer = setTimeout(() => this.destroy(), LINGER_MS);
          this.resume();
        }
        break;
      case "whole":
        this.destroy();
        break;
      default:
        break;
    }
  }
}

/** What every socket does with its events: hand them to its channel. One object for all of them. */
export const channelHandlers: Pick<SocketHandler<Channel>, "data" | "end" | "drain" | "close" | "error"> = {
  data: ({ data: channel }, bytes) => channel.received(bytes),
  end: ({ data: channel }) => channel?.peerEnded(),
  drain: ({ data: channel }) => channel?.drained(),
  close: ({ data: channel }, error) => channel?.wasClosed(error !== undefined),
  // A reset by the peer: the close event follows.
  error: ({ data: channel }) => channel?.destroy(),
};
