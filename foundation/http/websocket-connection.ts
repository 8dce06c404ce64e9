/** One WebSocket over a socket: messages in order, keep-alive, limits and the closing handshake. Both sides use it. */

import { randomBytes } from "node:crypto";
import type { HttpRequest } from "./message.ts";
import {
  CLOSE,
  closePayload,
  encodeFrame,
  FrameDecoder,
  type Incoming,
  isSendableCloseCode,
  OPCODE,
  type Opcode,
  WebSocketError,
} from "./websocket-frames.ts";
import type { WebSocketConnection, WebSocketLimits } from "./websocket-types.ts";
import type { ByteSocket } from "./wire/byte-socket.ts";

export const DEFAULT_WEBSOCKET_LIMITS: WebSocketLimits = {
  maxMessageBytes: 4 * 1024 * 1024,
  // Four of the largest messages.
  maxBufferedBytes: 16 * 1024 * 1024,
  // Below the 60 s after which common proxies cut an idle connection; a dead peer is found within 40 s.
  pingIntervalMs: 20_000,
  closeTimeoutMs: 5_000,
};

const NO_BYTES = new Uint8Array(0);

export interface WebSocketRole {
  readonly side: "server" | "client";
  readonly limits?: Partial<WebSocketLimits>;
  readonly request?: HttpRequest;
  /** A listener failed: its error, for the log. The connection closes with 1011. */
  readonly onListenerError?: (error: unknown) => void;
}

export class SocketWebSocket implements WebSocketConnection {
  state: "open" | "closing" | "closed" = "open";
  readonly request?: HttpRequest;
  readonly #socket: ByteSocket;
  readonly #role: WebSocketRole;
  readonly #limits: WebSocketLimits;
  readonly #decoder: FrameDecoder;
  #onMessage: ((data: string | Uint8Array) => void) | undefined;
  #early: (string | Uint8Array)[] = [];
  #earlyBytes = 0;
  #closeListeners: ((code: number, reason: string) => void)[] = [];
  #drainWaiters: (() => void)[] = [];
  #closeCode: number = CLOSE.abnormal;
  #closeReason = "";
  #closeSent = false;
  #heard = true;
  #pingTimer: ReturnType<typeof setInterval> | undefined;
  #closeTimer: ReturnType<typeof setTimeout> | undefined;

