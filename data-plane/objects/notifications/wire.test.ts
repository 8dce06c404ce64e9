/** Notifications through the real front door and official clients. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import {
  GetBucketNotificationConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { createPresignedPost } from "@aws-sdk/s3-presigned-post";
import { createVirtualTime } from "#foundation/runtime";
import { until } from "../../../tests/support/until.ts";
import { LOG_PACE } from "../access-logs/access-logs.ts";
import { FakeDestination } from "../testing/fake-destination.ts";
import { openWireWorld, type WireWorld } from "../testing/wire-world.ts";
import { ACCOUNT } from "../testing/world.ts";

const QueueArn = `arn:aws:sqs:us-east-1:${ACCOUNT}:jobs`;
const time = createVirtualTime(Date.UTC(2026, 0, 15));

let world: WireWorld;
let queue: FakeDestination;
beforeAll(async () => {
  queue = new FakeDestination();
  world = await openWireWorld({ timers: time.timers, eventDestinations: [queue] });
});
afterAll(() => world.close());

const watch = async (Bucket: string): Promise<void> => {
  const NotificationConfiguration = { QueueConfigurations: [{ QueueArn, Events: ["s3:ObjectCreated:*" as const] }] };
  await world.s3.send(new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration }));
};

test("a configuration goes through XML and comes back; what is refused says why", async () => {
  const Bucket = await world.bucket();
  const Filter = { Key: { FilterRules: [{ Name: "prefix" as const, Value: "in/" }] } };
  const rule = { Id: "in", QueueArn, Events: ["s3:ObjectCreated:*" as const], Filter };
  const put = (...QueueConfigurations: (typeof rule)[]) =>
    world.s3.send(
      new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration: { QueueConfigurations } }),
    );
  await put(rule);
  const { QueueConfigurations } = await world.s3.send(new GetBucketNotificationConfigurationCommand({ Bucket }));
  expect(QueueConfigurations as unknown).toEqual([
    { ...rule, Filter: { Key: { FilterRules: [{ Name: "Prefix", Value: "in/" }] } } },
  ]);
  queue.problem = () => "The destination queue does not exist";
  const refused = await put(rule).catch((error: unknown) => error);
  queue.problem = () => undefined;
  expect(refused).toMatchObject({
    name: "InvalidArgument",
    message: "Unable to validate the following destination configurations",
    ArgumentName1: QueueArn,
    ArgumentValue1: "The destination queue does not exist",
  });
});

test("a form upload is told as one", async () => {
  const Bucket = await world.bucket();
  await watch(Bucket);
  const { url, fields } = await createPresignedPost(world.s3, { Bucket, Key: "from a form" });
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append("file", new Blob(["12345"]), "x.txt");
  expect((await fetch(url, { method: "POST", body: form })).status).toBe(204);
  await until("the event arrives", () => queue.records.some(({ s3 }) => s3.object.key === "from+a+form"));
  const record = queue.records.find(({ s3 }) => s3.object.key === "from+a+form");
  expect(record?.eventName).toBe("ObjectCreated:Post");
  expect(record?.s3.object.size).toBe(5);
});

test("a delivered access log is an object like any other", async () => {
  const [Bucket, target] = [await world.bucket(), await world.bucket()];
  const Principal = { Service: "logging.s3.amazonaws.com" };
  const statement = { Effect: "Allow", Principal, Action: "s3:PutObject", Resource: `arn:aws:s3:::${target}/*` };
  world.planes.configure(target, { policy: JSON.stringify({ Version: "2012-10-17", Statement: [statement] }) });
  const LoggingEnabled = { TargetBucket: target, TargetPrefix: "logs/" };
  await world.call("PutBucketLogging", { Bucket, BucketLoggingStatus: { LoggingEnabled } });
  await watch(target);
  await world.s3.send(new PutObjectCommand({ Bucket, Key: "k", Body: "x" }));
  const isLog = ({ s3 }: (typeof queue.records)[number]) => s3.object.key.startsWith("logs/");
  await until("the log is told of", () => {
    time.advance(LOG_PACE.everyMs);
    return queue.records.some(isLog);
  });
  expect(queue.records.find(isLog)).toMatchObject({
    eventName: "ObjectCreated:Put",
    userIdentity: { principalId: "logging.s3.amazonaws.com" },
  });
});
