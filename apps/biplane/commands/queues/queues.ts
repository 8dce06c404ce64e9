/** `biplane queues create`, `delete`, `attributes`, `set` and `purge` */
import type { CommandBody } from "../../cli/command.ts";
import { usageError } from "../../cli/errors.ts";
import { printable } from "../../cli/terminal.ts";
import { localTime } from "../../cli/units.ts";
import { printDone } from "../identity/listing.ts";
import { attributesOf, clientOf, FIFO, findQueue } from "./client.ts";
import { settingsOf } from "./settings.ts";

export const createQueue: CommandBody = async (context) => {
  const { arguments: given, signal } = context;
  const [wanted] = given.positionals as [string];
  const fifo = given.has("fifo") || wanted.endsWith(FIFO);
  if (given.has("deduplicate") && !fifo) throw usageError("--deduplicate goes with --fifo.");
  const name = fifo && !wanted.endsWith(FIFO) ? wanted + FIFO : wanted;
  const client = clientOf(context);
  const Attributes = {
    ...(fifo ? { FifoQueue: "true" } : {}),
    ...(given.has("deduplicate") ? { ContentBasedDeduplication: "true" } : {}),
    ...(await settingsOf(context, client)),
  };
  const input = { QueueName: name, Attributes };
  const { QueueUrl } = await client.call<{ readonly QueueUrl: string }>("CreateQueue", input, { signal });
  return printDone(context, { name, url: QueueUrl }, `Queue ${printable(name)} is there: ${printable(QueueUrl)}`);
};

export const deleteQueue: CommandBody = async (context) => {
  const client = clientOf(context);
  const { name, url } = await findQueue(client, context.arguments.positionals[0]!, context.signal);
  await client.call("DeleteQueue", { QueueUrl: url }, { signal: context.signal });
  return printDone(context, { name, deleted: true }, `Queue ${printable(name)} is gone.`);
};

export const purgeQueue: CommandBody = async (context) => {
  const client = clientOf(context);
  const { name, url } = await findQueue(client, context.arguments.positionals[0]!, context.signal);
  await client.call("PurgeQueue", { QueueUrl: url }, { signal: context.signal });
  return printDone(context, { name, purged: true }, `Queue ${printable(name)} is empty.`);
};

export const setAttributes: CommandBody = async (context) => {
  const { arguments: given, signal } = context;
  const client = clientOf(context);
  const Attributes = await settingsOf(context, client);
  const names = Object.keys(Attributes);
  if (names.length === 0) throw usageError("Nothing is to be set.", "See biplane queues set --help.");
  const { name, url } = await findQueue(client, given.positionals[0]!, signal);
  await client.call("SetQueueAttributes", { QueueUrl: url, Attributes }, { signal });
  return printDone(context, { name, attributes: Attributes }, `Queue ${printable(name)} has ${names.join(", ")} set.`);
};

export const showAttributes: CommandBody = async (context) => {
  const { terminal, json, arguments: given, signal } = context;
  const client = clientOf(context);
  const { name, url } = await findQueue(client, given.positionals[0]!, signal);
  const attributes = await attributesOf(client, { url }, ["All"], signal);
  if (json) {
    terminal.json({ name, url, attributes });
    return undefined;
  }
  const rows = [["Name", name], ["Url", url], ...Object.entries(attributes).sort()] as const;
  const width = Math.max(...rows.map(([title]) => title!.length));
  for (const [title, value] of rows) {
    terminal.line(`${terminal.tone("bold", title!.padEnd(width))}  ${printable(shown(title!, value!))}`);
  }
  return undefined;
};

const TIMESTAMPS: ReadonlySet<string> = new Set(["CreatedTimestamp", "LastModifiedTimestamp"]);
const SECONDS: ReadonlySet<string> = new Set([
  "DelaySeconds",
  "MessageRetentionPeriod",
  "ReceiveMessageWaitTimeSeconds",
  "VisibilityTimeout",
]);

function shown(name: string, value: string): string {
  if (TIMESTAMPS.has(name)) return localTime(Number(value) * 1000);
  if (SECONDS.has(name)) return `${value} s`;
  return name === "MaximumMessageSize" ? `${value} bytes` : value;
}
