/**
 * What names a queue: its name, its URL, its ARN.
 *
 * Source: SQS Developer Guide, "Queue and message identifiers". The host of a URL says only how the client reached us; account and name are its last two segments.
 */
import type { AccountId, Region } from "#contracts";
import { invalidParameter } from "../errors.ts";

export const FIFO_SUFFIX = ".fifo";
/** Including the suffix. */
const NAME_LENGTH_MAX = 80;
const NAME = /^[A-Za-z0-9_-]{1,80}$/;
const FIFO_NAME = /^[A-Za-z0-9_-]{1,75}\.fifo$/;
const ACCOUNT = /^\d{12}$/;

export interface QueuePlace {
  readonly accountId: AccountId;
  readonly name: string;
}

export interface RegionalQueuePlace extends QueuePlace {
  readonly region: Region;
}

/** @throws AwsError InvalidParameterValue */
export function checkQueueName(name: string, fifo: boolean): void {
  if (fifo && !FIFO_NAME.test(name)) {
    throw invalidParameter(
      "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length",
    );
  }
  if (!fifo && !NAME.test(name)) {
    throw invalidParameter("Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length");
  }
}

export const isFifoName = (name: string): boolean => name.endsWith(FIFO_SUFFIX);

export const queueArn = (region: string, accountId: string, name: string): string =>
  `arn:aws:sqs:${region}:${accountId}:${name}`;

/** @param endpoint `http://127.0.0.1:4566`: the queue's URL leads clients back to where they came from, for SDKs take it as the endpoint */
export const queueUrl = (endpoint: string, accountId: string, name: string): string =>
  `${endpoint}/${accountId}/${name}`;

/**
 * The place that a queue URL, or its path alone, names. Nothing of the host is looked at.
 *
 * @example
 * parseQueueUrl("http://127.0.0.1:4566/123456789012/jobs"); // { accountId: "123456789012", name: "jobs" }
 */
export function parseQueueUrl(url: string): QueuePlace | undefined {
  const end = url.charCodeAt(url.length - 1) === 0x2f ? url.length - 1 : url.length;
  const slash = url.lastIndexOf("/", end - 1);
  if (slash < 1) return undefined;
  const accountStart = url.lastIndexOf("/", slash - 1) + 1;
  const accountId = url.slice(accountStart, slash);
  if (!ACCOUNT.test(accountId) || end - slash - 1 > NAME_LENGTH_MAX) return undefined;
  return { accountId: accountId as AccountId, name: url.slice(slash + 1, end) };
}

const ARN = /^arn:aws:sqs:([a-z0-9-]{1,32}):(\d{12}):([A-Za-z0-9_-]{1,80}(?:\.fifo)?)$/;

/** `arn:aws:sqs:us-east-1:123456789012:jobs` */
export function parseQueueArn(arn: string): RegionalQueuePlace | undefined {
  const match = ARN.exec(arn);
  if (match === null) return undefined;
  return { region: match[1] as Region, accountId: match[2] as AccountId, name: match[3]! };
}
