/** Queues that ask for encryption: bodies are sealed on disk, and nobody notices. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
} from "@aws-sdk/client-sqs";
import { createSealingKey } from "#foundation/crypto";
import { systemRandom } from "#foundation/runtime";
import { ACCOUNT, openWorld, type Remains, type World } from "../testing/world.ts";

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const SECRET = "a body that must not be found on the disk";

function onDisk({ directory }: Remains, text: string): boolean {
  return readdirSync(directory).some((name) => readFileSync(join(directory, name)).includes(text));
}

async function receive(QueueUrl: string, more: object = {}) {
  return (
    (await world.sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, ...more }))).Messages ?? []
  );
}

test("an encrypted queue keeps no body in clear; dead letters stay sealed, peek opens them; without the key they are kept", async () => {
  const create = async (QueueName: string, Attributes: Record<string, string>) =>
    (await world.sqs.send(new CreateQueueCommand({ QueueName, Attributes }))).QueueUrl!;
  const dead = await create("dead", {});
  const deadLetterTargetArn = `arn:aws:sqs:us-east-1:${ACCOUNT}:dead`;
  const url = await create("sealed", {
    SqsManagedSseEnabled: "true",
    VisibilityTimeout: "0",
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn, maxReceiveCount: 1 }),
  });
  const { Attributes } = await world.sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ["SqsManagedSseEnabled"] }),
  );
  expect(Attributes).toEqual({ SqsManagedSseEnabled: "true" });
  const trace = { AWSTraceHeader: { DataType: "String", StringValue: "Root=1-2-3" } } as const;
  const sent = await world.sqs.send(
    new SendMessageCommand({ QueueUrl: url, MessageBody: SECRET, MessageSystemAttributes: trace }),
  );
  await world.sqs.send(
    new SendMessageBatchCommand({ QueueUrl: url, Entries: [{ Id: "a", MessageBody: `${SECRET} too` }] }),
  );
  const [message, second] = await receive(url, { MessageSystemAttributeNames: ["AWSTraceHeader"] });
  // The SDK has compared the digest.
  expect(message).toMatchObject({
    Body: SECRET,
    MD5OfBody: sent.MD5OfMessageBody,
    Attributes: { AWSTraceHeader: "Root=1-2-3" },
  });
  expect(second).toMatchObject({ Body: `${SECRET} too` });
  expect(await receive(url)).toEqual([]);
  expect((await world.service.peek(deadLetterTargetArn, 1))?.[0]?.body).toBe(SECRET);

  // What was sent before stays readable when the queue changes its mind.
  await world.sqs.send(new SetQueueAttributesCommand({ QueueUrl: url, Attributes: { SqsManagedSseEnabled: "false" } }));
  const remains = await world.end();
  expect(onDisk(remains, SECRET)).toBe(false);
  expect(onDisk(remains, sent.MD5OfMessageBody!)).toBe(false);

  world = await openWorld({ ...remains, messageKey: createSealingKey(systemRandom) });
  expect(await receive(`${world.url}/${ACCOUNT}/dead`, { VisibilityTimeout: 0 })).toEqual([]);
  expect(world.logged()).toContain("error an encrypted message cannot be read; it is kept");
  await world.end();
  world = await openWorld(remains);
  expect((await receive(`${world.url}/${ACCOUNT}/dead`)).map(({ Body }) => Body)).toEqual([SECRET, `${SECRET} too`]);
  expect(dead).toContain("dead");
});

test("a plain queue keeps bodies as they are", async () => {
  const { QueueUrl } = await world.sqs.send(new CreateQueueCommand({ QueueName: "plain" }));
  await world.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "a body that anybody may see" }));
  const remains = await world.end();
  expect(onDisk(remains, "a body that anybody may see")).toBe(true);
  world = await openWorld(remains);
});
