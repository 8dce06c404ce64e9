/** AWS SDK for JavaScript v3: bucket notifications that arrive in a queue, also when everything is killed in between. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  type Event,
  GetBucketNotificationConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  type Message,
  ReceiveMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { Upload } from "@aws-sdk/lib-storage";
import { type Cloud, type CloudEnvironment, type CloudProcess, createCloud } from "../../support/cloud.ts";
import { refusal, s3ClientFor } from "../../support/s3.ts";

/** A start takes half a second, and on a machine that is busy with everything else many times that. */
const LOADED_MS = 60_000;

let cloud: Cloud;
let running: CloudProcess;
let environment: CloudEnvironment;
let s3: S3Client;
let sqs: SQSClient;

async function start(): Promise<void> {
  running = await cloud.start("up", "--port", "0", "--api-port", "0");
  environment = await cloud.environment();
  s3 = s3ClientFor(environment);
  sqs = new SQSClient({
    endpoint: environment.AWS_ENDPOINT_URL!,
    region: environment.AWS_REGION!,
    credentials: {
      accessKeyId: environment.AWS_ACCESS_KEY_ID!,
      secretAccessKey: environment.AWS_SECRET_ACCESS_KEY!,
    },
    maxAttempts: 1,
  });
}

beforeAll(async () => {
  cloud = createCloud();
  await start();
}, LOADED_MS);
afterAll(async () => {
  await running.stop();
  await cloud.dispose();
});

/** A queue as its clients see it: the name stays when the endpoint's port changes. */
interface Queue {
  readonly name: string;
  readonly arn: string;
}
const urlOf = async ({ name }: Queue): Promise<string> =>
  (await sqs.send(new GetQueueUrlCommand({ QueueName: name }))).QueueUrl!;

async function newQueue(name: string): Promise<Queue> {
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: name }));
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["QueueArn"] }));
  return { name, arn: Attributes!.QueueArn! };
}

/** Lets S3 send for one bucket, as the user guide has it. */
async function admit(queue: Queue, bucket: string): Promise<void> {
  const Policy = JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: { Service: "s3.amazonaws.com" },
        Action: "sqs:SendMessage",
        Resource: queue.arn,
        Condition: { ArnLike: { "aws:SourceArn": `arn:aws:s3:::${bucket}` } },
      },
    ],
  });
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl: await urlOf(queue), Attributes: { Policy } }));
}

const configure = (Bucket: string, queue: Queue, ...Events: Event[]) =>
  s3.send(
    new PutBucketNotificationConfigurationCommand({
      Bucket,
      NotificationConfiguration: { QueueConfigurations: [{ Id: "rule", QueueArn: queue.arn, Events }] },
    }),
  );

/** Takes messages until `enough` says so, or nothing came for two long polls. */
async function take(queue: Queue, enough: (messages: readonly Message[]) => boolean): Promise<readonly Message[]> {
  const QueueUrl = await urlOf(queue);
  const taken: Message[] = [];
  for (let empty = 0; empty < 2 && !enough(taken); ) {
    const request = { QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 5 };
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand(request));
    empty = Messages.length === 0 ? empty + 1 : 0;
    taken.push(...Messages);
    const Entries = Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
    if (Entries.length > 0) await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
  }
  return taken;
}

interface EventRecord {
  readonly eventName: string;
  readonly awsRegion: string;
  readonly userIdentity: { readonly principalId: string };
  readonly s3: {
    readonly configurationId: string;
    readonly bucket: { readonly name: string };
    readonly object: {
      readonly key: string;
      readonly size?: number;
      readonly versionId?: string;
      readonly sequencer?: string;
    };
  };
}
const recordsOf = (messages: readonly Message[]): readonly EventRecord[] =>
  messages.flatMap(({ Body }) => (JSON.parse(Body!) as { readonly Records?: readonly EventRecord[] }).Records ?? []);

test(
  "a queue that does not exist, or does not admit S3, is refused; one that does gets the test event",
  async () => {
    const Bucket = "told-of-tests";
    await s3.send(new CreateBucketCommand({ Bucket }));
    const queue = await newQueue("tests");
    const missing = { name: "missing", arn: `${queue.arn}-missing` };
    const message = "Unable to validate the following destination configurations";
    for (const unreachable of [missing, queue]) {
      expect(await refusal(configure(Bucket, unreachable, "s3:ObjectCreated:*"))).toEqual({
        name: "InvalidArgument",
        status: 400,
        message,
      });
    }
    await admit(queue, "another-bucket");
    expect((await refusal(configure(Bucket, queue, "s3:ObjectCreated:*"))).message).toBe(message);
    await admit(queue, Bucket);
    await configure(Bucket, queue, "s3:ObjectCreated:*");
    const [first] = await take(queue, (messages) => messages.length > 0);
    expect(JSON.parse(first!.Body!)).toMatchObject({ Service: "Amazon S3", Event: "s3:TestEvent", Bucket });
    const { QueueConfigurations } = await s3.send(new GetBucketNotificationConfigurationCommand({ Bucket }));
    expect(QueueConfigurations).toEqual([{ Id: "rule", QueueArn: queue.arn, Events: ["s3:ObjectCreated:*"] }]);
  },
  LOADED_MS,
);

