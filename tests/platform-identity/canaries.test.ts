/** Every secret that the control plane takes or gives is planted, and must be found nowhere afterwards: not in files, events, logs, answers to others, or what is printed when the program dies. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createCanaries } from "../support/canaries.ts";
import { type Cloud, type CloudProcess, createCloud } from "../support/cloud.ts";
import { PageBrowser } from "../support/page-browser.ts";

let cloud: Cloud;
let process_: CloudProcess;
let url: string;
let operator: string;
let org: string;
/** What is printed by each process of the cloud. */
const printed: string[] = [];
const canaries = createCanaries();
const { found, plant } = canaries;
const files = mkdtempSync(join(tmpdir(), "biplane-canaries-"));

const PASSWORD = `canary-password-${crypto.randomUUID()}`;
const WRONG_PASSWORD = `canary-wrong-password-${crypto.randomUUID()}`;

beforeAll(async () => {
  cloud = createCloud();
  await start();
});
afterAll(async () => {
  await cloud.dispose();
  rmSync(files, { recursive: true, force: true });
});

async function start(): Promise<void> {
  const access = ["--access-log", join(files, "access.log"), "--log-level", "trace"];
  process_ = await cloud.start("up", "--port", "0", "--api-port", "0", ...access);
  const environment = await cloud.environment();
  url = environment.BIPLANE_API_URL!;
  operator = environment.BIPLANE_TOKEN!;
  org = environment.BIPLANE_ACCOUNT_ID!;
}

type Json = Readonly<Record<string, unknown>>;

