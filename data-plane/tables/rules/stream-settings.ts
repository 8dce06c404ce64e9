/** Switching the stream of a table on and off (DynamoDB API Reference, StreamSpecification). Pure. */
import type { TableStream } from "#contracts";
import { TableValidation } from "#data-plane/tables/values";
import type { DynamoDB } from "#foundation/aws";

const INVALID = "One or more parameter values were invalid: ";

/**
 * The stream that a request asks for; undefined where it asks for none.
 *
 * @param now epoch milliseconds: the label of the stream
 * @throws TableValidation
 */
export function streamOf(asked: DynamoDB.StreamSpecification, now: number): TableStream | undefined {
  const { StreamEnabled, StreamViewType } = asked;
  if (!StreamEnabled) {
    if (StreamViewType === undefined) return undefined;
    throw new TableValidation(
      `${INVALID}Table is being created or updated with StreamEnabled as false, so StreamViewType cannot be specified`,
    );
  }
  if (StreamViewType === undefined) {
    throw new TableValidation(`${INVALID}StreamViewType is required when StreamEnabled is true`);
  }
  return { label: streamLabel(now), viewType: StreamViewType };
}

/** `2026-01-31T12:00:00.000` */
export const streamLabel = (now: number): string => new Date(now).toISOString().slice(0, -1);

/** A label that no earlier stream of the table has. */
export function newerLabel(label: string, earlier: ReadonlySet<string>): string {
  let next = label;
  while (earlier.has(next)) next = streamLabel(Date.parse(`${next}Z`) + 1);
  return next;
}
