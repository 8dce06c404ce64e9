/** AWS SDK for JavaScript v3: every operation of STS that there is, and what sessions can do with buckets, queues and tables; the whole program, in real time. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import {
  AttachRolePolicyCommand,
  CreateAccessKeyCommand,
  CreateOpenIDConnectProviderCommand,
  CreateRoleCommand,
  CreateUserCommand,
  DeleteRolePolicyCommand,
  GetUserCommand,
  IAMClient,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
  UpdateAccessKeyCommand,
} from "@aws-sdk/client-iam";
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListBucketsCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { CreateQueueCommand, ReceiveMessageCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import {
  AssumeRoleCommand,
  type AssumeRoleCommandInput,
  AssumeRoleWithWebIdentityCommand,
  DecodeAuthorizationMessageCommand,
  ExpiredTokenException,
  GetAccessKeyInfoCommand,
  GetCallerIdentityCommand,
  GetFederationTokenCommand,
  GetSessionTokenCommand,
  IDPCommunicationErrorException,
  InvalidIdentityTokenException,
  MalformedPolicyDocumentException,
  PackedPolicyTooLargeException,
  STSClient,
} from "@aws-sdk/client-sts";
import { createPresignedPost } from "@aws-sdk/s3-presigned-post";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { TestIdentityProvider } from "#data-plane/sts/testing";
import { type HttpServer, serveHttp } from "#foundation/http";
import { type ClientCloud, startClientCloud } from "../../support/client-cloud.ts";
import { refusal } from "../../support/s3.ts";

interface Credential {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

interface Made {
  readonly AccessKeyId?: string;
  readonly SecretAccessKey?: string;
  readonly SessionToken?: string;
}

const credentialOf = (made: Made | undefined): Credential => ({
  accessKeyId: made?.AccessKeyId ?? "",
  secretAccessKey: made?.SecretAccessKey ?? "",
  sessionToken: made?.SessionToken,
});

type Statement = Readonly<Record<string, unknown>>;
const policy = (...statements: readonly Statement[]) =>
  JSON.stringify({ Version: "2012-10-17", Statement: statements });
const allow = (Action: string | readonly string[], Resource: string | readonly string[] = "*"): Statement => ({
  Effect: "Allow",
  Action,
  Resource,
});

let here: ClientCloud;
let account: string;
let root: Credential;
/** A user that may assume every role. */
let ada: Credential;
let iam: IAMClient;
let provider: TestIdentityProvider;
let providerServer: HttpServer;
const clients: { destroy(): void }[] = [];

function remembered<Client extends { destroy(): void }>(client: Client): Client {
  clients.push(client);
  return client;
}

const options = (credentials: Credential) => ({
  endpoint: here.environment.AWS_ENDPOINT_URL!,
  region: here.environment.AWS_REGION!,
  credentials,
  maxAttempts: 1,
});
const stsOf = (credential: Credential) => remembered(new STSClient(options(credential)));
const s3Of = (credential: Credential) => remembered(new S3Client({ ...options(credential), forcePathStyle: true }));
const sqsOf = (credential: Credential) => remembered(new SQSClient(options(credential)));

const roleArn = (name: string) => `arn:aws:iam::${account}:role/${name}`;

/** A role that the account trusts, with one inline policy. */
async function makeRole(RoleName: string, PolicyDocument: string, trust?: Statement, more: object = {}): Promise<void> {
  const trusted = { AWS: `arn:aws:iam::${account}:root` };
  await iam.send(
    new CreateRoleCommand({
      RoleName,
      AssumeRolePolicyDocument: policy(
        trust ?? {
          Effect: "Allow",
          Principal: trusted,
          Action: ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
        },
      ),
      ...more,
    }),
  );
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: "inline", PolicyDocument }));
}

const assumed = async (
  by: Credential,
  name: string,
  more: Partial<AssumeRoleCommandInput> = {},
): Promise<Credential> => {
  const command = new AssumeRoleCommand({ RoleArn: roleArn(name), RoleSessionName: "ada@work", ...more });
  return credentialOf((await stsOf(by).send(command)).Credentials);
};

