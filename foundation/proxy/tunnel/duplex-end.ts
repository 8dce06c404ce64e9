/** A connection to an upstream, after it has left HTTP, as the end of a tunnel. */

import type { ChannelOwner, RawDuplex } from "#foundation/http1";
import { nobody, type TunnelEnd } from "./tunnel.ts";

export class DuplexEnd implements TunnelEnd {
  owner: ChannelOwner = nobody;
  closed = false;
  ended = false;
  readonly #duplex: RawDuplex;
  #isStarted = false;

  constructor(duplex: RawDuplex) {
    this.#duplex = duplex;
  }

  /** What came behind the last head of HTTP. */
  get rest(): Buffer {
    return this.#duplex.rest;
  }

  write(bytes: Uint8Array): boolean {
    return this.#duplex.write(bytes);
  }

  shutdown(): void {
    this.#duplex.shutdown();
  }

  end(): void {
    this.#duplex.end();
  }

  reset(): void {
    this.#duplex.reset();
  }

  pause(): void {
    this.#duplex.pause();
  }

  /** The first time, what has happened since it left HTTP is told before this returns. */
  resume(): void {
    if (this.#isStarted) {
      this.#duplex.resume();
      return;
    }
    this.#isStarted = true;
    this.#duplex.start({
      onBytes: (bytes) => this.owner.onBytes(bytes),
      onEnd: () => {
        this.ended = true;
        this.owner.onEnd();
      },
      onDrain: () => this.owner.onDrain(),
      onClose: () => {
        this.closed = true;
        this.owner.onClose();
      },
    });
  }
}
