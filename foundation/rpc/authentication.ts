/**
 * Peers that share a key: each shows that it has it before anything is answered, and each frame is shown to come from it.
 *
 * After the preamble both sides send a challenge of 32 random bytes. The key of each direction is HMAC-SHA-256 of the shared key over the direction's name and both
 * challenges, the caller's first; each frame then ends with a tag, the first 16 bytes of HMAC-SHA-256 of that key over the frame's number and the frame. Numbers
 * count from 0, so that no frame can be repeated, left out, moved, or sent back. Nothing is kept secret: whoever can listen can read.
 */
import { createHmac, timingSafeEqual } from "node:crypto";

export const CHALLENGE_BYTES = 32;
export const TAG_BYTES = 16;
/** Shorter keys can be guessed. */
export const KEY_BYTES_MIN = 32;

/** The two directions of a connection, as one side has them. */
export interface DirectionKeys {
  readonly own: Uint8Array;
  readonly peer: Uint8Array;
}

/** @param caller what the caller sent, @param server what the server sent */
export function directionKeys(
  key: Uint8Array,
  role: "caller" | "server",
  caller: Uint8Array,
  server: Uint8Array,
): DirectionKeys {
  const of = (direction: string): Uint8Array =>
    createHmac("sha256", key).update(direction).update(caller).update(server).digest();
  const [fromCaller, fromServer] = [of("biplane rpc, from the caller"), of("biplane rpc, from the server")];
  return role === "caller" ? { own: fromCaller, peer: fromServer } : { own: fromServer, peer: fromCaller };
}

/** Makes the tags of one direction, one frame after the other. */
export class Tags {
  private count = 0n;
  private readonly number = Buffer.alloc(8);

  constructor(private readonly key: Uint8Array) {}

  /** The tag of the next frame. */
  next(frame: Uint8Array): Uint8Array {
    this.number.writeBigUInt64BE(this.count++);
    return createHmac("sha256", this.key).update(this.number).update(frame).digest().subarray(0, TAG_BYTES);
  }

  /** Whether the next frame has its tag. */
  holds(frame: Uint8Array, tag: Uint8Array): boolean {
    const expected = this.next(frame);
    return tag.length === TAG_BYTES && timingSafeEqual(expected, tag);
  }
}