beforeAll(async () => {
  here = await startClientCloud();
  const { environment } = here;
  root = { accessKeyId: environment.AWS_ACCESS_KEY_ID!, secretAccessKey: environment.AWS_SECRET_ACCESS_KEY! };
  iam = remembered(new IAMClient(options(root)));
  account = (await stsOf(root).send(new GetCallerIdentityCommand({}))).Account!;
  await iam.send(new CreateUserCommand({ UserName: "ada" }));
  const document = policy(allow(["sts:*", "iam:GetUser", "s3:*"]));
  await iam.send(new PutUserPolicyCommand({ UserName: "ada", PolicyName: "inline", PolicyDocument: document }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: "ada" }));
  ada = credentialOf(AccessKey);
  for (const Bucket of ["sessions-a", "sessions-b"]) await s3Of(root).send(new CreateBucketCommand({ Bucket }));
  await makeRole(
    "writer",
    policy(allow("s3:*", ["arn:aws:s3:::sessions-a", "arn:aws:s3:::sessions-a/*"]), allow("sqs:*"), allow("sts:*")),
  );
  providerServer = await serveHttp({
    name: "provider",
    hostname: "127.0.0.1",
    port: 0,
    handler: async ({ path }) => {
      const document = provider.document(`${provider.issuer}${path}`);
      return document === undefined ? { status: 404, body: "" } : { status: 200, body: JSON.stringify(document) };
    },
  });
  provider = new TestIdentityProvider(providerServer.url);
}, 60_000);

afterAll(async () => {
  for (const client of clients) client.destroy();
  await providerServer?.close(0);
  await here?.dispose();
});

const put = (credential: Credential, Bucket: string, Key = "k", Body = "x") =>
  s3Of(credential).send(new PutObjectCommand({ Bucket, Key, Body }));

describe("GetCallerIdentity and GetAccessKeyInfo", () => {
  test("say who everybody is", async () => {
    expect(await stsOf(root).send(new GetCallerIdentityCommand({}))).toMatchObject({
      Arn: `arn:aws:iam::${account}:root`,
      UserId: account,
    });
    expect(await stsOf(ada).send(new GetCallerIdentityCommand({}))).toMatchObject({
      Arn: `arn:aws:iam::${account}:user/ada`,
    });
    const session = await assumed(ada, "writer");
    expect(await stsOf(session).send(new GetCallerIdentityCommand({}))).toMatchObject({
      Account: account,
      Arn: `arn:aws:sts::${account}:assumed-role/writer/ada@work`,
    });
    const asked = new GetAccessKeyInfoCommand({ AccessKeyId: session.accessKeyId });
    expect(await stsOf(ada).send(asked)).toMatchObject({ Account: account });
  });

  test("in every region", async () => {
    const sts = remembered(new STSClient({ ...options(root), region: "eu-west-1" }));
    expect(await sts.send(new GetCallerIdentityCommand({}))).toMatchObject({ Account: account });
  });
});

