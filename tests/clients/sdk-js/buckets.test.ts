/** AWS SDK for JavaScript v3: buckets, their owners and their listings. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  BucketAlreadyExists,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteBucketPolicyCommand,
  DeleteObjectCommand,
  GetBucketLocationCommand,
  GetBucketPolicyCommand,
  GetBucketPolicyStatusCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  paginateListBuckets,
  type S3Client,
  waitUntilBucketExists,
  waitUntilBucketNotExists,
} from "@aws-sdk/client-s3";
import { type ClientCloud, startClientCloud } from "../../support/client-cloud.ts";
import { refusal, s3ClientFor } from "../../support/s3.ts";

const Bucket = "sdk-config";

describe("buckets through the SDK", () => {
  let here: ClientCloud;
  let s3: S3Client;
  beforeAll(async () => {
    here = await startClientCloud();
    s3 = s3ClientFor(here.environment);
    await s3.send(new CreateBucketCommand({ Bucket }));
  });
  afterAll(async () => {
    await here.dispose();
  });

  test("create, head, list with pages, location, delete", async () => {
    for (const name of ["sdk-a", "sdk-b", "sdk-c"]) await s3.send(new CreateBucketCommand({ Bucket: name }));
    await waitUntilBucketExists({ client: s3, maxWaitTime: 10, minDelay: 1 }, { Bucket: "sdk-a" });
    expect((await s3.send(new HeadBucketCommand({ Bucket: "sdk-a" }))).BucketRegion).toBe("us-east-1");
    const names: (string | undefined)[] = [];
    for await (const page of paginateListBuckets({ client: s3, pageSize: 2 }, { Prefix: "sdk-" })) {
      names.push(...(page.Buckets ?? []).map(({ Name }) => Name));
    }
    expect(names).toEqual(["sdk-a", "sdk-b", "sdk-c", "sdk-config"]);
    expect((await s3.send(new ListBucketsCommand({}))).Owner?.ID).toHaveLength(64);
    expect((await s3.send(new GetBucketLocationCommand({ Bucket: "sdk-a" }))).LocationConstraint).toBeUndefined();
    // us-east-1 answers success when the owner creates a bucket again.
    await s3.send(new CreateBucketCommand({ Bucket: "sdk-a" }));
    await s3.send(new DeleteBucketCommand({ Bucket: "sdk-a" }));
    await waitUntilBucketNotExists({ client: s3, maxWaitTime: 10, minDelay: 1 }, { Bucket: "sdk-a" });
    expect((await refusal(s3.send(new DeleteBucketCommand({ Bucket: "sdk-a" })))).name).toBe("NoSuchBucket");
    await s3.send(new PutObjectCommand({ Bucket: "sdk-b", Key: "x", Body: "x" }));
    expect((await refusal(s3.send(new DeleteBucketCommand({ Bucket: "sdk-b" })))).name).toBe("BucketNotEmpty");
    await s3.send(new DeleteObjectCommand({ Bucket: "sdk-b", Key: "x" }));
    await s3.send(new DeleteBucketCommand({ Bucket: "sdk-b" }));
  });

  test("other regions: the constraint decides, and the name is taken for everybody", async () => {
    const west = s3ClientFor(here.environment, { region: "us-west-2" });
    await west.send(
      new CreateBucketCommand({ Bucket: "sdk-west", CreateBucketConfiguration: { LocationConstraint: "us-west-2" } }),
    );
    expect((await west.send(new GetBucketLocationCommand({ Bucket: "sdk-west" }))).LocationConstraint).toBe(
      "us-west-2",
    );
    expect(
      (
        await refusal(
          west.send(
            new CreateBucketCommand({
              Bucket: "sdk-west",
              CreateBucketConfiguration: { LocationConstraint: "us-west-2" },
            }),
          ),
        )
      ).name,
    ).toBe("BucketAlreadyOwnedByYou");
    expect(
      (
        await refusal(
          west.send(
            new CreateBucketCommand({
              Bucket: "sdk-x",
              CreateBucketConfiguration: { LocationConstraint: "eu-west-1" },
            }),
          ),
        )
      ).name,
    ).toBe("IllegalLocationConstraintException");
  });

  test("another account: its own buckets, the same names, closed doors", async () => {
    const account = JSON.parse((await here.cloud.cli("accounts", "create", "other", "--json")).stdout) as {
      accountId: string;
    };
    const key = JSON.parse(
      (await here.cloud.cli("keys", "create", "--account", account.accountId, "--json")).stdout,
    ) as { accessKeyId: string; secretAccessKey: string };
    const other = s3ClientFor({
      ...here.environment,
      AWS_ACCESS_KEY_ID: key.accessKeyId,
      AWS_SECRET_ACCESS_KEY: key.secretAccessKey,
    });
    expect((await other.send(new ListBucketsCommand({}))).Buckets ?? []).toEqual([]);
    const taken = await other.send(new CreateBucketCommand({ Bucket })).catch((error: unknown) => error);
    expect(taken).toBeInstanceOf(BucketAlreadyExists);
    expect((await refusal(other.send(new ListObjectsV2Command({ Bucket })))).name).toBe("AccessDenied");
    await s3.send(new PutObjectCommand({ Bucket, Key: "shared/x", Body: "for you" }));
    await s3.send(
      new PutBucketPolicyCommand({
        Bucket,
        Policy: JSON.stringify({
          Version: "2012-10-17",
          Statement: [
            {
              Effect: "Allow",
              Principal: { AWS: account.accountId },
              Action: "s3:GetObject",
              Resource: `arn:aws:s3:::${Bucket}/shared/*`,
            },
          ],
        }),
      }),
    );
    expect(await (await other.send(new GetObjectCommand({ Bucket, Key: "shared/x" }))).Body!.transformToString()).toBe(
      "for you",
    );
    expect((await refusal(other.send(new GetObjectCommand({ Bucket, Key: "private" })))).name).toBe("AccessDenied");
    expect((await refusal(other.send(new PutObjectCommand({ Bucket, Key: "shared/x", Body: "mine" })))).name).toBe(
      "AccessDenied",
    );
    expect((await s3.send(new GetBucketPolicyStatusCommand({ Bucket }))).PolicyStatus?.IsPublic).toBe(false);
    expect((await s3.send(new GetBucketPolicyCommand({ Bucket }))).Policy).toContain(account.accountId);
    await s3.send(new DeleteBucketPolicyCommand({ Bucket }));
    expect((await refusal(s3.send(new GetBucketPolicyCommand({ Bucket })))).name).toBe("NoSuchBucketPolicy");
    expect((await refusal(s3.send(new PutBucketPolicyCommand({ Bucket, Policy: "{}" })))).name).toBe("MalformedPolicy");
  });

  test("a user does what its policies say, and a deny wins", async () => {
    const { AWS_ACCOUNT_ID: account } = here.environment;
    const cli = async (...args: string[]) => {
      const ran = await here.cloud.cli(...args);
      if (ran.code !== 0) throw new Error(`${args.join(" ")}: ${ran.stderr}`);
      return ran.stdout;
    };
    const forAccount = account === undefined ? [] : ["--account", account];
    await cli("users", "create", "alice", ...forAccount);
    const key = JSON.parse(await cli("keys", "create", "--user", "alice", ...forAccount, "--json")) as {
      accessKeyId: string;
      secretAccessKey: string;
    };
    const alice = s3ClientFor({
      ...here.environment,
      AWS_ACCESS_KEY_ID: key.accessKeyId,
      AWS_SECRET_ACCESS_KEY: key.secretAccessKey,
    });
    await s3.send(new PutObjectCommand({ Bucket, Key: "team/doc", Body: "doc" }));
    expect((await refusal(alice.send(new GetObjectCommand({ Bucket, Key: "team/doc" })))).message).toContain(
      "is not authorized to perform: s3:GetObject",
    );
    const policy = {
      Version: "2012-10-17",
      Statement: [
        { Effect: "Allow", Action: ["s3:GetObject", "s3:PutObject"], Resource: `arn:aws:s3:::${Bucket}/team/*` },
        {
          Effect: "Allow",
          Action: "s3:ListBucket",
          Resource: `arn:aws:s3:::${Bucket}`,
          Condition: { StringLike: { "s3:prefix": "team/*" } },
        },
        { Effect: "Deny", Action: "s3:PutObject", Resource: `arn:aws:s3:::${Bucket}/team/frozen/*` },
      ],
    };
    await cli("users", "policy", "put", "alice", "team", JSON.stringify(policy), ...forAccount);
    expect(await (await alice.send(new GetObjectCommand({ Bucket, Key: "team/doc" }))).Body!.transformToString()).toBe(
      "doc",
    );
    await alice.send(new PutObjectCommand({ Bucket, Key: "team/new", Body: "x" }));
    await alice.send(new ListObjectsV2Command({ Bucket, Prefix: "team/" }));
    expect((await refusal(alice.send(new ListObjectsV2Command({ Bucket, Prefix: "other/" })))).name).toBe(
      "AccessDenied",
    );
    expect(
      (await refusal(alice.send(new PutObjectCommand({ Bucket, Key: "team/frozen/x", Body: "x" })))).message,
    ).toContain("explicit deny");
    expect((await refusal(alice.send(new DeleteObjectCommand({ Bucket, Key: "team/doc" })))).name).toBe("AccessDenied");
  });

  test("listings: v1, v2, versions; prefixes, delimiters, pages", async () => {
    const name = "sdk-list";
    await s3.send(new CreateBucketCommand({ Bucket: name }));
    await s3.send(new PutBucketVersioningCommand({ Bucket: name, VersioningConfiguration: { Status: "Enabled" } }));
    expect((await s3.send(new GetBucketVersioningCommand({ Bucket: name }))).Status).toBe("Enabled");
    const keys = ["a", "b/1", "b/2", "b/c/3", "d", "z/9"];
    for (const Key of keys) await s3.send(new PutObjectCommand({ Bucket: name, Key, Body: Key }));
    await s3.send(new DeleteObjectCommand({ Bucket: name, Key: "d" }));
    const v2 = async (options: { Prefix?: string; Delimiter?: string; MaxKeys?: number; StartAfter?: string }) => {
      const found: string[] = [];
      for (let token: string | undefined; ; ) {
        const page = await s3.send(new ListObjectsV2Command({ Bucket: name, ...options, ContinuationToken: token }));
        found.push(
          ...(page.Contents ?? []).map(({ Key }) => Key!),
          ...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix!),
        );
        token = page.NextContinuationToken;
        if (token === undefined) return found.sort();
      }
    };
    expect(await v2({ MaxKeys: 2 })).toEqual(["a", "b/1", "b/2", "b/c/3", "z/9"]);
    expect(await v2({ Delimiter: "/", MaxKeys: 1 })).toEqual(["a", "b/", "z/"]);
    expect(await v2({ Prefix: "b/", Delimiter: "/" })).toEqual(["b/1", "b/2", "b/c/"]);
    expect(await v2({ StartAfter: "b/1" })).toEqual(["b/2", "b/c/3", "z/9"]);
    const v1 = await s3.send(new ListObjectsCommand({ Bucket: name, Delimiter: "/", MaxKeys: 2 }));
    expect([v1.Contents?.map(({ Key }) => Key), v1.CommonPrefixes?.map(({ Prefix }) => Prefix), v1.NextMarker]).toEqual(
      [["a"], ["b/"], "b/"],
    );
    const versions = await s3.send(new ListObjectVersionsCommand({ Bucket: name, Prefix: "d" }));
    expect([versions.Versions?.length, versions.DeleteMarkers?.[0]?.IsLatest]).toEqual([1, true]);
    expect(
      (await refusal(s3.send(new ListObjectsV2Command({ Bucket: name, ContinuationToken: "nonsense" })))).name,
    ).toBe("InvalidArgument");
  });
});
