/**
 * What is revoked at the control plane is refused by the data plane as soon as the change stream has brought it there, and stays refused when the data plane restarts
 * while its control plane is gone.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { CreateBucketCommand, ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { createPeople, PASSWORD } from "../platform-identity/people.ts";
import { type Cloud, type CloudEnvironment, type CloudProcess, createCloud } from "../support/cloud.ts";
import { PageBrowser } from "../support/page-browser.ts";
import { refusal } from "../support/s3.ts";
import { until } from "../support/until.ts";
import { makeUser, optionsFor, rootOf } from "./accounts.ts";
import { type Credentials, policyOf } from "./walk.ts";

let cloud: Cloud;
let environment: CloudEnvironment;
let control: CloudProcess;
let node: CloudProcess;
let accountId: string;
const clients: { destroy(): void }[] = [];

function remembered<Client extends { destroy(): void }>(client: Client): Client {
  clients.push(client);
  return client;
}

const s3 = (credentials: Credentials): S3Client =>
  remembered(new S3Client({ ...optionsFor(environment, credentials), forcePathStyle: true }));

beforeAll(async () => {
  cloud = createCloud();
  control = await cloud.start("control", "--api-port", "0");
  const apiUrl = (await cloud.environment()).BIPLANE_API_URL!;
  node = await cloud.start("node", "--control-plane", apiUrl, "--port", "0");
  environment = await cloud.environment();
  await s3(rootOf(environment)).send(new CreateBucketCommand({ Bucket: "revocation" }));
  const [account] = await listed("/v1/accounts");
  accountId = String(account!.accountId);
}, 60_000);

afterAll(async () => {
  for (const client of clients) client.destroy();
  await cloud?.dispose();
});

async function api(path: string, body?: object, method = "POST"): Promise<Readonly<Record<string, unknown>>> {
  const response = await fetch(`${environment.BIPLANE_API_URL}${path}`, {
    headers: { authorization: `Bearer ${environment.BIPLANE_TOKEN}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { method, body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Readonly<Record<string, unknown>>;
}

const listed = async (path: string) => (await api(path)).items as readonly Readonly<Record<string, unknown>>[];

/** Decides at the control plane, past the data plane, and waits until the data plane says that it has applied it. */
async function decide(command: object): Promise<void> {
  const { eventId } = await api("/v1/commands", command);
  await applied(Number(eventId));
}

async function applied(eventId: number): Promise<void> {
  await until("the data plane has applied the decision", async () => {
    const { dataPlanes } = (await api("/v1/status")) as {
      readonly dataPlanes: readonly { readonly appliedThrough?: number }[];
    };
    return (dataPlanes[0]?.appliedThrough ?? 0) >= eventId;
  });
}

const works = async (credentials: Credentials): Promise<void> =>
  void (await s3(credentials).send(new ListBucketsCommand({})));

/** Milliseconds from the answer of the control plane to the first refusal; what the change stream takes. */
async function measured(credentials: Credentials, revoke: () => Promise<unknown>): Promise<number> {
  const client = s3(credentials);
  let refusedAt = 0;
  let asking = true;
  const asked = (async () => {
    while (asking && refusedAt === 0) {
      await client.send(new ListBucketsCommand({})).catch(() => {
        refusedAt = performance.now();
      });
    }
  })();
  await revoke();
  const answeredAt = performance.now();
  await until("the data plane refuses", () => refusedAt !== 0);
  asking = false;
  await asked;
  return Math.max(0, refusedAt - answeredAt);
}

/** Control plane gone, data plane restarted from its own disk. */
async function aloneAfterRestart(body: () => Promise<void>): Promise<void> {
  const port = new URL(environment.AWS_ENDPOINT_URL!).port;
  const apiPort = new URL(environment.BIPLANE_API_URL!).port;
  await control.kill();
  await node.kill();
  node = await cloud.start("node", "--control-plane", environment.BIPLANE_API_URL!, "--port", port);
  await body();
  control = await cloud.start("control", "--api-port", apiPort);
  await until("the data plane is connected again", async () =>
    api("/v1/status").then(
      ({ dataPlanes }) => (dataPlanes as readonly unknown[]).length === 1,
      () => false,
    ),
  );
}

const LISTING = policyOf({ Effect: "Allow", Action: "s3:ListAllMyBuckets", Resource: "*" });

test("a key", async () => {
  const user = await makeUser(optionsFor(environment, rootOf(environment)), "keyed", LISTING);
  await works(user);
  const command = { type: "accessKey.update", accountId, accessKeyId: user.accessKeyId };
  const ms = await measured(user, () => api("/v1/commands", { ...command, status: "Inactive" }));
  console.log(`a revoked key was refused ${ms.toFixed(1)} ms after the control plane had answered`);
  expect((await refusal(works(user))).name).toBe("InvalidAccessKeyId");
  await aloneAfterRestart(async () => {
    expect((await refusal(works(user))).name).toBe("InvalidAccessKeyId");
    await works(rootOf(environment));
  });
  await decide({ ...command, status: "Active" });
  await works(user);
}, 60_000);