  /** @param head bytes that arrived together with the handshake */
  constructor(socket: ByteSocket, head: Uint8Array, role: WebSocketRole) {
    this.#socket = socket;
    this.#role = role;
    this.#limits = { ...DEFAULT_WEBSOCKET_LIMITS, ...role.limits };
    this.#decoder = new FrameDecoder(role.side === "server", this.#limits.maxMessageBytes);
    if (role.request !== undefined) this.request = role.request;
    socket.setTimeout(0);
    socket.setNoDelay(true);
    socket.on("data", (bytes: Uint8Array) => this.#receive(bytes));
    socket.on("drain", () => this.#drained());
    socket.on("end", () => socket.end());
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#ended());
    if (this.#limits.pingIntervalMs > 0) {
      this.#pingTimer = setInterval(() => this.#keepAlive(), this.#limits.pingIntervalMs);
      this.#pingTimer.unref();
    }
    // After the caller has set its listeners: the head may hold whole messages.
    if (head.length > 0) queueMicrotask(() => this.#receive(head));
  }

  get bufferedBytes(): number {
    return this.state === "closed" ? 0 : this.#socket.writableLength;
  }

  send(data: string | Uint8Array): void {
    if (this.state !== "open") return;
    if (typeof data === "string") this.#write(OPCODE.text, Buffer.from(data));
    else this.#write(OPCODE.binary, data);
    if (this.#socket.writableLength > this.#limits.maxBufferedBytes) {
      this.#fail(CLOSE.policyViolation, "The peer does not read what it is sent.");
    }
  }

  drained(): Promise<void> {
    if (this.bufferedBytes === 0) return Promise.resolve();
    return new Promise((resolve) => this.#drainWaiters.push(resolve));
  }

  close(code: number = CLOSE.normal, reason = ""): void {
    if (!isSendableCloseCode(code)) throw new RangeError(`The close code ${code} cannot be sent.`);
    if (this.state !== "open") return;
    this.state = "closing";
    this.#closeCode = code;
    this.#closeReason = reason;
    this.#sendClose(code, reason);
    this.#closeTimer = setTimeout(() => this.#socket.destroy(), this.#limits.closeTimeoutMs);
  }

  onMessage(listener: (data: string | Uint8Array) => void): void {
    this.#onMessage = listener;
    const early = this.#early;
    this.#early = [];
    this.#earlyBytes = 0;
    for (const data of early) this.#deliver(data);
    if (this.state !== "closed") this.#socket.resume();
  }

  onClose(listener: (code: number, reason: string) => void): void {
    if (this.state === "closed") listener(this.#closeCode, this.#closeReason);
    else this.#closeListeners.push(listener);
  }

  #receive(bytes: Uint8Array): void {
    this.#heard = true;
    if (this.state === "closed") return;
    try {
      this.#decoder.push(bytes, (incoming) => this.#handle(incoming));
    } catch (error) {
      if (error instanceof WebSocketError) this.#fail(error.closeCode, error.message);
      else throw error;
    }
  }

  #handle(incoming: Incoming): void {
    switch (incoming.kind) {
      case "text":
        this.#deliver(incoming.text);
        return;
      case "binary":
        this.#deliver(incoming.bytes);
        return;
      case "ping":
        if (this.state === "open") this.#write(OPCODE.pong, incoming.payload);
        return;
      case "pong":
        return;
      case "close":
        this.#peerCloses(incoming.code, incoming.reason);
    }
  }

  #deliver(data: string | Uint8Array): void {
    if (this.state !== "open") return; // What arrives after a close frame was sent is not wanted any more.
    if (this.#onMessage === undefined) {
      this.#early.push(data);
      this.#earlyBytes += data.length;
      if (this.#earlyBytes >= this.#limits.maxMessageBytes) this.#socket.pause();
      return;
    }
    try {
      this.#onMessage(data);
    } catch (error) {
      this.#role.onListenerError?.(error);
      this.#fail(CLOSE.internalError, "");
    }
  }

  #peerCloses(code: number, reason: string): void {
    if (this.state === "open") {
      this.state = "closing";
      this.#closeCode = code;
      this.#closeReason = reason;
    }
    if (!this.#closeSent) this.#sendClose(code === CLOSE.noStatus ? CLOSE.normal : code, "");
    // RFC 6455 §7.1.1: the server closes the connection first, the client waits for it (and not for ever).
    if (this.#role.side === "server") this.#socket.end();
    this.#closeTimer ??= setTimeout(() => this.#socket.destroy(), this.#limits.closeTimeoutMs);
  }

  /** Tells the peer why, then cuts the connection once that has left. */
  #fail(code: number, reason: string): void {
    if (this.state === "closed") return;
    this.state = "closing";
    this.#closeCode = code;
    this.#closeReason = reason;
    this.#sendClose(code, reason);
    this.#socket.end();
    this.#closeTimer ??= setTimeout(() => this.#socket.destroy(), this.#limits.closeTimeoutMs);
  }

  #sendClose(code: number, reason: string): void {
    if (this.#closeSent) return;
    this.#closeSent = true;
    this.#write(OPCODE.close, closePayload(code, reason));
  }

  #write(opcode: Opcode, payload: Uint8Array): void {
    if (!this.#socket.writable) return;
    this.#socket.write(encodeFrame(opcode, payload, this.#role.side === "client" ? randomBytes(4) : undefined));
  }

  #keepAlive(): void {
    if (!this.#heard) {
      this.#socket.destroy();
      return;
    }
    this.#heard = false;
    if (this.state === "open") this.#write(OPCODE.ping, NO_BYTES);
  }

  #drained(): void {
    for (const resolve of this.#drainWaiters.splice(0)) resolve();
  }

  #ended(): void {
    if (this.state === "closed") return;
    this.state = "closed";
    clearInterval(this.#pingTimer);
    clearTimeout(this.#closeTimer);
    this.#drained();
    this.#early = [];
    for (const listener of this.#closeListeners.splice(0)) listener(this.#closeCode, this.#closeReason);
  }
}
