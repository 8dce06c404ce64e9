/** From options to attributes of a queue. */
import type { CommandContext } from "../../cli/command.ts";
import { usageError } from "../../cli/errors.ts";
import type { JsonClient } from "../../cli/json-client.ts";
import { type Attributes, arnOf, findQueue, jsonOf, secondsOf } from "./client.ts";

const HOUR_S = 3600;
const DAY_S = 24 * HOUR_S;
const RECEIVES_DEFAULT = 5;

/** The service has the last word; these limits only tell a slip from a time. */
const TIMES: readonly (readonly [option: string, attribute: string, max: number])[] = [
  ["visibility", "VisibilityTimeout", 12 * HOUR_S],
  ["delay", "DelaySeconds", HOUR_S / 4],
  ["retention", "MessageRetentionPeriod", 14 * DAY_S],
  ["wait", "ReceiveMessageWaitTimeSeconds", 20],
];

/** @throws CodedError USAGE; QueueDoesNotExist for a dead-letter queue that is not there */
export async function settingsOf(context: CommandContext, client: JsonClient): Promise<Attributes> {
  const { arguments: given } = context;
  const attributes: Record<string, string> = {};
  for (const [name, value] of Object.entries(await jsonOf(context, "attributes"))) {
    attributes[name] = typeof value === "string" ? value : JSON.stringify(value);
  }
  for (const [option, attribute, max] of TIMES) {
    const seconds = secondsOf(context, option, max);
    if (seconds !== undefined) attributes[attribute] = String(seconds);
  }
  const size = given.integer("max-size", 1024, 1_048_576);
  if (size !== undefined) attributes.MaximumMessageSize = String(size);
  const deadLetters = given.text("dead-letters");
  const maxReceiveCount = given.integer("max-receives", 1, 1000);
  if (deadLetters === "none") attributes.RedrivePolicy = "";
  else if (deadLetters !== undefined) {
    const deadLetterTargetArn = await arnOf(
      client,
      await findQueue(client, deadLetters, context.signal),
      context.signal,
    );
    attributes.RedrivePolicy = JSON.stringify({
      deadLetterTargetArn,
      maxReceiveCount: maxReceiveCount ?? RECEIVES_DEFAULT,
    });
  } else if (maxReceiveCount !== undefined) throw usageError("--max-receives goes with --dead-letters.");
  return attributes;
}
