/** What each frame must look like, whatever its stream (RFC 9113 §6). Pure. */
import { FieldSections } from "./field-sections.ts";
import type { FrameSink } from "./frame-reader.ts";
import { CODE, ConnectionFault, type ErrorCode, FLAG, FRAME, unpadded, WINDOW_MAX } from "./frames.ts";

/** Told what well-formed frames say. */
export interface FrameEvents {
  /** @param flow octets that count in the windows: the padding does too */
  onData(stream: number, data: Buffer, flow: number, isLast: boolean): void;
  /** A whole section of fields: of a request or a response, or of trailers. */
  onFields(stream: number, section: Buffer, isLast: boolean): void;
  onReset(stream: number, code: number): void;
  onSettings(payload: Buffer): void;
  /** To be answered. */
  onPing(payload: Buffer): void;
  /** An answer to ours. */
  onPong?(payload: Buffer): void;
  /** @param lastStream the last that the peer has looked at, or will */
  onGoAway(lastStream: number, code: number): void;
  /** @param stream 0: of the connection @param more may be 0, which is wrong */
  onWindowUpdate(stream: number, more: number): void;
  /** A frame that leads to nothing. */
  onIdleWork(): void;
  /** Wrong, but only for one stream. */
  onStreamFault(stream: number, code: ErrorCode): void;
}

export class FrameRules implements FrameSink {
  /** Frames and sections that came whole. */
  finished = 0;
  readonly #events: FrameEvents;
  readonly #sections: FieldSections;
  #hasSettings = false;

  /** @param sectionBytesMax of the fields of a message, as they are sent */
  constructor(events: FrameEvents, sectionBytesMax: number) {
    this.#events = events;
    this.#sections = new FieldSections(sectionBytesMax);
  }

  /** Whether fields are begun that are not finished. */
  get isInside(): boolean {
    return this.#sections.isOpen;
  }

  /** @throws ConnectionFault */
  onFrame(type: number, flags: number, stream: number, payload: Buffer): void {
    if (!this.#hasSettings) {
      if (type !== FRAME.SETTINGS || (flags & FLAG.ACK) !== 0) throw fault("Settings come first.");
      this.#hasSettings = true;
    }
    if (this.#sections.isOpen) {
      if (type !== FRAME.CONTINUATION || stream !== this.#sections.stream) {
        throw fault("Fields are begun that are not finished.");
      }
    } else this.finished++;
    switch (type) {
      case FRAME.DATA:
        this.#onData(flags, stream, payload);
        break;
      case FRAME.HEADERS:
        this.#onHeaders(flags, stream, payload);
        break;
      case FRAME.CONTINUATION:
        if (!this.#sections.isOpen) throw fault("Nothing is to be continued.");
        this.#sections.add(payload);
        this.#endSection(flags);
        break;
      case FRAME.PRIORITY:
        if (stream === 0) throw fault("A priority is of no stream.");
        this.#events.onIdleWork();
        if (payload.length !== 5) this.#events.onStreamFault(stream, CODE.FRAME_SIZE_ERROR);
        else if ((payload.readUInt32BE(0) & WINDOW_MAX) === stream) {
          this.#events.onStreamFault(stream, CODE.PROTOCOL_ERROR);
        }
        break;
      case FRAME.RST_STREAM:
        if (stream === 0) throw fault("Nothing is reset.");
        length(payload, 4);
        this.#events.onReset(stream, payload.readUInt32BE(0));
        break;
      case FRAME.SETTINGS:
        if (stream !== 0) throw fault("Settings are of no stream.");
        if ((flags & FLAG.ACK) !== 0) length(payload, 0);
        else this.#events.onSettings(payload);
        break;
      case FRAME.PUSH_PROMISE:
        // Clients push nothing (§8.4), and servers are told that nothing is to be pushed (§6.6).
        throw fault("Nothing is to be pushed.");
      case FRAME.PING:
        if (stream !== 0) throw fault("PING is of no stream.");
        length(payload, 8);
        if ((flags & FLAG.ACK) === 0) this.#events.onPing(payload);
        else this.#events.onPong?.(payload);
        break;
      case FRAME.GOAWAY:
        if (stream !== 0) throw fault("GOAWAY is of no stream.");
        if (payload.length < 8) throw new ConnectionFault(CODE.FRAME_SIZE_ERROR, "GOAWAY breaks off.");
        this.#events.onGoAway(payload.readUInt32BE(0) & WINDOW_MAX, payload.readUInt32BE(4));
        break;
      case FRAME.WINDOW_UPDATE:
        length(payload, 4);
        this.#events.onWindowUpdate(stream, payload.readUInt32BE(0) & WINDOW_MAX);
        break;
      default:
        // Of extensions that nobody has agreed on (§5.5).
        this.#events.onIdleWork();
    }
  }

  #onData(flags: number, stream: number, payload: Buffer): void {
    if (stream === 0) throw fault("Data is of no stream.");
    const data = unpadded(payload, flags);
    if (data === undefined) throw fault("There is more padding than frame.");
    const isLast = (flags & FLAG.END_STREAM) !== 0;
    if (data.length === 0 && !isLast) this.#events.onIdleWork();
    this.#events.onData(stream, data, payload.length, isLast);
  }

  #onHeaders(flags: number, stream: number, payload: Buffer): void {
    if (stream % 2 === 0) throw fault("Only streams that clients begin have fields, and these have odd numbers.");
    let piece = unpadded(payload, flags);
    if (piece === undefined) throw fault("There is more padding than frame.");
    if ((flags & FLAG.PRIORITY) !== 0) {
      if (piece.length < 5) throw new ConnectionFault(CODE.FRAME_SIZE_ERROR, "A priority breaks off.");
      if ((piece.readUInt32BE(0) & WINDOW_MAX) === stream) throw fault("A stream depends on itself.");
      piece = piece.subarray(5);
    }
    this.#sections.begin(stream, (flags & FLAG.END_STREAM) !== 0, piece);
    this.#endSection(flags);
  }

  #endSection(flags: number): void {
    if ((flags & FLAG.END_HEADERS) === 0) return;
    const { stream, isLast } = this.#sections;
    this.#events.onFields(stream, this.#sections.take(), isLast);
  }
}

function length(payload: Buffer, octets: number): void {
  if (payload.length === octets) return;
  throw new ConnectionFault(CODE.FRAME_SIZE_ERROR, `A frame has ${payload.length} octets instead of ${octets}.`);
}

function fault(message: string): ConnectionFault {
  return new ConnectionFault(CODE.PROTOCOL_ERROR, message);
}
