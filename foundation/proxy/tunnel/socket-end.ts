/** A socket of an HTTP server, after it has left HTTP, as the end of a tunnel. */

import type { ChannelOwner } from "#foundation/http1";
import { nobody, type TunnelEnd } from "./tunnel.ts";

/** What a server hands over. */
export interface TunnelSocket {
  write(bytes: Uint8Array | string): boolean;
  /** Sends what is left and closes. */
  end(): void;
  destroy(): void;
  pause(): void;
  resume(): void;
  on(event: "data", listener: (bytes: Uint8Array) => void): void;
  on(event: "drain" | "end" | "error" | "close", listener: () => void): void;
}

export class SocketEnd implements TunnelEnd {
  owner: ChannelOwner = nobody;
  closed = false;
  ended = false;
  readonly #socket: TunnelSocket;

  constructor(socket: TunnelSocket) {
    this.#socket = socket;
    socket.on("data", (bytes) => this.owner.onBytes(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)));
    socket.on("drain", () => this.owner.onDrain());
    socket.on("end", () => {
      this.ended = true;
      this.owner.onEnd();
    });
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      this.closed = true;
      this.owner.onClose();
    });
  }

  write(bytes: Uint8Array): boolean {
    return this.#socket.write(bytes);
  }

  /** A server's socket has no half-close: the connection closes once all is sent. */
  shutdown(): void {
    this.#socket.end();
  }

  end(): void {
    this.#socket.end();
  }

  reset(): void {
    this.#socket.destroy();
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }
}
