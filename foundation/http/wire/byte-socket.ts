/** What protocols need of a connection; sockets of `node:net` fit, and those of this room's server. */

export interface ByteSocket {
  /** Whether anything can still be sent. */
  readonly writable: boolean;
  /** Bytes given to `write` that the system has not taken yet. */
  readonly writableLength: number;
  /** @returns whether the system took all of it; if not, `drain` follows */
  write(bytes: Uint8Array | string): boolean;
  /** Sends what is left and closes. */
  end(): void;
  /** Closes at once. */
  destroy(): void;
  pause(): void;
  resume(): void;
  setNoDelay(noDelay: boolean): void;
  /** 0: no timeout. */
  setTimeout(milliseconds: number): void;
  on(event: "data", listener: (bytes: Uint8Array) => void): void;
  on(event: "drain" | "end" | "error" | "close", listener: () => void): void;
}
