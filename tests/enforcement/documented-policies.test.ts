/**
 * Policies on the resources of actions that are about no single thing, as AWS evaluates them: a policy that works there works here.
 *
 * Sources: Amazon DynamoDB Developer Guide, "Tutorial #1" (its policy allows ListStreams on the streams of one table); AWS's own refusals name `table/*` for ListTables;
 * Service Authorization Reference for SQS, S3 and IAM.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Cloud, createCloud } from "../support/cloud.ts";
import { makeUser, optionsFor, rootOf } from "./accounts.ts";
import { DYNAMODB, DYNAMODB_STREAMS } from "./dynamodb.ts";
import { IAM } from "./iam.ts";
import { S3 } from "./s3.ts";
import { SQS } from "./sqs.ts";
import { accessOf, policyOf, type WalkedService } from "./walk.ts";

let cloud: Cloud;
beforeAll(async () => {
  cloud = createCloud();
  await cloud.start("up", "--port", "0", "--api-port", "0");
}, 30_000);
afterAll(async () => {
  await cloud.dispose();
});

/** Service, operation, input, action, the resource that opens it and one that does not. */
const CASES: readonly (readonly [WalkedService, string, object, string, string, string])[] = [
  [
    DYNAMODB,
    "ListTables",
    {},
    "dynamodb:ListTables",
    "arn:aws:dynamodb:us-east-1:*:table/*",
    "arn:aws:dynamodb:*:*:table/orders",
  ],
  [
    DYNAMODB_STREAMS,
    "ListStreams",
    { TableName: "BarkTable" },
    "dynamodb:ListStreams",
    "arn:aws:dynamodb:us-east-1:*:table/BarkTable/stream/*",
    "arn:aws:dynamodb:*:*:table/Other/stream/*",
  ],
  [
    DYNAMODB_STREAMS,
    "ListStreams",
    {},
    "dynamodb:ListStreams",
    "arn:aws:dynamodb:us-east-1:*:table/*/stream/*",
    "arn:aws:dynamodb:*:*:table/BarkTable/stream/*",
  ],
  [SQS, "ListQueues", {}, "sqs:ListQueues", "arn:aws:sqs:us-east-1:*:*", "arn:aws:sqs:us-east-1:*:orders"],
  [S3, "ListBuckets", {}, "s3:ListAllMyBuckets", "arn:aws:s3:::*", "arn:aws:s3:::photos"],
  [IAM, "ListUsers", {}, "iam:ListUsers", "arn:aws:iam::*:user/*", "arn:aws:iam::*:group/*"],
  [
    IAM,
    "ListUsers",
    { PathPrefix: "/team/" },
    "iam:ListUsers",
    "arn:aws:iam::*:user/team/*",
    "arn:aws:iam::*:user/other/*",
  ],
  [IAM, "ListPolicies", {}, "iam:ListPolicies", "arn:aws:iam::*:policy/*", "arn:aws:iam::*:role/*"],
  [IAM, "GetAccountSummary", {}, "iam:GetAccountSummary", "*", "arn:aws:iam::*:user/*"],
];

test.each(CASES.map((one, index) => [`${one[1]} on ${one[4]}`, index, one] as const))(
  "%s",
  async (_name, index, [service, operation, input, Action, open, closed]) => {
    const environment = await cloud.environment();
    const options = optionsFor(environment, rootOf(environment));
    const found: string[] = [];
    for (const Resource of [open, closed]) {
      const user = await makeUser(
        options,
        `user-${index}-${found.length}`,
        policyOf({ Effect: "Allow", Action, Resource }),
      );
      const client = service.client(environment.AWS_ENDPOINT_URL!, user);
      found.push(await accessOf(client.send, operation, input));
      client.destroy();
    }
    expect(found).toEqual(["admitted", "denied"]);
  },
);
