/**
 * Every secret that goes through the AWS endpoint is planted, and must be found nowhere afterwards but where it is meant to be: not in logs, events, audit records, answers to others, files of
 * the data directory, or what a crash prints. Those of the REST API are in `tests/platform-identity/canaries.test.ts`.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CreateRoleCommand,
  GetAccountAuthorizationDetailsCommand,
  IAMClient,
  ListAccessKeysCommand,
} from "@aws-sdk/client-iam";
import {
  AssumeRoleCommand,
  type AssumeRoleCommandOutput,
  AssumeRoleWithWebIdentityCommand,
  GetFederationTokenCommand,
  GetSessionTokenCommand,
  STSClient,
} from "@aws-sdk/client-sts";
import { presign, presignV2 } from "#foundation/aws/sigv4";
import { RawHeaderView } from "#foundation/http";
import { createCanaries } from "../support/canaries.ts";
import { type Cloud, type CloudEnvironment, type CloudProcess, createCloud } from "../support/cloud.ts";
import { signedClientFor } from "../support/signed-client.ts";
import { makeUser, optionsFor, rootOf } from "./accounts.ts";
import { type Credentials, policyOf } from "./walk.ts";

/** The only file that holds secrets as they are: those of the operator, for the operator's own command line. */
const MEANT_TO_HOLD = "credentials.json";

const canaries = createCanaries();
const { found, plant } = canaries;
/** Everything that was answered to somebody else than the holder of a secret. */
const answers: string[] = [];
const printed: string[] = [];
const elsewhere = mkdtempSync(join(tmpdir(), "biplane-canaries-"));

let cloud: Cloud;
let running: CloudProcess;
let environment: CloudEnvironment;

beforeAll(async () => {
  cloud = createCloud();
  await start();
}, 30_000);
afterAll(async () => {
  await cloud.dispose();
  rmSync(elsewhere, { recursive: true, force: true });
});

async function start(): Promise<void> {
  const logging = ["--access-log", join(elsewhere, "access.log"), "--log-level", "trace"];
  running = await cloud.start("up", "--port", "0", "--api-port", "0", ...logging);
  environment = await cloud.environment();
}

function plantSession(name: string, { Credentials: given }: Pick<AssumeRoleCommandOutput, "Credentials">): Credentials {
  return {
    accessKeyId: given!.AccessKeyId!,
    secretAccessKey: plant(`secret of ${name}`, given!.SecretAccessKey),
    sessionToken: plant(`token of ${name}`, given!.SessionToken),
  };
}

const EVERYTHING = policyOf({ Effect: "Allow", Action: "*", Resource: "*" });

/** Keys and sessions of every kind, each used once well and once wrongly. */
async function plantKeys(): Promise<void> {
  const root = rootOf(environment);
  plant("root secret", root.secretAccessKey);
  plant("operator token", environment.BIPLANE_TOKEN);
  const options = optionsFor(environment, root);
  const user = await makeUser(options, "canary", EVERYTHING);
  plant("secret of a user", user.secretAccessKey);
  const iam = new IAMClient(options);
  const AssumeRolePolicyDocument = policyOf({
    Effect: "Allow",
    Principal: { AWS: user.arn },
    Action: "sts:AssumeRole",
  });
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName: "canary", AssumeRolePolicyDocument }));
  const sts = new STSClient(optionsFor(environment, user));
  const sessions = [
    user,
    plantSession("a role", await sts.send(new AssumeRoleCommand({ RoleArn: Role!.Arn!, RoleSessionName: "one" }))),
    plantSession("a user's session", await sts.send(new GetSessionTokenCommand({}))),
    plantSession("a federation", await sts.send(new GetFederationTokenCommand({ Name: "one", Policy: EVERYTHING }))),
  ];
  for (const credentials of sessions) await useWellAndWrongly(credentials);

  const claims = Buffer.from(JSON.stringify({ iss: "https://thing.example", sub: crypto.randomUUID() })).toString(
    "base64url",
  );
  const identity = plant("web identity token", `eyJhbGciOiJSUzI1NiJ9.${claims}.${"c2lnbmF0dXJl".repeat(8)}`);
  await new STSClient({ ...optionsFor(environment, root) })
    .send(
      new AssumeRoleWithWebIdentityCommand({ RoleArn: Role!.Arn!, RoleSessionName: "web", WebIdentityToken: identity }),
    )
    .catch((error: Error) => answers.push(`${error.name}: ${error.message}`));
  iam.destroy();
  sts.destroy();
}

