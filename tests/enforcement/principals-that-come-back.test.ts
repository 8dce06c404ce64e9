/**
 * A policy means those whom it names when it is put. A user or role that is deleted and made again under the same name is somebody else: no policy of a bucket, queue,
 * table or role lets it in until it is put again; also on a data plane that restarts without its control plane.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import {
  CreateTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  GetResourcePolicyCommand,
  PutResourcePolicyCommand,
} from "@aws-sdk/client-dynamodb";
import { DescribeStreamCommand, DynamoDBStreamsClient } from "@aws-sdk/client-dynamodb-streams";
import {
  CreateRoleCommand,
  DeleteAccessKeyCommand,
  DeleteRoleCommand,
  DeleteUserCommand,
  GetRoleCommand,
  IAMClient,
  UpdateAssumeRolePolicyCommand,
  UpdateUserCommand,
} from "@aws-sdk/client-iam";
import {
  CreateBucketCommand,
  GetBucketPolicyCommand,
  ListObjectsV2Command,
  PutBucketPolicyCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import {
  AddPermissionCommand,
  CreateQueueCommand,
  GetQueueAttributesCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { type Cloud, type CloudEnvironment, type CloudProcess, createCloud } from "../support/cloud.ts";
import { refusal } from "../support/s3.ts";
import { makeUser, optionsFor, rootOf } from "./accounts.ts";
import { type Credentials, policyOf } from "./walk.ts";

const NAME = "coming-back";

let cloud: Cloud;
let environment: CloudEnvironment;
let control: CloudProcess;
let node: CloudProcess;
let account: string;
let queueUrl: string;
let tableArn: string;
let streamArn: string;

/** Clients of somebody. */
function clientsOf(credentials: Credentials) {
  const options = optionsFor(environment, credentials);
  return {
    s3: new S3Client({ ...options, forcePathStyle: true }),
    sqs: new SQSClient(options),
    dynamodb: new DynamoDBClient(options),
    streams: new DynamoDBStreamsClient(options),
    iam: new IAMClient(options),
    sts: new STSClient(options),
  };
}

const root = () => clientsOf(rootOf(environment));

beforeAll(async () => {
  cloud = createCloud();
  control = await cloud.start("control", "--api-port", "0");
  const apiUrl = (await cloud.environment()).BIPLANE_API_URL!;
  node = await cloud.start("node", "--control-plane", apiUrl, "--port", "0");
  environment = await cloud.environment();
  const { s3, sqs, dynamodb, sts } = root();
  account = (await sts.send(new GetCallerIdentityCommand({}))).Account!;
  await s3.send(new CreateBucketCommand({ Bucket: NAME }));
  queueUrl = (await sqs.send(new CreateQueueCommand({ QueueName: NAME }))).QueueUrl!;
  await dynamodb.send(
    new CreateTableCommand({
      TableName: NAME,
      KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
      AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
      BillingMode: "PAY_PER_REQUEST",
      StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_IMAGE" },
    }),
  );
  const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName: NAME }));
  tableArn = Table!.TableArn!;
  streamArn = Table!.LatestStreamArn!;
}, 60_000);

afterAll(async () => {
  await cloud?.dispose();
});

async function aloneAfterRestart(body: () => Promise<void>): Promise<void> {
  const port = new URL(environment.AWS_ENDPOINT_URL!).port;
  const apiPort = new URL(environment.BIPLANE_API_URL!).port;
  await control.kill();
  await node.kill();
  node = await cloud.start("node", "--control-plane", environment.BIPLANE_API_URL!, "--port", port);
  await body();
  await node.kill();
  control = await cloud.start("control", "--api-port", apiPort);
  node = await cloud.start("node", "--control-plane", environment.BIPLANE_API_URL!, "--port", port);
}

const allowing = (principal: string, Action: string, Resource?: string) => ({
  Effect: "Allow",
  Principal: { AWS: principal },
  Action,
  ...(Resource === undefined ? {} : { Resource }),
});

/** Every kind of policy that names principals: how it is put, used and shown. */
const PLACES: Readonly<
  Record<
    string,
    {
      put(principal: string): Promise<unknown>;
      use(clients: ReturnType<typeof clientsOf>): Promise<unknown>;
      show(): Promise<string>;
      /** Of the refusal to name nobody. */
      readonly refusal: RegExp;
    }
  >
