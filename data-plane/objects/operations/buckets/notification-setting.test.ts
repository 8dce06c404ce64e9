import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import type { S3 } from "#foundation/aws";
import { FakeDestination } from "../../testing/fake-destination.ts";
import { ACCOUNT, openWorld, type World } from "../../testing/world.ts";

const QUEUE = `arn:aws:sqs:us-east-1:${ACCOUNT}:jobs`;
const UNREACHABLE = "Unable to validate the following destination configurations";

let world: World;
let queue: FakeDestination;
let Bucket: string;
beforeAll(async () => {
  queue = new FakeDestination();
  world = await openWorld({ eventDestinations: [queue] });
});
afterAll(() => world.close());
beforeEach(async () => {
  Bucket = await world.bucket();
  queue.delivered.length = 0;
  queue.answer = () => "delivered";
  queue.problem = () => undefined;
});

const rule = (QueueArn: string, event: S3.Event = "s3:ObjectCreated:*"): S3.QueueConfiguration => ({
  QueueArn,
  Events: [event],
});
const input = (
  NotificationConfiguration: S3.NotificationConfiguration,
  more: Partial<S3.PutBucketNotificationConfigurationRequest> = {},
) => ({ Bucket, NotificationConfiguration, ...more });
const put = (...parameters: Parameters<typeof input>) =>
  world.call("PutBucketNotificationConfiguration", input(...parameters));
const refused = async (...parameters: Parameters<typeof input>) => {
  const { code, message, fields } = await world.refused("PutBucketNotificationConfiguration", input(...parameters));
  return { code, message, fields };
};
const get = () => world.call("GetBucketNotificationConfiguration", { Bucket });

test("a configuration is kept as it was put, with ids, and each destination gets one test event", async () => {
  await put({ QueueConfigurations: [rule(QUEUE), { ...rule(QUEUE, "s3:ObjectRemoved:*"), Id: "removals" }] });
  expect(await get()).toEqual({
    QueueConfigurations: [
      { Id: expect.stringMatching(/^[0-9a-f-]{36}$/), Events: ["s3:ObjectCreated:*"], QueueArn: QUEUE },
      { Id: "removals", Events: ["s3:ObjectRemoved:*"], QueueArn: QUEUE },
    ],
  });
  expect(queue.delivered.map(({ arn, body }) => [arn, JSON.parse(body)])).toEqual([
    [
      QUEUE,
      {
        Service: "Amazon S3",
        Event: "s3:TestEvent",
        Time: new Date(world.now()).toISOString(),
        Bucket,
        RequestId: "REQUEST0",
        HostId: "HOST",
      },
    ],
  ]);
});

test("what a destination has against the bucket is answered, and nothing is kept or sent", async () => {
  const closed = QUEUE.replace("jobs", "closed");
  const problem = "Permissions on the destination queue do not allow S3 to publish notifications from this bucket";
  queue.problem = (arn, source) => (arn === closed && source.bucketArn.endsWith(Bucket) ? problem : undefined);
  expect(await refused({ QueueConfigurations: [rule(QUEUE), rule(closed, "s3:ObjectRemoved:*")] })).toEqual({
    code: "InvalidArgument",
    message: UNREACHABLE,
    fields: { ArgumentName1: closed, ArgumentValue1: problem },
  });
  expect(await get()).toEqual({});
  expect(queue.delivered).toEqual([]);
});

test("a destination that does not take the test event is refused", async () => {
  queue.answer = () => "retry";
  expect(await refused({ QueueConfigurations: [rule(QUEUE)] })).toMatchObject({ message: UNREACHABLE });
  expect(await get()).toEqual({});
});

test("SkipDestinationValidation asks and tells the destination nothing", async () => {
  queue.problem = () => "The destination queue does not exist";
  await put({ QueueConfigurations: [rule(QUEUE)] }, { SkipDestinationValidation: true });
  expect((await get()).QueueConfigurations).toHaveLength(1);
  expect(queue.delivered).toEqual([]);
});

test("functions, topics, other regions and FIFO queues are refused, whoever validates", async () => {
  const functionArn = `arn:aws:lambda:us-east-1:${ACCOUNT}:function:f`;
  const topicArn = `arn:aws:sns:us-east-1:${ACCOUNT}:t`;
  const Events: S3.Event[] = ["s3:ObjectCreated:*"];
  const skip = { SkipDestinationValidation: true };
  const topic = { TopicArn: topicArn, Events: ["s3:ObjectRemoved:*"] as S3.Event[] };
  expect(
    await refused(
      { LambdaFunctionConfigurations: [{ LambdaFunctionArn: functionArn, Events }], TopicConfigurations: [topic] },
      skip,
    ),
  ).toEqual({
    code: "InvalidArgument",
    message: UNREACHABLE,
    fields: {
      ArgumentName1: topicArn,
      ArgumentValue1: "Topics are not available in this cloud",
      ArgumentName2: functionArn,
      ArgumentValue2: "Functions are not available in this cloud",
    },
  });
  for (const arn of [QUEUE.replace("us-east-1", "eu-west-1"), `${QUEUE}.fifo`]) {
    expect(await refused({ QueueConfigurations: [rule(arn)] }, skip)).toMatchObject({ message: UNREACHABLE });
  }
});

test("without a control plane nothing is kept", async () => {
  world.planes.connected = false;
  try {
    await expect(put({ QueueConfigurations: [rule(QUEUE)] })).rejects.toThrow("no change stream");
  } finally {
    world.planes.connected = true;
  }
  expect(await get()).toEqual({});
});