async function useWellAndWrongly(credentials: Credentials): Promise<void> {
  const s3 = signedClientFor(environment, credentials);
  await s3.send("GET", "/");
  await s3.send("GET", "/canary/none");
  // Another one's secret, a token that is cut, a secret where its key's id belongs.
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  const wrong = [
    { ...credentials, secretAccessKey: `${secretAccessKey}x` },
    { ...credentials, accessKeyId: secretAccessKey.replaceAll(/[^A-Za-z0-9]/g, "") },
    ...(sessionToken === undefined ? [] : [{ ...credentials, sessionToken: sessionToken.slice(0, -2) }]),
    { accessKeyId, secretAccessKey, sessionToken: sessionToken === undefined ? "canary-none" : undefined },
  ];
  for (const one of wrong) await signedClientFor(environment, one as Credentials).send("GET", "/");
}

/** Keys of customers, for SSE-C. */
async function plantCustomerKeys(): Promise<void> {
  const s3 = signedClientFor(environment);
  const key = crypto.getRandomValues(Buffer.alloc(32));
  const headersOf = (prefix: string, bytes: Buffer) => ({
    [`x-amz-${prefix}server-side-encryption-customer-algorithm`]: "AES256",
    [`x-amz-${prefix}server-side-encryption-customer-key`]: bytes.toString("base64"),
    [`x-amz-${prefix}server-side-encryption-customer-key-md5`]: createHash("md5").update(bytes).digest("base64"),
  });
  plant("customer key", key.toString("base64"));
  // As the bytes that they are, too: files are searched as bytes.
  plant("customer key in latin1", key.toString("latin1"));
  const put = await s3.send("PUT", "/canary/kept", { body: "kept", headers: headersOf("", key) });
  expect(put.status).toBe(200);
  const got = await s3.send("GET", "/canary/kept", { headers: headersOf("", key) });
  expect(got.text()).toBe("kept");
  const copied = await s3.send("PUT", "/canary/copied", {
    headers: {
      ...headersOf("", key),
      ...headersOf("copy-source-", key),
      "x-amz-copy-source": "/canary/kept",
    },
  });
  expect(copied.status).toBe(200);
  const wrong = crypto.getRandomValues(Buffer.alloc(32));
  plant("wrong customer key", wrong.toString("base64"));
  expect((await s3.send("GET", "/canary/kept", { headers: headersOf("", wrong) })).status).toBeGreaterThanOrEqual(400);
  expect((await s3.send("GET", "/canary/kept", { headers: headersOf("", wrong.subarray(0, 16)) })).status).toBe(400);
}

/** Whoever has the URL has the object. */
async function plantPresigned(): Promise<void> {
  const { accessKeyId, secretAccessKey } = rootOf(environment);
  const credential = { accessKeyId, secretAccessKey };
  const url = environment.AWS_ENDPOINT_URL!;
  const { host } = new URL(url);
  await signedClientFor(environment).send("PUT", "/canary/open", { body: "open" });
  const request = { method: "GET", path: "/canary/open", query: "", headers: [["host", host]] as const };
  const signed = { credential, region: environment.AWS_REGION!, service: "s3" };
  const now = Date.now();
  const good = presign(request, { ...signed, now, expiresSeconds: 3600 });
  const late = presign(request, { ...signed, now: now - 7_200_000, expiresSeconds: 60 });
  const old = presignV2({ ...request, headers: new RawHeaderView(["host", host]) }, credential, {
    expiresAtSeconds: Math.floor(now / 1000) + 3600,
  });
  for (const [name, query, status] of [
    ["presigned", good, 200],
    ["presigned and expired", late, 403],
    ["presigned by Signature Version 2", old, 200],
  ] as const) {
    const parameters = new URLSearchParams(query);
    plant(name, parameters.get("X-Amz-Signature") ?? parameters.get("Signature"));
    const answer = await fetch(`${url}/canary/open?${query}`, { headers: { referer: `${url}/canary/open?${query}` } });
    expect([name, answer.status]).toEqual([name, status]);
    await answer.arrayBuffer();
    // For another object it is wrong.
    await fetch(`${url}/canary/kept?${query}`).then((other) => other.arrayBuffer());
  }
}

