/** Callers who may not, or no longer: users, keys, policies, strangers. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  CreateBucketCommand,
  DeletePublicAccessBlockCommand,
  GetObjectCommand,
  ListBucketsCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketPolicyCommand,
  PutObjectAclCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { type ClientCloud, startClientCloud } from "../support/client-cloud.ts";
import { sendRaw } from "../support/raw-http.ts";
import { refusal, s3ClientFor } from "../support/s3.ts";
import { until } from "../support/until.ts";

interface Key {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

describe("people", () => {
  let here: ClientCloud;
  let root: S3Client;

  beforeAll(async () => {
    here = await startClientCloud();
    root = s3ClientFor(here.environment);
    await root.send(new CreateBucketCommand({ Bucket: "people" }));
    await root.send(new PutObjectCommand({ Bucket: "people", Key: "mine/a", Body: "a" }));
    await root.send(new PutObjectCommand({ Bucket: "people", Key: "yours/b", Body: "b" }));
  });
  afterAll(async () => {
    await here.dispose();
  });

  /** Has the control plane decide, through its API. */
  async function command<Result>(body: Readonly<Record<string, unknown>>): Promise<Result> {
    const { BIPLANE_API_URL, BIPLANE_TOKEN } = here.environment;
    const answer = await fetch(`${BIPLANE_API_URL}/v1/commands`, {
      method: "POST",
      headers: { authorization: `Bearer ${BIPLANE_TOKEN}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(await answer.text());
    return ((await answer.json()) as { readonly result: Result }).result;
  }
  const account = () => ({ accountId: here.environment.BIPLANE_ACCOUNT_ID });
  /** Ids of the users, by name. */
  const ids = new Map<string, string>();
  const makeUser = async (userName: string): Promise<Key> => {
    const made = await command<{ readonly entityId: string }>({
      type: "user.create",
      ...account(),
      name: userName,
      sections: {},
    });
    ids.set(userName, made.entityId);
    return await command<Key>({ type: "accessKey.create", ...account(), owner: { type: "user", userName } });
  };
  const permit = (userName: string, statement: object) =>
    command({
      type: "user.configure",
      ...account(),
      entityId: ids.get(userName),
      sections: { inlinePolicies: { p: JSON.stringify({ Version: "2012-10-17", Statement: [statement] }) } },
    });
  const clientOf = ({ accessKeyId, secretAccessKey }: Key): S3Client =>
    s3ClientFor({ ...here.environment, AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey });
  /** `read`, or the name of the refusal. */
  const reading = async (s3: S3Client, key: string): Promise<string> =>
    await s3.send(new GetObjectCommand({ Bucket: "people", Key: key })).then(
      () => "read",
      (error: Error) => error.name,
    );

  test("a user may what its policies say, and from the moment on that they say it", async () => {
    const key = await makeUser("ana");
    const ana = clientOf(key);
    await until("the key is known", async () => (await reading(ana, "mine/a")) !== "InvalidAccessKeyId");
    expect(await reading(ana, "mine/a")).toBe("AccessDenied");
    await permit("ana", { Effect: "Allow", Action: "s3:GetObject", Resource: "arn:aws:s3:::people/mine/*" });
    await until("the policy is known", async () => (await reading(ana, "mine/a")) === "read");
    expect(await reading(ana, "yours/b")).toBe("AccessDenied");
    const denied = await refusal(ana.send(new PutObjectCommand({ Bucket: "people", Key: "mine/c", Body: "c" })));
    expect([denied.name, denied.message]).toEqual([
      "AccessDenied",
      expect.stringContaining("user/ana is not authorized to perform: s3:PutObject"),
    ]);

    await permit("ana", { Effect: "Deny", Action: "*", Resource: "*" });
    await until("the denial is known", async () => (await reading(ana, "mine/a")) === "AccessDenied");
  });

  test("an inactive key and the key of a deleted user do not exist", async () => {
    const key = await makeUser("bob");
    await permit("bob", { Effect: "Allow", Action: "s3:*", Resource: "*" });
    const bob = clientOf(key);
    await until("bob may read", async () => (await reading(bob, "mine/a")) === "read");

    const change = (status: string) =>
      command({ type: "accessKey.update", ...account(), accessKeyId: key.accessKeyId, status });
    await change("Inactive");
    await until("the key is inactive", async () => (await reading(bob, "mine/a")) === "InvalidAccessKeyId");
    await change("Active");
    await until("the key is active", async () => (await reading(bob, "mine/a")) === "read");

    const first = { ...account(), entityId: ids.get("bob") };
    await command({ type: "user.configure", ...first, sections: { inlinePolicies: { p: null } } });
    await command({ type: "accessKey.delete", ...account(), accessKeyId: key.accessKeyId });
    await command({ type: "user.delete", ...first });
    await until("bob is gone", async () => (await reading(bob, "mine/a")) === "InvalidAccessKeyId");
    // Another user of the same name does not bring the key back.
    await makeUser("bob");
    await permit("bob", { Effect: "Allow", Action: "s3:*", Resource: "*" });
    expect(await reading(bob, "mine/a")).toBe("InvalidAccessKeyId");
  });

  test("the keys of one account say nothing in another", async () => {
    const { accountId } = await command<{ readonly accountId: string }>({ type: "account.create", name: "strangers" });
    const key = await command<Key>({ type: "accessKey.create", accountId, owner: { type: "root" } });
    const stranger = clientOf(key);
    await until("the key is known", async () => (await reading(stranger, "mine/a")) !== "InvalidAccessKeyId");
    expect(await reading(stranger, "mine/a")).toBe("AccessDenied");
    expect((await stranger.send(new ListBucketsCommand({}))).Buckets ?? []).toEqual([]);
    expect((await refusal(stranger.send(new CreateBucketCommand({ Bucket: "people" })))).name).toBe(
      "BucketAlreadyExists",
    );
  });

  test("a session token that nobody gave is refused", async () => {
    const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_ENDPOINT_URL, AWS_REGION } = here.environment;
    const s3 = new S3Client({
      endpoint: AWS_ENDPOINT_URL!,
      region: AWS_REGION!,
      credentials: { accessKeyId: AWS_ACCESS_KEY_ID!, secretAccessKey: AWS_SECRET_ACCESS_KEY!, sessionToken: "token" },
      forcePathStyle: true,
      maxAttempts: 1,
    });
    expect((await refusal(s3.send(new ListBucketsCommand({})))).name).toBe("InvalidToken");
  });

  test("strangers see what a policy or an ACL opens to them, and nothing else", async () => {
    const visit = async (target: string) => {
      const { status, code, body } = await sendRaw(here.environment.AWS_ENDPOINT_URL!, [
        `GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`,
      ]);
      return [status, code ?? body];
    };
    expect(await visit("/people/mine/a")).toEqual([403, "AccessDenied"]);
    const Bucket = "people";
    await root.send(new DeletePublicAccessBlockCommand({ Bucket }));
    const open = { Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: "arn:aws:s3:::people/mine/*" };
    await root.send(
      new PutBucketPolicyCommand({ Bucket, Policy: JSON.stringify({ Version: "2012-10-17", Statement: [open] }) }),
    );
    expect(await visit("/people/mine/a")).toEqual([200, "a"]);
    expect(await visit("/people/yours/b")).toEqual([403, "AccessDenied"]);
    expect(await visit("/people/absent")).toEqual([403, "AccessDenied"]);
    expect(await visit("/people")).toEqual([403, "AccessDenied"]);
    expect(await visit("/")).toEqual([403, "AccessDenied"]);

    await root.send(
      new PutBucketOwnershipControlsCommand({
        Bucket,
        OwnershipControls: { Rules: [{ ObjectOwnership: "ObjectWriter" }] },
      }),
    );
    await root.send(new PutObjectAclCommand({ Bucket, Key: "yours/b", ACL: "public-read" }));
    expect(await visit("/people/yours/b")).toEqual([200, "b"]);
    expect(await visit("/people/yours/b?acl")).toEqual([403, "AccessDenied"]);
    const shut = { Effect: "Deny", Principal: "*", Action: "s3:GetObject", Resource: "arn:aws:s3:::people/yours/*" };
    await root.send(
      new PutBucketPolicyCommand({
        Bucket,
        Policy: JSON.stringify({ Version: "2012-10-17", Statement: [open, shut] }),
      }),
    );
    expect(await visit("/people/yours/b")).toEqual([403, "AccessDenied"]);
  });
});
