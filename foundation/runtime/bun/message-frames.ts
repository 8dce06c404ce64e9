/**
 * The framing of messages on an endpoint's connections. Pure.
 *
 * A connection carries frames in one direction: a 4-byte big-endian length, then that many bytes. The first frame introduces the sender:
 * the four bytes `BPM1`, its port (2 bytes, big-endian), its host (UTF-8).
 */

import { MESSAGE_BYTES_MAX, type NetworkAddress } from "../ports/network.ts";

const HEADER_BYTES = 4;
const MAGIC = new TextEncoder().encode("BPM1");
/** Magic, port, and the longest host name (RFC 1035 §2.3.4: 255 octets). */
const GREETING_BYTES_MAX = 4 + 2 + 255;

/** One frame around `payload`, in a buffer of its own. */
export function encodeFrame(payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(HEADER_BYTES + payload.length);
  new DataView(frame.buffer).setUint32(0, payload.length);
  frame.set(payload, HEADER_BYTES);
  return frame;
}

/** The first frame of a connection. */
export function encodeGreeting(from: NetworkAddress): Uint8Array {
  const host = new TextEncoder().encode(from.host);
  const payload = new Uint8Array(MAGIC.length + 2 + host.length);
  payload.set(MAGIC);
  new DataView(payload.buffer).setUint16(MAGIC.length, from.port);
  payload.set(host, MAGIC.length + 2);
  return encodeFrame(payload);
}

/** Reads a greeting's payload; undefined when it is not one. */
export function decodeGreeting(payload: Uint8Array): NetworkAddress | undefined {
  if (payload.length < MAGIC.length + 3 || payload.length > GREETING_BYTES_MAX) return undefined;
  for (let index = 0; index < MAGIC.length; index++) if (payload[index] !== MAGIC[index]) return undefined;
  const port = new DataView(payload.buffer, payload.byteOffset).getUint16(MAGIC.length);
  return { host: new TextDecoder().decode(payload.subarray(MAGIC.length + 2)), port };
}

/**
 * Cuts a byte stream into frames. Memory is taken as bytes arrive, never as a header announces them, so that a hostile header costs
 * nothing; a length above the limit is refused.
 */
export class FrameReader {
  private readonly parts: Uint8Array[] = [];
  private buffered = 0;
  private greeted = false;
  private readonly onFrame: (payload: Uint8Array) => void;

  constructor(onFrame: (payload: Uint8Array) => void) {
    this.onFrame = onFrame;
  }

  /** Takes the next bytes; returns false when the stream breaks the protocol and must be cut. */
  push(chunk: Uint8Array): boolean {
    this.parts.push(chunk);
    this.buffered += chunk.length;
    while (this.buffered >= HEADER_BYTES) {
      const length = this.peekLength();
      if (length > (this.greeted ? MESSAGE_BYTES_MAX : GREETING_BYTES_MAX)) return false;
      if (this.buffered < HEADER_BYTES + length) return true;
      const frame = this.take(HEADER_BYTES + length);
      this.greeted = true;
      this.onFrame(frame.subarray(HEADER_BYTES));
    }
    return true;
  }

  private peekLength(): number {
    let first = this.parts[0]!;
    if (first.length < HEADER_BYTES) {
      // Rare: the header straddles chunks. Join what is needed of them.
      const header = this.take(HEADER_BYTES);
      this.parts.unshift(header);
      this.buffered += HEADER_BYTES;
      first = header;
    }
    return new DataView(first.buffer, first.byteOffset).getUint32(0);
  }

  /** Removes the first `length` bytes and returns them in a buffer of their own. */
  private take(length: number): Uint8Array {
    const result = new Uint8Array(length);
    let filled = 0;
    let consumed = 0;
    while (filled < length) {
      const part = this.parts[consumed]!;
      const wanted = Math.min(part.length, length - filled);
      result.set(wanted === part.length ? part : part.subarray(0, wanted), filled);
      filled += wanted;
      if (wanted === part.length) consumed++;
      else this.parts[consumed] = part.subarray(wanted);
    }
    this.parts.splice(0, consumed);
    this.buffered -= length;
    return result;
  }
}
