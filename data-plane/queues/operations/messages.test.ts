/** Messages through the official SDK, which verifies the digests of what it gets. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  ChangeMessageVisibilityBatchCommand,
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  type MessageAttributeValue,
  PurgeQueueCommand,
  PurgeQueueInProgress,
  QueueDoesNotExist,
  ReceiptHandleIsInvalid,
  ReceiveMessageCommand,
  type ReceiveMessageCommandInput,
  SendMessageBatchCommand,
  SendMessageCommand,
} from "@aws-sdk/client-sqs";
import { ACCOUNT, openWorld, refused, type World } from "../testing/world.ts";

let world: World;
let queues = 0;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

async function queue(Attributes: Record<string, string> = {}): Promise<string> {
  const QueueName = `q${++queues}${Attributes.FifoQueue === "true" ? ".fifo" : ""}`;
  return (await world.sqs.send(new CreateQueueCommand({ QueueName, Attributes }))).QueueUrl!;
}

const arnOf = (url: string): string => `arn:aws:sqs:us-east-1:${ACCOUNT}:${url.split("/").at(-1)}`;

async function receive(QueueUrl: string, more: Partial<ReceiveMessageCommandInput> = {}) {
  const { Messages = [] } = await world.sqs.send(new ReceiveMessageCommand({ QueueUrl, ...more }));
  return Messages;
}

const send = (QueueUrl: string, MessageBody: string, more: object = {}) =>
  world.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody, ...more }));

const seconds = (count: number): void => world.time.advance(count * 1000);

async function counts(QueueUrl: string): Promise<readonly (string | undefined)[]> {
  const { Attributes } = await world.sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["All"] }));
  return [
    Attributes?.ApproximateNumberOfMessages,
    Attributes?.ApproximateNumberOfMessagesNotVisible,
    Attributes?.ApproximateNumberOfMessagesDelayed,
  ];
}

describe("a message", () => {
  test("is sent, received, and gone when it is deleted", async () => {
    const url = await queue();
    const sent = await send(url, "hello ✓ 😀");
    const [message, ...others] = await receive(url);
    expect(others).toEqual([]);
    expect(message).toMatchObject({ MessageId: sent.MessageId, Body: "hello ✓ 😀", MD5OfBody: sent.MD5OfMessageBody });
    expect(await counts(url)).toEqual(["0", "1", "0"]);
    await world.sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: message!.ReceiptHandle }));
    expect(await counts(url)).toEqual(["0", "0", "0"]);
    seconds(60);
    expect(await receive(url)).toEqual([]);
  });

  test("comes back when its receiver does not delete it, and says how often it was received", async () => {
    const url = await queue({ VisibilityTimeout: "10" });
    await send(url, "work");
    const first = world.time.clock.now();
    const [before] = await receive(url, { MessageSystemAttributeNames: ["All"] });
    expect(before?.Attributes).toEqual({
      SenderId: ACCOUNT,
      SentTimestamp: String(first),
      ApproximateReceiveCount: "1",
      ApproximateFirstReceiveTimestamp: String(first),
    });
    seconds(9);
    expect(await receive(url)).toEqual([]);
    seconds(1);
    const [again] = await receive(url, { AttributeNames: ["ApproximateReceiveCount"] as never });
    expect(again?.Attributes).toEqual({ ApproximateReceiveCount: "2" });
    expect(again?.ReceiptHandle).not.toBe(before?.ReceiptHandle);
    // The old handle succeeds without effect, as on AWS: the message belongs to whoever has it now.
    await world.sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: before!.ReceiptHandle }));
    expect(await counts(url)).toEqual(["0", "1", "0"]);
    await world.sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: again!.ReceiptHandle }));
    expect(await counts(url)).toEqual(["0", "0", "0"]);
  });

  test("can be kept longer, or given back", async () => {
    const url = await queue();
    await send(url, "work");
    const [message] = await receive(url, { VisibilityTimeout: 5 });
    const change = (VisibilityTimeout: number, ReceiptHandle = message!.ReceiptHandle) =>
      world.sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl: url, ReceiptHandle, VisibilityTimeout }));
    await change(100);
    seconds(99);
    expect(await receive(url)).toEqual([]);
    await change(0);
    expect(await receive(url)).toHaveLength(1);
    expect((await refused(change(1, "nonsense"))).message).toBe(
      'The input receipt handle "nonsense" is not a valid receipt handle.',
    );
    expect(await refused(change(1, "nonsense"))).toBeInstanceOf(ReceiptHandleIsInvalid);
  });

  test("waits for its delay: its own, or that of the queue", async () => {
    const url = await queue({ DelaySeconds: "10" });
    await send(url, "late");
    await send(url, "at once", { DelaySeconds: 0 });
    await send(url, "later", { DelaySeconds: 20 });
    expect(await counts(url)).toEqual(["1", "0", "2"]);
    expect((await receive(url)).map(({ Body }) => Body)).toEqual(["at once"]);
    seconds(10);
    expect((await receive(url)).map(({ Body }) => Body)).toEqual(["late"]);
    seconds(10);
    expect((await receive(url)).map(({ Body }) => Body)).toEqual(["later"]);
  });

  test("that is received too often goes to the dead-letter queue, and says where it came from", async () => {
    const dead = await queue();
    const url = await queue({
      VisibilityTimeout: "1",
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: arnOf(dead), maxReceiveCount: 2 }),
    });
    const { MessageId } = await send(url, "poison");
    for (let round = 0; round < 2; round++) {
      expect(await receive(url)).toHaveLength(1);
      seconds(1);
    }
    expect(await receive(url)).toEqual([]);
    const [message] = await receive(dead, { MessageSystemAttributeNames: ["All"] });
    expect(message).toMatchObject({ MessageId, Body: "poison" });
    expect(message?.Attributes?.DeadLetterQueueSourceArn).toBe(arnOf(url));
  });

  test("stays where it is when its dead-letter queue is gone, and goes to one that comes back", async () => {
    const dead = await queue();
    const url = await queue({
      VisibilityTimeout: "1",
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: arnOf(dead), maxReceiveCount: 1 }),
    });
    await send(url, "poison");
    await world.sqs.send(new DeleteQueueCommand({ QueueUrl: dead }));
    for (let round = 0; round < 3; round++) {
      expect(await receive(url)).toHaveLength(1);
      seconds(1);
    }
    seconds(60);
    await world.sqs.send(new CreateQueueCommand({ QueueName: dead.split("/").at(-1)! }));
    expect(await receive(url)).toEqual([]);
    expect(await receive(dead)).toHaveLength(1);
  });

  test("is received as soon as it is sent by whoever waits", async () => {
    const url = await queue({ ReceiveMessageWaitTimeSeconds: "20" });
    const waiting = receive(url);
    await send(url, "at last");
    expect((await waiting).map(({ Body }) => Body)).toEqual(["at last"]);
  });

  test("is for the others when a client that waited has gone away", async () => {
    const url = await queue();
    const going = new AbortController();
    const waiting = world.sqs.send(new ReceiveMessageCommand({ QueueUrl: url, WaitTimeSeconds: 20 }), {
      abortSignal: going.signal,
    });
    const seen = refused(waiting);
    const staying = receive(url, { WaitTimeSeconds: 20 });
    going.abort();
    expect((await seen).name).toBe("AbortError");
    await send(url, "for whoever stayed");
    expect((await staying).map(({ Body }) => Body)).toEqual(["for whoever stayed"]);
  });
});

describe("message attributes", () => {
  const MessageAttributes: Record<string, MessageAttributeValue> = {
    General: { DataType: "String", StringValue: "Kenobi" },
    Hello: { DataType: "String.greeting", StringValue: "There" },
    "Help.Me": { DataType: "Number", StringValue: "3.14e0" },
    Raw: { DataType: "Binary.png", BinaryValue: new Uint8Array([0, 255, 128]) },
  };

  test("travel with the message, as many as the receiver asks for", async () => {
    const url = await queue({ VisibilityTimeout: "0" });
    const sent = await send(url, "msg", { MessageAttributes });
    const get = async (...MessageAttributeNames: string[]) => (await receive(url, { MessageAttributeNames }))[0];
    expect(await get("All")).toMatchObject({ MessageAttributes, MD5OfMessageAttributes: sent.MD5OfMessageAttributes });
    expect((await get(".*"))?.MessageAttributes).toEqual(MessageAttributes);
    expect(Object.keys((await get("Hel.*"))?.MessageAttributes ?? {}).sort()).toEqual(["Hello", "Help.Me"]);
    expect(Object.keys((await get("Raw", "Nothing"))?.MessageAttributes ?? {})).toEqual(["Raw"]);
    const none = await get("Nothing");
    expect([none?.MessageAttributes, none?.MD5OfMessageAttributes]).toEqual([undefined, undefined]);
    expect((await get())?.MessageAttributes).toBeUndefined();
  });

  test("have the digests that AWS gives", async () => {
    // Recorded at AWS: `Foo` is the string `Bar`; and three strings together, of which some are asked for.
    const url = await queue({ VisibilityTimeout: "0" });
    const text = (StringValue: string) => ({ DataType: "String", StringValue });
    const one = await send(url, "msg", { MessageAttributes: { Foo: text("Bar") } });
    expect(one.MD5OfMessageAttributes).toBe("ae7155c6026991b6d54b11589678bf9c");
    await world.sqs.send(new PurgeQueueCommand({ QueueUrl: url }));
    const three = await send(url, "msg", {
      MessageAttributes: { "Help.Me": text("Me"), Hello: text("There"), General: text("Kenobi") },
    });
    expect(three.MD5OfMessageAttributes).toBe("4c360f3fdafd970e05fae2f149d997f5");
    const [some] = await receive(url, { MessageAttributeNames: ["Hello", "General"] });
    expect(some?.MD5OfMessageAttributes).toBe("fca026605781cb4126a1e9044df24232");
  });

  test("of the system: the trace header", async () => {
    const url = await queue();
    const StringValue = "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1";
    const sent = await send(url, "traced", {
      MessageSystemAttributes: { AWSTraceHeader: { DataType: "String", StringValue } },
    });
    expect(sent.MD5OfMessageSystemAttributes).toMatch(/^[0-9a-f]{32}$/);
    const [message] = await receive(url, { MessageSystemAttributeNames: ["AWSTraceHeader"] });
    expect(message?.Attributes).toEqual({ AWSTraceHeader: StringValue });
  });
});

describe("batches", () => {
  test("send, keep and delete entry by entry", async () => {
    const url = await queue({ MaximumMessageSize: "1024" });
    const sent = await world.sqs.send(
      new SendMessageBatchCommand({
        QueueUrl: url,
        Entries: [
          { Id: "good", MessageBody: "a" },
          { Id: "long", MessageBody: "x".repeat(1025) },
          { Id: "late", MessageBody: "b", DelaySeconds: 901 },
          { Id: "bell", MessageBody: "ding\u0007" },
          { Id: "last", MessageBody: "c", MessageAttributes: { n: { DataType: "Number", StringValue: "1" } } },
        ],
      }),
    );
    expect(sent.Successful?.map(({ Id }) => Id)).toEqual(["good", "last"]);
    expect(sent.Failed?.map(({ Id, Code, SenderFault }) => [Id, Code, SenderFault])).toEqual([
      ["long", "InvalidParameterValue", true],
      ["late", "InvalidParameterValue", true],
      ["bell", "InvalidMessageContents", true],
    ]);
    expect(sent.Failed?.[0]?.Message).toBe(
      "One or more parameters cannot be validated. Reason: Message must be shorter than 1024 bytes.",
    );
    const messages = await receive(url, { MaxNumberOfMessages: 10 });
    expect(messages.map(({ Body }) => Body)).toEqual(["a", "c"]);
    const [a, c] = messages.map(({ ReceiptHandle }) => ReceiptHandle);
    const changed = await world.sqs.send(
      new ChangeMessageVisibilityBatchCommand({
        QueueUrl: url,
        Entries: [
          { Id: "a", ReceiptHandle: a, VisibilityTimeout: 100 },
          { Id: "b", ReceiptHandle: c, VisibilityTimeout: 43_201 },
          { Id: "c", ReceiptHandle: c, VisibilityTimeout: 0 },
          { Id: "d", ReceiptHandle: "nonsense", VisibilityTimeout: 0 },
        ],
      }),
    );
    expect(changed.Successful?.map(({ Id }) => Id)).toEqual(["a", "c"]);
    expect(changed.Failed?.map(({ Id, Code }) => [Id, Code])).toEqual([
      ["b", "InvalidParameterValue"],
      ["d", "ReceiptHandleIsInvalid"],
    ]);
    const deleted = await world.sqs.send(
      new DeleteMessageBatchCommand({
        QueueUrl: url,
        Entries: [
          { Id: "a", ReceiptHandle: a },
          { Id: "d", ReceiptHandle: "nonsense" },
        ],
      }),
    );
    expect(deleted).toMatchObject({
      Successful: [{ Id: "a" }],
      Failed: [{ Id: "d", Code: "ReceiptHandleIsInvalid", SenderFault: true }],
    });
    expect(await counts(url)).toEqual(["1", "0", "0"]);
  });

  test("that succeed as a whole have no list of failures", async () => {
    const url = await queue();
    const answer = await world.raw.json("SendMessageBatch", {
      QueueUrl: url,
      Entries: [{ Id: "a", MessageBody: "x" }],
    });
    expect(Object.keys(answer.json ?? {})).toEqual(["Successful"]);
  });
});

describe("FIFO queues", () => {
  test("keep the order of a group, one at a time, and drop what was sent twice", async () => {
    const url = await queue({ FifoQueue: "true", ContentBasedDeduplication: "true" });
    const first = await send(url, "1", { MessageGroupId: "a" });
    const twice = await send(url, "1", { MessageGroupId: "a" });
    expect([twice.MessageId, twice.SequenceNumber]).toEqual([first.MessageId, first.SequenceNumber]);
    expect(first.SequenceNumber).toMatch(/^\d{20}$/);
    await send(url, "2", { MessageGroupId: "a" });
    await send(url, "3", { MessageGroupId: "b", MessageDeduplicationId: "three" });
    const [one] = await receive(url, { MessageSystemAttributeNames: ["All"] });
    expect(one).toMatchObject({
      Body: "1",
      Attributes: {
        MessageGroupId: "a",
        SequenceNumber: first.SequenceNumber,
        // The digest of the body.
        MessageDeduplicationId: "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b",
      },
    });
    expect((await receive(url, { MaxNumberOfMessages: 10 })).map(({ Body }) => Body)).toEqual(["3"]);
    await world.sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: one!.ReceiptHandle }));
    expect((await receive(url)).map(({ Body }) => Body)).toEqual(["2"]);
  });

  test("refuse a handle whose time is over", async () => {
    const url = await queue({ FifoQueue: "true" });
    await send(url, "1", { MessageGroupId: "a", MessageDeduplicationId: "1", DelaySeconds: 0 });
    const [message] = await receive(url, { VisibilityTimeout: 1 });
    seconds(2);
    const error = await refused(
      world.sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: message!.ReceiptHandle })),
    );
    expect(error.message).toBe(
      `Value ${message!.ReceiptHandle} for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.`,
    );
  });
});

describe("purging", () => {
  test("empties the queue, once a minute", async () => {
    const url = await queue();
    for (const body of ["a", "b", "c"]) await send(url, body);
    await receive(url);
    await world.sqs.send(new PurgeQueueCommand({ QueueUrl: url }));
    expect(await counts(url)).toEqual(["0", "0", "0"]);
    const error = await refused(world.sqs.send(new PurgeQueueCommand({ QueueUrl: url })));
    expect(error).toBeInstanceOf(PurgeQueueInProgress);
    expect(error.message).toBe(
      `Only one PurgeQueue operation on ${url.split("/").at(-1)} is allowed every 60 seconds.`,
    );
    seconds(60);
    await world.sqs.send(new PurgeQueueCommand({ QueueUrl: url }));
  });
});

test("what is sent to a queue that is not there is refused", async () => {
  const url = `${world.url}/${ACCOUNT}/nowhere`;
  expect(await refused(send(url, "x"))).toBeInstanceOf(QueueDoesNotExist);
});

test("the host of a queue's URL does not matter, nor does a slash at its end", async () => {
  const url = await queue();
  for (const QueueUrl of [
    `https://sqs.us-east-1.amazonaws.com/${ACCOUNT}/${url.split("/").at(-1)}`,
    `/${ACCOUNT}/${url.split("/").at(-1)}`,
    `${url}/`,
  ]) {
    expect((await world.raw.json("SendMessage", { QueueUrl, MessageBody: "x" })).status).toBe(200);
  }
  expect(await counts(url)).toEqual(["3", "0", "0"]);
});