async function askEverybody(): Promise<void> {
  const iam = new IAMClient(optionsFor(environment, rootOf(environment)));
  for (const command of [
    new ListAccessKeysCommand({ UserName: "canary" }),
    new GetAccountAuthorizationDetailsCommand({}),
  ]) {
    answers.push(JSON.stringify(await iam.send(command as never)));
  }
  iam.destroy();
  for (const path of ["/v1/events?limit=1000", "/v1/access-keys", "/v1/users", "/v1/audit?limit=1000", "/metrics"]) {
    const headers = { authorization: `Bearer ${environment.BIPLANE_TOKEN}` };
    answers.push(await (await fetch(environment.BIPLANE_API_URL + path, { headers })).text());
  }
  answers.push((await cloud.cli("audit", "query", "--limit", "100000", "--json")).stdout);
}

/** Nothing may be left of what was planted. */
function searchEverything(): void {
  const { files, found: held } = canaries.foundBelow(cloud.dataDirectory, new Set([MEANT_TO_HOLD]));
  expect(held).toEqual([]);
  expect(files).toBeGreaterThan(10);
  expect(found(readFileSync(join(elsewhere, "access.log")))).toEqual([]);
  expect(found(running.output())).toEqual([]);
  expect(answers.filter((text) => found(text).length > 0)).toEqual([]);
}

describe("canaries at the AWS endpoint", () => {
  test("are in no file, event, record, log line or answer to others", async () => {
    const s3 = signedClientFor(environment);
    await s3.send("PUT", "/canary");
    // Requests on the bucket are logged into it as well.
    const delivery = {
      Effect: "Allow",
      Principal: { Service: "logging.s3.amazonaws.com" },
      Action: "s3:PutObject",
      Resource: "arn:aws:s3:::canary/log/*",
    };
    const configure = async (query: string, body: string) => {
      const headers = { "content-md5": createHash("md5").update(body).digest("base64") };
      const { status, code } = await s3.send("PUT", "/canary", { query, body, headers });
      expect([query, status < 300, code]).toEqual([query, true, undefined]);
    };
    await configure("policy", policyOf(delivery));
    const Logging =
      "<LoggingEnabled><TargetBucket>canary</TargetBucket><TargetPrefix>log/</TargetPrefix></LoggingEnabled>";
    await configure(
      "logging",
      `<BucketLoggingStatus xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${Logging}</BucketLoggingStatus>`,
    );
    await plantKeys();
    await plantCustomerKeys();
    await plantPresigned();
    await askEverybody();
    expect(canaries.size).toBeGreaterThanOrEqual(16);
    searchEverything();
    // What is meant to hold secrets holds them, and nobody else can read it.
    expect([...found(readFileSync(join(cloud.dataDirectory, MEANT_TO_HOLD)))].sort()).toEqual([
      "operator token",
      "root secret",
    ]);
    expect(statSync(join(cloud.dataDirectory, MEANT_TO_HOLD)).mode & 0o777).toBe(0o600);
  }, 60_000);

  test("nor in what is left and printed when the program ends, is killed, aborts, and starts anew", async () => {
    for (const signal of ["SIGTERM", "SIGABRT", "SIGKILL"] as const) {
      process.kill(running.pid, signal);
      await running.exited;
      printed.push(running.output());
      searchEverything();
      await start();
      searchEverything();
    }
    expect(found(printed.join("\n"))).toEqual([]);
    // The logs of the bucket were delivered when the program ended, and were searched.
    const list = await signedClientFor(environment).send("GET", "/canary", { query: "list-type=2&prefix=log%2F" });
    const [, key] = /<Key>(log\/[^<]+)<\/Key>/.exec(list.text()) ?? [];
    const log = (await signedClientFor(environment).send("GET", `/canary/${key}`)).text();
    expect(log).toContain("REST.GET.OBJECT");
    expect(found(log)).toEqual([]);
  }, 60_000);
});
