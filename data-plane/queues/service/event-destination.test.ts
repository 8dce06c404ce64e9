/** Queues as destinations of S3's events. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import {
  CreateQueueCommand,
  DeleteQueueCommand,
  ReceiveMessageCommand,
  SetQueueAttributesCommand,
} from "@aws-sdk/client-sqs";
import type { EventDestination, EventSource } from "#data-plane/service";
import { ACCOUNT, OTHER_ACCOUNT, openWorld, REGION, type World } from "../testing/world.ts";
import { createQueueDestination } from "./event-destination.ts";

const SOURCE: EventSource = { bucketArn: "arn:aws:s3:::photos", accountId: ACCOUNT, region: REGION };
const NOT_ALLOWED = "Permissions on the destination queue do not allow S3 to publish notifications from this bucket";

let world: World;
let destination: EventDestination;
beforeAll(async () => {
  world = await openWorld();
  destination = createQueueDestination(world.environment);
});
afterAll(() => world.close());

const arnOf = (name: string): string => `arn:aws:sqs:${REGION}:${ACCOUNT}:${name}`;
const policyFor = (Condition?: object): string =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: { Service: "s3.amazonaws.com" },
        Action: "SQS:SendMessage",
        Resource: "*",
        Condition,
      },
    ],
  });

async function queue(QueueName: string, Policy?: string): Promise<string> {
  const { QueueUrl } = await world.sqs.send(new CreateQueueCommand({ QueueName }));
  if (Policy !== undefined) {
    await world.sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } }));
  }
  return QueueUrl!;
}

test("a queue must be there, be a standard one in the bucket's region, and let S3 in", async () => {
  expect(destination.validate(arnOf("none"), SOURCE)).toBe("The destination queue does not exist");
  expect(destination.validate("nonsense", SOURCE)).toBe("The destination queue does not exist");
  await queue("mute");
  // The owner's own bucket is no exception.
  expect(destination.validate(arnOf("mute"), SOURCE)).toBe(NOT_ALLOWED);
  await queue("open", policyFor());
  expect(destination.validate(arnOf("open"), SOURCE)).toBeUndefined();
  expect(destination.validate(arnOf("open"), { ...SOURCE, region: "eu-west-1" as typeof REGION })).toContain("region");
  await world.sqs.send(
    new CreateQueueCommand({ QueueName: "open.fifo", Attributes: { FifoQueue: "true", Policy: policyFor() } }),
  );
  expect(destination.validate(arnOf("open.fifo"), SOURCE)).toContain("FIFO");
});

test("conditions see the bucket and its account", async () => {
  await queue(
    "narrow",
    policyFor({
      ArnLike: { "aws:SourceArn": "arn:aws:s3:*:*:photos" },
      StringEquals: { "aws:SourceAccount": ACCOUNT },
      Bool: { "aws:SecureTransport": "true" },
    }),
  );
  const validate = (more: Partial<EventSource>) => destination.validate(arnOf("narrow"), { ...SOURCE, ...more });
  expect(validate({})).toBeUndefined();
  expect(validate({ bucketArn: "arn:aws:s3:::other" })).toBe(NOT_ALLOWED);
  expect(validate({ accountId: OTHER_ACCOUNT })).toBe(NOT_ALLOWED);
});

test("events arrive as messages", async () => {
  const QueueUrl = await queue("events", policyFor());
  expect(await destination.deliver(arnOf("events"), '{"Records":[]}', SOURCE)).toBe("delivered");
  const { Messages } = await world.sqs.send(
    new ReceiveMessageCommand({ QueueUrl, MessageSystemAttributeNames: ["SenderId"] }),
  );
  expect(Messages).toHaveLength(1);
  expect(Messages?.[0]).toMatchObject({ Body: '{"Records":[]}', Attributes: { SenderId: "s3.amazonaws.com" } });
});

test("an event for a queue that is gone, or shut, is dropped; one that finds the disk busy comes again", async () => {
  const QueueUrl = await queue("going", policyFor());
  await world.sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy: "" } }));
  expect(await destination.deliver(arnOf("going"), "{}", SOURCE)).toBe("gone");
  await world.sqs.send(new DeleteQueueCommand({ QueueUrl }));
  expect(await destination.deliver(arnOf("going"), "{}", SOURCE)).toBe("gone");
  const QueueUrlOfMarked = await queue("marked", policyFor());
  expect(QueueUrlOfMarked).toContain("marked");
  await world.engine.beginDelete(world.catalog.queue(ACCOUNT, REGION, "marked")!.resourceId);
  expect(await destination.deliver(arnOf("marked"), "{}", SOURCE)).toBe("gone");
  await queue("busy", policyFor());
  const { QueueEngineError } = await import("../engine/engine-error.ts");
  const busy = createQueueDestination({
    ...world.environment,
    engine: { ...world.engine, send: () => Promise.reject(new QueueEngineError("Overloaded")) },
  });
  expect(await busy.deliver(arnOf("busy"), "{}", SOURCE)).toBe("retry");
});