> = {
  bucket: {
    put: (principal) => {
      const Policy = policyOf(allowing(principal, "s3:ListBucket", `arn:aws:s3:::${NAME}`));
      return root().s3.send(new PutBucketPolicyCommand({ Bucket: NAME, Policy }));
    },
    use: ({ s3 }) => s3.send(new ListObjectsV2Command({ Bucket: NAME })),
    show: async () => (await root().s3.send(new GetBucketPolicyCommand({ Bucket: NAME }))).Policy!,
    refusal: /^MalformedPolicy: Invalid principal in policy$/,
  },
  queue: {
    put: (principal) => {
      const Policy = policyOf(
        allowing(principal, "sqs:SendMessage", `arn:aws:sqs:${environment.AWS_REGION}:${account}:${NAME}`),
      );
      return root().sqs.send(new SetQueueAttributesCommand({ QueueUrl: queueUrl, Attributes: { Policy } }));
    },
    use: ({ sqs }) => sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: "x" })),
    show: async () => {
      const asked = { QueueUrl: queueUrl, AttributeNames: ["Policy" as const] };
      return (await root().sqs.send(new GetQueueAttributesCommand(asked))).Attributes!.Policy!;
    },
    refusal: /^InvalidAttributeValue: Invalid value for the parameter Policy\.$/,
  },
  table: {
    put: (principal) => {
      const Policy = policyOf(allowing(principal, "dynamodb:DescribeTable", tableArn));
      return root().dynamodb.send(new PutResourcePolicyCommand({ ResourceArn: tableArn, Policy }));
    },
    use: ({ dynamodb }) => dynamodb.send(new DescribeTableCommand({ TableName: NAME })),
    show: async () => (await root().dynamodb.send(new GetResourcePolicyCommand({ ResourceArn: tableArn }))).Policy!,
    refusal: /^ValidationException: Invalid policy document: Invalid principal in policy$/,
  },
  stream: {
    put: (principal) => {
      const Policy = policyOf(allowing(principal, "dynamodb:DescribeStream", streamArn));
      return root().dynamodb.send(new PutResourcePolicyCommand({ ResourceArn: streamArn, Policy }));
    },
    use: ({ streams }) => streams.send(new DescribeStreamCommand({ StreamArn: streamArn })),
    show: async () => (await root().dynamodb.send(new GetResourcePolicyCommand({ ResourceArn: streamArn }))).Policy!,
    refusal: /^ValidationException: Invalid policy document: Invalid principal in policy$/,
  },
  role: {
    put: async (principal) => {
      const AssumeRolePolicyDocument = policyOf(allowing(principal, "sts:AssumeRole"));
      const role = { RoleName: NAME };
      const { iam } = root();
      const exists = await iam.send(new GetRoleCommand(role)).then(
        () => true,
        () => false,
      );
      if (!exists) return iam.send(new CreateRoleCommand({ ...role, AssumeRolePolicyDocument }));
      return iam.send(new UpdateAssumeRolePolicyCommand({ ...role, PolicyDocument: AssumeRolePolicyDocument }));
    },
    use: ({ sts }) =>
      sts.send(new AssumeRoleCommand({ RoleArn: `arn:aws:iam::${account}:role/${NAME}`, RoleSessionName: "session" })),
    show: async () =>
      decodeURIComponent(
        (await root().iam.send(new GetRoleCommand({ RoleName: NAME }))).Role!.AssumeRolePolicyDocument!,
      ),
    refusal:
      /^MalformedPolicyDocument(?:Exception)?: Invalid principal in policy: "AWS":"arn:aws:iam::\d{12}:user\/nobody"$/,
  },
};

const places = Object.entries(PLACES);

/** Which policies let somebody in. */
async function openTo(credentials: Credentials): Promise<readonly string[]> {
  const clients = clientsOf(credentials);
  const open: string[] = [];
  for (const [name, { use }] of places) {
    const answer = await use(clients).then(
      () => undefined,
      (error: Error) => error,
    );
    if (answer === undefined) open.push(name);
    else expect(answer.name).toMatch(/^AccessDenied(?:Exception)?$/);
  }
  return open;
}

const EVERY = places.map(([name]) => name);

async function deleteUser(UserName: string, AccessKeyId: string): Promise<void> {
  const { iam } = root();
  await iam.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId }));
  await iam.send(new DeleteUserCommand({ UserName }));
}

async function principalsShown(): Promise<readonly string[]> {
  const shown = await Promise.all(places.map(([, { show }]) => show()));
  return shown.map(
    (text) => (JSON.parse(text) as { Statement: { Principal: { AWS: string } }[] }).Statement[0]!.Principal.AWS,
  );
}

const putAll = async (principal: string) => {
  for (const [, { put }] of places) await put(principal);
};

