/** SendMessage and SendMessageBatch. */
import type { CallContext, Caller } from "#data-plane/service";
import { AwsError, type SQS } from "#foundation/aws";
import { randomUuid } from "#foundation/runtime";
import type { NewMessage, SendOutcome } from "../engine/port.ts";
import { invalidMessageContents, invalidParameter, invalidValue, missingParameter } from "../errors.ts";
import { DELAY_SECONDS_MAX, MESSAGE_BYTES_MAX } from "../rules/attribute-values.ts";
import { batchAnswer, checkBatch, failedEntry } from "../rules/batches.ts";
import { checkBatchIds, messageIds, NOT_FOR_THIS_QUEUE } from "../rules/fifo-ids.ts";
import {
  attributesMd5,
  attributesSize,
  checkMessageAttributes,
  checkSystemAttributes,
  systemAttributesMd5,
  writeAttributes,
} from "../rules/message-attributes.ts";
import { byteLength, isAllowedText, md5Hex } from "../rules/message-text.ts";
import { type Definitions, onQueue } from "../service/define.ts";
import { keepBody } from "../service/kept-body.ts";
import type { QueueView } from "../service/queue-view.ts";
import type { Toolbox } from "../service/toolbox.ts";

/** What SendMessage and an entry of a batch have in common. */
type GivenMessage = Pick<
  SQS.SendMessageRequest,
  | "MessageBody"
  | "DelaySeconds"
  | "MessageAttributes"
  | "MessageSystemAttributes"
  | "MessageDeduplicationId"
  | "MessageGroupId"
>;

const ACTION = "sqs:sendmessage";
const SECOND_MS = 1000;

export const senderOf = (caller: Caller): string => (caller.type === "anonymous" ? "anonymous" : caller.userId);

export function sendMessages(tools: Toolbox): Definitions<"SendMessage" | "SendMessageBatch"> {
  const { engine } = tools;
  return {
    SendMessage: onQueue<"SendMessage">(tools, ACTION, async (view, input, context) => {
      const message = acceptMessage(tools, view, input, context);
      if (message.kept.size > view.maxMessageBytes) {
        throw invalidParameter(
          `One or more parameters are invalid. Reason: Message must be shorter than ${view.maxMessageBytes} bytes.`,
        );
      }
      const [outcome] = await engine.send(view.record.resourceId, [message.kept]);
      return resultOf(message, outcome!);
    }),

    SendMessageBatch: onQueue<"SendMessageBatch">(tools, ACTION, async (view, input, context) => {
      const entries = checkBatch(input.Entries, "SendMessageBatchRequestEntry");
      if (view.fifo) checkBatchIds(entries, view);
      const messages: AcceptedMessage[] = [];
      const ids: string[] = [];
      const failed: SQS.BatchResultErrorEntry[] = [];
      let size = 0;
      for (const entry of entries) {
        const accepted = attempt(entry.Id, () => acceptMessage(tools, view, entry, context));
        if ("Code" in accepted) {
          failed.push(accepted);
          continue;
        }
        size += accepted.kept.size;
        if (accepted.kept.size > view.maxMessageBytes && accepted.kept.size <= MESSAGE_BYTES_MAX) {
          failed.push(failedEntry(entry.Id, tooLongInBatch(view)));
          continue;
        }
        messages.push(accepted);
        ids.push(entry.Id);
      }
      if (size > MESSAGE_BYTES_MAX) throw batchTooLong(size);
      const kept = messages.map((message) => message.kept);
      const outcomes = kept.length === 0 ? [] : await engine.send(view.record.resourceId, kept);
      const successful = messages.map((message, at) => ({ Id: ids[at]!, ...resultOf(message, outcomes[at]!) }));
      return batchAnswer(successful, failed);
    }),
  };
}

const tooLongInBatch = (view: QueueView) =>
  invalidParameter(
    `One or more parameters cannot be validated. Reason: Message must be shorter than ${view.maxMessageBytes} bytes.`,
  );

