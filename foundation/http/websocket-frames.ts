/** WebSocket frames (RFC 6455 §5): an incremental decoder with limits, and an encoder. Pure. */

export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export type Opcode = (typeof OPCODE)[keyof typeof OPCODE];

/** Close codes this side uses (RFC 6455 §7.4.1). */
export const CLOSE = {
  normal: 1000,
  goingAway: 1001,
  protocolError: 1002,
  noStatus: 1005,
  abnormal: 1006,
  invalidData: 1007,
  policyViolation: 1008,
  tooBig: 1009,
  internalError: 1011,
} as const;

/** The peer broke the protocol or a limit; the connection is closed with `closeCode`. */
export class WebSocketError extends Error {
  override readonly name = "WebSocketError";
  readonly closeCode: number;

  constructor(closeCode: number, message: string) {
    super(message);
    this.closeCode = closeCode;
  }
}

/** What the decoder hands out: whole messages (fragments joined) and control frames, in order of arrival. */
export type Incoming =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "binary"; readonly bytes: Uint8Array }
  | { readonly kind: "ping" | "pong"; readonly payload: Uint8Array }
  | { readonly kind: "close"; readonly code: number; readonly reason: string };

const HEADER_MAX = 14; // 2 + 8 bytes of length + 4 bytes of mask
const CONTROL_MAX = 125;
const NO_BYTES = new Uint8Array(0);

/** Decodes a byte stream cut anywhere. After it threw, the stream is of no further use. */
export class FrameDecoder {
  readonly #masked: boolean;
  readonly #maxMessageBytes: number;
  readonly #header = new Uint8Array(HEADER_MAX);
  #headerLength = 0;
  #headerNeeded = 2;
  #inPayload = false;
  #opcode = 0;
  #fin = false;
  #remaining = 0;
  #maskAt = 0;
  #position = 0;
  #parts: Uint8Array[] = [];
  #message: Uint8Array[] = [];
  #messageBytes = 0;
  #messageOpcode = 0;

  /**
   * @param masked whether the peer must mask (it is a client) or must not (it is a server), RFC 6455 §5.1
   * @param maxMessageBytes largest message; a longer one is refused with 1009 as soon as its length is known
   */
  constructor(masked: boolean, maxMessageBytes: number) {
    this.#masked = masked;
    this.#maxMessageBytes = maxMessageBytes;
  }

