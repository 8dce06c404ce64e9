/**
 * Answers that wait for their clients, counted over all servers of the process.
 *
 * An answer is in memory by the time its client turns out not to read, so that waiting for room would not bound anything. What does not fit costs the
 * connection whose client has taken nothing for the longest time: a crowd that reads nothing pushes itself out, while a client that reads is never the
 * one. Answers that hold little are neither counted nor cut: the limit of connections bounds them.
 */

import { ANSWERS_HIGH_WATER_BYTES, SMALL_ANSWER_BYTES } from "./limits.ts";

/** An answer that waits. */
export interface UnreadAnswer {
  /** Ends it together with its connection, now. It does not wait any more. */
  cut(): void;
}

/** What each holds, in the order in which they began to wait. */
const waiting = new Map<UnreadAnswer, number>();
let bytesOfAll = 0;

/** Bytes that answers hold while they wait, of all servers of the process. */
export function unreadAnswerBytes(): number {
  return bytesOfAll;
}

/** Whether answers that can do with less memory should. */
export function answersPress(): boolean {
  return bytesOfAll > ANSWERS_HIGH_WATER_BYTES / 2;
}

/** The client of `answer` takes nothing for now. @param bytes what is kept in memory for it meanwhile */
export function answerWaits(answer: UnreadAnswer, bytes: number): void {
  answerGoesOn(answer);
  if (bytes <= SMALL_ANSWER_BYTES) return;
  waiting.set(answer, bytes);
  bytesOfAll += bytes;
  while (bytesOfAll > ANSWERS_HIGH_WATER_BYTES && waiting.size > 1) {
    const [longest] = waiting.keys();
    answerGoesOn(longest!);
    longest!.cut();
  }
}

/** The client took what waited, or is gone. */
export function answerGoesOn(answer: UnreadAnswer): void {
  const bytes = waiting.get(answer);
  if (bytes === undefined) return;
  waiting.delete(answer);
  bytesOfAll -= bytes;
}