const batchTooLong = (size: number) =>
  new AwsError(
    "BatchRequestTooLong",
    `Batch requests cannot be longer than ${MESSAGE_BYTES_MAX} bytes. You have sent ${size} bytes.`,
  );

/** What an entry gives, or what is wrong with it: the others go on. */
function attempt<Value extends object>(id: string, work: () => Value): Value | SQS.BatchResultErrorEntry {
  try {
    return work();
  } catch (error) {
    return failedEntry(id, error);
  }
}

/** A message on its way to the engine, and what its sender is told of it. */
interface AcceptedMessage {
  readonly kept: NewMessage;
  readonly bodyMd5: string;
  readonly traceHeader: string | undefined;
}

/** Checks a message and makes it ready for the engine; its size is the caller's to judge. @throws AwsError */
function acceptMessage(
  { random, cipher }: Toolbox,
  view: QueueView,
  given: GivenMessage,
  { caller }: CallContext,
): AcceptedMessage {
  const body = given.MessageBody;
  if (body === undefined || body === "") throw missingParameter("MessageBody");
  if (!isAllowedText(body)) throw invalidMessageContents();
  const delayMs = delayOf(view, given.DelaySeconds);
  const ids = messageIds(given, body, view);
  const size = byteLength(body);
  const messageId = randomUuid(random);
  const senderId = senderOf(caller);
  const bodyMd5 = md5Hex(body);
  const { MessageAttributes, MessageSystemAttributes } = given;
  // Most messages have nothing else.
  if (MessageAttributes === undefined && MessageSystemAttributes === undefined && !view.encrypted) {
    if (delayMs === undefined && ids.groupId === undefined) {
      return { kept: { messageId, body, bodyMd5, senderId, size }, bodyMd5, traceHeader: undefined };
    }
  }
  const attributes = checkMessageAttributes(MessageAttributes);
  const traceHeader = checkSystemAttributes(MessageSystemAttributes);
  const written = writeAttributes(attributes);
  const kept: NewMessage = {
    messageId,
    ...keepBody(cipher, view.encrypted, body, bodyMd5, traceHeader),
    senderId,
    ...ids,
    ...(delayMs === undefined ? {} : { delayMs }),
    ...(written === undefined ? {} : { attributes: written, attributesMd5: attributesMd5(attributes)! }),
    size: size + attributesSize(attributes),
  };
  return { kept, bodyMd5, traceHeader };
}

function delayOf(view: QueueView, seconds: number | undefined): number | undefined {
  if (seconds === undefined) return undefined;
  if (view.fifo) {
    // AWS takes a zero for "as the queue says".
    if (seconds === 0) return undefined;
    throw invalidValue(seconds, "DelaySeconds", NOT_FOR_THIS_QUEUE);
  }
  if (seconds < 0 || seconds > DELAY_SECONDS_MAX) {
    throw invalidValue(seconds, "DelaySeconds", `DelaySeconds must be >= 0 and <= ${DELAY_SECONDS_MAX}.`);
  }
  return seconds * SECOND_MS;
}

function resultOf({ kept, bodyMd5, traceHeader }: AcceptedMessage, { messageId, sequenceNumber }: SendOutcome) {
  const { attributesMd5: attributes } = kept;
  if (attributes === undefined && traceHeader === undefined && sequenceNumber === undefined) {
    return { MD5OfMessageBody: bodyMd5, MessageId: messageId };
  }
  const system = systemAttributesMd5(traceHeader);
  return {
    MD5OfMessageBody: bodyMd5,
    ...(attributes === undefined ? {} : { MD5OfMessageAttributes: attributes }),
    ...(system === undefined ? {} : { MD5OfMessageSystemAttributes: system }),
    MessageId: messageId,
    ...(sequenceNumber === undefined ? {} : { SequenceNumber: sequenceNumber }),
  };
}
