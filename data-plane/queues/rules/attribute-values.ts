/**
 * Attributes of queues: which there are, and which values they take.
 *
 * Source: SQS API Reference, CreateQueue, SetQueueAttributes, GetQueueAttributes. Redrive policies and access policies have rules of their own.
 */
import { invalidAttributeName, invalidAttributeValue, unknownAttribute } from "../errors.ts";

/** Attribute values by SQS's names, as a record keeps them. */
export type StoredAttributes = Readonly<Record<string, string>>;

export const MESSAGE_BYTES_MAX = 1_048_576;
export const VISIBILITY_SECONDS_MAX = 43_200;
export const WAIT_SECONDS_MAX = 20;
export const DELAY_SECONDS_MAX = 900;

interface NumberRule {
  readonly min: number;
  readonly max: number;
  readonly default: number;
}

/** All in seconds but the size, which is in bytes. */
export const NUMBER_ATTRIBUTES = {
  DelaySeconds: { min: 0, max: DELAY_SECONDS_MAX, default: 0 },
  MaximumMessageSize: { min: 1024, max: MESSAGE_BYTES_MAX, default: MESSAGE_BYTES_MAX },
  MessageRetentionPeriod: { min: 60, max: 1_209_600, default: 345_600 },
  ReceiveMessageWaitTimeSeconds: { min: 0, max: WAIT_SECONDS_MAX, default: 0 },
  VisibilityTimeout: { min: 0, max: VISIBILITY_SECONDS_MAX, default: 30 },
} as const satisfies Readonly<Record<string, NumberRule>>;

export type NumberAttribute = keyof typeof NUMBER_ATTRIBUTES;

/** Attributes that only a FIFO queue has, with what they may say. The first value is the default. */
const FIFO_ATTRIBUTES: Readonly<Record<string, readonly string[]>> = {
  ContentBasedDeduplication: ["false", "true"],
  DeduplicationScope: ["queue", "messageGroup"],
  FifoThroughputLimit: ["perQueue", "perMessageGroupId"],
};

/** Attributes that are answered and cannot be set. */
const READ_ONLY: ReadonlySet<string> = new Set([
  "ApproximateNumberOfMessages",
  "ApproximateNumberOfMessagesDelayed",
  "ApproximateNumberOfMessagesNotVisible",
  "CreatedTimestamp",
  "LastModifiedTimestamp",
  "QueueArn",
]);

/** Texts whose content is checked elsewhere. An empty one removes the attribute. */
const DOCUMENTS: ReadonlySet<string> = new Set(["Policy", "RedrivePolicy", "RedriveAllowPolicy"]);

const REUSE_SECONDS_MIN = 60;
const REUSE_SECONDS_MAX = 86_400;

const INTEGER = /^\d{1,10}$/;

/**
 * Checks the values that stand for themselves: everything but the documents.
 *
 * @param fifo whether the queue is one
 * @throws AwsError InvalidAttributeName, InvalidAttributeValue
 */
export function checkAttributeValues(attributes: StoredAttributes, fifo: boolean): void {
  for (const [name, value] of Object.entries(attributes)) checkAttribute(name, value, fifo);
  if (attributes.KmsMasterKeyId !== undefined && attributes.KmsMasterKeyId !== "") {
    if (attributes.SqsManagedSseEnabled === "true") {
      throw invalidAttributeName(
        "You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE.",
      );
    }
    throw invalidAttributeValue(
      "KmsMasterKeyId",
      "There is no key management service here. Set SqsManagedSseEnabled to true to have messages encrypted at rest",
    );
  }
}

function checkAttribute(name: string, value: string, fifo: boolean): void {
  if (Object.hasOwn(NUMBER_ATTRIBUTES, name)) {
    const { min, max } = NUMBER_ATTRIBUTES[name as NumberAttribute];
    checkInteger(name, value, min, max);
    return;
  }
  const values = Object.hasOwn(FIFO_ATTRIBUTES, name) ? FIFO_ATTRIBUTES[name] : undefined;
  if (values !== undefined) {
    if (!fifo) throw onlyForFifo(name);
    if (!values.includes(value)) throw invalidAttributeValue(name);
    return;
  }
  switch (name) {
    case "FifoQueue":
      if (!fifo) throw unknownAttribute(name);
      if (value !== "true") throw invalidAttributeValue(name, "Modifying queue type is not supported");
      return;
    case "SqsManagedSseEnabled":
      if (value !== "true" && value !== "false") throw invalidAttributeValue(name);
      return;
    case "KmsMasterKeyId":
      return;
    case "KmsDataKeyReusePeriodSeconds":
      checkInteger(name, value, REUSE_SECONDS_MIN, REUSE_SECONDS_MAX);
      return;
    default:
      if (!DOCUMENTS.has(name)) throw unknownAttribute(name);
  }
}

function checkInteger(name: string, value: string, min: number, max: number): void {
  if (!INTEGER.test(value) || Number(value) < min || Number(value) > max) throw invalidAttributeValue(name);
}

function onlyForFifo(name: string) {
  return name === "ContentBasedDeduplication"
    ? unknownAttribute(name)
    : invalidAttributeName(`You can specify the ${name} only when FifoQueue is set to true.`);
}

/**
 * What high throughput for FIFO queues asks of the other attribute: a limit per message group needs deduplication per message group.
 *
 * @param effective the attributes as they will be
 * @throws AwsError InvalidAttributeValue
 */
export function checkThroughput(effective: StoredAttributes): void {
  if (effective.FifoThroughputLimit !== "perMessageGroupId" || effective.DeduplicationScope === "messageGroup") return;
  throw invalidAttributeValue(
    "FifoThroughputLimit",
    "The perMessageGroupId value is allowed only when the value for DeduplicationScope is messageGroup",
  );
}

/** Attributes with changes applied: an empty text removes a document or a key, and values that say nothing are not kept. */
export function mergeAttributes(stored: StoredAttributes, changes: StoredAttributes): StoredAttributes {
  const merged: Record<string, string> = { ...stored };
  for (const [name, value] of Object.entries(changes)) {
    // Without a key there is nothing whose reuse could have a period; AWS does not answer it either.
    if (name === "KmsDataKeyReusePeriodSeconds" || name === "KmsMasterKeyId") continue;
    if (value === "" && DOCUMENTS.has(name)) delete merged[name];
    else merged[name] = INTEGER.test(value) ? String(Number(value)) : value;
  }
  return merged;
}

/** Every attribute that a queue shows although nobody set it. */
export function defaultsOf(fifo: boolean): StoredAttributes {
  const defaults: Record<string, string> = { SqsManagedSseEnabled: "false" };
  for (const [name, rule] of Object.entries(NUMBER_ATTRIBUTES)) defaults[name] = String(rule.default);
  if (fifo) for (const [name, values] of Object.entries(FIFO_ATTRIBUTES)) defaults[name] = values[0]!;
  return defaults;
}

/** @throws AwsError InvalidAttributeName for a name that GetQueueAttributes does not know */
export function checkAskedAttribute(name: string): void {
  const known =
    name === "All" ||
    READ_ONLY.has(name) ||
    DOCUMENTS.has(name) ||
    Object.hasOwn(NUMBER_ATTRIBUTES, name) ||
    Object.hasOwn(FIFO_ATTRIBUTES, name) ||
    ["FifoQueue", "SqsManagedSseEnabled", "KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds"].includes(name);
  if (!known) throw unknownAttribute(name);
}
