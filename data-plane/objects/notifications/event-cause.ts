/** Who caused an event, and by which request, as its record says it. */
import type { CallContext } from "#data-plane/service";
import { newHostId, newRequestId } from "#foundation/ids";
import type { Random } from "#foundation/runtime";

/** What a record tells of the request that caused an event. */
export interface EventCause {
  /** `AWS:` and the unique id of the user, or the account's id for its root; `Anonymous`; the host name of a part of S3 that acted by itself. */
  readonly principalId: string;
  readonly sourceAddress: string;
  readonly requestId: string;
  readonly hostId: string;
}

/** A request of somebody. */
export const causeOfRequest = ({ caller, request, requestId, hostId }: CallContext): EventCause => ({
  principalId: caller.type === "anonymous" ? "Anonymous" : `AWS:${caller.userId}`,
  sourceAddress: request.remoteAddress,
  requestId,
  hostId,
});

/**
 * Something that S3 does by itself: the same name stands for who and from where.
 * @param service `s3.amazonaws.com` for lifecycle rules, `logging.s3.amazonaws.com` for access logs
 */
export const causeOfService = (service: string, random: Random): EventCause => ({
  principalId: service,
  sourceAddress: service,
  requestId: newRequestId(random),
  hostId: newHostId(random),
});
