/** The fields of a message as they come, in one frame or several (RFC 9113 §4.3, §6.10). Pure. */
import { CODE, ConnectionFault } from "./frames.ts";

/** Pieces of one section: frames of nothing are a way to be busy without sending anything (CVE-2024-27316). */
const FRAMES_MAX = 64;

export class FieldSections {
  stream = 0;
  /** Whether the request ends with it. */
  isLast = false;
  isOpen = false;
  readonly #bytesMax: number;
  #pieces: Buffer[] = [];
  #bytes = 0;

  /** @param bytesMax as they are sent */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  begin(stream: number, isLast: boolean, piece: Buffer): void {
    this.stream = stream;
    this.isLast = isLast;
    this.isOpen = true;
    this.add(piece);
  }

  /** @throws ConnectionFault */
  add(piece: Buffer): void {
    this.#pieces.push(piece);
    this.#bytes += piece.length;
    // They cannot be left unread: all later ones are built on them.
    if (this.#bytes > this.#bytesMax || this.#pieces.length > FRAMES_MAX) {
      throw new ConnectionFault(CODE.ENHANCE_YOUR_CALM, "Fields are too long.");
    }
  }

  /** All of it; nothing is open any more. */
  take(): Buffer {
    const whole = this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.#bytes = 0;
    this.isOpen = false;
    return whole;
  }
}
