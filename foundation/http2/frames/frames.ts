/** What frames are made of (RFC 9113 §4, §6, §7). */
import type { Octets } from "./octets.ts";

export const FRAME = {
  DATA: 0,
  HEADERS: 1,
  PRIORITY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PUSH_PROMISE: 5,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const;

export const FLAG = { END_STREAM: 1, ACK: 1, END_HEADERS: 4, PADDED: 8, PRIORITY: 0x20 } as const;

export const SETTING = {
  HEADER_TABLE_SIZE: 1,
  ENABLE_PUSH: 2,
  MAX_CONCURRENT_STREAMS: 3,
  INITIAL_WINDOW_SIZE: 4,
  MAX_FRAME_SIZE: 5,
  MAX_HEADER_LIST_SIZE: 6,
  /** RFC 8441 §3. */
  ENABLE_CONNECT_PROTOCOL: 8,
  /** RFC 9218 §2.1. */
  NO_RFC7540_PRIORITIES: 9,
} as const;

/** §7. */
export const CODE = {
  NO_ERROR: 0,
  PROTOCOL_ERROR: 1,
  INTERNAL_ERROR: 2,
  FLOW_CONTROL_ERROR: 3,
  STREAM_CLOSED: 5,
  FRAME_SIZE_ERROR: 6,
  REFUSED_STREAM: 7,
  CANCEL: 8,
  COMPRESSION_ERROR: 9,
  ENHANCE_YOUR_CALM: 11,
} as const;

export type ErrorCode = (typeof CODE)[keyof typeof CODE];

/** What a client sends first (§3.4). */
export const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
export const HEADER_BYTES = 9;
/** The largest payload that we take, and that everybody takes (§4.2). */
export const FRAME_BYTES = 16_384;
export const FRAME_BYTES_MAX = 16_777_215;
/** §6.9.1. */
export const WINDOW_MAX = 0x7fff_ffff;
export const WINDOW_AT_FIRST = 65_535;

/** The connection cannot go on (§5.4.1). */
export class ConnectionFault extends Error {
  override readonly name = "ConnectionFault";
  constructor(
    readonly code: ErrorCode,
    message: string,
  ) {
    super(message);
  }
}

export function frameHead(out: Octets, length: number, type: number, flags: number, stream: number): void {
  out.reserve(HEADER_BYTES);
  out.octet(length >> 16);
  out.uint16(length & 0xffff);
  out.octet(type);
  out.octet(flags);
  out.uint32(stream);
}

export function settingsFrame(out: Octets, settings: readonly (readonly [id: number, value: number])[]): void {
  frameHead(out, settings.length * 6, FRAME.SETTINGS, 0, 0);
  for (const [id, value] of settings) {
    out.uint16(id);
    out.uint32(value);
  }
}

export function windowUpdateFrame(out: Octets, stream: number, more: number): void {
  frameHead(out, 4, FRAME.WINDOW_UPDATE, 0, stream);
  out.uint32(more);
}

export function resetFrame(out: Octets, stream: number, code: ErrorCode): void {
  frameHead(out, 4, FRAME.RST_STREAM, 0, stream);
  out.uint32(code);
}

export function goAwayFrame(out: Octets, lastStream: number, code: ErrorCode, message: string): void {
  frameHead(out, 8 + message.length, FRAME.GOAWAY, 0, 0);
  out.uint32(lastStream);
  out.uint32(code);
  out.latin1(message);
}

/** The payload without its padding (§6.1). @returns undefined when there is more padding than payload */
export function unpadded(payload: Buffer, flags: number): Buffer | undefined {
  if ((flags & FLAG.PADDED) === 0) return payload;
  const padding = payload[0];
  if (padding === undefined || padding >= payload.length) return undefined;
  return payload.subarray(1, payload.length - padding);
}
