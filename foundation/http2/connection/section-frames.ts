/** Fields as frames (RFC 9113 §6.2, §6.10). */
import { FLAG, FRAME, frameHead } from "../frames/frames.ts";
import type { Octets } from "../frames/octets.ts";

/** @param isLast whether the stream ends with them @param frameBytes in one frame at most */
export function sectionFrames(out: Octets, section: Octets, stream: number, isLast: boolean, frameBytes: number): void {
  let from = 0;
  do {
    const to = Math.min(section.length, from + frameBytes);
    const ends = to === section.length ? FLAG.END_HEADERS : 0;
    const isFirst = from === 0;
    const type = isFirst ? FRAME.HEADERS : FRAME.CONTINUATION;
    frameHead(out, to - from, type, ends | (isFirst && isLast ? FLAG.END_STREAM : 0), stream);
    out.copy(section.bytes, from, to);
    from = to;
  } while (from < section.length);
}
