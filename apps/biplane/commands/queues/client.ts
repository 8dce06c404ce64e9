/** SQS as the commands of queues use it. */
import { CodedError } from "#foundation/errors";
import type { CommandContext } from "../../cli/command.ts";
import { usageError } from "../../cli/errors.ts";
import { findAws } from "../../cli/find-cloud.ts";
import { createJsonClient, type JsonClient, SQS } from "../../cli/json-client.ts";
import { humanDuration, parseSeconds } from "../../cli/units.ts";

export type Attributes = Readonly<Record<string, string>>;

export interface Queue {
  readonly name: string;
  readonly url: string;
}

export function clientOf(context: CommandContext): JsonClient {
  return createJsonClient(findAws(context, "SQS"), SQS);
}

/** The name that a queue's URL ends with. */
export const nameOfUrl = (url: string): string => url.slice(url.lastIndexOf("/") + 1);

/** The queue that a user names, with or without the suffix of FIFO queues, or whose URL is given. @throws CodedError QueueDoesNotExist */
export async function findQueue(client: JsonClient, given: string, signal: AbortSignal): Promise<Queue> {
  if (given.includes("/")) return { name: nameOfUrl(given), url: given };
  const find = async (name: string): Promise<Queue> => {
    const answer = await client.call<{ readonly QueueUrl: string }>("GetQueueUrl", { QueueName: name }, { signal });
    return { name, url: answer.QueueUrl };
  };
  try {
    return await find(given);
  } catch (error) {
    if (!(error instanceof CodedError) || error.code !== "QueueDoesNotExist" || given.endsWith(FIFO)) throw error;
    // What is wrong is said about the name that was given.
    return await find(given + FIFO).catch(() => {
      throw error;
    });
  }
}

const SECOND_MS = 1000;
export const FIFO = ".fifo";

export async function attributesOf(
  client: JsonClient,
  { url }: Pick<Queue, "url">,
  names: readonly string[],
  signal: AbortSignal,
): Promise<Attributes> {
  const input = { QueueUrl: url, AttributeNames: names };
  const { Attributes = {} } = await client.call<{ readonly Attributes?: Attributes }>("GetQueueAttributes", input, {
    signal,
  });
  return Attributes;
}

/** @throws CodedError QueueDoesNotExist */
export async function arnOf(client: JsonClient, queue: Pick<Queue, "url">, signal: AbortSignal): Promise<string> {
  return (await attributesOf(client, queue, ["QueueArn"], signal)).QueueArn ?? "";
}

/** Seconds that an option says. @throws CodedError USAGE */
export function secondsOf({ arguments: given }: CommandContext, option: string, max: number): number | undefined {
  const text = given.text(option);
  if (text === undefined) return undefined;
  const seconds = parseSeconds(text);
  if (seconds === undefined || seconds > max) {
    throw usageError(
      `--${option} must be a time of at most ${humanDuration(max * SECOND_MS)}, not "${text}".`,
      "For example 30s, 5m, 12h.",
    );
  }
  return seconds;
}

/** The JSON object that an option holds, or the file that it names with an `@`. @throws CodedError USAGE, FILE_NOT_FOUND */
export async function jsonOf(
  { arguments: given }: CommandContext,
  option: string,
): Promise<Readonly<Record<string, unknown>>> {
  const text = given.text(option);
  if (text === undefined) return {};
  const json = text.startsWith("@") ? await Bun.file(text.slice(1)).text() : text;
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw usageError(`--${option} must be a JSON object.`);
}
