/** One socket of Bun's, plain or in TLS, from either side: output that waits for the peer, and an end that is told once. */

import type { Socket, SocketHandler } from "bun";

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

export class Channel {
  closed = false;
  owner: ChannelOwner;
  readonly #native: Socket<Channel>;
  #waiting: Uint8Array[] | undefined;
  #waitingBytes = 0;
  #paused = false;
  /** What happens when all is sent: nothing; we say that no more will come; it closes; it closes when the peer has closed it, or in a while. */
  #ending: "no" | "half" | "whole" | "linger" | "lingering" = "no";
  /** We are closing it ourselves. */
  #closing = false;
  #ended = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(native: Socket<Channel>, owner: ChannelOwner) {
    this.#native = native;
    this.owner = owner;
    native.data = this;
    native.setNoDelay(true);
  }

  get remoteAddress(): string {
    return this.#native.remoteAddress;
  }

  /** Bytes that the system has not taken yet. */
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
    const written = this.#waitingBytes === 0 ? Math.max(0, this.#native.write(bytes)) : 0;
    if (written === bytes.length) return true;
    this.#wait(written === 0 ? bytes : bytes.subarray(written));
    return false;
  }

  /** Sends what a writer holds; what the system does not take at once is copied. @returns whether nothing waits */
  send(writer: Written): boolean {
    return this.sendTold(writer) !== "waits";
  }

  /** The same. @returns `untaken` when the connection took nothing, because it is closed already: none of it has reached the peer, or ever will */
  sendTold(writer: Written): "sent" | "waits" | "untaken" {
    if (!this.writable) return "untaken";
    const { length } = writer;
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
  }

  /** For the handlers below, like the three that follow. */
  received(bytes: Buffer): void {
    if (this.closed || this.#ending === "linger" || this.#ending === "lingering") return;
    this.owner.onBytes(bytes);
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
    this.#ended = true;
    if (this.#ending === "lingering") this.destroy();
    else if (this.#ending !== "linger") this.owner.onEnd();
  }

  /** @param broken whether the peer ended it in no proper way */
  wasClosed(broken: boolean): void {
    if (this.closed) return;
    // When we had said that we send no more, the peer's saying so closes the socket at once.
    if (!broken && !this.#closing && this.#ending === "half") this.peerEnded();
    if (this.closed) return;
    this.closed = true;
    this.#drop();
    clearTimeout(this.#timer);
    this.owner.onClose();
  }

  #wait(bytes: Uint8Array): void {
    this.#waiting ??= [];
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
  }

  #drop(): void {
    this.#waiting = undefined;
    this.#waitingBytes = 0;
  }

  #closeNow(close: () => void): void {
    if (this.closed) return;
    this.#drop();
    this.#closing = true;
    // Bun closes the descriptor now, and calls `close` before it returns.
    close();
  }

  #endWith(ending: "half" | "whole" | "linger"): void {
    if (this.closed || (this.#ending !== "no" && this.#ending !== "half")) return;
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
