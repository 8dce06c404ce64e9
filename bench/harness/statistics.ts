/** Few numbers about many. */

/** The middle value; of an even number the upper one. @throws RangeError for none */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError("nothing has no median");
  return [...values].sort((left, right) => left - right)[values.length >> 1]!;
}