  /**
   * Takes the next bytes; `deliver` is called for each complete message or control frame. The bytes may be changed in place (unmasking).
   *
   * @throws WebSocketError
   */
  push(bytes: Uint8Array, deliver: (incoming: Incoming) => void): void {
    let at = 0;
    while (at < bytes.length || (this.#inPayload && this.#remaining === 0)) {
      if (!this.#inPayload) {
        const take = Math.min(this.#headerNeeded - this.#headerLength, bytes.length - at);
        this.#header.set(bytes.subarray(at, at + take), this.#headerLength);
        this.#headerLength += take;
        at += take;
        if (this.#headerLength === this.#headerNeeded) this.#readHeader();
        continue;
      }
      const take = Math.min(this.#remaining, bytes.length - at);
      if (take > 0) {
        const part = bytes.subarray(at, at + take);
        if (this.#masked) this.#unmask(part);
        this.#parts.push(part);
        this.#remaining -= take;
        at += take;
      }
      if (this.#remaining === 0) this.#frameComplete(deliver);
    }
  }

  #readHeader(): void {
    const header = this.#header;
    const short = header[1]! & 0x7f;
    if (this.#headerNeeded === 2) {
      this.#checkStart(header[0]!, header[1]!);
      const needed = 2 + (short === 126 ? 2 : short === 127 ? 8 : 0) + (this.#masked ? 4 : 0);
      if (needed > 2) {
        this.#headerNeeded = needed;
        return;
      }
    }
    const view = new DataView(header.buffer);
    let length = short;
    if (short === 126) length = view.getUint16(2);
    else if (short === 127) {
      const high = view.getUint32(2);
      // 2^53 is far above any limit; compared before it could lose precision.
      length = high > 0x1fffff ? Number.MAX_SAFE_INTEGER : high * 0x1_0000_0000 + view.getUint32(6);
    }
    if (this.#opcode < 8 && this.#messageBytes + length > this.#maxMessageBytes) {
      throw new WebSocketError(CLOSE.tooBig, `A message is larger than ${this.#maxMessageBytes} bytes.`);
    }
    this.#maskAt = this.#headerNeeded - 4;
    this.#position = 0;
    this.#remaining = length;
    this.#inPayload = true;
  }

  #checkStart(first: number, second: number): void {
    if ((first & 0x70) !== 0) throw protocolError("A reserved bit is set without an extension.");
    if (((second & 0x80) !== 0) !== this.#masked) {
      throw protocolError(this.#masked ? "A client frame is not masked." : "A server frame is masked.");
    }
    this.#fin = (first & 0x80) !== 0;
    this.#opcode = first & 0x0f;
    const length = second & 0x7f;
    if (this.#opcode >= 8) {
      if (this.#opcode > OPCODE.pong) throw protocolError("An unknown control frame.");
      if (!this.#fin) throw protocolError("A control frame is fragmented.");
      if (length > CONTROL_MAX) throw protocolError("A control frame is longer than 125 bytes.");
      return;
    }
    if (this.#opcode > OPCODE.binary) throw protocolError("An unknown data frame.");
    const continues = this.#opcode === OPCODE.continuation;
    if (continues !== (this.#messageOpcode !== 0)) {
      throw protocolError(continues ? "A continuation without a beginning." : "A message begins inside another.");
    }
    if (!continues) this.#messageOpcode = this.#opcode;
  }

  #unmask(part: Uint8Array): void {
    const header = this.#header;
    const base = this.#maskAt;
    const start = this.#position;
    for (let i = 0; i < part.length; i++) part[i]! ^= header[base + ((start + i) & 3)]!;
    this.#position = start + part.length;
  }

  #frameComplete(deliver: (incoming: Incoming) => void): void {
    const parts = this.#parts;
    this.#parts = [];
    this.#inPayload = false;
    this.#headerLength = 0;
    this.#headerNeeded = 2;
    if (this.#opcode >= 8) {
      deliver(controlFrame(this.#opcode, join(parts)));
      return;
    }
    for (const part of parts) {
      this.#message.push(part);
      this.#messageBytes += part.length;
    }
    if (!this.#fin) return;
    const bytes = join(this.#message);
    const isText = this.#messageOpcode === OPCODE.text;
    this.#message = [];
    this.#messageBytes = 0;
    this.#messageOpcode = 0;
    deliver(isText ? { kind: "text", text: decodeText(bytes) } : { kind: "binary", bytes });
  }
}

function controlFrame(opcode: number, payload: Uint8Array): Incoming {
  if (opcode === OPCODE.ping) return { kind: "ping", payload };
  if (opcode === OPCODE.pong) return { kind: "pong", payload };
  if (payload.length === 0) return { kind: "close", code: CLOSE.noStatus, reason: "" };
  if (payload.length === 1) throw protocolError("A close frame of one byte.");
  const code = (payload[0]! << 8) | payload[1]!;
  if (!isSendableCloseCode(code)) throw protocolError(`The close code ${code} must not be sent.`);
  return { kind: "close", code, reason: decodeText(payload.subarray(2)) };
}

/** Codes that may appear in a close frame (RFC 6455 §7.4). */
export function isSendableCloseCode(code: number): boolean {
  return (
    (code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006) || (code >= 3000 && code < 5000)
  );
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decodeText(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new WebSocketError(CLOSE.invalidData, "A text is not UTF-8.");
  }
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 0) return NO_BYTES;
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}

function protocolError(message: string): WebSocketError {
  return new WebSocketError(CLOSE.protocolError, message);
}

/**
 * One unfragmented frame.
 *
 * @param mask four random bytes on the client's side; the payload is then copied, otherwise it is appended as it is
 */
export function encodeFrame(opcode: Opcode, payload: Uint8Array, mask?: Uint8Array): Uint8Array {
  const length = payload.length;
  const extended = length < 126 ? 0 : length < 0x1_0000 ? 2 : 8;
  const headerLength = 2 + extended + (mask === undefined ? 0 : 4);
  const frame = Buffer.allocUnsafe(headerLength + length);
  frame[0] = 0x80 | opcode;
  const maskBit = mask === undefined ? 0 : 0x80;
  if (extended === 0) frame[1] = maskBit | length;
  else if (extended === 2) {
    frame[1] = maskBit | 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = maskBit | 127;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  frame.set(payload, headerLength);
  if (mask !== undefined) {
    frame.set(mask, headerLength - 4);
    for (let i = 0; i < length; i++) frame[headerLength + i]! ^= mask[i & 3]!;
  }
  return frame;
}

/** The payload of a close frame; the reason is cut to what fits (123 bytes), at a character. */
export function closePayload(code: number, reason: string): Uint8Array {
  let text = Buffer.from(reason);
  if (text.length > CONTROL_MAX - 2) {
    let end = CONTROL_MAX - 2;
    while (end > 0 && (text[end]! & 0xc0) === 0x80) end--;
    text = text.subarray(0, end);
  }
  const payload = Buffer.allocUnsafe(2 + text.length);
  payload.writeUInt16BE(code, 0);
  payload.set(text, 2);
  return payload;
}
