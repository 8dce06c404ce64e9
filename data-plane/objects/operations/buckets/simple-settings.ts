/** Settings that are stored as they were put: versioning, tags, CORS, lifecycle, encryption, website, logging and the rest. */
import type { BucketRecord, BucketSection } from "#contracts";
import type { S3 } from "#foundation/aws";
import { randomUuid } from "#foundation/runtime";
import { validateLogging } from "../../access-logs/validate-logging.ts";
import { invalidArgument, invalidRequest, malformedXml, notImplemented, s3Error } from "../../errors.ts";
import { validateCors } from "../../rules/cors/validate.ts";
import { validateLifecycle } from "../../rules/lifecycle/validate.ts";
import { validateLockConfiguration } from "../../rules/object-lock.ts";
import { BUCKET_TAGS_MAX, validateTagSet } from "../../rules/tagging.ts";
import type { ObjectsEnvironment } from "../../service/environment.ts";
import { bucketOf, configure } from "./configure.ts";
import type { Handlers } from "./handlers.ts";
import { validateEncryption, validateWebsite } from "./setting-rules.ts";

type Names =
  | "GetBucketVersioning"
  | "PutBucketVersioning"
  | "GetBucketTagging"
  | "PutBucketTagging"
  | "DeleteBucketTagging"
  | "GetBucketCors"
  | "PutBucketCors"
  | "DeleteBucketCors"
  | "GetBucketLifecycleConfiguration"
  | "PutBucketLifecycleConfiguration"
  | "DeleteBucketLifecycle"
  | "GetBucketEncryption"
  | "PutBucketEncryption"
  | "DeleteBucketEncryption"
  | "GetBucketWebsite"
  | "PutBucketWebsite"
  | "DeleteBucketWebsite"
  | "GetBucketLogging"
  | "PutBucketLogging"
  | "GetObjectLockConfiguration"
  | "PutObjectLockConfiguration"
  | "GetBucketRequestPayment"
  | "PutBucketRequestPayment"
  | "GetBucketAccelerateConfiguration"
  | "PutBucketAccelerateConfiguration";

/** The section as it was put, typed by the caller who knows what was put. */
function section<Shape>(bucket: BucketRecord, name: BucketSection): Shape | undefined {
  return bucket.sections[name] as Shape | undefined;
}

