/** What the conformance suite needs to know about an engine, and shorthands. */

import { createHash } from "node:crypto";
import type { ResourceId } from "#contracts";
import { isQueueEngineError } from "../engine-error.ts";
import type {
  NewMessage,
  QueueEngine,
  QueueSettings,
  ReceivedMessage,
  ReceiveOptions,
  VisibilityOutcome,
} from "../port.ts";

/** An engine under virtual time. */
export interface QueueFixture {
  readonly engine: QueueEngine;
  /** Messages of one queue that may be in flight: few, so that the limit is tested quickly. */
  readonly inFlightMax: number;
  /** Epoch milliseconds. */
  now(): number;
  /** Lets time pass, and everything that happens in it. */
  pass(ms: number): Promise<void>;
  /** Lets time pass without anybody noticing before it is over, as while a process is down. */
  skip(ms: number): void;
  /** Closes the engine and opens it again on the same data. */
  reopen(): Promise<void>;
  close(): Promise<void>;
}

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

let queues = 0;

export function freshId(): ResourceId {
  queues++;
  return `queue-${queues}` as ResourceId;
}

/** Makes a queue with SQS's defaults. */
export async function freshQueue(
  { engine }: QueueFixture,
  settings: Partial<QueueSettings> = {},
): Promise<QueueSettings & { readonly queueId: ResourceId }> {
  const queue = {
    queueId: freshId(),
    fifo: false,
    visibilityMs: 30 * SECOND,
    delayMs: 0,
    retentionMs: 4 * DAY,
    ...settings,
  };
  await engine.ensure(queue);
  return queue;
}

let messages = 0;

export function newMessage(body: string, more: Partial<NewMessage> = {}): NewMessage {
  messages++;
  return {
    messageId: `00000000-0000-4000-8000-${String(messages).padStart(12, "0")}`,
    body,
    bodyMd5: createHash("md5").update(body).digest("hex"),
    senderId: "AIDASENDER",
    size: Buffer.byteLength(body),
    ...more,
  };
}

/** A FIFO message whose deduplication id is its body. */
export function groupMessage(groupId: string, body: string, more: Partial<NewMessage> = {}): NewMessage {
  return newMessage(body, { groupId, deduplicationId: body, ...more });
}

export async function sendBodies(
  { engine }: QueueFixture,
  queueId: ResourceId,
  bodies: readonly string[],
): Promise<void> {
  await engine.send(
    queueId,
    bodies.map((body) => newMessage(body)),
  );
}

/** Receives at once. */
export function take(
  { engine }: QueueFixture,
  queueId: ResourceId,
  max = 1,
  options: Partial<ReceiveOptions> = {},
): Promise<readonly ReceivedMessage[]> {
  return engine.receive(queueId, { max, waitMs: 0, ...options });
}

export async function takeOne(
  fixture: QueueFixture,
  queueId: ResourceId,
  options: Partial<ReceiveOptions> = {},
): Promise<ReceivedMessage> {
  const [message] = await take(fixture, queueId, 1, options);
  if (message === undefined) throw new Error("nothing was received");
  return message;
}

export async function takeBodies(
  fixture: QueueFixture,
  queueId: ResourceId,
  max = 10,
  options: Partial<ReceiveOptions> = {},
): Promise<readonly string[]> {
  return (await take(fixture, queueId, max, options)).map((message) => message.body);
}

export async function changeOne(
  { engine }: QueueFixture,
  queueId: ResourceId,
  handle: string,
  visibilityMs: number,
): Promise<VisibilityOutcome | undefined> {
  return (await engine.changeVisibility(queueId, [{ handle, visibilityMs }]))[0];
}

/** `visible in flight delayed`, for example `1 0 2`. */
export async function tally({ engine }: QueueFixture, queueId: ResourceId): Promise<string> {
  const { visible, inFlight, delayed } = await engine.counts(queueId);
  return `${visible} ${inFlight} ${delayed}`;
}

/** The code of the refusal, or `(fulfilled)`. */
export async function refusal(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return "(fulfilled)";
  } catch (error) {
    if (isQueueEngineError(error)) return error.code;
    throw error;
  }
}
