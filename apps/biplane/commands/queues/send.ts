/** `biplane queues send` */
import { CodedError } from "#foundation/errors";
import type { CommandBody, CommandContext } from "../../cli/command.ts";
import { usageError } from "../../cli/errors.ts";
import type { JsonClient } from "../../cli/json-client.ts";
import { printable } from "../../cli/terminal.ts";
import { counted } from "../../cli/units.ts";
import { printDone } from "../identity/listing.ts";
import { clientOf, findQueue, jsonOf, type Queue, secondsOf } from "./client.ts";

/** SQS's limits for a batch. */
const BATCH_ENTRIES_MAX = 10;
const BATCH_BYTES_MAX = 1_048_576;
const DELAY_SECONDS_MAX = 900;

/** What every message of one command has. */
type Common = Readonly<Record<string, unknown>>;

interface Sent {
  readonly MessageId: string;
  readonly SequenceNumber?: string;
}

export const send: CommandBody = async (context) => {
  const { arguments: given, signal } = context;
  const [name, body] = given.positionals as [string, string | undefined];
  const file = given.text("lines");
  if (file !== undefined && body !== undefined) throw usageError("Either BODY or --lines, not both.");
  const common = await commonOf(context);
  const client = clientOf(context);
  const queue = await findQueue(client, name, signal);
  if (file !== undefined) return await sendLines(context, client, queue, common, file);
  const text = body ?? (await Bun.stdin.text());
  const message = { ...common, QueueUrl: queue.url, MessageBody: text };
  // Sending twice is two messages.
  const sent = await client.call<Sent>("SendMessage", message, { signal, attempts: 1 });
  return printDone(
    context,
    {
      queue: queue.name,
      messageId: sent.MessageId,
      ...(sent.SequenceNumber === undefined ? {} : { sequenceNumber: sent.SequenceNumber }),
    },
    `Sent ${sent.MessageId}`,
  );
};

async function commonOf(context: CommandContext): Promise<Common> {
  const { arguments: given } = context;
  const attributes = Object.entries(await jsonOf(context, "attributes"));
  return {
    DelaySeconds: secondsOf(context, "delay", DELAY_SECONDS_MAX),
    MessageGroupId: given.text("group"),
    MessageDeduplicationId: given.text("deduplication-id"),
    ...(attributes.length === 0
      ? {}
      : { MessageAttributes: Object.fromEntries(attributes.map(([name, value]) => [name, attributeOf(name, value)])) }),
  };
}

function attributeOf(name: string, value: unknown): object {
  if (typeof value === "string") return { DataType: "String", StringValue: value };
  if (typeof value === "number") return { DataType: "Number", StringValue: String(value) };
  // In SQS's own form.
  if (typeof value === "object" && value !== null && "DataType" in value) return value;
  throw usageError(`The message attribute ${name} must be a text or a number, or have a DataType as in SQS.`);
}

async function sendLines(
  context: CommandContext,
  client: JsonClient,
  queue: Queue,
  common: Common,
  file: string,
): Promise<undefined> {
  if (common.MessageDeduplicationId !== undefined)
    throw usageError("--deduplication-id is for one message, not for --lines.");
  let batch: string[] = [];
  let bytes = 0;
  let sent = 0;
  const flush = async (): Promise<void> => {
    if (batch.length === 0) return;
    await sendBatch(client, queue, common, batch, sent, context.signal);
    sent += batch.length;
    batch = [];
    bytes = 0;
  };
  for await (const line of linesOf(file)) {
    if (line === "") continue;
    const size = Buffer.byteLength(line);
    if (batch.length === BATCH_ENTRIES_MAX || bytes + size > BATCH_BYTES_MAX) await flush();
    batch.push(line);
    bytes += size;
  }
  await flush();
  return printDone(
    context,
    { queue: queue.name, sent },
    `Sent ${counted(sent, "message")} to ${printable(queue.name)}.`,
  );
}

/** @param before messages that were sent already, for the error @throws CodedError with the code of the first message that was refused */
async function sendBatch(
  client: JsonClient,
  queue: Queue,
  common: Common,
  bodies: readonly string[],
  before: number,
  signal: AbortSignal,
): Promise<void> {
  const Entries = bodies.map((MessageBody, at) => ({ ...common, Id: String(at), MessageBody }));
  const { Failed = [] } = await client.call<{
    readonly Failed?: readonly { readonly Id: string; readonly Code: string; readonly Message?: string }[];
  }>("SendMessageBatch", { QueueUrl: queue.url, Entries }, { signal, attempts: 1 });
  const [failed] = Failed;
  if (failed === undefined) return;
  throw new CodedError(failed.Code, {
    status: 400,
    retryable: false,
    message: `Message ${before + Number(failed.Id) + 1}: ${failed.Message ?? failed.Code} (${counted(before + bodies.length - Failed.length, "message")} sent)`,
  });
}

async function* linesOf(file: string): AsyncGenerator<string> {
  const stream = file === "-" ? Bun.stdin.stream() : Bun.file(file).stream();
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) yield line.endsWith("\r") ? line.slice(0, -1) : line;
  }
  yield rest;
}
