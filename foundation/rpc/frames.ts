/**
 * Frames: what travels on a connection, each after its length.
 *
 * Both sides begin with a preamble of eight bytes: `bprpc`, 0 (1 where peers share a key, see `authentication.ts`; a challenge follows then), and the version of
 * the protocol. Then frames: length u32 (of all that follows), kind u8, and by kind:
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
/** What a tag may add to it. */
const TAG_BYTES_MAX = 64;

const MAGIC = Uint8Array.of(0x62, 0x70, 0x72, 0x70, 0x63);

export const KIND = { request: 0, reply: 1, failure: 2, ping: 3, pong: 4 } as const;

/** What each side says first. */
export function preambleOf(keyed: boolean): Uint8Array {
  return Uint8Array.of(...MAGIC, keyed ? 1 : 0, PROTOCOL_VERSION >> 8, PROTOCOL_VERSION & 0xff);
}

/** What the other side says of itself. @throws MalformedBytesError when it does not speak this protocol at all */
export function readPreamble(preamble: Uint8Array): { readonly version: number; readonly keyed: boolean } {
  if (MAGIC.some((byte, i) => preamble[i] !== byte) || preamble[5]! > 1) {
    throw new MalformedBytesError("not the beginning of a connection");
  }
  return { version: preamble[6]! * 256 + preamble[7]!, keyed: preamble[5] === 1 };
}

/** Writes one frame; its length is filled in afterwards. @param seal makes the tag that stands at its end */
export function writeFrame(
  writer: ByteWriter,
  kind: number,
  content: (writer: ByteWriter) => void,
  seal?: (frame: Uint8Array) => Uint8Array,
): void {
  const at = writer.size;
  writer.u32(0);
  writer.u8(kind);
  content(writer);
  if (writer.size - at > FRAME_BYTES_MAX) {
    throw new RangeError(`a message of ${writer.size - at} bytes is too long; ${FRAME_BYTES_MAX} are allowed`);
  }
  if (seal !== undefined) writer.raw(seal(writer.writtenSince(at + 4)));
  writer.setU32(at, writer.size - at - 4);
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
  private needed: number;
  private begun = false;
  /** Longer frames are refused before they are waited for. */
  frameBytesMax = FRAME_BYTES_MAX + TAG_BYTES_MAX;

  /**
   * @param greetingBytes of the preamble, and of what follows on it before the first frame
   * @param greet takes that; throws when the connection is not to go on
   * @param open takes a frame as it came, and gives what is to be read; throws when it is not to be trusted
   */
  constructor(
    private readonly greetingBytes: number,
    private readonly greet: (greeting: Uint8Array) => void,
    private readonly open: (frame: Uint8Array) => Uint8Array,
  ) {
    this.needed = greetingBytes;
  }

  /** @throws what `greet` and `open` throw, MalformedBytesError when the peer does not keep to the protocol; nothing more can be read then */
  push(piece: Uint8Array): readonly Frame[] {
    this.pieces.push(piece);
    this.buffered += piece.length;
    if (this.buffered < this.needed) return [];
    const all = this.pieces.length === 1 ? piece : joined(this.pieces, this.buffered);
    const frames: Frame[] = [];
    let at = 0;
    if (!this.begun) {
      this.greet(all.subarray(0, this.greetingBytes));
      this.begun = true;
      at = this.greetingBytes;
    }
    this.needed = 4;
    while (all.length - at >= 4) {
      const length = new DataView(all.buffer, all.byteOffset + at, 4).getUint32(0);
      if (length === 0 || length > this.frameBytesMax) throw new MalformedBytesError(`a frame of ${length} bytes`);
      if (all.length - at - 4 < length) {
        this.needed = 4 + length;
        break;
      }
      const frame = this.open(all.subarray(at + 4, at + 4 + length));
      if (frame.length === 0) throw new MalformedBytesError("an empty frame");
      frames.push({ kind: frame[0]!, content: new Reader(frame.subarray(1)) });
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
