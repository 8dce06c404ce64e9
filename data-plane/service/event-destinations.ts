/**
 * What a service that can be told of events looks like to the service that tells: queues, functions and topics as bucket notifications see them.
 *
 * The telling service keeps each event until the destination has taken it, and may tell it more than once.
 */
import type { AccountId, Region } from "#contracts";

/** Whose event it is. A destination's policy sees the principal `s3.amazonaws.com`, `aws:SourceArn` and `aws:SourceAccount`. */
export interface EventSource {
  /** `arn:aws:s3:::photos` */
  readonly bucketArn: string;
  /** The account that owns the bucket. */
  readonly accountId: AccountId;
  /** The bucket's. */
  readonly region: Region;
}

/**
 * - `delivered`: it is durable at the destination.
 * - `gone`: the destination does not exist any more, or its policy does not let the source in: the event is dropped, as AWS does.
 * - `retry`: not now (overload, a failed disk); the source comes back later with the same event.
 */
export type EventDelivery = "delivered" | "gone" | "retry";

/** Destinations of one service. */
export interface EventDestination {
  /** The third part of the ARNs that it serves. */
  readonly arnService: "sqs" | "lambda" | "sns";
  /**
   * Whether events of the source could be delivered now.
   * @returns undefined when they could; else what is in the way, as AWS says it: `The destination queue does not exist`,
   * `Permissions on the destination queue do not allow S3 to publish notifications from this bucket`
   */
  validate(arn: string, source: EventSource): string | undefined | Promise<string | undefined>;
  /**
   * Hands one event over. Calls for one key of a bucket follow each other; those for different keys run side by side.
   * @param body JSON text, a few kilobytes at most
   */
  deliver(arn: string, body: string, source: EventSource): Promise<EventDelivery>;
}
