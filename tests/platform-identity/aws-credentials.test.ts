/** Members at the AWS endpoint: temporary credentials do what the role allows, and end with the membership. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateBucketCommand, DeleteBucketCommand, ListBucketsCommand, S3Client } from "@aws-sdk/client-s3";
import { type Cloud, createCloud } from "../support/cloud.ts";
import { PageBrowser } from "../support/page-browser.ts";
import { createPeople, PASSWORD, type People, type Person } from "./people.ts";

let cloud: Cloud;
let endpoint: string;
let url: string;
let people: People;
let ada: Person;
const clients: S3Client[] = [];
const home = mkdtempSync(join(tmpdir(), "biplane-homes-"));

async function invited(name: string, role: string): Promise<Person> {
  const { stdout } = await cloud.cli("members", "invite", `${name}@example.com`, "--role", role, "--json");
  const { url: link } = JSON.parse(stdout) as { readonly url: string };
  const browser = new PageBrowser(url);
  await browser.fill(link.slice(url.length), { name, password: PASSWORD });
  return await people.signIn(name, browser);
}

beforeAll(async () => {
  cloud = createCloud();
  await cloud.start("up", "--port", "0", "--api-port", "0");
  const environment = await cloud.environment();
  url = environment.BIPLANE_API_URL!;
  endpoint = environment.AWS_ENDPOINT_URL!;
  people = createPeople(cloud, url, home);
  ada = await invited("ada", "owner");
}, 60_000);
afterAll(async () => {
  for (const client of clients) client.destroy();
  await cloud.dispose();
  rmSync(home, { recursive: true, force: true });
});

interface ProcessCredentials {
  readonly Version: number;
  readonly AccessKeyId: string;
  readonly SecretAccessKey: string;
  readonly SessionToken: string;
  readonly Expiration: string;
}

async function clientOf(person: Person, ...options: string[]): Promise<S3Client> {
  const given = await person.json<ProcessCredentials>("aws-credentials", ...options);
  expect(given.Version).toBe(1);
  const client = new S3Client({
    endpoint,
    region: "us-east-1",
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: {
      accessKeyId: given.AccessKeyId,
      secretAccessKey: given.SecretAccessKey,
      sessionToken: given.SessionToken,
    },
  });
  clients.push(client);
  return client;
}

/** `ok`, or the code of the refusal. */
async function told(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return "ok";
  } catch (error) {
    return error instanceof Error ? error.name : String(error);
  }
}

const create = (s3: S3Client, name: string) => told(s3.send(new CreateBucketCommand({ Bucket: name })));
const list = (s3: S3Client) => told(s3.send(new ListBucketsCommand({})));

describe("AWS credentials", () => {
  test("do what the role allows, as it is at each request", async () => {
    const owner = await clientOf(ada);
    expect([await list(owner), await create(owner, "by-the-owner")]).toEqual(["ok", "ok"]);
    const bob = await invited("bob", "readonly");
    const reader = await clientOf(bob, "--duration", "15m");
    expect([await list(reader), await create(reader, "by-the-reader")]).toEqual(["ok", "AccessDenied"]);
    await ada.json("members", "role", "bob@example.com", "developer");
    expect(await create(reader, "by-the-reader")).toBe("ok");
    await told(owner.send(new DeleteBucketCommand({ Bucket: "by-the-owner" })));
  }, 60_000);

  test("end when they are revoked, and with the membership", async () => {
    const bob = people.named("bob");
    const early = await clientOf(bob);
    expect(await list(early)).toBe("ok");
    await ada.json("members", "revoke-sessions", "bob@example.com");
    expect(await list(early)).not.toBe("ok");
    const late = await clientOf(bob);
    expect(await list(late)).toBe("ok");
    await ada.json("members", "remove", "bob@example.com");
    expect(await list(late)).not.toBe("ok");
    expect(await bob.refusal("aws-credentials")).toBe("3 TOKEN_REVOKED");
  }, 60_000);

  test("are printed for shells, and within bounds", async () => {
    const { stdout } = await ada.run("aws-credentials");
    expect(stdout).toMatch(
      /^export AWS_ACCESS_KEY_ID='ASIA[A-Z2-7]{16}'\nexport AWS_SECRET_ACCESS_KEY='.+'\nexport AWS_SESSION_TOKEN='v1\..+'\n$/,
    );
    expect(await ada.refusal("aws-credentials", "--duration", "13h")).toBe("1 INVALID_BODY");
    expect(await ada.refusal("aws-credentials", "--duration", "soon")).toBe("2 USAGE");
    const { code, stdout: asOperator } = await cloud.cli("aws-credentials", "--json");
    expect([code, asOperator]).toEqual([3, expect.stringContaining("NOT_A_PERSON")]);
  }, 60_000);
});