test(
  "what is done to objects arrives, each key in order",
  async () => {
    const Bucket = "told-of-everything";
    await s3.send(new CreateBucketCommand({ Bucket }));
    await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }));
    const queue = await newQueue("everything");
    await admit(queue, Bucket);
    await configure(Bucket, queue, "s3:ObjectCreated:*", "s3:ObjectRemoved:*", "s3:ObjectTagging:*");
    const Key = "a folder/ü+1.txt";
    const { VersionId } = await s3.send(new PutObjectCommand({ Bucket, Key, Body: "12345" }));
    await s3.send(new PutObjectTaggingCommand({ Bucket, Key, Tagging: { TagSet: [{ Key: "t", Value: "1" }] } }));
    await s3.send(new DeleteObjectCommand({ Bucket, Key }));
    await s3.send(
      new CopyObjectCommand({
        Bucket,
        Key: "copy",
        CopySource: `${Bucket}/${encodeURIComponent(Key)}?versionId=${VersionId}`,
      }),
    );
    await new Upload({ client: s3, params: { Bucket, Key: "parts", Body: Buffer.alloc(6 * 1024 * 1024, 1) } }).done();
    await s3.send(new DeleteObjectCommand({ Bucket, Key, VersionId }));
    const records = recordsOf(await take(queue, (messages) => recordsOf(messages).length >= 6));
    const inOrder = records.toSorted((left, right) =>
      (left.s3.object.sequencer ?? "") < (right.s3.object.sequencer ?? "") ? -1 : 1,
    );
    const namesOf = (key: string) =>
      inOrder.filter(({ s3: { object } }) => object.key === key && object.sequencer).map(({ eventName }) => eventName);
    const encoded = "a+folder/%C3%BC%2B1.txt";
    expect(namesOf(encoded)).toEqual([
      "ObjectCreated:Put",
      "ObjectRemoved:DeleteMarkerCreated",
      "ObjectRemoved:Delete",
    ]);
    expect(namesOf("copy")).toEqual(["ObjectCreated:Copy"]);
    expect(namesOf("parts")).toEqual(["ObjectCreated:CompleteMultipartUpload"]);
    expect(records.filter(({ eventName }) => eventName === "ObjectTagging:Put")).toHaveLength(1);
    const put = records.find(({ eventName }) => eventName === "ObjectCreated:Put")!;
    expect(put.s3.object.size).toBe(5);
    expect(put.s3.object.versionId).toBe(VersionId!);
    expect([put.awsRegion, put.s3.configurationId, put.s3.bucket.name]).toEqual(["us-east-1", "rule", Bucket]);
    expect(put.userIdentity.principalId).toMatch(/^AWS:\d{12}$/);
  },
  LOADED_MS,
);

test(
  "after kill -9 every acknowledged write has its event",
  async () => {
    const Bucket = "told-of-survivors";
    await s3.send(new CreateBucketCommand({ Bucket }));
    const queue = await newQueue("survivors");
    await admit(queue, Bucket);
    await configure(Bucket, queue, "s3:ObjectCreated:*");
    const acknowledged = new Set<string>();
    for (let life = 0; life < 3; life++) {
      const enough = acknowledged.size + 60;
      let isOver = false;
      const writer = async (number: number) => {
        for (let turn = 0; !isOver; turn++) {
          const Key = `${life}/${number}/${turn}`;
          try {
            await s3.send(new PutObjectCommand({ Bucket, Key, Body: "x" }));
          } catch (error) {
            if (!isOver) throw error;
            return;
          }
          acknowledged.add(Key);
          if (acknowledged.size < enough || isOver) continue;
          isOver = true;
          await running.kill();
        }
      };
      await Promise.all(Array.from({ length: 8 }, (_, number) => writer(number)));
      await start();
    }
    const told = new Set<string>();
    await take(queue, (messages) => {
      for (const {
        s3: { object },
      } of recordsOf(messages))
        told.add(object.key);
      return [...acknowledged].every((key) => told.has(key));
    });
    expect([...acknowledged].filter((key) => !told.has(key))).toEqual([]);
  },
  LOADED_MS,
);

test(
  "a queue that is gone costs its events and nothing else",
  async () => {
    const Bucket = "told-to-nobody";
    await s3.send(new CreateBucketCommand({ Bucket }));
    const queue = await newQueue("short-lived");
    await admit(queue, Bucket);
    await configure(Bucket, queue, "s3:ObjectCreated:*", "s3:ObjectRemoved:*");
    await sqs.send(new DeleteQueueCommand({ QueueUrl: await urlOf(queue) }));
    await s3.send(new PutObjectCommand({ Bucket, Key: "k", Body: "x" }));
    await s3.send(new DeleteObjectCommand({ Bucket, Key: "k" }));
    await s3.send(new DeleteBucketCommand({ Bucket }));
  },
  LOADED_MS,
);
