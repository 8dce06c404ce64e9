/**
 * A TCP socket behind the stream port.
 */

import type { Socket } from "node:net";
import { NetworkError } from "../ports/errors.ts";
import { type ByteStream, formatAddress, type NetworkAddress } from "../ports/network.ts";
import { toNetworkError } from "./system-errors.ts";

/** A connection silent for this long is probed by the system, so that a peer without power is noticed within minutes rather than never. */
const KEEP_ALIVE_AFTER_MS = 60_000;

interface PendingRead {
  readonly resolve: (bytes: Uint8Array | undefined) => void;
  readonly reject: (error: NetworkError) => void;
}

/** One connected socket. The socket must have been created with `allowHalfOpen` and not be flowing yet. */
export class SystemStream implements ByteStream {
  readonly local: NetworkAddress;
  readonly remote: NetworkAddress;
  readonly closed: Promise<void>;
  private readonly socket: Socket;
  /** Chunks that arrived before `pause` took effect; one or two chunks of at most 64 KiB each. */
  private readonly arrived: Uint8Array[] = [];
  private pendingRead: PendingRead | undefined;
  private peerEnded = false;
  private ended = false;
  private failure: NetworkError | undefined;

  constructor(socket: Socket, local: NetworkAddress, remote: NetworkAddress) {
    this.socket = socket;
    this.local = local;
    this.remote = remote;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_AFTER_MS);
    socket.pause();
    socket.on("data", (chunk: Uint8Array) => this.onData(chunk));
    socket.on("end", () => this.onPeerEnd());
    socket.on("error", (error) => this.fail(this.normalise(error, "read")));
    socket.pause();
    this.closed = new Promise((resolve) => {
      socket.once("close", () => {
        // A close without the peer's end is a cut, even when the system reported no error.
        if (!this.peerEnded) this.fail(this.cut("read"));
        resolve();
      });
    });
  }

  read(): Promise<Uint8Array | undefined> {
    if (this.pendingRead !== undefined) throw new Error("a read is already in flight on this stream; await it first");
    const chunk = this.arrived.shift();
    if (chunk !== undefined) return Promise.resolve(chunk);
    if (this.failure !== undefined) return Promise.reject(this.failure);
    if (this.peerEnded) return Promise.resolve(undefined);
    return new Promise((resolve, reject) => {
      this.pendingRead = { resolve, reject };
      this.socket.resume();
    });
  }

  write(bytes: Uint8Array): Promise<void> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    if (this.ended) return Promise.reject(new NetworkError("EPIPE", "write", formatAddress(this.remote)));
    if (bytes.length === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.socket.write(bytes, (error) => {
        if (error) reject(this.failure ?? this.normalise(error, "write"));
        else resolve();
      });
    });
  }

  end(): Promise<void> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    if (this.ended) return Promise.resolve();
    this.ended = true;
    return new Promise((resolve, reject) => {
      this.socket.once("close", () => (this.failure === undefined ? resolve() : reject(this.failure)));
      this.socket.end(() => resolve());
    });
  }

  reset(): void {
    this.fail(this.cut("read"));
    this.arrived.length = 0;
    this.socket.resetAndDestroy();
  }

  private onData(chunk: Uint8Array): void {
    this.socket.pause();
    const reader = this.pendingRead;
    if (reader === undefined) {
      this.arrived.push(chunk);
      return;
    }
    this.pendingRead = undefined;
    reader.resolve(chunk);
  }

  private onPeerEnd(): void {
    this.peerEnded = true;
    const reader = this.pendingRead;
    this.pendingRead = undefined;
    reader?.resolve(undefined);
  }

  private fail(error: NetworkError): void {
    this.failure ??= error;
    const reader = this.pendingRead;
    this.pendingRead = undefined;
    reader?.reject(this.failure);
  }

  private cut(operation: string): NetworkError {
    return new NetworkError("ECONNRESET", operation, formatAddress(this.remote));
  }

  /** A broken pipe that this side did not cause means that the peer has gone. */
  private normalise(error: unknown, operation: string): NetworkError {
    const normalised = toNetworkError(error, operation, formatAddress(this.remote));
    return normalised.code === "EPIPE"
      ? new NetworkError("ECONNRESET", operation, formatAddress(this.remote), error)
      : normalised;
  }
}
