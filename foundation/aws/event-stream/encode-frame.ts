/**
 * Frames of `application/vnd.amazon.eventstream` (Smithy, "Amazon Event Stream Specification").
 *
 * A frame is: total length (4 bytes), length of headers (4), CRC32 of these eight bytes (4), headers, payload, CRC32 of all before it (4);
 * integers are big-endian. A header is: length of the name (1), name, type (1), value; strings are type 7 with two bytes of length.
 */

import { crc32 } from "node:zlib";

/** Value of a header, by the types that AWS's services send. */
export type FrameHeaderValue = string | number | boolean | Uint8Array | Date;

const encoder = new TextEncoder();
const overhead = 4 + 4 + 4 + 4;

/** Encodes one frame. Throws RangeError when a name or value is too long for its length field. */
export function encodeFrame(
  headers: readonly (readonly [name: string, value: FrameHeaderValue])[],
  payload: Uint8Array,
): Uint8Array {
  const encoded = headers.map(([name, value]) => encodeHeader(name, value));
  const headerLength = encoded.reduce((sum, header) => sum + header.length, 0);
  const total = overhead + headerLength + payload.length;
  const frame = new Uint8Array(total);
  const view = new DataView(frame.buffer);
  view.setUint32(0, total);
  view.setUint32(4, headerLength);
  view.setUint32(8, crc32(frame.subarray(0, 8)));
  let offset = 12;
  for (const header of encoded) {
    frame.set(header, offset);
    offset += header.length;
  }
  frame.set(payload, offset);
  view.setUint32(total - 4, crc32(frame.subarray(0, total - 4)));
  return frame;
}

function encodeHeader(name: string, value: FrameHeaderValue): Uint8Array {
  const nameBytes = encoder.encode(name);
  if (nameBytes.length > 255) throw new RangeError("the name of an event header is longer than 255 bytes");
  const [type, valueBytes] = encodeValue(value);
  const header = new Uint8Array(1 + nameBytes.length + 1 + valueBytes.length);
  header[0] = nameBytes.length;
  header.set(nameBytes, 1);
  header[1 + nameBytes.length] = type;
  header.set(valueBytes, 2 + nameBytes.length);
  return header;
}

/** Types: 0 true, 1 false, 4 integer (4 bytes), 5 long (8), 6 bytes, 7 string, 8 timestamp (milliseconds, 8). */
function encodeValue(value: FrameHeaderValue): readonly [type: number, bytes: Uint8Array] {
  if (typeof value === "boolean") return [value ? 0 : 1, new Uint8Array(0)];
  if (typeof value === "string") return [7, withLength(encoder.encode(value))];
  if (value instanceof Uint8Array) return [6, withLength(value)];
  const wide = new Uint8Array(8);
  const view = new DataView(wide.buffer);
  if (value instanceof Date) {
    view.setBigInt64(0, BigInt(value.getTime()));
    return [8, wide];
  }
  if (Number.isInteger(value) && Math.abs(value) <= 0x7fff_ffff) {
    view.setInt32(0, value);
    return [4, wide.subarray(0, 4)];
  }
  view.setBigInt64(0, BigInt(Math.trunc(value)));
  return [5, wide];
}

function withLength(bytes: Uint8Array): Uint8Array {
  if (bytes.length > 0xffff) throw new RangeError("the value of an event header is longer than 65,535 bytes");
  const result = new Uint8Array(2 + bytes.length);
  new DataView(result.buffer).setUint16(0, bytes.length);
  result.set(bytes, 2);
  return result;
}
