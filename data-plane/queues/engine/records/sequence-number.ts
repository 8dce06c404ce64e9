/** SQS's `SequenceNumber` of FIFO messages. */

/** Twenty digits in the order of arrival, as text and as number alike. */
export function sequenceNumberOf(seq: number): string {
  return `1${String(seq).padStart(19, "0")}`;
}
