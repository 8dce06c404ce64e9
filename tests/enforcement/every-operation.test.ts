/**
 * Every operation of every service, through the official SDKs: denied by default, allowed by its action on its resource, denied all the same by a Deny, and denied
 * on the wrong resource. What is walked is the services' own tables of permissions, so that no operation can be forgotten.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { CreateTableCommand, DescribeTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import {
  DescribeStreamCommand,
  DynamoDBStreamsClient,
  GetShardIteratorCommand,
} from "@aws-sdk/client-dynamodb-streams";
import { CreateAccessKeyCommand, CreateUserCommand, IAMClient, PutUserPolicyCommand } from "@aws-sdk/client-iam";
import { CreateBucketCommand, CreateMultipartUploadCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { CreateQueueCommand, SQSClient } from "@aws-sdk/client-sqs";
import { type Cloud, createCloud } from "../support/cloud.ts";
import { DYNAMODB, DYNAMODB_STREAMS } from "./dynamodb.ts";
import { IAM, prepareIam } from "./iam.ts";
import { S3 } from "./s3.ts";
import { SQS } from "./sqs.ts";
import { STS } from "./sts.ts";
import { accessOf, type Credentials, type Fixture, openResources, policyOf, type WalkedService } from "./walk.ts";

const SERVICES: readonly WalkedService[] = [S3, SQS, DYNAMODB, DYNAMODB_STREAMS, IAM, STS];

/** One user for each case, so that cases of one operation do not wait for each other's policies. */
const CASES = ["none", "denied", "elsewhere", "allowed"] as const;
type Case = (typeof CASES)[number];

let cloud: Cloud;
let endpoint: string;
let iam: IAMClient;
let fixture: Fixture;
const users = new Map<Case, Credentials>();

beforeAll(async () => {
  cloud = createCloud();
  await cloud.start("up", "--port", "0", "--api-port", "0");
  const environment = await cloud.environment();
  endpoint = environment.AWS_ENDPOINT_URL!;
  const credentials = {
    accessKeyId: environment.AWS_ACCESS_KEY_ID!,
    secretAccessKey: environment.AWS_SECRET_ACCESS_KEY!,
  };
  const options = { endpoint, credentials, region: "us-east-1" };
  iam = new IAMClient(options);
  for (const name of CASES) {
    await iam.send(new CreateUserCommand({ UserName: name }));
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: name }));
    users.set(name, { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! });
  }
  fixture = await prepare(options);
});

afterAll(async () => {
  iam?.destroy();
  await cloud?.dispose();
});

async function prepare(options: { endpoint: string; credentials: Credentials; region: string }): Promise<Fixture> {
  const s3 = new S3Client({ ...options, forcePathStyle: true });
  const sqs = new SQSClient(options);
  const dynamodb = new DynamoDBClient(options);
  const streams = new DynamoDBStreamsClient(options);
  try {
    const bucket = "walk-bucket";
    const key = "thing";
    await s3.send(new CreateBucketCommand({ Bucket: bucket, ObjectLockEnabledForBucket: true }));
    await s3.send(new CreateBucketCommand({ Bucket: `${bucket}-doomed` }));
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: "x" }));
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: key }));
    await sqs.send(new CreateQueueCommand({ QueueName: "walk-dead" }));
    await sqs.send(new CreateQueueCommand({ QueueName: "walk-doomed" }));
    const table = {
      KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
      AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
      BillingMode: "PAY_PER_REQUEST",
    } as const;
    const StreamSpecification = { StreamEnabled: true, StreamViewType: "NEW_IMAGE" } as const;
    await dynamodb.send(
      new CreateTableCommand({ TableName: "walk", StreamSpecification, ...structuredClone(table) } as never),
    );
    await dynamodb.send(new CreateTableCommand({ TableName: "walk-doomed", ...structuredClone(table) } as never));
    const described = await dynamodb.send(new DescribeTableCommand({ TableName: "walk" }));
    const tableArn = described.Table!.TableArn!;
    const accountId = tableArn.split(":")[4]!;
    await prepareIam(iam, accountId);
    const streamArn = described.Table!.LatestStreamArn!;
    const { StreamDescription } = await streams.send(new DescribeStreamCommand({ StreamArn: streamArn }));
    const iterator = await streams.send(
      new GetShardIteratorCommand({
        StreamArn: streamArn,
        ShardId: StreamDescription!.Shards![0]!.ShardId!,
        ShardIteratorType: "TRIM_HORIZON",
      }),
    );
    const deadLetterArn = `arn:aws:sqs:us-east-1:${accountId}:walk-dead`;
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: deadLetterArn, maxReceiveCount: 3 });
    const { QueueUrl } = await sqs.send(
      new CreateQueueCommand({ QueueName: "walk-queue", Attributes: { RedrivePolicy } }),
    );
    return {
      accountId,
      accessKeyId: users.get("none")!.accessKeyId,
      bucket,
      key,
      uploadId: UploadId!,
      queueUrl: QueueUrl!,
      queueArn: `arn:aws:sqs:us-east-1:${accountId}:walk-queue`,
      deadLetterArn,
      table: "walk",
      tableArn,
      streamArn,
      shardIterator: iterator.ShardIterator!,
    };
  } finally {
    for (const client of [s3, sqs, dynamodb, streams]) client.destroy();
  }
}

const allow = (Action: readonly string[], Resource: readonly string[]) => ({ Effect: "Allow", Action, Resource });

async function may(name: Case, ...statements: readonly object[]): Promise<void> {
  const PolicyDocument = policyOf(...statements);
  await iam.send(new PutUserPolicyCommand({ UserName: name, PolicyName: "walk", PolicyDocument }));
}

describe.each(SERVICES.map((service) => [service.name, service] as const))("%s", (_name, service) => {
  const { permissions, elsewhere } = service;

  test("has an input for every operation", () => {
    expect(Object.keys(service.inputs(fixture)).sort()).toEqual(Object.keys(permissions).sort());
  });

  test.each(Object.entries(permissions))("%s", async (operation, permission) => {
    const input = service.inputs(fixture)[operation]!;
    const { actions } = permission;
    const resources = openResources(permission);
    await may("denied", allow(["*"], ["*"]), { Effect: "Deny", Action: actions[0] ?? "none:none", Resource: "*" });
    await may("elsewhere", allow(actions.length === 0 ? ["none:none"] : actions, [elsewhere]));
    await may("allowed", allow(actions.length === 0 ? ["none:none"] : actions, resources));
    const found: Partial<Record<Case, string>> = {};
    for (const name of CASES) {
      const client = service.client(endpoint, users.get(name)!);
      found[name] = await accessOf(client.send, operation, input);
      client.destroy();
    }
    const open = actions.length === 0;
    expect(found).toEqual({
      none: open ? "admitted" : "denied",
      denied: open ? "admitted" : "denied",
      elsewhere: open ? "admitted" : "denied",
      allowed: "admitted",
    });
  });
});
