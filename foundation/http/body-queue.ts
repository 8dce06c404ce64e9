/** Request bytes that have arrived and that nobody has read yet, counted over all exchanges of the process. */

import { BODIES_HIGH_WATER_BYTES, BODY_HIGH_WATER_BYTES, BODY_SHARE_BYTES } from "./limits.ts";

let bytesOfAll = 0;

/** Unread request bytes in memory, of all servers of the process. */
export function unreadBodyBytes(): number {
  return bytesOfAll;
}

/** The queue of one body. */
export class BodyQueue {
  #chunks: Uint8Array[] = [];
  #bytes = 0;

  /** Whether the client is to be paused: it has its share, which is smaller while there is much in memory already. */
  get isFull(): boolean {
    return this.#bytes >= (bytesOfAll >= BODIES_HIGH_WATER_BYTES ? BODY_SHARE_BYTES : BODY_HIGH_WATER_BYTES);
  }

  /** Whether a paused client may go on. */
  get isLow(): boolean {
    return this.#bytes < BODY_HIGH_WATER_BYTES / 2 && !this.isFull;
  }

  get bytes(): number {
    return this.#bytes;
  }

  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    bytesOfAll += chunk.length;
  }

  shift(): Uint8Array | undefined {
    const chunk = this.#chunks.shift();
    if (chunk === undefined) return undefined;
    this.#bytes -= chunk.length;
    bytesOfAll -= chunk.length;
    return chunk;
  }

  /** Nobody will read what is left. */
  clear(): void {
    bytesOfAll -= this.#bytes;
    this.#bytes = 0;
    this.#chunks = [];
  }
}
