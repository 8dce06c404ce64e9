/** `biplane queues receive` */
import type { CommandBody } from "../../cli/command.ts";
import { clientOf, findQueue, secondsOf } from "./client.ts";

const SECOND_MS = 1000;
const WAIT_SECONDS_MAX = 20;
const VISIBILITY_SECONDS_MAX = 43_200;
/** What an answer may take beyond the time that it waits for messages. */
const ANSWER_MS = 30_000;

interface Message {
  readonly MessageId: string;
  readonly ReceiptHandle: string;
  readonly Body: string;
  readonly Attributes?: Readonly<Record<string, string>>;
  readonly MessageAttributes?: Readonly<Record<string, unknown>>;
}

export const receive: CommandBody = async (context) => {
  const { arguments: given, terminal, json, signal } = context;
  const max = given.integer("max", 1, 10) ?? 1;
  const wait = secondsOf(context, "wait", WAIT_SECONDS_MAX);
  const visibility = secondsOf(context, "visibility", VISIBILITY_SECONDS_MAX);
  const client = clientOf(context);
  const { url: QueueUrl } = await findQueue(client, given.positionals[0]!, signal);
  const { Messages = [] } = await client.call<{ readonly Messages?: readonly Message[] }>(
    "ReceiveMessage",
    {
      QueueUrl,
      MaxNumberOfMessages: max,
      WaitTimeSeconds: wait,
      VisibilityTimeout: visibility,
      MessageSystemAttributeNames: ["All"],
      MessageAttributeNames: ["All"],
    },
    // Asked again after a broken answer, it would take other messages.
    { signal, attempts: 1, timeoutMs: (wait ?? WAIT_SECONDS_MAX) * SECOND_MS + ANSWER_MS },
  );
  for (const message of Messages) {
    if (json) terminal.json(presented(message));
    else terminal.line(message.Body);
  }
  if (!json && Messages.length === 0) terminal.note("There is nothing to receive now.");
  if (given.has("delete") && Messages.length > 0) {
    const Entries = Messages.map(({ ReceiptHandle }, at) => ({ Id: String(at), ReceiptHandle }));
    await client.call("DeleteMessageBatch", { QueueUrl, Entries }, { signal });
  }
  return undefined;
};

const presented = ({ MessageId, ReceiptHandle, Body, Attributes = {}, MessageAttributes }: Message) => ({
  messageId: MessageId,
  body: Body,
  receiveCount: Number(Attributes.ApproximateReceiveCount),
  sentAt: Number(Attributes.SentTimestamp),
  ...(Attributes.MessageGroupId === undefined ? {} : { groupId: Attributes.MessageGroupId }),
  ...(Attributes.SequenceNumber === undefined ? {} : { sequenceNumber: Attributes.SequenceNumber }),
  ...(Attributes.DeadLetterQueueSourceArn === undefined
    ? {}
    : { deadLetterSource: Attributes.DeadLetterQueueSourceArn }),
  ...(MessageAttributes === undefined ? {} : { attributes: MessageAttributes }),
  receiptHandle: ReceiptHandle,
});