export function bucketSettingHandlers(environment: ObjectsEnvironment): Handlers<Names> {
  const find = (input: { readonly Bucket: string; readonly ExpectedBucketOwner?: string }) =>
    bucketOf(environment, input);

  /** Answers a section that must be there. */
  const required = <Shape>(bucket: BucketRecord, name: BucketSection, code: string, message: string): Shape => {
    const value = section<Shape>(bucket, name);
    if (value === undefined) throw s3Error(code, 404, message, { BucketName: bucket.name });
    return value;
  };
  const remove =
    (name: BucketSection) =>
    async (
      input: { readonly Bucket: string; readonly ExpectedBucketOwner?: string },
      context: Parameters<typeof configure>[4],
    ): Promise<Record<string, never>> => {
      const bucket = find(input);
      // Deleting what is not there is a success, and no event.
      if (bucket.sections[name] !== undefined) await configure(environment, bucket, name, null, context);
      return {};
    };

  return {
    GetBucketVersioning(input) {
      return section<S3.VersioningConfiguration>(find(input), "versioning") ?? {};
    },
    async PutBucketVersioning(input, context) {
      const bucket = find(input);
      const { Status, MFADelete } = input.VersioningConfiguration ?? {};
      if (Status !== "Enabled" && Status !== "Suspended") {
        throw s3Error("IllegalVersioningConfigurationException", 400, "The Versioning element must be specified");
      }
      if (MFADelete === "Enabled") throw notImplemented("MFA delete is not available: this cloud has no MFA devices.");
      if (Status === "Suspended" && bucket.objectLockEnabled) {
        throw s3Error(
          "InvalidBucketState",
          409,
          "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.",
          { BucketName: bucket.name },
        );
      }
      await configure(environment, bucket, "versioning", { Status }, context);
      return {};
    },

    GetBucketTagging(input) {
      return required<S3.Tagging>(find(input), "tagging", "NoSuchTagSet", "The TagSet does not exist");
    },
    async PutBucketTagging(input, context) {
      const bucket = find(input);
      if (input.Tagging?.TagSet === undefined) throw malformedXml();
      const TagSet = validateTagSet(input.Tagging.TagSet, BUCKET_TAGS_MAX);
      await configure(environment, bucket, "tagging", TagSet.length === 0 ? null : { TagSet }, context);
      return {};
    },
    DeleteBucketTagging: remove("tagging"),

    GetBucketCors(input) {
      return required<S3.CORSConfiguration>(
        find(input),
        "cors",
        "NoSuchCORSConfiguration",
        "The CORS configuration does not exist",
      );
    },
    async PutBucketCors(input, context) {
      await configure(environment, find(input), "cors", validateCors(input.CORSConfiguration), context);
      return {};
    },
    DeleteBucketCors: remove("cors"),

    GetBucketLifecycleConfiguration(input) {
      const stored = required<
        S3.BucketLifecycleConfiguration & { readonly TransitionDefaultMinimumObjectSize?: string }
      >(find(input), "lifecycle", "NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist");
      return {
        Rules: stored.Rules.map(withDates),
        TransitionDefaultMinimumObjectSize: "all_storage_classes_128K",
      };
    },
    async PutBucketLifecycleConfiguration(input, context) {
      const Rules = validateLifecycle(input.LifecycleConfiguration, () => randomUuid(environment.random));
      await configure(environment, find(input), "lifecycle", { Rules }, context);
      return { TransitionDefaultMinimumObjectSize: "all_storage_classes_128K" };
    },
    DeleteBucketLifecycle: remove("lifecycle"),

    GetBucketEncryption(input) {
      return {
        ServerSideEncryptionConfiguration: required<S3.ServerSideEncryptionConfiguration>(
          find(input),
          "encryption",
          "ServerSideEncryptionConfigurationNotFoundError",
          "The server side encryption configuration was not found",
        ),
      };
    },
    async PutBucketEncryption(input, context) {
      const bucket = find(input);
      await configure(
        environment,
        bucket,
        "encryption",
        validateEncryption(input.ServerSideEncryptionConfiguration),
        context,
      );
      return {};
    },
    DeleteBucketEncryption: remove("encryption"),

    GetBucketWebsite(input) {
      return required<S3.WebsiteConfiguration>(
        find(input),
        "website",
        "NoSuchWebsiteConfiguration",
        "The specified bucket does not have a website configuration",
      );
    },
    async PutBucketWebsite(input, context) {
      await configure(environment, find(input), "website", validateWebsite(input.WebsiteConfiguration), context);
      return {};
    },
    DeleteBucketWebsite: remove("website"),

    GetBucketLogging(input) {
      return section<S3.BucketLoggingStatus>(find(input), "logging") ?? {};
    },
    async PutBucketLogging(input, context) {
      const bucket = find(input);
      const value = validateLogging(environment.catalog, bucket, input.BucketLoggingStatus, context.now);
      if (value !== null || bucket.sections.logging !== undefined) {
        await configure(environment, bucket, "logging", value, context);
      }
      return {};
    },

    GetObjectLockConfiguration(input) {
      const bucket = find(input);
      if (!bucket.objectLockEnabled) {
        throw s3Error(
          "ObjectLockConfigurationNotFoundError",
          404,
          "Object Lock configuration does not exist for this bucket",
          {
            BucketName: bucket.name,
          },
        );
      }
      return {
        ObjectLockConfiguration: section<S3.ObjectLockConfiguration>(bucket, "objectLock") ?? {
          ObjectLockEnabled: "Enabled",
        },
      };
    },
    async PutObjectLockConfiguration(input, context) {
      const bucket = find(input);
      const value = validateLockConfiguration(input.ObjectLockConfiguration);
      const versioning = section<S3.VersioningConfiguration>(bucket, "versioning");
      if (versioning?.Status !== "Enabled") {
        throw s3Error(
          "InvalidBucketState",
          409,
          "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration",
          {
            BucketName: bucket.name,
          },
        );
      }
      await configure(environment, bucket, "objectLock", value, context);
      return {};
    },

    GetBucketRequestPayment(input) {
      return section<S3.RequestPaymentConfiguration>(find(input), "requestPayment") ?? { Payer: "BucketOwner" };
    },
    async PutBucketRequestPayment(input, context) {
      const bucket = find(input);
      const payer = input.RequestPaymentConfiguration?.Payer;
      if (payer !== "BucketOwner" && payer !== "Requester") throw malformedXml();
      await configure(environment, bucket, "requestPayment", { Payer: payer }, context);
      return {};
    },

    GetBucketAccelerateConfiguration(input) {
      return section<S3.AccelerateConfiguration>(find(input), "accelerate") ?? {};
    },
    async PutBucketAccelerateConfiguration(input, context) {
      const bucket = find(input);
      const status = input.AccelerateConfiguration?.Status;
      if (status !== "Enabled" && status !== "Suspended") throw malformedXml();
      if (bucket.name.includes(".")) {
        throw invalidRequest("S3 Transfer Acceleration is not supported for buckets with periods (.) in their names");
      }
      if (status === "Enabled")
        throw invalidArgument("S3 Transfer Acceleration is not available: there is one endpoint, and it is near.");
      if (bucket.sections.accelerate !== undefined)
        await configure(environment, bucket, "accelerate", { Status: status }, context);
      return {};
    },
  };
}

/** Sections are JSON; the codec wants dates where the model has timestamps. */
function withDates(rule: S3.LifecycleRule): S3.LifecycleRule {
  const expiration = rule.Expiration;
  return {
    ...rule,
    ...(expiration?.Date === undefined ? {} : { Expiration: { ...expiration, Date: new Date(expiration.Date) } }),
    ...(rule.Transitions === undefined
      ? {}
      : {
          Transitions: rule.Transitions.map((transition) =>
            transition.Date === undefined ? transition : { ...transition, Date: new Date(transition.Date) },
          ),
        }),
  };
}