describe("a role's session", () => {
  test("does what the role may, and no more", async () => {
    const session = await assumed(ada, "writer");
    await put(session, "sessions-a");
    expect(await refusal(put(session, "sessions-b"))).toMatchObject({
      name: "AccessDenied",
      message: `User: arn:aws:sts::${account}:assumed-role/writer/ada@work is not authorized to perform: s3:PutObject on resource: "arn:aws:s3:::sessions-b/k" because no identity-based policy allows the s3:PutObject action`,
    });
  });

  test("within its session policies", async () => {
    const Policy = policy(allow("s3:PutObject", "arn:aws:s3:::*/only/*"));
    const session = await assumed(ada, "writer", { Policy });
    await put(session, "sessions-a", "only/k");
    expect(await refusal(put(session, "sessions-a", "k"))).toMatchObject({
      name: "AccessDenied",
      message: expect.stringContaining("because no session policy allows the s3:PutObject action"),
    });
    expect(await refusal(put(session, "sessions-b", "only/k"))).toMatchObject({ name: "AccessDenied" });
    const managed = await assumed(ada, "writer", {
      PolicyArns: [{ arn: "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess" }],
    });
    expect(await refusal(put(managed, "sessions-a"))).toMatchObject({ name: "AccessDenied" });
  });

  test("signs URLs, whose query carries the token", async () => {
    const session = await assumed(ada, "writer");
    await put(session, "sessions-a", "signed", "presigned");
    const url = await getSignedUrl(s3Of(session), new GetObjectCommand({ Bucket: "sessions-a", Key: "signed" }));
    expect(new URL(url).searchParams.has("X-Amz-Security-Token")).toBe(true);
    expect(await (await fetch(url)).text()).toBe("presigned");
    const other = await assumed(ada, "writer");
    const swapped = new URL(url);
    swapped.searchParams.set("X-Amz-Security-Token", other.sessionToken!);
    const refused = await fetch(swapped);
    expect([refused.status, /<Code>(\w+)/.exec(await refused.text())?.[1]]).toEqual([400, "InvalidToken"]);
  });

  test("uploads by form", async () => {
    const session = await assumed(ada, "writer");
    const { url, fields } = await createPresignedPost(s3Of(session), { Bucket: "sessions-a", Key: "form" });
    const send = async (changed: Readonly<Record<string, string>>) => {
      const form = new FormData();
      for (const [name, value] of Object.entries({ ...fields, ...changed })) form.append(name, value);
      form.append("file", new Blob(["by form"]));
      return await fetch(url, { method: "POST", body: form });
    };
    expect((await send({})).status).toBe(204);
    const got = await s3Of(session).send(new GetObjectCommand({ Bucket: "sessions-a", Key: "form" }));
    expect(await got.Body!.transformToString()).toBe("by form");
    const other = await assumed(ada, "writer");
    expect((await send({ "X-Amz-Security-Token": other.sessionToken! })).status).toBe(400);
  });

  test("streams and trails checksums", async () => {
    const session = await assumed(ada, "writer");
    const Body = new Uint8Array(300_000).fill(7);
    const ChecksumSHA256 = createHash("sha256").update(Body).digest("base64");
    const command = new PutObjectCommand({ Bucket: "sessions-a", Key: "large", Body, ChecksumAlgorithm: "SHA256" });
    expect(await s3Of(session).send(command)).toMatchObject({ ChecksumSHA256 });
  });

  test("is the sender of its messages", async () => {
    const session = await assumed(ada, "writer");
    const { QueueUrl } = await sqsOf(session).send(new CreateQueueCommand({ QueueName: "sessions" }));
    await sqsOf(session).send(new SendMessageCommand({ QueueUrl, MessageBody: "hello" }));
    const received = await sqsOf(root).send(
      new ReceiveMessageCommand({ QueueUrl, MessageSystemAttributeNames: ["SenderId"], WaitTimeSeconds: 5 }),
    );
    expect(received.Messages?.[0]?.Attributes?.SenderId).toMatch(/^AROA[A-Z2-7]{17}:ada@work$/);
  });

  test("of a bucket policy that names the session, opens what it says", async () => {
    const statement = {
      Effect: "Allow",
      Principal: { AWS: `arn:aws:sts::${account}:assumed-role/writer/named` },
      Action: "s3:PutObject",
      Resource: "arn:aws:s3:::sessions-b/*",
    };
    await s3Of(root).send(new PutBucketPolicyCommand({ Bucket: "sessions-b", Policy: policy(statement) }));
    await put(await assumed(ada, "writer", { RoleSessionName: "named" }), "sessions-b");
    expect(await refusal(put(await assumed(ada, "writer"), "sessions-b"))).toMatchObject({ name: "AccessDenied" });
  });

  test("has its tags in policies of buckets, and hands the transitive ones on", async () => {
    const mine = allow("s3:*", "arn:aws:s3:::sessions-a/${aws:PrincipalTag/team}/*");
    await makeRole("team", policy(mine, allow("sts:*")));
    await makeRole("next", policy(mine));
    const Tags = [{ Key: "Team", Value: "ops" }];
    const session = await assumed(ada, "team", { Tags, TransitiveTagKeys: ["Team"] });
    await put(session, "sessions-a", "ops/k");
    expect(await refusal(put(session, "sessions-a", "dev/k"))).toMatchObject({ name: "AccessDenied" });
    await put(await assumed(session, "next"), "sessions-a", "ops/k");
    expect(await refusal(put(await assumed(ada, "next"), "sessions-a", "ops/k"))).toMatchObject({
      name: "AccessDenied",
    });
  });

  test("sees at once what its role may no longer do", async () => {
    await makeRole("fading", policy(allow("s3:*")));
    const session = await assumed(ada, "fading");
    await put(session, "sessions-a");
    await iam.send(new DeleteRolePolicyCommand({ RoleName: "fading", PolicyName: "inline" }));
    expect(await refusal(put(session, "sessions-a"))).toMatchObject({ name: "AccessDenied" });
    const PolicyArn = "arn:aws:iam::aws:policy/AmazonS3FullAccess";
    await iam.send(new AttachRolePolicyCommand({ RoleName: "fading", PolicyArn }));
    await put(session, "sessions-a");
  });

  test("is refused in the words of each service when its token is not right", async () => {
    const session = await assumed(ada, "writer");
    const wrong = { ...session, sessionToken: `${session.sessionToken!.slice(0, -4)}AAAA` };
    expect(await refusal(s3Of(wrong).send(new ListBucketsCommand({})))).toMatchObject({
      name: "InvalidToken",
      status: 400,
    });
    expect(await refusal(stsOf(wrong).send(new GetCallerIdentityCommand({})))).toMatchObject({
      name: "InvalidClientTokenId",
      status: 403,
    });
    const tables = remembered(new DynamoDBClient(options(wrong)));
    expect(await refusal(tables.send(new ListTablesCommand({})))).toMatchObject({
      name: "UnrecognizedClientException",
    });
  });
});

