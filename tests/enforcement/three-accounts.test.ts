/** A bucket policy, a queue policy and a role session each open exactly what they say, seen through the official SDK by three accounts. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutBucketPolicyCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import {
  CreateQueueCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { type Cloud, type CloudEnvironment, createCloud } from "../support/cloud.ts";
import { refusal } from "../support/s3.ts";
import { makeAccount, makeUser, optionsFor, rootOf } from "./accounts.ts";
import { type Credentials, policyOf } from "./walk.ts";

let cloud: Cloud;
let environment: CloudEnvironment;
/** The owner of everything, and users of two other accounts that may do anything as far as their own accounts are concerned. */
let owner: { accountId: string; root: Credentials };
let ada: Credentials & { arn: string };
let bob: Credentials & { arn: string };
const clients: { destroy(): void }[] = [];

const s3 = (credentials: Credentials): S3Client =>
  remembered(new S3Client({ ...optionsFor(environment, credentials), forcePathStyle: true }));
const sqs = (credentials: Credentials): SQSClient => remembered(new SQSClient(optionsFor(environment, credentials)));
const sts = (credentials: Credentials): STSClient => remembered(new STSClient(optionsFor(environment, credentials)));
const iam = (credentials: Credentials): IAMClient => remembered(new IAMClient(optionsFor(environment, credentials)));

function remembered<Client extends { destroy(): void }>(client: Client): Client {
  clients.push(client);
  return client;
}

const EVERYTHING = policyOf({ Effect: "Allow", Action: "*", Resource: "*" });

beforeAll(async () => {
  cloud = createCloud();
  await cloud.start("up", "--port", "0", "--api-port", "0");
  environment = await cloud.environment();
  const { Account } = await sts(rootOf(environment)).send(new GetCallerIdentityCommand({}));
  owner = { accountId: Account!, root: rootOf(environment) };
  const second = await makeAccount(cloud, "second");
  const third = await makeAccount(cloud, "third");
  ada = await makeUser(optionsFor(environment, second.root), "ada", EVERYTHING);
  bob = await makeUser(optionsFor(environment, third.root), "bob", EVERYTHING);
}, 60_000);

afterAll(async () => {
  for (const client of clients) client.destroy();
  await cloud?.dispose();
});

const denied = async (call: Promise<unknown>): Promise<void> => {
  expect((await refusal(call)).name).toMatch(/^AccessDenied(Exception)?$/);
};

test("a bucket policy opens one action on one prefix to one user of another account", async () => {
  const Bucket = "three-accounts";
  const root = s3(owner.root);
  await root.send(new CreateBucketCommand({ Bucket }));
  await root.send(new PutObjectCommand({ Bucket, Key: "shared/a", Body: "a" }));
  await root.send(new PutObjectCommand({ Bucket, Key: "private/b", Body: "b" }));
  await denied(s3(ada).send(new GetObjectCommand({ Bucket, Key: "shared/a" })));
  const statement = { Effect: "Allow", Principal: { AWS: ada.arn }, Action: "s3:GetObject" };
  const Policy = policyOf({ ...statement, Resource: `arn:aws:s3:::${Bucket}/shared/*` });
  await root.send(new PutBucketPolicyCommand({ Bucket, Policy }));

  const got = await s3(ada).send(new GetObjectCommand({ Bucket, Key: "shared/a" }));
  expect(await got.Body!.transformToString()).toBe("a");
  await denied(s3(ada).send(new GetObjectCommand({ Bucket, Key: "private/b" })));
  await denied(s3(ada).send(new PutObjectCommand({ Bucket, Key: "shared/a", Body: "c" })));
  await denied(s3(ada).send(new DeleteObjectCommand({ Bucket, Key: "shared/a" })));
  await denied(s3(ada).send(new ListObjectsV2Command({ Bucket })));
  await denied(s3(bob).send(new GetObjectCommand({ Bucket, Key: "shared/a" })));
});

