/** Two-way channels of whole messages, whatever they run over. */
import { CLOSE, type WebSocketConnection } from "#foundation/http";

/** One end of a channel. */
export interface ChannelEnd {
  /** A promise resolves when more may be sent: wait for it. Does nothing once the channel is closed. */
  send(message: string | Uint8Array): void | Promise<void>;
  /** Closing twice is harmless. What was sent before still arrives. */
  close(reason?: string): void;
  /** Messages that came before a listener was set are kept for it. */
  onMessage(listener: (message: string | Uint8Array) => void): void;
  /** Called once; at once when the channel is closed already. */
  onClose(listener: () => void): void;
}

/** Above this many queued bytes the sender waits. */
const BACKLOG_BYTES = 256 * 1024;

/** A close frame carries at most 123 bytes of reason (RFC 6455 §5.5). */
const REASON_MAX = 123;

/** A channel over an open WebSocket. */
export function channelOfSocket(socket: WebSocketConnection): ChannelEnd {
  return {
    send(message) {
      socket.send(message);
      return socket.bufferedBytes > BACKLOG_BYTES ? socket.drained() : undefined;
    },
    close: (reason = "") => socket.close(CLOSE.normal, reason.slice(0, REASON_MAX)),
    onMessage: (listener) => socket.onMessage(listener),
    onClose: (listener) => socket.onClose(() => listener()),
  };
}

class PairEnd implements ChannelEnd {
  peer: PairEnd | undefined;
  #listener: ((message: string | Uint8Array) => void) | undefined;
  #waiting: (string | Uint8Array)[] = [];
  #closed = false;
  readonly #closeListeners: (() => void)[] = [];

  send(message: string | Uint8Array): void {
    if (this.#closed) return;
    // A copy: what is sent must not change under the reader's hands.
    const sent = typeof message === "string" ? message : message.slice();
    queueMicrotask(() => this.peer?.take(sent));
  }

  close(): void {
    if (this.#closed) return;
    queueMicrotask(() => this.peer?.end());
    this.end();
  }

  onMessage(listener: (message: string | Uint8Array) => void): void {
    this.#listener = listener;
    for (const message of this.#waiting.splice(0)) listener(message);
  }

  onClose(listener: () => void): void {
    if (this.#closed) listener();
    else this.#closeListeners.push(listener);
  }

  take(message: string | Uint8Array): void {
    if (this.#listener === undefined) this.#waiting.push(message);
    else this.#listener(message);
  }

  end(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const listener of this.#closeListeners) listener();
  }
}

/** Both ends of a channel within one process. Messages arrive in a later turn, in order. */
export function channelPair(): readonly [ChannelEnd, ChannelEnd] {
  const [left, right] = [new PairEnd(), new PairEnd()];
  left.peer = right;
  right.peer = left;
  return [left, right];
}