describe("AssumeRole refuses", () => {
  test("what AWS refuses, with its classes of errors", async () => {
    expect(await refusal(assumed(root, "writer"))).toMatchObject({ name: "AccessDenied", status: 403 });
    expect(await refusal(assumed(ada, "writer", { DurationSeconds: 3601 }))).toMatchObject({ name: "ValidationError" });
    await expect(assumed(ada, "writer", { Policy: "{}" })).rejects.toBeInstanceOf(MalformedPolicyDocumentException);
    const Policy = policy(
      ...Array.from({ length: 60 }, (_, n) => allow("s3:GetObject", `arn:aws:s3:::${n}/${"x".repeat(40)}`)),
    );
    await expect(assumed(ada, "writer", { Policy })).rejects.toBeInstanceOf(PackedPolicyTooLargeException);
    const message = new DecodeAuthorizationMessageCommand({ EncodedMessage: "x" });
    expect(await refusal(stsOf(root).send(message))).toMatchObject({ name: "UnsupportedOperation", status: 501 });
  });
});

describe("sessions of users", () => {
  test("GetSessionToken: the user, without IAM, until its key is taken back", async () => {
    await iam.send(new CreateUserCommand({ UserName: "leaving" }));
    const document = policy(allow("*"));
    await iam.send(new PutUserPolicyCommand({ UserName: "leaving", PolicyName: "inline", PolicyDocument: document }));
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: "leaving" }));
    const { Credentials } = await stsOf(credentialOf(AccessKey)).send(
      new GetSessionTokenCommand({ DurationSeconds: 900 }),
    );
    const session = credentialOf(Credentials);
    expect(await stsOf(session).send(new GetCallerIdentityCommand({}))).toMatchObject({
      Arn: `arn:aws:iam::${account}:user/leaving`,
    });
    await put(session, "sessions-a");
    const limited = remembered(new IAMClient(options(session)));
    expect(await refusal(limited.send(new GetUserCommand({})))).toMatchObject({
      name: "InvalidClientTokenId",
      status: 403,
    });
    await iam.send(
      new UpdateAccessKeyCommand({ UserName: "leaving", AccessKeyId: AccessKey!.AccessKeyId!, Status: "Inactive" }),
    );
    expect(await refusal(put(session, "sessions-a"))).toMatchObject({ name: "InvalidToken" });
  });

  test("GetFederationToken: what the user and the session's policy allow", async () => {
    const Policy = policy(allow("s3:PutObject", "arn:aws:s3:::sessions-a/*"), allow("sqs:*"), allow("iam:*"));
    const { Credentials, FederatedUser } = await stsOf(ada).send(
      new GetFederationTokenCommand({ Name: "bob", Policy }),
    );
    expect(FederatedUser).toEqual({
      Arn: `arn:aws:sts::${account}:federated-user/bob`,
      FederatedUserId: `${account}:bob`,
    });
    const session = credentialOf(Credentials);
    await put(session, "sessions-a");
    expect(await refusal(s3Of(session).send(new ListBucketsCommand({})))).toMatchObject({ name: "AccessDenied" });
    expect(await refusal(sqsOf(session).send(new CreateQueueCommand({ QueueName: "no" })))).toMatchObject({
      name: expect.stringContaining("AccessDenied"),
    });
    const limited = remembered(new IAMClient(options(session)));
    expect(await refusal(limited.send(new GetUserCommand({})))).toMatchObject({ name: "InvalidClientTokenId" });
  });
});