async function call(method: string, path: string, body?: object, token = operator): Promise<Json> {
  const answer = await fetch(url + path, {
    method,
    headers: {
      ...(path.startsWith("/v1/auth/") ? {} : { authorization: `Bearer ${token}` }),
      "content-type": "application/json",
      "idempotency-key": crypto.randomUUID(),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return (await answer.json()) as Json;
}

async function plantAll(): Promise<void> {
  const invitation = await call("POST", `/v1/orgs/${org}/invitations`, { email: "ada@example.com", role: "owner" });
  const token = plant("invitation", invitation.token);
  plant("password", PASSWORD);
  plant("wrong password", WRONG_PASSWORD);
  const browser = new PageBrowser(url);
  await browser.fill(`/invitations/accept?token=${token}`, { name: "Ada", password: PASSWORD });
  await new PageBrowser(url).fill("/login", { email: "ada@example.com", password: WRONG_PASSWORD });
  plant(
    "an invitation nobody accepts",
    (await call("POST", `/v1/orgs/${org}/invitations`, { email: "b@example.com", role: "admin" })).token,
  );

  const link = await call("POST", "/v1/people/password-link", { email: "ada@example.com" });
  plant("password link", new URL(String(link.url)).searchParams.get("token"));
  await new PageBrowser(url).open(String(link.url).slice(url.length));

  const started = await call("POST", "/v1/auth/device/start", { client_name: "canary" });
  const deviceCode = plant("device code", started.device_code);
  await browser.fill(`/device?user_code=${String(started.user_code)}`, { answer: "approve" });
  const tokens = await call("POST", "/v1/auth/device/token", { device_code: deviceCode });
  const access = plant("access token", tokens.access_token);
  const refreshed = await call("POST", "/v1/auth/token/refresh", {
    refresh_token: plant("spent refresh token", tokens.refresh_token),
  });
  plant("refresh token", refreshed.refresh_token);

  const made = await call("POST", "/v1/tokens", { name: "canary", scopes: ["orgs:read"] }, access);
  plant("API token", made.token);
  const scopes = ["orgs:read"];
  const program = await call("POST", `/v1/orgs/${org}/service-principals`, {
    name: "canary",
    role: "readonly",
    scopes,
  });
  plant("client secret", program.clientSecret);
  const path = `/v1/orgs/${org}/service-principals/${String(program.principalId)}`;
  const rotated = await call("POST", `${path}/rotate`);
  const secret = plant("rotated client secret", rotated.clientSecret);
  const grant = { grant_type: "client_credentials", client_id: program.principalId, client_secret: secret };
  plant("a program's access token", (await call("POST", "/v1/auth/token", grant)).access_token);
  const aws = await call("POST", `/v1/orgs/${org}/credentials`, {}, access);
  plant("AWS session secret", aws.secretAccessKey);
  plant("AWS session token", aws.sessionToken);
  const owner = { type: "user", userName: "canary" };
  await call("POST", "/v1/commands", { type: "user.create", accountId: org, name: "canary", sections: {} });
  const key = await call("POST", "/v1/commands", { type: "accessKey.create", accountId: org, owner });
  plant("secret access key", (key.result as Json).secretAccessKey);
}

/** Everything that answers to others than the owner of a secret may hold. */
async function answers(): Promise<string> {
  const texts: string[] = [];
  const secrets = canaries.secrets();
  const paths = ["events?limit=1000", "status", "people", "users", "access-keys", "accounts"].map(
    (path) => `/v1/${path}`,
  );
  const ofOrg = ["events?limit=1000", "members", "invitations", "service-principals", "access-keys", "users"];
  for (const path of [...paths, ...ofOrg.map((one) => `/v1/orgs/${org}/${one}`), "/metrics", "/healthz"]) {
    texts.push(
      JSON.stringify(await (await fetch(url + path, { headers: { authorization: `Bearer ${operator}` } })).text()),
    );
  }
  // Secrets where they do not belong: what is wrong with them is told without them.
  for (const secret of secrets) {
    const authorization = `Bearer ${operator}`;
    const encoded = encodeURIComponent(secret);
    const headers = { authorization, "content-type": "application/json" };
    const bodies = [
      ["/v1/commands", { type: secret }],
      ["/v1/commands", { type: "user.create", accountId: org, name: secret, path: secret, sections: {} }],
      ["/v1/orgs", { name: secret.repeat(10) }],
      [`/v1/orgs/${org}/invitations`, { email: secret, role: secret }],
      ["/v1/auth/token", { grant_type: secret, client_id: secret, client_secret: secret }],
      ["/v1/auth/token", { grant_type: "client_credentials", client_id: secret, client_secret: secret }],
      ["/v1/auth/token/refresh", { refresh_token: `${secret}x` }],
      ["/v1/auth/device/start", { client_name: secret.repeat(20), scope: secret }],
      ["/v1/tokens", { [secret]: secret }],
    ] as const;
    for (const [path, body] of bodies) {
      const answer = await fetch(url + path, { method: "POST", headers, body: JSON.stringify(body) });
      texts.push(await answer.text());
    }
    for (const path of [`/v1/events?after=${encoded}`, `/v1/users?${encoded}=1`]) {
      texts.push(await (await fetch(url + path, { headers })).text());
    }
    if (/^bp[a-z]_/.test(secret)) {
      const path = `${url}/v1/tokens/${secret}`;
      texts.push(await (await fetch(path, { method: "DELETE", headers: { authorization } })).text());
      texts.push(await (await fetch(path, { method: "DELETE" })).text());
    }
    await new PageBrowser(url).fill("/login", { email: secret, password: secret });
    texts.push(await (await fetch(`${url}/v1/status`, { headers: { authorization: `Bearer ${secret}x` } })).text());
  }
  return texts.join("\n");
}

function searchFiles(): void {
  const searched = canaries.foundBelow(cloud.dataDirectory);
  expect(searched.found).toEqual([]);
  expect(searched.files).toBeGreaterThan(5);
}

describe("canaries", () => {
  test("the search finds what is there", () => {
    plant("a trial", `trial-${crypto.randomUUID()}`);
    const secret = canaries.secretOf("a trial")!;
    expect(found(`before ${secret} after`)).toEqual(["a trial"]);
    expect(found(Buffer.from(secret).toString("base64"))).toEqual(["a trial"]);
    expect(found(Buffer.from(`{"x":"${secret}"}`))).toEqual(["a trial"]);
    canaries.forget("a trial");
    expect(readFileSync(join(cloud.dataDirectory, "credentials.json"), "utf8")).toContain(operator);
  });

  test("are in no file, event, log line or answer", async () => {
    await plantAll();
    expect(canaries.size).toBeGreaterThanOrEqual(15);
    searchFiles();
    const said = await answers();
    expect(said.split("\n").filter((text) => found(text).length > 0)).toEqual([]);
    searchFiles();
    expect(found(process_.output())).toEqual([]);
    expect(found(readFileSync(join(files, "access.log")))).toEqual([]);
  }, 60_000);

  test("nor in what is left and printed when the program is killed, aborts, and starts anew", async () => {
    for (const signal of ["SIGKILL", "SIGABRT", "SIGTERM"] as const) {
      process.kill(process_.pid, signal);
      await process_.exited;
      printed.push(process_.output());
      searchFiles();
      await start();
      searchFiles();
    }
    expect(found(printed.join("\n"))).toEqual([]);
  }, 60_000);
});
