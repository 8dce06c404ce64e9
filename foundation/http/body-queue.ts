/** Request bytes that have arrived and that nobody has read yet, counted over all exchanges of the process. */

import { BODIES_HIGH_WATER_BYTES, BODY_DELIVERY_BYTES, BODY_HIGH_WATER_BYTES } from "./limits.ts";

let bytesOfAll = 0;
/** Bodies that wait to be received, in the order of their coming. */
const waitingForRoom = new Set<() => void>();

/** Unread request bytes in memory, of all servers of the process. */
export function unreadBodyBytes(): number {
  return bytesOfAll;
}

/** To be awaited before more of a body is received; undefined while there is room. First come, first served. */
export function roomForBodies(): Promise<void> | undefined {
  if (bytesOfAll < BODIES_HIGH_WATER_BYTES && waitingForRoom.size === 0) return undefined;
  return new Promise((resolve) => {
    waitingForRoom.add(resolve);
  });
}

function letIn(): void {
  if (waitingForRoom.size === 0) return;
  let places = Math.ceil((BODIES_HIGH_WATER_BYTES - bytesOfAll) / BODY_DELIVERY_BYTES);
  for (const resolve of waitingForRoom) {
    if (places-- <= 0) return;
    waitingForRoom.delete(resolve);
    resolve();
  }
}

/** The queue of one body. The chunk that its reader has counts until the next is asked for. */
export class BodyQueue {
  #chunks: Uint8Array[] = [];
  /** Waiting and in the reader's hands. */
  #bytes = 0;
  #inHand = 0;

  /** Whether the client is to be paused: it has its share, which is what has come already while there is much in memory. */
  get isFull(): boolean {
    return this.waiting >= (bytesOfAll < BODIES_HIGH_WATER_BYTES ? BODY_HIGH_WATER_BYTES : 1);
  }

  /** Whether a paused client may go on. */
  get isLow(): boolean {
    return this.waiting < BODY_HIGH_WATER_BYTES / 2 && bytesOfAll < BODIES_HIGH_WATER_BYTES;
  }

  /** Bytes that nobody has taken. */
  get waiting(): number {
    return this.#bytes - this.#inHand;
  }

  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#count(chunk.length);
  }

  /** The next chunk; the reader has done with the one before. */
  shift(): Uint8Array | undefined {
    const done = this.#inHand;
    const chunk = this.#chunks.shift();
    this.#inHand = chunk?.length ?? 0;
    if (done > 0) this.#count(-done);
    return chunk;
  }

  /** Nobody will read what is left. */
  clear(): void {
    this.#chunks = [];
    this.#inHand = 0;
    if (this.#bytes > 0) this.#count(-this.#bytes);
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    bytesOfAll += bytes;
    if (bytes < 0) letIn();
  }
}