describe("AssumeRoleWithWebIdentity", () => {
  const anonymous = () =>
    remembered(
      new STSClient({
        ...options(root),
        credentials: { accessKeyId: "", secretAccessKey: "" },
        signer: { sign: async (request) => request },
      }),
    );
  const withToken = (WebIdentityToken: string) =>
    anonymous().send(
      new AssumeRoleWithWebIdentityCommand({ RoleArn: roleArn("web"), RoleSessionName: "job-7", WebIdentityToken }),
    );

  test("a provider on this machine, from its registration to the use of the session", async () => {
    const name = provider.issuer.slice("http://".length);
    const { OpenIDConnectProviderArn } = await iam.send(
      new CreateOpenIDConnectProviderCommand({ Url: provider.issuer, ClientIDList: ["app"] }),
    );
    expect(OpenIDConnectProviderArn).toBe(`arn:aws:iam::${account}:oidc-provider/${name}`);
    await makeRole("web", policy(allow("s3:*", `arn:aws:s3:::sessions-a/\${${name}:sub}/*`)), {
      Effect: "Allow",
      Principal: { Federated: OpenIDConnectProviderArn },
      Action: "sts:AssumeRoleWithWebIdentity",
      Condition: { StringEquals: { [`${name}:aud`]: "app" } },
    });
    const answer = await withToken(provider.token(Date.now()));
    expect(answer).toMatchObject({
      SubjectFromWebIdentityToken: "me",
      Audience: "app",
      Provider: OpenIDConnectProviderArn,
      AssumedRoleUser: { Arn: `arn:aws:sts::${account}:assumed-role/web/job-7` },
    });
    const session = credentialOf(answer.Credentials);
    await put(session, "sessions-a", "me/k");
    expect(await refusal(put(session, "sessions-a", "you/k"))).toMatchObject({ name: "AccessDenied" });
  });

  test("is refused with AWS's classes of errors", async () => {
    const now = Date.now();
    await expect(withToken("nonsense")).rejects.toBeInstanceOf(InvalidIdentityTokenException);
    const forged = provider.token(now, { header: { kid: "none" } });
    await expect(withToken(forged)).rejects.toBeInstanceOf(InvalidIdentityTokenException);
    const expired = provider.token(now, { claims: { exp: Math.floor(now / 1000) - 1 } });
    await expect(withToken(expired)).rejects.toBeInstanceOf(ExpiredTokenException);
    const away = new TestIdentityProvider("http://127.0.0.1:1");
    await iam.send(new CreateOpenIDConnectProviderCommand({ Url: away.issuer, ClientIDList: ["app"] }));
    await expect(withToken(away.token(now))).rejects.toBeInstanceOf(IDPCommunicationErrorException);
  });
});
