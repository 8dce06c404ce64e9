/** AWS SDK for JavaScript v3: buckets and every part of their configuration. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  BucketAlreadyExists,
  CreateBucketCommand,
  DeleteBucketAnalyticsConfigurationCommand,
  DeleteBucketCommand,
  DeleteBucketCorsCommand,
  DeleteBucketEncryptionCommand,
  DeleteBucketIntelligentTieringConfigurationCommand,
  DeleteBucketInventoryConfigurationCommand,
  DeleteBucketLifecycleCommand,
  DeleteBucketMetricsConfigurationCommand,
  DeleteBucketOwnershipControlsCommand,
  DeleteBucketPolicyCommand,
  DeleteBucketTaggingCommand,
  DeleteBucketWebsiteCommand,
  DeleteObjectCommand,
  DeletePublicAccessBlockCommand,
  GetBucketAccelerateConfigurationCommand,
  GetBucketAclCommand,
  GetBucketAnalyticsConfigurationCommand,
  GetBucketCorsCommand,
  GetBucketEncryptionCommand,
  GetBucketIntelligentTieringConfigurationCommand,
  GetBucketInventoryConfigurationCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketLocationCommand,
  GetBucketLoggingCommand,
  GetBucketMetricsConfigurationCommand,
  GetBucketNotificationConfigurationCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyCommand,
  GetBucketPolicyStatusCommand,
  GetBucketRequestPaymentCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  GetBucketWebsiteCommand,
  GetObjectCommand,
  GetObjectLegalHoldCommand,
  GetObjectLockConfigurationCommand,
  GetObjectRetentionCommand,
  GetPublicAccessBlockCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketAnalyticsConfigurationsCommand,
  ListBucketIntelligentTieringConfigurationsCommand,
  ListBucketInventoryConfigurationsCommand,
  ListBucketMetricsConfigurationsCommand,
  ListBucketsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketAccelerateConfigurationCommand,
  PutBucketAclCommand,
  PutBucketAnalyticsConfigurationCommand,
  PutBucketCorsCommand,
  PutBucketEncryptionCommand,
  PutBucketIntelligentTieringConfigurationCommand,
  PutBucketInventoryConfigurationCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketLoggingCommand,
  PutBucketMetricsConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketPolicyCommand,
  PutBucketReplicationCommand,
  PutBucketRequestPaymentCommand,
  PutBucketTaggingCommand,
  PutBucketVersioningCommand,
  PutBucketWebsiteCommand,
  PutObjectCommand,
  PutObjectLegalHoldCommand,
  PutObjectLockConfigurationCommand,
  PutObjectRetentionCommand,
  PutPublicAccessBlockCommand,
  paginateListBuckets,
  RestoreObjectCommand,
  type S3Client,
  SelectObjectContentCommand,
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

  test("tags, CORS, lifecycle, encryption, website", async () => {
    await s3.send(new PutBucketTaggingCommand({ Bucket, Tagging: { TagSet: [{ Key: "a", Value: "1" }] } }));
    expect((await s3.send(new GetBucketTaggingCommand({ Bucket }))).TagSet).toEqual([{ Key: "a", Value: "1" }]);
    await s3.send(new DeleteBucketTaggingCommand({ Bucket }));
    expect((await refusal(s3.send(new GetBucketTaggingCommand({ Bucket })))).name).toBe("NoSuchTagSet");

    const rule = {
      AllowedMethods: ["GET", "PUT"],
      AllowedOrigins: ["https://app.example"],
      AllowedHeaders: ["*"],
      ExposeHeaders: ["etag"],
      MaxAgeSeconds: 5,
    };
    await s3.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules: [rule] } }));
    expect((await s3.send(new GetBucketCorsCommand({ Bucket }))).CORSRules).toEqual([rule]);
    const endpoint = `${here.environment.AWS_ENDPOINT_URL}/${Bucket}/k`;
    const preflight = await fetch(endpoint, {
      method: "OPTIONS",
      headers: { origin: "https://app.example", "access-control-request-method": "PUT" },
    });
    expect([preflight.status, preflight.headers.get("access-control-allow-origin")]).toEqual([
      200,
      "https://app.example",
    ]);
    const stranger = await fetch(endpoint, {
      method: "OPTIONS",
      headers: { origin: "https://evil.example", "access-control-request-method": "PUT" },
    });
    expect(stranger.status).toBe(403);
    await s3.send(new DeleteBucketCorsCommand({ Bucket }));
    expect((await refusal(s3.send(new GetBucketCorsCommand({ Bucket })))).name).toBe("NoSuchCORSConfiguration");

    await s3.send(
      new PutBucketLifecycleConfigurationCommand({
        Bucket,
        LifecycleConfiguration: {
          Rules: [
            { ID: "tmp", Status: "Enabled", Filter: { Prefix: "tmp/" }, Expiration: { Days: 3 } },
            { ID: "dated", Status: "Disabled", Filter: {}, Expiration: { Date: new Date("2040-01-01T00:00:00Z") } },
          ],
        },
      }),
    );
    const lifecycle = await s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket }));
    expect(lifecycle.Rules?.map(({ ID }) => ID)).toEqual(["tmp", "dated"]);
    expect(lifecycle.Rules?.[1]?.Expiration?.Date).toEqual(new Date("2040-01-01T00:00:00Z"));
    const put = await s3.send(new PutObjectCommand({ Bucket, Key: "tmp/x", Body: "x" }));
    expect(put.Expiration).toContain('rule-id="tmp"');
    await s3.send(new DeleteBucketLifecycleCommand({ Bucket }));
    expect((await refusal(s3.send(new GetBucketLifecycleConfigurationCommand({ Bucket })))).name).toBe(
      "NoSuchLifecycleConfiguration",
    );

    const sse = { Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" as const } }] };
    await s3.send(new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration: sse }));
    expect(
      (await s3.send(new GetBucketEncryptionCommand({ Bucket }))).ServerSideEncryptionConfiguration?.Rules?.[0]
        ?.ApplyServerSideEncryptionByDefault?.SSEAlgorithm,
    ).toBe("AES256");
    await s3.send(new PutObjectCommand({ Bucket, Key: "sealed", Body: "x" }));
    expect((await s3.send(new HeadObjectCommand({ Bucket, Key: "sealed" }))).ServerSideEncryption).toBe("AES256");
    await s3.send(new DeleteBucketEncryptionCommand({ Bucket }));

    await s3.send(
      new PutBucketWebsiteCommand({
        Bucket,
        WebsiteConfiguration: { IndexDocument: { Suffix: "index.html" }, ErrorDocument: { Key: "error.html" } },
      }),
    );
    expect((await s3.send(new GetBucketWebsiteCommand({ Bucket }))).IndexDocument).toEqual({ Suffix: "index.html" });
    await s3.send(new DeleteBucketWebsiteCommand({ Bucket }));
    expect((await refusal(s3.send(new GetBucketWebsiteCommand({ Bucket })))).name).toBe("NoSuchWebsiteConfiguration");
  });

  test("public access: blocked on new buckets, open when it is opened", async () => {
    const name = "sdk-public";
    await s3.send(new CreateBucketCommand({ Bucket: name }));
    await s3.send(new PutObjectCommand({ Bucket: name, Key: "page", Body: "hello world" }));
    const url = `${here.environment.AWS_ENDPOINT_URL}/${name}/page`;
    const Policy = JSON.stringify({
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: `arn:aws:s3:::${name}/*` }],
    });
    expect((await s3.send(new GetPublicAccessBlockCommand({ Bucket: name }))).PublicAccessBlockConfiguration).toEqual({
      BlockPublicAcls: true,
      IgnorePublicAcls: true,
      BlockPublicPolicy: true,
      RestrictPublicBuckets: true,
    });
    expect((await refusal(s3.send(new PutBucketPolicyCommand({ Bucket: name, Policy })))).name).toBe("AccessDenied");
    await s3.send(new DeletePublicAccessBlockCommand({ Bucket: name }));
    await s3.send(new PutBucketPolicyCommand({ Bucket: name, Policy }));
    expect(await (await fetch(url)).text()).toBe("hello world");
    expect((await s3.send(new GetBucketPolicyStatusCommand({ Bucket: name }))).PolicyStatus?.IsPublic).toBe(true);
    expect((await fetch(url, { method: "PUT", body: "x" })).status).toBe(403);
    await s3.send(
      new PutPublicAccessBlockCommand({
        Bucket: name,
        PublicAccessBlockConfiguration: { RestrictPublicBuckets: true },
      }),
    );
    expect((await fetch(url)).status).toBe(403);

    await s3.send(
      new PutBucketOwnershipControlsCommand({
        Bucket: name,
        OwnershipControls: { Rules: [{ ObjectOwnership: "ObjectWriter" }] },
      }),
    );
    expect(
      (await s3.send(new GetBucketOwnershipControlsCommand({ Bucket: name }))).OwnershipControls?.Rules?.[0]
        ?.ObjectOwnership,
    ).toBe("ObjectWriter");
    await s3.send(new PutBucketAclCommand({ Bucket: name, ACL: "public-read" }));
    expect((await s3.send(new GetBucketAclCommand({ Bucket: name }))).Grants?.length).toBe(2);
    await s3.send(new DeleteBucketOwnershipControlsCommand({ Bucket: name }));
  });

  test("object lock: retention and holds keep versions, governance can be bypassed, compliance cannot", async () => {
    const name = "sdk-lock";
    await s3.send(new CreateBucketCommand({ Bucket: name, ObjectLockEnabledForBucket: true }));
    await s3.send(
      new PutObjectLockConfigurationCommand({
        Bucket: name,
        ObjectLockConfiguration: {
          ObjectLockEnabled: "Enabled",
          Rule: { DefaultRetention: { Mode: "GOVERNANCE", Days: 1 } },
        },
      }),
    );
    expect(
      (await s3.send(new GetObjectLockConfigurationCommand({ Bucket: name }))).ObjectLockConfiguration?.Rule
        ?.DefaultRetention?.Mode,
    ).toBe("GOVERNANCE");
    const target = { Bucket: name, Key: "kept" };
    const { VersionId } = await s3.send(new PutObjectCommand({ ...target, Body: "x" }));
    expect((await s3.send(new GetObjectRetentionCommand(target))).Retention?.Mode).toBe("GOVERNANCE");
    expect((await refusal(s3.send(new DeleteObjectCommand({ ...target, VersionId })))).name).toBe("AccessDenied");
    await s3.send(new PutObjectLegalHoldCommand({ ...target, LegalHold: { Status: "ON" } }));
    expect((await s3.send(new GetObjectLegalHoldCommand(target))).LegalHold?.Status).toBe("ON");
    expect(
      (await refusal(s3.send(new DeleteObjectCommand({ ...target, VersionId, BypassGovernanceRetention: true })))).name,
    ).toBe("AccessDenied");
    await s3.send(new PutObjectLegalHoldCommand({ ...target, LegalHold: { Status: "OFF" } }));
    await s3.send(
      new PutObjectRetentionCommand({
        ...target,
        BypassGovernanceRetention: true,
        Retention: { Mode: "COMPLIANCE", RetainUntilDate: new Date(Date.now() + 86_400_000) },
      }),
    );
    expect(
      (await refusal(s3.send(new DeleteObjectCommand({ ...target, VersionId, BypassGovernanceRetention: true })))).name,
    ).toBe("AccessDenied");
    expect(
      (
        await refusal(
          s3.send(
            new PutObjectRetentionCommand({
              ...target,
              BypassGovernanceRetention: true,
              Retention: { Mode: "COMPLIANCE", RetainUntilDate: new Date(Date.now() + 1_000) },
            }),
          ),
        )
      ).name,
    ).toBe("AccessDenied");
    // Without a version id only a marker is put on top.
    expect((await s3.send(new DeleteObjectCommand(target))).DeleteMarker).toBe(true);
    expect(
      (
        await refusal(
          s3.send(new PutBucketVersioningCommand({ Bucket: name, VersioningConfiguration: { Status: "Suspended" } })),
        )
      ).name,
    ).toBe("InvalidBucketState");
  });

  test("configurations by id: inventory, analytics, metrics, tiering", async () => {
    const destination = { Bucket: "arn:aws:s3:::sdk-config", Format: "CSV" as const };
    await s3.send(
      new PutBucketInventoryConfigurationCommand({
        Bucket,
        Id: "inv",
        InventoryConfiguration: {
          Id: "inv",
          IsEnabled: true,
          IncludedObjectVersions: "All",
          Schedule: { Frequency: "Daily" },
          Destination: { S3BucketDestination: destination },
        },
      }),
    );
    expect(
      (await s3.send(new GetBucketInventoryConfigurationCommand({ Bucket, Id: "inv" }))).InventoryConfiguration?.Id,
    ).toBe("inv");
    expect(
      (await s3.send(new ListBucketInventoryConfigurationsCommand({ Bucket }))).InventoryConfigurationList?.length,
    ).toBe(1);
    await s3.send(new DeleteBucketInventoryConfigurationCommand({ Bucket, Id: "inv" }));
    expect((await refusal(s3.send(new GetBucketInventoryConfigurationCommand({ Bucket, Id: "inv" })))).name).toBe(
      "NoSuchConfiguration",
    );

    await s3.send(
      new PutBucketAnalyticsConfigurationCommand({
        Bucket,
        Id: "ana",
        AnalyticsConfiguration: { Id: "ana", StorageClassAnalysis: {} },
      }),
    );
    expect(
      (await s3.send(new GetBucketAnalyticsConfigurationCommand({ Bucket, Id: "ana" }))).AnalyticsConfiguration?.Id,
    ).toBe("ana");
    expect(
      (await s3.send(new ListBucketAnalyticsConfigurationsCommand({ Bucket }))).AnalyticsConfigurationList?.length,
    ).toBe(1);
    await s3.send(new DeleteBucketAnalyticsConfigurationCommand({ Bucket, Id: "ana" }));

    await s3.send(
      new PutBucketMetricsConfigurationCommand({
        Bucket,
        Id: "met",
        MetricsConfiguration: { Id: "met", Filter: { Prefix: "x" } },
      }),
    );
    expect(
      (await s3.send(new GetBucketMetricsConfigurationCommand({ Bucket, Id: "met" }))).MetricsConfiguration?.Filter,
    ).toEqual({ Prefix: "x" });
    expect(
      (await s3.send(new ListBucketMetricsConfigurationsCommand({ Bucket }))).MetricsConfigurationList?.length,
    ).toBe(1);
    await s3.send(new DeleteBucketMetricsConfigurationCommand({ Bucket, Id: "met" }));

    await s3.send(
      new PutBucketIntelligentTieringConfigurationCommand({
        Bucket,
        Id: "tier",
        IntelligentTieringConfiguration: {
          Id: "tier",
          Status: "Enabled",
          Tierings: [{ Days: 90, AccessTier: "ARCHIVE_ACCESS" }],
        },
      }),
    );
    expect(
      (await s3.send(new GetBucketIntelligentTieringConfigurationCommand({ Bucket, Id: "tier" })))
        .IntelligentTieringConfiguration?.Status,
    ).toBe("Enabled");
    expect(
      (await s3.send(new ListBucketIntelligentTieringConfigurationsCommand({ Bucket })))
        .IntelligentTieringConfigurationList?.length,
    ).toBe(1);
    await s3.send(new DeleteBucketIntelligentTieringConfigurationCommand({ Bucket, Id: "tier" }));
  });

  test("what has an answer but no effect says so", async () => {
    expect((await s3.send(new GetBucketRequestPaymentCommand({ Bucket }))).Payer).toBe("BucketOwner");
    await s3.send(new PutBucketRequestPaymentCommand({ Bucket, RequestPaymentConfiguration: { Payer: "Requester" } }));
    expect((await s3.send(new GetBucketRequestPaymentCommand({ Bucket }))).Payer).toBe("Requester");
    await s3.send(
      new PutBucketRequestPaymentCommand({ Bucket, RequestPaymentConfiguration: { Payer: "BucketOwner" } }),
    );
    expect((await s3.send(new GetBucketAccelerateConfigurationCommand({ Bucket }))).Status).toBeUndefined();
    expect(
      (
        await refusal(
          s3.send(
            new PutBucketAccelerateConfigurationCommand({ Bucket, AccelerateConfiguration: { Status: "Enabled" } }),
          ),
        )
      ).name,
    ).toBe("InvalidArgument");
    expect((await s3.send(new GetBucketLoggingCommand({ Bucket }))).LoggingEnabled).toBeUndefined();
    await s3.send(new PutBucketLoggingCommand({ Bucket, BucketLoggingStatus: {} }));
    await s3.send(new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration: {} }));
    expect(
      (await s3.send(new GetBucketNotificationConfigurationCommand({ Bucket }))).QueueConfigurations,
    ).toBeUndefined();
    const queue = { QueueArn: "arn:aws:sqs:us-east-1:123456789012:none", Events: ["s3:ObjectCreated:*" as const] };
    expect(
      (
        await refusal(
          s3.send(
            new PutBucketNotificationConfigurationCommand({
              Bucket,
              NotificationConfiguration: { QueueConfigurations: [queue] },
            }),
          ),
        )
      ).name,
    ).toBe("InvalidArgument");
    await s3.send(new PutObjectCommand({ Bucket, Key: "plain", Body: "x" }));
    expect(
      (await refusal(s3.send(new RestoreObjectCommand({ Bucket, Key: "plain", RestoreRequest: { Days: 1 } })))).name,
    ).toBe("InvalidObjectState");
    const select = s3.send(
      new SelectObjectContentCommand({
        Bucket,
        Key: "plain",
        Expression: "SELECT 1",
        ExpressionType: "SQL",
        InputSerialization: { CSV: {} },
        OutputSerialization: { CSV: {} },
      }),
    );
    expect((await refusal(select)).status).toBeGreaterThanOrEqual(400);
    const replication = {
      Role: "arn:aws:iam::123456789012:role/r",
      Rules: [{ Status: "Enabled" as const, Destination: { Bucket: "arn:aws:s3:::x" } }],
    };
    expect(
      await refusal(s3.send(new PutBucketReplicationCommand({ Bucket, ReplicationConfiguration: replication }))),
    ).toMatchObject({ name: "NotImplemented", status: 501 });
  });
});
