/** ReceiveMessage. */
import type { CallContext } from "#data-plane/service";
import type { SQS } from "#foundation/aws";
import type { ReceivedMessage } from "../engine/port.ts";
import { invalidValue } from "../errors.ts";
import { VISIBILITY_SECONDS_MAX, WAIT_SECONDS_MAX } from "../rules/attribute-values.ts";
import { checkAttemptId } from "../rules/fifo-ids.ts";
import { attributeFilter, attributesMd5, attributeValue, readAttributes } from "../rules/message-attributes.ts";
import { type SystemAttribute, selectSystemAttributes, wantedSystemAttributes } from "../rules/system-attributes.ts";
import { type Definitions, type InputOf, onQueue } from "../service/define.ts";
import { type OpenedBody, openBody } from "../service/kept-body.ts";
import { SealedBodyUnreadable } from "../service/message-cipher.ts";
import { type QueueView, viewOf } from "../service/queue-view.ts";
import type { Toolbox } from "../service/toolbox.ts";

const MESSAGES_MAX = 10;
const SECOND_MS = 1000;

type Draft<Output> = { -readonly [Member in keyof Output]: Output[Member] };

export function receiveMessages(tools: Toolbox): Definitions<"ReceiveMessage"> {
  const { engine, deliveries } = tools;
  return {
    ReceiveMessage: onQueue<"ReceiveMessage">(tools, "sqs:receivemessage", async (view, input, context) => {
      const options = checkReceive(view, input);
      const system = wantedSystemAttributes(input.AttributeNames, input.MessageSystemAttributeNames);
      const filter = attributeFilter(input.MessageAttributeNames);
      const { resourceId } = view.record;
      const messages =
        options.waitMs === 0 ? await engine.receive(resourceId, options) : await wait(tools, view, options, context);
      if (messages.length === 0) return {};
      deliveries.begin(context.request, resourceId, messages);
      const answered = messages.flatMap((message) => messageOf(tools, message, system, filter) ?? []);
      return answered.length === 0 ? {} : { Messages: answered };
    }),
  };
}

interface ReceiveRequest {
  readonly max: number;
  readonly visibilityMs?: number;
  readonly waitMs: number;
  readonly attemptId?: string;
}

function checkReceive(view: QueueView, input: InputOf<"ReceiveMessage">): ReceiveRequest {
  const { MaxNumberOfMessages: max = 1, VisibilityTimeout: visibility, ReceiveRequestAttemptId: attemptId } = input;
  const waitSeconds = input.WaitTimeSeconds ?? view.waitSeconds;
  if (max < 1 || max > MESSAGES_MAX) {
    throw invalidValue(max, "MaxNumberOfMessages", `Must be between 1 and ${MESSAGES_MAX}, if provided.`);
  }
  if (waitSeconds < 0 || waitSeconds > WAIT_SECONDS_MAX) {
    throw invalidValue(waitSeconds, "WaitTimeSeconds", `Must be >= 0 and <= ${WAIT_SECONDS_MAX}, if provided.`);
  }
  if (visibility !== undefined && (visibility < 0 || visibility > VISIBILITY_SECONDS_MAX)) {
    throw invalidValue(visibility, "VisibilityTimeout", `Must be >= 0 and <= ${VISIBILITY_SECONDS_MAX}, if provided.`);
  }
  if (attemptId !== undefined) checkAttemptId(attemptId, view.fifo);
  return {
    max,
    waitMs: waitSeconds * SECOND_MS,
    ...(visibility === undefined ? {} : { visibilityMs: visibility * SECOND_MS }),
    ...(attemptId === undefined ? {} : { attemptId }),
  };
}

/** Waits for messages until the client goes away or the service stops; then there are none. */
async function wait(
  { engine, waits }: Toolbox,
  view: QueueView,
  options: ReceiveRequest,
  { request }: CallContext,
): Promise<readonly ReceivedMessage[]> {
  const { resourceId } = view.record;
  return (await waits.wait(request.signal, (signal) => engine.receive(resourceId, { ...options, signal }))) ?? [];
}

/** Undefined for a message that cannot be read: the others of the answer are not to be lost with it. It comes back after its visibility timeout. */
function messageOf(
  tools: Toolbox,
  message: ReceivedMessage,
  system: readonly SystemAttribute[] | undefined,
  filter: ReturnType<typeof attributeFilter>,
): SQS.Message | undefined {
  const opened = open(tools, message);
  if (opened === undefined) return undefined;
  const answer: Draft<SQS.Message> = {
    MessageId: message.messageId,
    ReceiptHandle: message.receiptHandle,
    MD5OfBody: opened.bodyMd5,
    Body: opened.body,
  };
  if (system !== undefined) {
    const attributes = selectSystemAttributes(system, {
      SenderId: message.senderId,
      SentTimestamp: String(message.sentAt),
      ApproximateReceiveCount: String(message.receiveCount),
      ApproximateFirstReceiveTimestamp: String(message.firstReceivedAt),
      SequenceNumber: message.sequenceNumber,
      MessageDeduplicationId: message.deduplicationId,
      MessageGroupId: message.groupId,
      AWSTraceHeader: opened.traceHeader,
      DeadLetterQueueSourceArn: sourceArn(tools, message),
    });
    if (attributes !== undefined) answer.Attributes = attributes;
  }
  if (filter !== undefined && message.attributes !== undefined) {
    const all = readAttributes(message.attributes);
    const selected = filter(all);
    if (selected.length > 0) {
      // The digest is of what is answered.
      answer.MD5OfMessageAttributes =
        selected.length === all.length ? (message.attributesMd5 ?? attributesMd5(all)!) : attributesMd5(selected)!;
      answer.MessageAttributes = Object.fromEntries(selected.map((one) => [one[0], attributeValue(one)]));
    }
  }
  return answer;
}

function open({ cipher, logger }: Toolbox, message: ReceivedMessage): OpenedBody | undefined {
  try {
    return openBody(cipher, message);
  } catch (error) {
    if (!(error instanceof SealedBodyUnreadable)) throw error;
    logger.error("an encrypted message cannot be read; it is kept", { messageId: message.messageId, error });
    return undefined;
  }
}

/** A queue that is gone has no ARN any more. */
function sourceArn({ catalog }: Toolbox, { deadLetterSource }: ReceivedMessage): string | undefined {
  const record = deadLetterSource === undefined ? undefined : catalog.queueById(deadLetterSource);
  return record === undefined ? undefined : viewOf(record).arn;
}
