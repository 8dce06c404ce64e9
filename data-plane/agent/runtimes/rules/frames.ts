/**
 * What agent and supervisor say to each other over the instance's socket: frames of one byte kind, four bytes length (big-endian), payload.
 * The kinds 0x01 … 0x11 are those of the exec protocol (plfm §1.13), so that a session is passed on without being translated.
 */

export const FRAME = {
  stdin: 0x01,
  stdout: 0x02,
  stderr: 0x03,
  /** JSON: requests and what follows them. */
  control: 0x10,
  /** JSON: how it ended. */
  exit: 0x11,
  /** Log lines were appended; no payload. */
  appended: 0x20,
} as const;

export type FrameKind = (typeof FRAME)[keyof typeof FRAME];

export interface Frame {
  readonly kind: FrameKind;
  readonly payload: Uint8Array;
}

/** Requests carry argv and env: see `TOTAL_BYTES_MAX` of the specification's rules, doubled for JSON's escapes. */
export const FRAME_BYTES_MAX = 4 * 1024 * 1024;
const HEAD_BYTES = 5;
const KINDS: ReadonlySet<number> = new Set(Object.values(FRAME));

export class BadFrame extends Error {
  override readonly name = "BadFrame";
}

export function encodeFrame(kind: FrameKind, payload: Uint8Array = new Uint8Array(0)): Uint8Array {
  const frame = new Uint8Array(HEAD_BYTES + payload.length);
  frame[0] = kind;
  new DataView(frame.buffer).setUint32(1, payload.length);
  frame.set(payload, HEAD_BYTES);
  return frame;
}

export function encodeJsonFrame(kind: FrameKind, value: unknown): Uint8Array {
  return encodeFrame(kind, new TextEncoder().encode(JSON.stringify(value)));
}

/** @throws BadFrame when the payload is no JSON object */
export function frameJson(frame: Frame): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(frame.payload));
  } catch (cause) {
    throw new BadFrame("the payload is no JSON", { cause });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new BadFrame("the payload is no object");
  return value as Readonly<Record<string, unknown>>;
}

/** Puts frames together from whatever pieces the socket hands out. */
export class FrameReader {
  #pending: Uint8Array = new Uint8Array(0);

  /** All frames that are complete now. @throws BadFrame for an unknown kind or a length beyond the limit: close the connection */
  push(bytes: Uint8Array): readonly Frame[] {
    this.#pending = this.#pending.length === 0 ? Uint8Array.from(bytes) : join(this.#pending, bytes);
    const frames: Frame[] = [];
    let at = 0;
    while (this.#pending.length - at >= HEAD_BYTES) {
      const kind = this.#pending[at] ?? 0;
      const length = new DataView(this.#pending.buffer, this.#pending.byteOffset + at).getUint32(1);
      if (!KINDS.has(kind)) throw new BadFrame(`unknown kind 0x${kind.toString(16)}`);
      if (length > FRAME_BYTES_MAX)
        throw new BadFrame(`a frame of ${length} bytes; at most ${FRAME_BYTES_MAX} are allowed`);
      if (this.#pending.length - at - HEAD_BYTES < length) break;
      at += HEAD_BYTES;
      frames.push({ kind: kind as FrameKind, payload: this.#pending.subarray(at, at + length) });
      at += length;
    }
    this.#pending = this.#pending.subarray(at);
    return frames;
  }
}

function join(left: Uint8Array, right: Uint8Array): Uint8Array {
  const joined = new Uint8Array(left.length + right.length);
  joined.set(left);
  joined.set(right, left.length);
  return joined;
}
