/** AWS SDK for JavaScript v3: every operation of SQS, errors by class, pages, two accounts; the whole program, in real time. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  AddPermissionCommand,
  BatchEntryIdsNotDistinct,
  CancelMessageMoveTaskCommand,
  ChangeMessageVisibilityBatchCommand,
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  DeleteQueueCommand,
  EmptyBatchRequest,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  InvalidAttributeName,
  InvalidAttributeValue,
  InvalidMessageContents,
  ListDeadLetterSourceQueuesCommand,
  ListMessageMoveTasksCommand,
  ListQueuesCommand,
  ListQueueTagsCommand,
  PurgeQueueCommand,
  PurgeQueueInProgress,
  paginateListDeadLetterSourceQueues,
  paginateListQueues,
  QueueDeletedRecently,
  QueueDoesNotExist,
  QueueNameExists,
  ReceiptHandleIsInvalid,
  ReceiveMessageCommand,
  RemovePermissionCommand,
  ResourceNotFoundException,
  SendMessageBatchCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
  type SQSClient,
  StartMessageMoveTaskCommand,
  TagQueueCommand,
  TooManyEntriesInBatchRequest,
  UnsupportedOperation,
  UntagQueueCommand,
} from "@aws-sdk/client-sqs";
import { type ClientCloud, startClientCloud } from "../../support/client-cloud.ts";
import { refusal } from "../../support/s3.ts";
import { sqsClientFor } from "../../support/sqs.ts";
import { until } from "../../support/until.ts";

async function thrown(call: Promise<unknown>): Promise<unknown> {
  try {
    await call;
  } catch (error) {
    return error;
  }
  throw new Error("the call succeeded");
}

describe("queues through the SDK", () => {
  let here: ClientCloud;
  let sqs: SQSClient;
  beforeAll(async () => {
    here = await startClientCloud();
    sqs = sqsClientFor(here.environment);
  });
  afterAll(async () => {
    sqs.destroy();
    await here.dispose();
  });

  const create = async (QueueName: string, Attributes: Record<string, string> = {}): Promise<string> =>
    (await sqs.send(new CreateQueueCommand({ QueueName, Attributes }))).QueueUrl!;
  const arnOf = async (QueueUrl: string): Promise<string> =>
    (await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["QueueArn"] }))).Attributes!.QueueArn!;
  const receive = async (QueueUrl: string, more: object = {}) =>
    (await sqs.send(new ReceiveMessageCommand({ QueueUrl, ...more }))).Messages ?? [];

  test("create, find, list with pages, configure, tag, delete", async () => {
    const urls = [];
    for (const name of ["sdk-a", "sdk-b", "sdk-c"]) urls.push(await create(name));
    expect((await sqs.send(new GetQueueUrlCommand({ QueueName: "sdk-a" }))).QueueUrl).toBe(urls[0]!);
    const listed: (string | undefined)[] = [];
    for await (const page of paginateListQueues({ client: sqs, pageSize: 2 }, { QueueNamePrefix: "sdk-" })) {
      listed.push(...(page.QueueUrls ?? []));
    }
    expect(listed).toEqual(urls);
    expect((await sqs.send(new ListQueuesCommand({ QueueNamePrefix: "sdk-b" }))).QueueUrls).toEqual([urls[1]!]);
    const QueueUrl = urls[0]!;
    await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { VisibilityTimeout: "7" } }));
    const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["All"] }));
    expect(Attributes).toMatchObject({ VisibilityTimeout: "7", ApproximateNumberOfMessages: "0" });
    await sqs.send(new TagQueueCommand({ QueueUrl, Tags: { team: "blue", gone: "soon" } }));
    await sqs.send(new UntagQueueCommand({ QueueUrl, TagKeys: ["gone"] }));
    expect((await sqs.send(new ListQueueTagsCommand({ QueueUrl }))).Tags).toEqual({ team: "blue" });
    await sqs.send(new DeleteQueueCommand({ QueueUrl }));
    expect(await thrown(sqs.send(new GetQueueUrlCommand({ QueueName: "sdk-a" })))).toBeInstanceOf(QueueDoesNotExist);
    expect(await thrown(create("sdk-a"))).toBeInstanceOf(QueueDeletedRecently);
  });

  test("send, receive, keep, delete: one by one and in batches", async () => {
    const QueueUrl = await create("sdk-messages", { ReceiveMessageWaitTimeSeconds: "5" });
    await sqs.send(
      new SendMessageCommand({
        QueueUrl,
        MessageBody: "one ✓",
        MessageAttributes: {
          text: { DataType: "String", StringValue: "t" },
          bytes: { DataType: "Binary", BinaryValue: new Uint8Array([0, 1, 255]) },
        },
        MessageSystemAttributes: { AWSTraceHeader: { DataType: "String", StringValue: "Root=1-2-3" } },
      }),
    );
    const [one] = await receive(QueueUrl, { MessageAttributeNames: ["All"], MessageSystemAttributeNames: ["All"] });
    expect(one).toMatchObject({
      Body: "one ✓",
      MessageAttributes: { text: { StringValue: "t" }, bytes: { BinaryValue: new Uint8Array([0, 1, 255]) } },
      Attributes: { AWSTraceHeader: "Root=1-2-3", ApproximateReceiveCount: "1" },
    });
    const ReceiptHandle = one!.ReceiptHandle!;
    await sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 600 }));
    await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));

    const Entries = Array.from({ length: 10 }, (_, at) => ({ Id: `e${at}`, MessageBody: `${at}` }));
    expect((await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }))).Successful).toHaveLength(10);
    const handles: string[] = [];
    while (handles.length < 10) {
      const some = await receive(QueueUrl, { MaxNumberOfMessages: 10 });
      handles.push(...some.map((message) => message.ReceiptHandle!));
    }
    const changed = await sqs.send(
      new ChangeMessageVisibilityBatchCommand({
        QueueUrl,
        Entries: handles.map((handle, at) => ({ Id: `${at}`, ReceiptHandle: handle, VisibilityTimeout: 60 })),
      }),
    );
    expect([changed.Successful?.length, changed.Failed]).toEqual([10, undefined]);
    const deleted = await sqs.send(
      new DeleteMessageBatchCommand({
        QueueUrl,
        Entries: [
          ...handles.slice(0, 9).map((handle, at) => ({ Id: `${at}`, ReceiptHandle: handle })),
          { Id: "bad", ReceiptHandle: "nonsense" },
        ],
      }),
    );
    expect(deleted.Successful).toHaveLength(9);
    expect(deleted.Failed).toMatchObject([{ Id: "bad", Code: "ReceiptHandleIsInvalid", SenderFault: true }]);
    await sqs.send(new PurgeQueueCommand({ QueueUrl }));
    const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["All"] }));
    expect(Attributes?.ApproximateNumberOfMessagesNotVisible).toBe("0");
  });

  test("errors have their class", async () => {
    const QueueUrl = await create("sdk-errors");
    const nowhere = `${QueueUrl}-nowhere`;
    const batch = (...Entries: { Id: string; MessageBody: string }[]) =>
      sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
    const entry = (Id: string) => ({ Id, MessageBody: "x" });
    await sqs.send(new PurgeQueueCommand({ QueueUrl }));
    const arn = await arnOf(QueueUrl);
    const cases: readonly (readonly [() => Promise<unknown>, new (...args: never[]) => Error])[] = [
      [() => sqs.send(new SendMessageCommand({ QueueUrl: nowhere, MessageBody: "x" })), QueueDoesNotExist],
      [() => create("sdk-errors", { DelaySeconds: "3" }), QueueNameExists],
      [() => create("sdk-bad-name", { Colour: "red" }), InvalidAttributeName],
      [() => create("sdk-bad-value", { DelaySeconds: "901" }), InvalidAttributeValue],
      [() => sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "\u0000" })), InvalidMessageContents],
      [() => sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: "x" })), ReceiptHandleIsInvalid],
      [() => sqs.send(new PurgeQueueCommand({ QueueUrl })), PurgeQueueInProgress],
      [() => batch(), EmptyBatchRequest],
      [() => batch(entry("a"), entry("a")), BatchEntryIdsNotDistinct],
      [() => batch(...Array.from({ length: 11 }, (_, at) => entry(`${at}`))), TooManyEntriesInBatchRequest],
      [() => sqs.send(new StartMessageMoveTaskCommand({ SourceArn: `${arn}-nowhere` })), ResourceNotFoundException],
      [
        () =>
          sqs.send(
            new SendMessageCommand({
              QueueUrl,
              MessageBody: "x",
              MessageAttributes: { a: { DataType: "String", StringListValues: ["x"] } },
            }),
          ),
        UnsupportedOperation,
      ],
    ];
    for (const [call, type] of cases) expect(await thrown(call())).toBeInstanceOf(type);
    expect(await refusal(sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "x", DelaySeconds: 901 })))).toEqual({
      name: "InvalidParameterValue",
      status: 400,
      message: "Value 901 for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900.",
    });
  });

  test("dead letters: their sources in pages, and the way back", async () => {
    const dead = await create("sdk-dead");
    const SourceArn = await arnOf(dead);
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: SourceArn, maxReceiveCount: 1 });
    const source = await create("sdk-source-1", { RedrivePolicy, VisibilityTimeout: "0" });
    await create("sdk-source-2", { RedrivePolicy });
    expect((await sqs.send(new ListDeadLetterSourceQueuesCommand({ QueueUrl: dead }))).queueUrls).toHaveLength(2);
    let pages = 0;
    const pager = paginateListDeadLetterSourceQueues({ client: sqs, pageSize: 1 }, { QueueUrl: dead });
    for await (const { queueUrls } of pager) pages += queueUrls!.length;
    expect(pages).toBe(2);
    await sqs.send(new SendMessageCommand({ QueueUrl: source, MessageBody: "poison" }));
    expect(await receive(source)).toHaveLength(1);
    expect(await receive(source)).toHaveLength(0);
    const [letter] = await receive(dead, { MessageSystemAttributeNames: ["All"], VisibilityTimeout: 0 });
    expect(letter?.Attributes?.DeadLetterQueueSourceArn).toBe(await arnOf(source));
    const { TaskHandle } = await sqs.send(new StartMessageMoveTaskCommand({ SourceArn }));
    const status = async () => (await sqs.send(new ListMessageMoveTasksCommand({ SourceArn }))).Results?.[0]?.Status;
    await until("the message has moved", async () => (await status()) === "COMPLETED");
    expect((await receive(source)).map(({ Body }) => Body)).toEqual(["poison"]);
    const late = await refusal(sqs.send(new CancelMessageMoveTaskCommand({ TaskHandle })));
    expect(late.message).toBe("Only active tasks can be cancelled.");
  });

  test("FIFO: order, groups, duplicates", async () => {
    const QueueUrl = await create("sdk.fifo", { FifoQueue: "true", ContentBasedDeduplication: "true" });
    const send = (MessageBody: string, MessageGroupId: string) =>
      sqs.send(new SendMessageCommand({ QueueUrl, MessageBody, MessageGroupId }));
    const first = await send("1", "a");
    expect((await send("1", "a")).SequenceNumber).toBe(first.SequenceNumber!);
    await send("2", "a");
    await send("3", "b");
    const [one] = await receive(QueueUrl);
    expect(one?.Body).toBe("1");
    expect((await receive(QueueUrl, { MaxNumberOfMessages: 10 })).map(({ Body }) => Body)).toEqual(["3"]);
    await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: one!.ReceiptHandle }));
    expect((await receive(QueueUrl)).map(({ Body }) => Body)).toEqual(["2"]);
  });

  test("another account: closed doors, until AddPermission opens one", async () => {
    const QueueUrl = await create("sdk-shared");
    const { accountId } = JSON.parse((await here.cloud.cli("accounts", "create", "other", "--json")).stdout) as {
      accountId: string;
    };
    const key = JSON.parse((await here.cloud.cli("keys", "create", "--account", accountId, "--json")).stdout) as {
      accessKeyId: string;
      secretAccessKey: string;
    };
    const other = sqsClientFor(here.environment, { credentials: key });
    const send = () => other.send(new SendMessageCommand({ QueueUrl, MessageBody: "hello" }));
    expect((await refusal(send())).status).toBe(403);
    await sqs.send(
      new AddPermissionCommand({ QueueUrl, Label: "let-in", AWSAccountIds: [accountId], Actions: ["SendMessage"] }),
    );
    await send();
    expect((await receive(QueueUrl)).map(({ Body }) => Body)).toEqual(["hello"]);
    await sqs.send(new RemovePermissionCommand({ QueueUrl, Label: "let-in" }));
    expect((await refusal(send())).status).toBe(403);
    // The same name is free in another account.
    expect((await other.send(new CreateQueueCommand({ QueueName: "sdk-shared" }))).QueueUrl).toContain(accountId);
    other.destroy();
  });

  test("a receive that waits is answered when a message comes, and when the client goes nothing is lost", async () => {
    const QueueUrl = await create("sdk-waiting");
    const going = new AbortController();
    const gone = thrown(
      sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 }), { abortSignal: going.signal }),
    );
    const waiting = receive(QueueUrl, { WaitTimeSeconds: 20 });
    going.abort();
    await gone;
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "for whoever stays" }));
    expect((await waiting).map(({ Body }) => Body)).toEqual(["for whoever stays"]);
  });
});

describe("a worker that dies", () => {
  test("gives its message back after the timeout, then to the dead-letter queue; its handle is void", async () => {
    const here = await startClientCloud();
    try {
      let sqs = sqsClientFor(here.environment);
      const create = async (QueueName: string, Attributes: Record<string, string> = {}): Promise<string> =>
        (await sqs.send(new CreateQueueCommand({ QueueName, Attributes }))).QueueUrl!;
      const dead = await create("dead");
      const { Attributes } = await sqs.send(
        new GetQueueAttributesCommand({ QueueUrl: dead, AttributeNames: ["QueueArn"] }),
      );
      const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: Attributes!.QueueArn, maxReceiveCount: 2 });
      const work = await create("work", { VisibilityTimeout: "1", RedrivePolicy });
      await sqs.send(new SendMessageCommand({ QueueUrl: work, MessageBody: "job" }));
      const receive = async (QueueUrl: string) =>
        (
          await sqs.send(
            new ReceiveMessageCommand({
              QueueUrl,
              WaitTimeSeconds: 20,
              MessageSystemAttributeNames: ["ApproximateReceiveCount"],
            }),
          )
        ).Messages?.[0];
      const first = await receive(work);
      expect(first?.Attributes).toEqual({ ApproximateReceiveCount: "1" });

      // Not the worker alone: the whole cloud goes, and comes back on its port.
      await here.process.kill();
      const { port } = new URL(here.environment.AWS_ENDPOINT_URL!);
      const again = await here.cloud.start("up", "--port", port, "--api-port", "0");
      sqs.destroy();
      sqs = sqsClientFor(await here.cloud.environment());
      const second = await receive(work);
      expect(second).toMatchObject({ MessageId: first!.MessageId, Attributes: { ApproximateReceiveCount: "2" } });

      await sqs.send(new DeleteMessageCommand({ QueueUrl: work, ReceiptHandle: first!.ReceiptHandle }));
      // Looking for work is what finds that it was received too often.
      await until("the message is where dead letters go", async () => {
        await sqs.send(new ReceiveMessageCommand({ QueueUrl: work, WaitTimeSeconds: 1 }));
        const { Attributes: counts } = await sqs.send(
          new GetQueueAttributesCommand({ QueueUrl: dead, AttributeNames: ["ApproximateNumberOfMessages"] }),
        );
        return counts?.ApproximateNumberOfMessages === "1";
      });
      const letter = await receive(dead);
      expect(letter?.MessageId).toBe(first!.MessageId!);
      sqs.destroy();
      await again.stop();
    } finally {
      await here.dispose();
    }
  }, 60_000);
});
