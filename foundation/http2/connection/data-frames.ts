/** Data of a stream on its way out (RFC 9113 §6.1). */
import { FLAG, FRAME, frameHead } from "../frames/frames.ts";
import type { Octets } from "../frames/octets.ts";

/** What a stream has to send. */
export interface Outgoing {
  readonly id: number;
  /** Octets that wait, oldest first. */
  readonly queue: Uint8Array[];
  /** How much of the first is sent. */
  sent: number;
  /** Nothing follows what waits. */
  readonly isEnding: boolean;
  readonly trailers: readonly string[] | undefined;
}

/**
 * Writes frames, the last one with the end of the stream when it is there.
 *
 * @param window octets at most @param frameBytes in one frame at most
 * @returns how many octets
 */
export function dataFrames(out: Octets, stream: Outgoing, window: number, frameBytes: number): number {
  const { queue } = stream;
  const endsWithData = stream.isEnding && stream.trailers === undefined;
  if (queue.length === 0 && endsWithData) frameHead(out, 0, FRAME.DATA, FLAG.END_STREAM, stream.id);
  let sent = 0;
  while (queue.length > 0 && sent < window) {
    const first = queue[0]!;
    const length = Math.min(first.length - stream.sent, window - sent, frameBytes);
    const isLast = endsWithData && queue.length === 1 && stream.sent + length === first.length;
    frameHead(out, length, FRAME.DATA, isLast ? FLAG.END_STREAM : 0, stream.id);
    out.copy(first, stream.sent, stream.sent + length);
    sent += length;
    stream.sent += length;
    if (stream.sent < first.length) continue;
    queue.shift();
    stream.sent = 0;
  }
  return sent;
}
