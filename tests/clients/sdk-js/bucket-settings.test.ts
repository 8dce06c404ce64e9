/** AWS SDK for JavaScript v3: every part of a bucket's configuration. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  CreateBucketCommand,
  DeleteBucketAnalyticsConfigurationCommand,
  DeleteBucketCorsCommand,
  DeleteBucketEncryptionCommand,
  DeleteBucketIntelligentTieringConfigurationCommand,
  DeleteBucketInventoryConfigurationCommand,
  DeleteBucketLifecycleCommand,
  DeleteBucketMetricsConfigurationCommand,
  DeleteBucketOwnershipControlsCommand,
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
  GetBucketLoggingCommand,
  GetBucketMetricsConfigurationCommand,
  GetBucketNotificationConfigurationCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyStatusCommand,
  GetBucketRequestPaymentCommand,
  GetBucketTaggingCommand,
  GetBucketWebsiteCommand,
  GetObjectLegalHoldCommand,
  GetObjectLockConfigurationCommand,
  GetObjectRetentionCommand,
  GetPublicAccessBlockCommand,
  HeadObjectCommand,
  ListBucketAnalyticsConfigurationsCommand,
  ListBucketIntelligentTieringConfigurationsCommand,
  ListBucketInventoryConfigurationsCommand,
  ListBucketMetricsConfigurationsCommand,
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
  RestoreObjectCommand,
  type S3Client,
  SelectObjectContentCommand,
} from "@aws-sdk/client-s3";
import { type ClientCloud, startClientCloud } from "../../support/client-cloud.ts";
import { refusal, s3ClientFor } from "../../support/s3.ts";

const Bucket = "sdk-settings";

describe("bucket settings through the SDK", () => {
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
    const destination = { Bucket: "arn:aws:s3:::sdk-settings", Format: "CSV" as const };
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
