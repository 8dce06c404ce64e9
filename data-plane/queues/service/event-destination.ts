/** Queues as destinations of S3's event notifications (S3 User Guide, "Granting permissions to publish event notification messages to a destination"). */
import type { EventDelivery, EventDestination, EventSource } from "#data-plane/service";
import { authorize, type ConditionContext } from "#foundation/policy";
import { randomUuid } from "#foundation/runtime";
import { isQueueEngineError } from "../engine/engine-error.ts";
import type { NewMessage } from "../engine/port.ts";
import { byteLength, isAllowedText, md5Hex } from "../rules/message-text.ts";
import type { QueuesEnvironment } from "./environment.ts";
import { queueOfArn } from "./find-queue.ts";
import { keepBody } from "./kept-body.ts";
import { MessageCipher } from "./message-cipher.ts";
import { settingsOf } from "./queue-settings.ts";
import type { QueueView } from "./queue-view.ts";

/** Who sends, as a policy names it, and as receivers see it in `SenderId`. */
const S3 = "s3.amazonaws.com";

type DestinationEnvironment = Pick<QueuesEnvironment, "catalog" | "engine" | "random" | "logger" | "messageKey">;

/** The same with what is made once. */
interface Toolbox extends DestinationEnvironment {
  readonly cipher: MessageCipher;
}

/** For the service whose events go to queues. */
export function createQueueDestination(environment: DestinationEnvironment): EventDestination {
  const tools = { ...environment, cipher: new MessageCipher(environment.messageKey, environment.random) };
  return {
    arnService: "sqs",
    validate(arn, source) {
      const view = queueOfArn(environment, arn);
      return view === undefined ? "The destination queue does not exist" : problemOf(view, source);
    },
    async deliver(arn, body, source) {
      const view = queueOfArn(environment, arn);
      if (view === undefined || problemOf(view, source) !== undefined) return "gone";
      return deliver(tools, view, body);
    },
  };
}

function problemOf(view: QueueView, source: EventSource): string | undefined {
  if (view.record.region !== source.region) {
    return "The notification destination service region is not valid for the bucket location constraint";
  }
  if (view.fifo) return "SQS FIFO queues are not supported as destinations of event notifications";
  if (allows(view, source)) return undefined;
  return "Permissions on the destination queue do not allow S3 to publish notifications from this bucket";
}

/** A service has no policies of its own: the queue's must let it in, also when bucket and queue belong to one account. */
function allows(view: QueueView, source: EventSource): boolean {
  const { policy, arn, record } = view;
  if (policy === undefined) return false;
  const request = {
    principal: { type: "service", service: S3 },
    action: "sqs:SendMessage",
    resource: arn,
    resourceAccount: record.accountId,
    context: conditionsOf(source),
  } as const;
  return authorize(request, { identity: [], resource: policy }).allowed;
}

function conditionsOf({ bucketArn, accountId, region }: EventSource): ConditionContext {
  const values: Readonly<Record<string, string>> = {
    "aws:sourcearn": bucketArn,
    "aws:sourceaccount": accountId,
    "aws:requestedregion": region,
    // The event never leaves this process.
    "aws:securetransport": "true",
    "aws:viaawsservice": "false",
  };
  return { get: (key) => (Object.hasOwn(values, key) ? values[key] : undefined) };
}

async function deliver(tools: Toolbox, view: QueueView, body: string): Promise<EventDelivery> {
  const { engine, random, logger, cipher } = tools;
  const { resourceId } = view.record;
  const size = byteLength(body);
  // Smaller limits than an event are the queue owner's choice.
  if (size > view.maxMessageBytes || !isAllowedText(body)) return "gone";
  const message: NewMessage = {
    messageId: randomUuid(random),
    ...keepBody(cipher, view.encrypted, body, md5Hex(body), undefined),
    senderId: S3,
    size,
  };
  try {
    await engine.send(resourceId, [message]);
    return "delivered";
  } catch (error) {
    if (!isQueueEngineError(error)) throw error;
    if (error.code !== "NoSuchQueue") return "retry";
  }
  try {
    // Created a moment ago, and the engine has not heard of it; or being deleted.
    await engine.ensure(settingsOf(tools, view));
    await engine.send(resourceId, [message]);
    return "delivered";
  } catch (error) {
    if (!isQueueEngineError(error)) throw error;
    if (error.code !== "NoSuchQueue") return "retry";
    logger.info("an event was dropped: its queue is being deleted", { queue: view.arn });
    return "gone";
  }
}
