/**
 * Frames: what travels on a connection, each after its length.
 *
 * Both sides begin with a preamble of eight bytes: `bprpc`, a zero, and the version of the protocol. Then frames: length u32 (of all that follows), kind u8, and
 * by kind:
 *
 * | kind | then |
 * |---|---|
 * | 0 request | call u32, component text, method u8, the request |
 * | 1 reply | call u32, the reply |
 * | 2 failure | call u32, code text, message text, 0 or 1 and detail u64 |
 * | 3 ping, 4 pong | nothing |
 */
import { type ByteReader, type ByteWriter, MalformedBytesError, ByteReader as Reader } from "#foundation/binary";

export const PROTOCOL_VERSION = 1;
export const PREAMBLE_BYTES = 8;
/** The longest frame: a transaction of 10 MB with what comes with it, rounded up. */
export const FRAME_BYTES_MAX = 16 * 1024 * 1024;

const MAGIC = Uint8Array.of(0x62, 0x70, 0x72, 0x70, 0x63, 0);

export const KIND = { request: 0, reply: 1, failure: 2, ping: 3, pong: 4 } as const;

/** What each side says first. */
export const PREAMBLE = Uint8Array.of(...MAGIC, PROTOCOL_VERSION >> 8, PROTOCOL_VERSION & 0xff);

/** The version that the other side speaks. @throws MalformedBytesError when it does not speak this protocol at all */
export function versionOf(preamble: Uint8Array): number {
  if (MAGIC.some((byte, i) => preamble[i] !== byte)) throw new MalformedBytesError("not the beginning of a connection");
  return preamble[6]! * 256 + preamble[7]!;
}

/** Writes one frame; its length is filled in afterwards. */
export function writeFrame(writer: ByteWriter, kind: number, content: (writer: ByteWriter) => void): void {
  const at = writer.size;
  writer.u32(0);
  writer.u8(kind);
  content(writer);
  const length = writer.size - at - 4;
  if (length > FRAME_BYTES_MAX)
    throw new RangeError(`a message of ${length} bytes is too long; ${FRAME_BYTES_MAX} are allowed`);
  writer.setU32(at, length);
}

/** A frame as it came: its kind, and a reader at its content. */
export interface Frame {
  readonly kind: number;
  readonly content: ByteReader;
}

/**
 * Cuts what arrives into the preamble and frames. Contents are views of what arrived where they lie in one piece.
 */
export class FrameReader {
  private pieces: Uint8Array[] = [];
  private buffered = 0;
  /** What is needed before anything can be cut. */
  private needed = PREAMBLE_BYTES;
  private begun = false;
  /** Set by the preamble. */
  peerVersion: number | undefined;

  /** @throws MalformedBytesError when the peer does not keep to the protocol; nothing more can be read then */
  push(piece: Uint8Array): readonly Frame[] {
    this.pieces.push(piece);
    this.buffered += piece.length;
    if (this.buffered < this.needed) return [];
    const all = this.pieces.length === 1 ? piece : joined(this.pieces, this.buffered);
    const frames: Frame[] = [];
    let at = 0;
    if (!this.begun) {
      this.peerVersion = versionOf(all);
      this.begun = true;
      at = PREAMBLE_BYTES;
    }
    this.needed = 4;
    while (all.length - at >= 4) {
      const length = new DataView(all.buffer, all.byteOffset + at, 4).getUint32(0);
      if (length === 0 || length > FRAME_BYTES_MAX) throw new MalformedBytesError(`a frame of ${length} bytes`);
      if (all.length - at - 4 < length) {
        this.needed = 4 + length;
        break;
      }
      frames.push({ kind: all[at + 4]!, content: new Reader(all.subarray(at + 5, at + 4 + length)) });
      at += 4 + length;
    }
    this.buffered = all.length - at;
    this.pieces = this.buffered === 0 ? [] : [all.subarray(at)];
    return frames;
  }
}

function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const all = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
