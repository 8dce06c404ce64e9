/** Messages as an operator looks at them: nothing is taken, nothing is counted. */
import { isQueueEngineError } from "../engine/engine-error.ts";
import type { PeekedMessage } from "../engine/port.ts";
import type { QueuesEnvironment } from "./environment.ts";
import { queueOfArn } from "./find-queue.ts";
import { openBody } from "./kept-body.ts";
import { type MessageCipher, SealedBodyUnreadable } from "./message-cipher.ts";
import { viewOf } from "./queue-view.ts";

/** A hundred messages of the largest size are what an answer may take of the memory. */
export const PEEK_MAX = 100;

type PeekEnvironment = Pick<QueuesEnvironment, "catalog" | "engine"> & { readonly cipher: MessageCipher };

/** Plain JSON. Times in epoch milliseconds. */
export interface SeenMessage {
  readonly messageId: string;
  readonly state: PeekedMessage["state"];
  /** When it becomes visible, unless it is. */
  readonly visibleAt?: number;
  readonly body: string;
  readonly sentAt: number;
  readonly receiveCount: number;
  readonly groupId?: string;
  readonly sequenceNumber?: string;
  /** ARN of the queue that it came from as a dead letter. */
  readonly deadLetterSource?: string;
}

/**
 * The first messages of a queue, in the order of arrival.
 *
 * @param limit at most {@link PEEK_MAX}
 * @returns undefined when there is no such queue
 */
export async function peekQueue(
  environment: PeekEnvironment,
  arn: string,
  limit: number,
): Promise<readonly SeenMessage[] | undefined> {
  const view = queueOfArn(environment, arn);
  if (view === undefined) return undefined;
  try {
    const messages = await environment.engine.peek(view.record.resourceId, Math.min(limit, PEEK_MAX));
    return messages.map((message) => seen(environment, message));
  } catch (error) {
    if (isQueueEngineError(error, "NoSuchQueue")) return undefined;
    throw error;
  }
}

/** A body that cannot be opened is no reason not to show the others. */
function bodyOf(cipher: MessageCipher, message: PeekedMessage): string {
  try {
    return openBody(cipher, message).body;
  } catch (error) {
    if (error instanceof SealedBodyUnreadable) return UNREADABLE;
    throw error;
  }
}

const UNREADABLE = "(encrypted under a key that is not here)";

function seen({ catalog, cipher }: PeekEnvironment, message: PeekedMessage): SeenMessage {
  const { messageId, state, visibleAt, sentAt, receiveCount, groupId, sequenceNumber, deadLetterSource } = message;
  const source = deadLetterSource === undefined ? undefined : catalog.queueById(deadLetterSource);
  return {
    messageId,
    state,
    ...(visibleAt === undefined ? {} : { visibleAt }),
    body: bodyOf(cipher, message),
    sentAt,
    receiveCount,
    ...(groupId === undefined ? {} : { groupId }),
    ...(sequenceNumber === undefined ? {} : { sequenceNumber }),
    ...(source === undefined ? {} : { deadLetterSource: viewOf(source).arn }),
  };
}