test("across accounts the bucket's policy is not enough: the user's own account must agree", async () => {
  const Bucket = "both-sides";
  await s3(owner.root).send(new CreateBucketCommand({ Bucket }));
  await s3(owner.root).send(new PutObjectCommand({ Bucket, Key: "a", Body: "a" }));
  const { root } = await makeAccount(cloud, "fourth");
  const timid = await makeUser(optionsFor(environment, root), "timid");
  const Policy = policyOf({
    Effect: "Allow",
    Principal: { AWS: timid.arn },
    Action: "s3:GetObject",
    Resource: `arn:aws:s3:::${Bucket}/*`,
  });
  await s3(owner.root).send(new PutBucketPolicyCommand({ Bucket, Policy }));
  await denied(s3(timid).send(new GetObjectCommand({ Bucket, Key: "a" })));
});

test("a queue policy opens sending to one account, and nothing else to anybody", async () => {
  const root = sqs(owner.root);
  const { QueueUrl } = await root.send(new CreateQueueCommand({ QueueName: "three-accounts" }));
  await denied(sqs(ada).send(new SendMessageCommand({ QueueUrl, MessageBody: "x" })));
  const Policy = policyOf({
    Effect: "Allow",
    Principal: { AWS: ada.arn.split(":")[4] },
    Action: "sqs:SendMessage",
    Resource: `arn:aws:sqs:${environment.AWS_REGION}:${owner.accountId}:three-accounts`,
  });
  await root.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } }));
  await sqs(ada).send(new SendMessageCommand({ QueueUrl, MessageBody: "from ada" }));
  await denied(sqs(ada).send(new ReceiveMessageCommand({ QueueUrl })));
  await denied(sqs(ada).send(new PurgeQueueCommand({ QueueUrl })));
  await denied(sqs(bob).send(new SendMessageCommand({ QueueUrl, MessageBody: "x" })));
  const { Messages } = await root.send(new ReceiveMessageCommand({ QueueUrl, MessageSystemAttributeNames: ["All"] }));
  expect(Messages?.map((message) => message.Body)).toEqual(["from ada"]);
});

test("a role session may do what the role says, only for those whom the role trusts", async () => {
  const Bucket = "three-accounts-role";
  await s3(owner.root).send(new CreateBucketCommand({ Bucket }));
  await s3(owner.root).send(new PutObjectCommand({ Bucket, Key: "a", Body: "a" }));
  const AssumeRolePolicyDocument = policyOf({
    Effect: "Allow",
    Principal: { AWS: ada.arn },
    Action: "sts:AssumeRole",
    Condition: { StringEquals: { "sts:ExternalId": "contract-7" } },
  });
  const { Role } = await iam(owner.root).send(new CreateRoleCommand({ RoleName: "reader", AssumeRolePolicyDocument }));
  const PolicyDocument = policyOf({
    Effect: "Allow",
    Action: ["s3:GetObject", "s3:ListBucket"],
    Resource: [`arn:aws:s3:::${Bucket}`, `arn:aws:s3:::${Bucket}/*`],
  });
  await iam(owner.root).send(new PutRolePolicyCommand({ RoleName: "reader", PolicyName: "read", PolicyDocument }));
  const request = { RoleArn: Role!.Arn!, RoleSessionName: "audit", ExternalId: "contract-7" };

  await denied(sts(bob).send(new AssumeRoleCommand(request)));
  await denied(sts(ada).send(new AssumeRoleCommand({ ...request, ExternalId: undefined })));
  const { Credentials: given, AssumedRoleUser } = await sts(ada).send(new AssumeRoleCommand(request));
  const session: Credentials = {
    accessKeyId: given!.AccessKeyId!,
    secretAccessKey: given!.SecretAccessKey!,
    sessionToken: given!.SessionToken!,
  };
  const who = await sts(session).send(new GetCallerIdentityCommand({}));
  expect(who.Arn).toBe(`arn:aws:sts::${owner.accountId}:assumed-role/reader/audit`);
  expect(who.Arn).toBe(AssumedRoleUser!.Arn!);
  expect((await s3(session).send(new ListObjectsV2Command({ Bucket }))).Contents?.map(({ Key }) => Key)).toEqual(["a"]);
  await denied(s3(session).send(new PutObjectCommand({ Bucket, Key: "b", Body: "b" })));
  await denied(s3(session).send(new GetObjectCommand({ Bucket: "three-accounts", Key: "shared/a" })));
  await denied(s3(ada).send(new ListObjectsV2Command({ Bucket })));
});
