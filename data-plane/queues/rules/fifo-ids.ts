/** Group and deduplication ids (SQS API Reference, SendMessage). */
import { invalidParameter, invalidValue, missingParameter } from "../errors.ts";
import { contentDeduplicationId } from "./message-text.ts";

const ID = /^[\x21-\x7e]{1,128}$/;

function checkId(name: string, value: string): void {
  if (!ID.test(value)) {
    throw invalidValue(
      value,
      name,
      `${name} can only include alphanumeric and punctuation characters. 1 to 128 in length.`,
    );
  }
}

export const NOT_FOR_THIS_QUEUE = "The request include parameter that is not valid for this queue type.";

export interface MessageIds {
  readonly groupId?: string;
  readonly deduplicationId?: string;
}

/** What a sender says about a message's place in its queue. */
export interface GivenIds {
  readonly MessageGroupId?: string | undefined;
  readonly MessageDeduplicationId?: string | undefined;
}

/**
 * The ids of a message.
 *
 * @param queue a standard queue takes a group, for fairness, and no deduplication id
 * @throws AwsError MissingParameter, InvalidParameterValue
 */
export function messageIds(
  given: GivenIds,
  body: string,
  queue: { readonly fifo: boolean; readonly contentBasedDeduplication: boolean },
): MessageIds {
  const { MessageGroupId: groupId, MessageDeduplicationId: deduplicationId } = given;
  if (groupId !== undefined) checkId("MessageGroupId", groupId);
  if (!queue.fifo) {
    if (deduplicationId !== undefined)
      throw invalidValue(deduplicationId, "MessageDeduplicationId", NOT_FOR_THIS_QUEUE);
    return groupId === undefined ? NO_IDS : { groupId };
  }
  if (groupId === undefined) throw missingParameter("MessageGroupId");
  if (deduplicationId !== undefined) {
    checkId("MessageDeduplicationId", deduplicationId);
    return { groupId, deduplicationId };
  }
  if (!queue.contentBasedDeduplication) throw missingDeduplicationId();
  return { groupId, deduplicationId: contentDeduplicationId(body) };
}

const NO_IDS: MessageIds = Object.freeze({});

const missingDeduplicationId = () =>
  invalidParameter(
    "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
  );

/**
 * What a batch for a FIFO queue must have in all entries; one that lacks it refuses the whole batch, as on AWS.
 * @throws AwsError InvalidParameterValue
 */
export function checkBatchIds(
  entries: readonly GivenIds[],
  queue: { readonly contentBasedDeduplication: boolean },
): void {
  for (const { MessageGroupId, MessageDeduplicationId } of entries) {
    if (MessageGroupId === undefined) throw invalidParameter("The request must contain the parameter MessageGroupId.");
    if (MessageDeduplicationId === undefined && !queue.contentBasedDeduplication) throw missingDeduplicationId();
  }
}

/** @throws AwsError InvalidParameterValue */
export function checkAttemptId(attemptId: string, fifo: boolean): void {
  if (!fifo) throw invalidValue(attemptId, "ReceiveRequestAttemptId", NOT_FOR_THIS_QUEUE);
  checkId("ReceiveRequestAttemptId", attemptId);
}
