/** One socket, plain or in TLS: output that waits, both half-closes, and an end that is told once. */

import type { Socket, SocketHandler } from "bun";

/** Who is told what happens on a channel. */
export interface ChannelOwner {
  /** Bytes arrived. They belong to the owner from now on. */
  onBytes(bytes: Buffer): void;
  /** The peer sends no more. It may still read. */
  onEnd(): void;
  /** The system took everything that waited. */
  onDrain(): void;
  /** Once: nothing can be sent or received any more. */
  onClose(): void;
}

/** Heads are written through this: their bytes are with the system, or copied, when the write returns. */
const NO_BYTES = new Uint8Array(0);
const scratch = Buffer.allocUnsafeSlow(64 * 1024);

export class Channel {
  closed = false;
  /** Whether the peer has said that it sends no more. */
  ended = false;
  /** Who is told. Exchanged when the channel leaves HTTP. */
  owner: ChannelOwner;
  #native: Socket<Channel> | undefined;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #paused = false;
  #ending: "no" | "half" | "whole" = "no";
  /** We are closing it ourselves. */
  #closing = false;

  constructor(owner: ChannelOwner) {
    this.owner = owner;
  }

  get native(): Socket<Channel> {
    return this.#native!;
  }

  /** Bytes that the system has not taken yet. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  get writable(): boolean {
    return !this.closed && this.#ending === "no";
  }

  /**
   * Sends bytes; what the system does not take at once is kept, and must not change until `onDrain`.
   * @returns whether nothing waits
   */
  write(bytes: Uint8Array): boolean {
    if (!this.writable || bytes.length === 0) return this.#waitingBytes === 0;
    if (this.#waitingBytes === 0) {
      const written = Math.max(0, this.#native!.write(bytes));
      if (written === bytes.length) return true;
      this.#wait(written === 0 ? bytes : bytes.subarray(written));
    } else this.#wait(bytes);
    return false;
  }

  /** The same for a text of one byte per character, with bytes and another text behind it. Short ones are copied, so that all of it is one write. */
  writeText(text: string, bytes: Uint8Array = NO_BYTES, tail = ""): boolean {
    if (!this.writable) return true;
    const behind = text.length + bytes.length;
    const length = behind + tail.length;
    if (length > scratch.length) {
      this.write(Buffer.from(text, "latin1"));
      this.write(bytes);
      return this.write(Buffer.from(tail, "latin1"));
    }
    scratch.write(text, 0, "latin1");
    scratch.set(bytes, text.length);
    if (tail !== "") scratch.write(tail, behind, "latin1");
    const written = this.#waitingBytes === 0 ? Math.max(0, this.#native!.write(scratch, 0, length)) : 0;
    if (written === length) return true;
    this.#wait(Uint8Array.prototype.slice.call(scratch, written, length));
    return false;
  }

  /** Sends what waits, then says that no more will come. The peer may go on sending. */
  shutdown(): void {
    if (!this.writable) return;
    this.#ending = "half";
    if (this.#waitingBytes === 0) this.#endNow();
  }

  /** Sends what waits, then closes. */
  end(): void {
    if (this.closed || this.#ending === "whole") return;
    this.#ending = "whole";
    if (this.#waitingBytes === 0) this.#endNow();
  }

  /** Closes now; what waits is lost. */
  destroy(): void {
    if (this.closed) return;
    this.#drop();
    this.#closing = true;
    this.#native?.end();
  }

  /** Closes now, so that the peer cannot take it for a proper end. */
  reset(): void {
    if (this.closed) return;
    this.#drop();
    this.#closing = true;
    this.#native?.terminate();
  }

  pause(): void {
    if (this.#paused || this.closed) return;
    this.#paused = true;
    this.#native!.pause();
  }

  resume(): void {
    if (!this.#paused || this.closed) return;
    this.#paused = false;
    this.#native!.resume();
  }

  /** For the handlers below. */
  opened(native: Socket<Channel>): void {
    this.#native = native;
  }

  drained(): void {
    while (this.#waiting.length > 0) {
      const first = this.#waiting[0]!;
      const written = this.#native!.write(first);
      if (written < 0) return;
      this.#waitingBytes -= written;
      if (written < first.length) {
        this.#waiting[0] = first.subarray(written);
        return;
      }
      this.#waiting.shift();
    }
    if (this.#ending === "no") this.owner.onDrain();
    else this.#endNow();
  }

  /** @param broken whether the peer ended it in no proper way */
  wasClosed(broken: boolean): void {
    if (this.closed) return;
    // When we had said that we send no more, the peer's saying so closes the socket at once.
    if (!broken && !this.#closing) this.peerEnded();
    if (this.closed) return;
    this.closed = true;
    this.#drop();
    this.owner.onClose();
  }

  peerEnded(): void {
    if (this.ended || this.closed) return;
    this.ended = true;
    this.owner.onEnd();
  }

  #wait(bytes: Uint8Array): void {
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
  }

  #drop(): void {
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  #endNow(): void {
    if (this.#ending === "half") {
      this.#native!.shutdown();
      return;
    }
    this.#closing = true;
    this.#native!.end();
  }
}

/** What every socket of this room does with its events: hand them to its channel. One object for all of them. */
export const channelHandlers: SocketHandler<Channel> = {
  data: ({ data: channel }, bytes) => {
    if (!channel.closed) channel.owner.onBytes(bytes);
  },
  end: ({ data: channel }) => channel?.peerEnded(),
  drain: ({ data: channel }) => channel?.drained(),
  close: ({ data: channel }, error) => channel?.wasClosed(error !== undefined),
  // A reset by the peer: the close event follows.
  error: ({ data: channel }) => channel?.destroy(),
};
