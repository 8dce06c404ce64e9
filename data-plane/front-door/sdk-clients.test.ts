/** The official clients of all ten services against a front door that offers nothing: each must understand what it is told. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { CloudWatchLogsClient, DescribeLogGroupsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { DynamoDBStreamsClient, ListStreamsCommand } from "@aws-sdk/client-dynamodb-streams";
import { DescribeVpcsCommand, EC2Client } from "@aws-sdk/client-ec2";
import { DescribeLoadBalancersCommand, ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2";
import { IAMClient, ListUsersCommand } from "@aws-sdk/client-iam";
import { InvokeCommand, LambdaClient, ListFunctionsCommand } from "@aws-sdk/client-lambda";
import {
  GetObjectCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { ListQueuesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import type { Region } from "#contracts";
import { createMemoryAudit } from "#foundation/audit/testing";
import { type HttpServer, serveHttp } from "#foundation/http";
import { createMetrics, silentLogger } from "#foundation/telemetry";
import { createFrontDoor } from "./front-door.ts";
import { createOperationMetrics } from "./operation-metrics.ts";
import { ACCOUNT, FakeCatalog } from "./testing/fake-catalog.ts";

/** What an SDK's error says. */
interface Failure {
  readonly name: string;
  readonly message: string;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string };
}

let server: HttpServer;
const catalog = new FakeCatalog();
catalog.addAccount(ACCOUNT);
const GOOD = catalog.putKey("AKIAROOT");
const WRONG = { ...GOOD, secretAccessKey: "guess" };
const NOBODY = { accessKeyId: "AKIANOBODY", secretAccessKey: "x" };

beforeAll(async () => {
  const handler = await createFrontDoor({
    audit: createMemoryAudit(),
    services: [],
    catalog,
    defaultRegion: "us-east-1" as Region,
    regions: new Set(["us-east-1"]),
    names: { baseDomains: ["localhost"] },
    hostId: "HOST",
    // Clients sign with the real time.
    clock: { now: Date.now },
    logger: silentLogger,
    metrics: createOperationMetrics(createMetrics()),
  });
  server = await serveHttp({ port: 0, requestIdHeader: null, handler });
});
afterAll(async () => {
  await server.close(0);
});

const options = (credentials: typeof GOOD) => ({
  region: "us-east-1",
  endpoint: server.url,
  credentials,
  maxAttempts: 1,
  forcePathStyle: true,
});

/** One call of each client. */
const CALLS: Readonly<Record<string, (credentials: typeof GOOD) => Promise<unknown>>> = {
  s3: (who) => new S3Client(options(who)).send(new ListBucketsCommand({})),
  "s3 get": (who) => new S3Client(options(who)).send(new GetObjectCommand({ Bucket: "b", Key: "k" })),
  "s3 put": (who) => new S3Client(options(who)).send(new PutObjectCommand({ Bucket: "b", Key: "k", Body: "text" })),
  dynamodb: (who) => new DynamoDBClient(options(who)).send(new ListTablesCommand({})),
  "dynamodb-streams": (who) => new DynamoDBStreamsClient(options(who)).send(new ListStreamsCommand({})),
  sqs: (who) => new SQSClient(options(who)).send(new ListQueuesCommand({})),
  lambda: (who) => new LambdaClient(options(who)).send(new ListFunctionsCommand({})),
  "lambda invoke": (who) =>
    new LambdaClient(options(who)).send(new InvokeCommand({ FunctionName: "f", Payload: Buffer.from("{}") })),
  elbv2: (who) => new ElasticLoadBalancingV2Client(options(who)).send(new DescribeLoadBalancersCommand({})),
  ec2: (who) => new EC2Client(options(who)).send(new DescribeVpcsCommand({})),
  iam: (who) => new IAMClient(options(who)).send(new ListUsersCommand({})),
  sts: (who) => new STSClient(options(who)).send(new GetCallerIdentityCommand({})),
  logs: (who) => new CloudWatchLogsClient(options(who)).send(new DescribeLogGroupsCommand({})),
};

async function failureOf(call: Promise<unknown>): Promise<Failure> {
  try {
    await call;
  } catch (error) {
    return error as Failure;
  }
  throw new Error("the call succeeded");
}

describe.each(Object.keys(CALLS))("%s", (name) => {
  const call = CALLS[name]!;
  const [service = ""] = name.split(" ");

  test("an operation that is not here is a 501 with a name, a sentence and a request id", async () => {
    const { name: code, message, $metadata } = await failureOf(call(GOOD));
    expect([code, $metadata?.httpStatusCode]).toEqual([
      service === "s3" ? "NotImplemented" : "UnsupportedOperation",
      501,
    ]);
    expect(message).toContain("Biplane does not implement");
    expect($metadata?.requestId).toMatch(/^[0-9A-F]{16}/);
  });

  test("a wrong secret and an unknown key are refused by the names that the client knows", async () => {
    const expected: Readonly<Record<string, readonly [mismatch: string, unknown: string, status: readonly number[]]>> =
      {
        s3: ["SignatureDoesNotMatch", "InvalidAccessKeyId", [403, 403]],
        dynamodb: ["InvalidSignatureException", "UnrecognizedClientException", [400, 400]],
        "dynamodb-streams": ["InvalidSignatureException", "UnrecognizedClientException", [400, 400]],
        // The names of its older protocol, which clients are told in a header of their own.
        sqs: ["SignatureDoesNotMatch", "InvalidClientTokenId", [403, 403]],
        lambda: ["InvalidSignatureException", "UnrecognizedClientException", [403, 403]],
        logs: ["InvalidSignatureException", "UnrecognizedClientException", [403, 403]],
        ec2: ["AuthFailure", "AuthFailure", [401, 401]],
        elbv2: ["SignatureDoesNotMatch", "InvalidClientTokenId", [403, 403]],
        iam: ["SignatureDoesNotMatch", "InvalidClientTokenId", [403, 403]],
        sts: ["SignatureDoesNotMatch", "InvalidClientTokenId", [403, 403]],
      };
    const failures = [await failureOf(call(WRONG)), await failureOf(call(NOBODY))];
    expect([failures[0]!.name, failures[1]!.name, failures.map(({ $metadata }) => $metadata?.httpStatusCode)]).toEqual([
      ...expected[service]!,
    ] as [string, string, number[]]);
  });
});

test("a failed HEAD has a status and no body to read a name from", async () => {
  const failure = await failureOf(new S3Client(options(WRONG)).send(new HeadObjectCommand({ Bucket: "b", Key: "k" })));
  expect(failure.$metadata?.httpStatusCode).toBe(403);
});