test("a user who is made again under a name is let in nowhere until the policies are put again", async () => {
  const options = optionsFor(environment, rootOf(environment));
  const first = await makeUser(options, "ana");
  await putAll(first.arn);
  expect(await openTo(first)).toEqual(EVERY);
  expect(await principalsShown()).toEqual(EVERY.map(() => first.arn));
  const { UserId } = await clientsOf(first).sts.send(new GetCallerIdentityCommand({}));

  await deleteUser("ana", first.accessKeyId);
  const second = await makeUser(options, "ana");
  expect(second.arn).toBe(first.arn);
  expect(await openTo(second)).toEqual([]);
  expect(await principalsShown()).toEqual(EVERY.map(() => UserId!));

  // Changes of something else, and of another part of the policy, let nobody in either.
  const { sqs } = root();
  const more = { Label: "more", AWSAccountIds: [account], Actions: ["GetQueueUrl"] };
  await sqs.send(new AddPermissionCommand({ QueueUrl: queueUrl, ...more }));
  expect(await openTo(second)).toEqual([]);
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl: queueUrl, Attributes: { DelaySeconds: "1" } }));
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl: queueUrl, Attributes: { DelaySeconds: "0" } }));
  expect(await openTo(second)).toEqual([]);
  await aloneAfterRestart(async () => expect(await openTo(second)).toEqual([]));

  await putAll(second.arn);
  expect(await openTo(second)).toEqual(EVERY);
  await aloneAfterRestart(async () => expect(await openTo(second)).toEqual(EVERY));
  await deleteUser("ana", second.accessKeyId);
}, 120_000);

test("a role that is made again under a name is let in nowhere, nor is a session that a policy names", async () => {
  const { iam, sts } = root();
  const AssumeRolePolicyDocument = policyOf(allowing(account, "sts:AssumeRole"));
  const make = async (): Promise<Credentials> => {
    const { Role } = await iam.send(new CreateRoleCommand({ RoleName: "ops", AssumeRolePolicyDocument }));
    const assumer = await makeUser(
      optionsFor(environment, rootOf(environment)),
      `assumer-${Role!.RoleId!.slice(-4)}`,
      policyOf({ Effect: "Allow", Action: "sts:AssumeRole", Resource: Role!.Arn }),
    );
    const { Credentials: given } = await clientsOf(assumer).sts.send(
      new AssumeRoleCommand({ RoleArn: Role!.Arn!, RoleSessionName: "night" }),
    );
    return {
      accessKeyId: given!.AccessKeyId!,
      secretAccessKey: given!.SecretAccessKey!,
      sessionToken: given!.SessionToken!,
    };
  };
  const names = [`arn:aws:iam::${account}:role/ops`, `arn:aws:sts::${account}:assumed-role/ops/night`];
  for (const name of names) {
    const first = await make();
    await putAll(name);
    expect(await openTo(first)).toEqual(EVERY);
    await iam.send(new DeleteRoleCommand({ RoleName: "ops" }));
    const second = await make();
    expect((await clientsOf(second).sts.send(new GetCallerIdentityCommand({}))).Arn).toBe(names[1]!);
    expect(await openTo(second)).toEqual([]);
    await putAll(name);
    expect(await openTo(second)).toEqual(EVERY);
    await iam.send(new DeleteRoleCommand({ RoleName: "ops" }));
  }
  sts.destroy();
}, 120_000);

test("policies go along when a user is renamed, and are shown with the new name", async () => {
  const options = optionsFor(environment, rootOf(environment));
  const user = await makeUser(options, "bea");
  await putAll(user.arn);
  await root().iam.send(new UpdateUserCommand({ UserName: "bea", NewUserName: "beatrice", NewPath: "/team/" }));
  const other = await makeUser(options, "bea");
  // A change of another attribute puts the policy again, and must mean the same.
  await root().sqs.send(new SetQueueAttributesCommand({ QueueUrl: queueUrl, Attributes: { DelaySeconds: "0" } }));
  await root().sqs.send(new SetQueueAttributesCommand({ QueueUrl: queueUrl, Attributes: { DelaySeconds: "1" } }));
  expect(await openTo(user)).toEqual(EVERY);
  expect(await openTo(other)).toEqual([]);
  expect(await principalsShown()).toEqual(EVERY.map(() => `arn:aws:iam::${account}:user/team/beatrice`));
}, 60_000);

test.each(places)(
  "a policy of a %s that names nobody is refused",
  async (_name, { put, show, refusal: expected }) => {
    await put(account);
    const before = await show();
    for (const principal of [`arn:aws:iam::${account}:user/nobody`, "AIDAABCDEFGHIJKLMNOPQ"]) {
      const { name, message } = await refusal(put(principal));
      if (principal.startsWith("arn")) expect(`${name}: ${message}`).toMatch(expected);
      else expect(`${name}: ${message}`).toMatch(/Invalid/);
    }
    expect(await show()).toBe(before);
    // Accounts that are not of this cloud are not looked into.
    await put("arn:aws:iam::123412341234:user/somebody");
  },
  30_000,
);
