/** One accepted connection over Bun's sockets: output that waits for the client, and an orderly end. */

import type { Socket } from "bun";
import { LINGER_MS } from "../limits.ts";
import { answerGoesOn, answerWaits, type UnreadAnswer } from "../unread-answers.ts";
import type { ByteSocket } from "./byte-socket.ts";

type Listener = () => void;

/** What the server's loop tells a connection. */
export interface SocketOwner {
  /** Bytes arrived. They belong to the owner from now on. */
  onBytes(bytes: Buffer): void;
  /** The client sends no more. */
  onEnd(): void;
  /** The system took everything that waited. */
  onDrain(): void;
  /** Once, when nothing can be sent or received any more. */
  onClose(): void;
}

export class WireSocket implements ByteSocket, UnreadAnswer {
  readonly remoteAddress: string;
  closed = false;
  /** Set when the connection was given to another protocol, such as WebSocket. */
  #listeners: { data?: (bytes: Uint8Array) => void; readonly others: Map<string, Listener[]> } | undefined;
  #owner: SocketOwner | undefined;
  readonly #native: Socket<WireSocket>;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #paused = false;
  /** What happens when all is sent: nothing, the connection closes, or it closes when the client has closed it or `LINGER_MS` have passed. */
  #ending: "no" | "close" | "linger" | "lingering" = "no";
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(native: Socket<WireSocket>) {
    this.#native = native;
    this.remoteAddress = native.remoteAddress;
  }

  set owner(owner: SocketOwner) {
    this.#owner = owner;
  }

  get writable(): boolean {
    return !this.closed && this.#ending === "no";
  }

  get writableLength(): number {
    return this.#waitingBytes;
  }

  /**
   * Sends bytes (or text, as UTF-8). What the system does not take at once is kept and sent when it can be: `bytes` must not change until then.
   * @param held what is kept in memory until these bytes are taken; by default they themselves
   * @returns whether nothing waits
   */
  write(bytes: Uint8Array | string, held?: number): boolean {
    if (!this.writable) return true;
    if (this.#waiting.length === 0) {
      const written = this.#native.write(bytes);
      // The close event follows.
      if (written < 0) return true;
      const length = typeof bytes === "string" ? Buffer.byteLength(bytes) : bytes.length;
      if (written >= length) return true;
      this.#wait((typeof bytes === "string" ? Buffer.from(bytes) : bytes).subarray(written), held);
    } else this.#wait(typeof bytes === "string" ? Buffer.from(bytes) : bytes, held);
    return false;
  }

  end(): void {
    this.#endWith("close");
  }

  /** Sends what is left, says that no more will come, and drops what the client still sends: closing at once would reset the connection and lose the answer. */
  endLingering(): void {
    this.#endWith("linger");
  }

  destroy(): void {
    if (this.closed) return;
    this.#waiting = [];
    this.#waitingBytes = 0;
    // Bun closes the descriptor now, and calls `close` before it returns.
    this.#native.end();
  }

  cut(): void {
    this.destroy();
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

  setNoDelay(noDelay: boolean): void {
    if (!this.closed) this.#native.setNoDelay(noDelay);
  }

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

  /** For the server's loop alone, like the three below. */
  received(bytes: Buffer): void {
    if (this.#ending !== "no") return;
    if (this.#listeners?.data !== undefined) this.#listeners.data(bytes);
    else this.#owner?.onBytes(bytes);
  }

  clientEnded(): void {
    if (this.#ending !== "no") {
      if (this.#ending === "lingering") this.destroy();
      return;
    }
    if (this.#listeners !== undefined) this.#tell("end");
    else this.#owner?.onEnd();
  }

  drained(): void {
    while (this.#waiting.length > 0) {
      const first = this.#waiting[0]!;
      const written = this.#native.write(first);
      if (written < 0) return;
      this.#waitingBytes -= written;
      if (written < first.length) {
        this.#waiting[0] = first.subarray(written);
        return;
      }
      this.#waiting.shift();
    }
    answerGoesOn(this);
    if (this.#ending !== "no") {
      this.#closeNow();
      return;
    }
    this.#tell("drain");
    this.#owner?.onDrain();
  }

  wasClosed(): void {
    if (this.closed) return;
    this.closed = true;
    answerGoesOn(this);
    clearTimeout(this.#timer);
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#owner?.onClose();
    this.#tell("close");
  }

  #wait(bytes: Uint8Array, held = 0): void {
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    // Other protocols keep what waits within limits of their own.
    if (this.#listeners === undefined) answerWaits(this, Math.max(this.#waitingBytes, held));
  }

  #endWith(ending: "close" | "linger"): void {
    if (!this.writable) return;
    this.#ending = ending;
    if (this.#waiting.length === 0) this.#closeNow();
    // What waits must not wait for a client that takes nothing.
    else this.#timer = setTimeout(() => this.destroy(), ENDING_MS_MAX);
  }

  #closeNow(): void {
    if (this.#ending === "lingering") return;
    if (this.#ending === "close") {
      this.destroy();
      return;
    }
    this.#ending = "lingering";
    this.#native.shutdown();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.destroy(), LINGER_MS);
    this.resume();
  }

  #tell(event: string): void {
    for (const listener of this.#listeners?.others.get(event) ?? []) listener();
  }
}

/** How long the last bytes may take to leave: as long as a client may take nothing of an answer. */
const ENDING_MS_MAX = 120_000;