test("a policy", async () => {
  const user = await makeUser(optionsFor(environment, rootOf(environment)), "allowed", LISTING);
  await works(user);
  const [record] = (await listed(`/v1/users?account=${accountId}`)).filter(({ name }) => name === "allowed");
  await decide({
    type: "user.configure",
    accountId,
    entityId: record!.entityId,
    sections: { inlinePolicies: { inline: null } },
  });
  expect((await refusal(works(user))).name).toBe("AccessDenied");
  await aloneAfterRestart(async () => {
    expect((await refusal(works(user))).name).toBe("AccessDenied");
  });
}, 60_000);

test("the sessions of a role", async () => {
  const options = optionsFor(environment, rootOf(environment));
  const iam = remembered(new IAMClient(options));
  const AssumeRolePolicyDocument = policyOf({
    Effect: "Allow",
    Principal: { AWS: accountId },
    Action: "sts:AssumeRole",
  });
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName: "lister", AssumeRolePolicyDocument }));
  await iam.send(new PutRolePolicyCommand({ RoleName: "lister", PolicyName: "list", PolicyDocument: LISTING }));
  const assumer = await makeUser(
    options,
    "assumer",
    policyOf({ Effect: "Allow", Action: "sts:AssumeRole", Resource: Role!.Arn }),
  );
  const sts = remembered(new STSClient(optionsFor(environment, assumer)));
  const assume = async (): Promise<Credentials> => {
    const { Credentials: given } = await sts.send(
      new AssumeRoleCommand({ RoleArn: Role!.Arn!, RoleSessionName: "one" }),
    );
    return {
      accessKeyId: given!.AccessKeyId!,
      secretAccessKey: given!.SecretAccessKey!,
      sessionToken: given!.SessionToken!,
    };
  };
  const session = await assume();
  await works(session);
  const revoke = {
    type: "role.configure",
    accountId,
    entityId: Role!.RoleId!,
    sections: { sessionsValidFrom: Date.now() + 1 },
  };
  const ms = await measured(session, () => api("/v1/commands", revoke));
  console.log(`a revoked session was refused ${ms.toFixed(1)} ms after the control plane had answered`);
  expect((await refusal(works(session))).name).toBe("ExpiredToken");
  await works(await assume());
  await aloneAfterRestart(async () => {
    expect((await refusal(works(session))).name).toBe("ExpiredToken");
    // Sessions need no control plane: neither those there are nor new ones.
    await works(await assume());
  });
}, 60_000);

test("a membership", async () => {
  const homes = mkdtempSync(join(tmpdir(), "biplane-homes-"));
  try {
    const url = environment.BIPLANE_API_URL!;
    const people = createPeople(cloud, url, homes);
    const email = "mia@example.com";
    const { stdout } = await cloud.cli("members", "invite", email, "--role", "readonly", "--json");
    const invitation = JSON.parse(stdout) as { readonly url: string };
    const browser = new PageBrowser(url);
    await browser.fill(invitation.url.slice(url.length), { name: "Mia", password: PASSWORD });
    const mia = await people.signIn("mia", browser);
    const given = await mia.json<Readonly<Record<string, string>>>("aws-credentials");
    const session: Credentials = {
      accessKeyId: given.AccessKeyId!,
      secretAccessKey: given.SecretAccessKey!,
      sessionToken: given.SessionToken!,
    };
    await works(session);
    const creates = (Bucket: string) => s3(session).send(new CreateBucketCommand({ Bucket }));
    expect((await refusal(creates("by-a-reader"))).name).toBe("AccessDenied");

    const [member] = (await listed(`/v1/orgs/${accountId}/members`)).filter((one) => one.email === email);
    const membership = `/v1/orgs/${accountId}/members/${String(member!.personId)}`;
    const becomes = async (role: string): Promise<void> => {
      await api(membership, { role }, "PATCH");
      await applied(Number((await api("/v1/status")).head));
    };
    await becomes("developer");
    await creates("by-a-developer");
    await aloneAfterRestart(async () => {
      // Without a control plane no bucket is made, and whoever may make one is told that.
      expect((await refusal(creates("by-a-developer-alone"))).name).toBe("ServiceUnavailable");
      await works(session);
    });
    await becomes("readonly");
    expect((await refusal(creates("by-a-reader"))).name).toBe("AccessDenied");

    const ms = await measured(session, () => api(membership, {}, "DELETE"));
    console.log(`a revoked membership was refused ${ms.toFixed(1)} ms after the control plane had answered`);
    expect((await refusal(works(session))).name).toBe("InvalidToken");
    await aloneAfterRestart(async () => {
      expect((await refusal(works(session))).name).toBe("InvalidToken");
      await works(rootOf(environment));
    });
    expect(await mia.refusal("aws-credentials")).toMatch(/^3 /);
  } finally {
    rmSync(homes, { recursive: true, force: true });
  }
}, 90_000);
