/** Queues themselves, through the official SDK: creating, finding, listing, configuring, tagging, deleting. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  CreateQueueCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListDeadLetterSourceQueuesCommand,
  ListQueuesCommand,
  ListQueueTagsCommand,
  paginateListQueues,
  QueueDeletedRecently,
  QueueDoesNotExist,
  QueueNameExists,
  SetQueueAttributesCommand,
  TagQueueCommand,
  UntagQueueCommand,
} from "@aws-sdk/client-sqs";
import { ACCOUNT, openWorld, refused, type World } from "../testing/world.ts";

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

async function create(QueueName: string, Attributes?: Record<string, string>, tags?: Record<string, string>) {
  const { QueueUrl } = await world.sqs.send(new CreateQueueCommand({ QueueName, Attributes, tags }));
  return QueueUrl!;
}

async function attributes(QueueUrl: string, ...AttributeNames: string[]) {
  return (await world.sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: AttributeNames as never })))
    .Attributes;
}

describe("a queue", () => {
  test("gets a URL at the endpoint that the client used, and is found under it", async () => {
    const url = await create("first");
    expect(url).toBe(`${world.url}/${ACCOUNT}/first`);
    expect((await world.sqs.send(new GetQueueUrlCommand({ QueueName: "first" }))).QueueUrl).toBe(url);
    const { ListQueuesResult: _, ...listed } = (await world.sqs.send(
      new ListQueuesCommand({ QueueNamePrefix: "first" }),
    )) as unknown as Record<string, unknown>;
    expect(listed).toMatchObject({ QueueUrls: [url] });
  });

  test("has SQS's defaults, which nobody has to set", async () => {
    const url = await create("defaults");
    const now = String(Math.floor(world.time.clock.now() / 1000));
    expect(await attributes(url, "All")).toEqual({
      ApproximateNumberOfMessages: "0",
      ApproximateNumberOfMessagesDelayed: "0",
      ApproximateNumberOfMessagesNotVisible: "0",
      CreatedTimestamp: now,
      DelaySeconds: "0",
      LastModifiedTimestamp: now,
      MaximumMessageSize: "1048576",
      MessageRetentionPeriod: "345600",
      QueueArn: `arn:aws:sqs:us-east-1:${ACCOUNT}:defaults`,
      ReceiveMessageWaitTimeSeconds: "0",
      SqsManagedSseEnabled: "false",
      VisibilityTimeout: "30",
    });
    expect(await attributes(url, "DelaySeconds", "QueueArn")).toEqual({
      DelaySeconds: "0",
      QueueArn: `arn:aws:sqs:us-east-1:${ACCOUNT}:defaults`,
    });
    expect(await attributes(url)).toBeUndefined();
    expect(await attributes(url, "Policy")).toBeUndefined();
  });

  test("for FIFO has more of them", async () => {
    const url = await create("defaults.fifo", { FifoQueue: "true" });
    expect(await attributes(url, "All")).toMatchObject({
      ContentBasedDeduplication: "false",
      DeduplicationScope: "queue",
      FifoQueue: "true",
      FifoThroughputLimit: "perQueue",
    });
  });

  test("is created again without effect, unless it were another one", async () => {
    const url = await create("again", { DelaySeconds: "5", VisibilityTimeout: "60" });
    expect(await create("again")).toBe(url);
    expect(await create("again", { VisibilityTimeout: "60" })).toBe(url);
    const error = await refused(create("again", { VisibilityTimeout: "61" }));
    expect(error).toBeInstanceOf(QueueNameExists);
    expect(error.message).toBe(
      "A queue already exists with the same name and a different value for attribute VisibilityTimeout",
    );
    // Defaults are values too.
    expect(await refused(create("again", { MaximumMessageSize: "1024" }))).toBeInstanceOf(QueueNameExists);
    expect(await create("again", { MaximumMessageSize: "1048576" })).toBe(url);
    expect(await refused(create("again", undefined, { team: "a" }))).toBeInstanceOf(QueueNameExists);
  });

  test("changes attribute by attribute; an empty document goes", async () => {
    const url = await create("changing", { DelaySeconds: "5" });
    const policy = JSON.stringify({
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Principal: "*", Action: "sqs:SendMessage", Resource: "*" }],
    });
    world.time.advance(5_000);
    const set = (Attributes: Record<string, string>) =>
      world.sqs.send(new SetQueueAttributesCommand({ QueueUrl: url, Attributes }));
    await set({ VisibilityTimeout: "0", Policy: policy });
    const after = await attributes(url, "All");
    expect(after).toMatchObject({ DelaySeconds: "5", VisibilityTimeout: "0", Policy: policy });
    expect(Number(after?.LastModifiedTimestamp)).toBe(Number(after?.CreatedTimestamp) + 5);
    await set({ Policy: "" });
    expect(await attributes(url, "Policy")).toBeUndefined();
    // What infrastructure tools send to say "no key".
    await set({ KmsMasterKeyId: "", KmsDataKeyReusePeriodSeconds: "300" });
    expect(await attributes(url, "KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds")).toBeUndefined();
  });

  test("with a redrive policy is a source of its dead-letter queue", async () => {
    const dead = await create("dead");
    const arn = `arn:aws:sqs:us-east-1:${ACCOUNT}:dead`;
    const RedrivePolicy = JSON.stringify({ maxReceiveCount: "3", deadLetterTargetArn: arn });
    const urls = [await create("source-b", { RedrivePolicy }), await create("source-a", { RedrivePolicy })];
    expect(await attributes(urls[0]!, "RedrivePolicy")).toEqual({
      RedrivePolicy: `{"deadLetterTargetArn":"${arn}","maxReceiveCount":3}`,
    });
    // The same, however it is spelled.
    expect(await create("source-b", { RedrivePolicy: `{"deadLetterTargetArn":"${arn}", "maxReceiveCount": 3}` })).toBe(
      urls[0]!,
    );
    const sources = async (more: object = {}) =>
      await world.sqs.send(new ListDeadLetterSourceQueuesCommand({ QueueUrl: dead, ...more }));
    expect((await sources()).queueUrls).toEqual([urls[1]!, urls[0]!]);
    const page = await sources({ MaxResults: 1 });
    expect(page.queueUrls).toEqual([urls[1]!]);
    expect((await sources({ MaxResults: 1, NextToken: page.NextToken })).queueUrls).toEqual([urls[0]!]);
    await world.sqs.send(new SetQueueAttributesCommand({ QueueUrl: urls[1]!, Attributes: { RedrivePolicy: "" } }));
    expect((await sources()).queueUrls).toEqual([urls[0]!]);
  });

  test("says which queues may send their dead letters", async () => {
    const url = await create("closed", { RedriveAllowPolicy: '{"redrivePermission":"denyAll"}' });
    const arn = `arn:aws:sqs:us-east-1:${ACCOUNT}:closed`;
    const RedrivePolicy = JSON.stringify({ maxReceiveCount: 3, deadLetterTargetArn: arn });
    expect((await refused(create("refused-source", { RedrivePolicy }))).name).toContain("InvalidParameterValue");
    await world.sqs.send(
      new SetQueueAttributesCommand({
        QueueUrl: url,
        Attributes: {
          RedriveAllowPolicy: JSON.stringify({
            redrivePermission: "byQueue",
            sourceQueueArns: [`arn:aws:sqs:us-east-1:${ACCOUNT}:refused-source`],
          }),
        },
      }),
    );
    await create("refused-source", { RedrivePolicy });
    expect((await refused(create("another-source", { RedrivePolicy }))).name).toContain("InvalidParameterValue");
  });
});

describe("listing", () => {
  test("pages through names in order, by prefix", async () => {
    for (const name of ["list-c", "list-a", "list-b", "lisu"]) await create(name);
    const names: string[] = [];
    let pages = 0;
    for await (const page of paginateListQueues({ client: world.sqs, pageSize: 2 }, { QueueNamePrefix: "list-" })) {
      pages += 1;
      names.push(...(page.QueueUrls ?? []).map((url) => url.split("/").at(-1)!));
    }
    expect([names, pages]).toEqual([["list-a", "list-b", "list-c"], 2]);
    const none = await world.sqs.send(new ListQueuesCommand({ QueueNamePrefix: "none-" }));
    expect(none.QueueUrls).toBeUndefined();
  });

  test("shows the region and the account of the caller only", async () => {
    await create("at-home");
    expect((await world.other.send(new ListQueuesCommand({}))).QueueUrls).toBeUndefined();
    const answer = await world.raw.json("ListQueues", {}, { region: "eu-west-1" });
    expect(answer.json).toEqual({});
    const missing = await world.raw.json("GetQueueUrl", { QueueName: "at-home" }, { region: "eu-west-1" });
    expect(missing.code).toBe("com.amazonaws.sqs#QueueDoesNotExist");
  });
});

describe("tags", () => {
  test("are added, replaced, and taken away", async () => {
    const QueueUrl = await create("tagged", undefined, { tag1: "value1", tag3: "" });
    await world.sqs.send(new TagQueueCommand({ QueueUrl, Tags: { tag2: "value2", __proto__: "x" } }));
    const tags = async () => (await world.sqs.send(new ListQueueTagsCommand({ QueueUrl }))).Tags;
    expect(await tags()).toEqual({ tag1: "value1", tag2: "value2", tag3: "" });
    await world.sqs.send(new TagQueueCommand({ QueueUrl, Tags: { tag1: "other" } }));
    await world.sqs.send(new UntagQueueCommand({ QueueUrl, TagKeys: ["tag2", "tag3", "never"] }));
    expect(await tags()).toEqual({ tag1: "other" });
    await world.sqs.send(new UntagQueueCommand({ QueueUrl, TagKeys: ["tag1"] }));
    expect(await tags()).toBeUndefined();
  });

  test("of a queue that others change at the same moment are all kept", async () => {
    const QueueUrl = await create("tagged-by-many");
    const names = Array.from({ length: 12 }, (_, index) => `tag${index}`);
    // All of them are worked out from the same tags before the first is decided.
    const decided = Promise.withResolvers<void>();
    world.control.held = decided.promise;
    const before = world.control.commands.length;
    const tagged = names.map((name) => world.sqs.send(new TagQueueCommand({ QueueUrl, Tags: { [name]: name } })));
    while (world.control.commands.length < before + names.length) await Bun.sleep(1);
    world.control.held = undefined;
    decided.resolve();
    await Promise.all(tagged);
    const { Tags } = await world.sqs.send(new ListQueueTagsCommand({ QueueUrl }));
    expect(Object.keys(Tags ?? {}).sort()).toEqual([...names].sort());
  });
});

describe("deleting", () => {
  test("takes the queue away, and its name for a minute", async () => {
    const QueueUrl = await create("doomed");
    await world.sqs.send(new DeleteQueueCommand({ QueueUrl }));
    expect(await refused(world.sqs.send(new GetQueueUrlCommand({ QueueName: "doomed" })))).toBeInstanceOf(
      QueueDoesNotExist,
    );
    expect(await refused(world.sqs.send(new DeleteQueueCommand({ QueueUrl })))).toBeInstanceOf(QueueDoesNotExist);
    world.time.advance(59_999);
    expect(await refused(create("doomed"))).toBeInstanceOf(QueueDeletedRecently);
    world.time.advance(1);
    expect(await create("doomed")).toBe(QueueUrl);
  });
});
