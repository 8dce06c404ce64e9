/** Creating, finding and deleting buckets. */
import type { Region } from "#contracts";
import { AwsError, type S3 } from "#foundation/aws";
import { accessDenied, invalidArgument, invalidRequest, s3Error } from "../../errors.ts";
import { isPublicAcl, type ObjectOwnership } from "../../rules/acl/evaluate.ts";
import { cannedAcl, grantsFromHeaders, hasGrantHeaders } from "../../rules/acl/grants.ts";
import { BUCKET_TAGS_MAX, validateTagSet } from "../../rules/tagging.ts";
import { operationAborted, refuseClaimed } from "../../service/bucket-claims.ts";
import type { ObjectsEnvironment } from "../../service/environment.ts";
import { deleteBucket } from "./bucket-deletion.ts";
import { bucketNameProblem } from "./bucket-name.ts";
import { actorOf, bucketOf, decide, refusalOf } from "./configure.ts";
import type { Handlers } from "./handlers.ts";

/** S3's largest page of ListBuckets. */
const LIST_BUCKETS_MAX = 10_000;

/** Every new bucket is closed to the public until somebody opens it (S3 User Guide, "Blocking public access", April 2023). */
const PUBLIC_ACCESS_BLOCKED: S3.PublicAccessBlockConfiguration = Object.freeze({
  BlockPublicAcls: true,
  IgnorePublicAcls: true,
  BlockPublicPolicy: true,
  RestrictPublicBuckets: true,
});

const OWNERSHIPS: ReadonlySet<string> = new Set(["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"]);

type Names = "CreateBucket" | "DeleteBucket" | "HeadBucket" | "ListBuckets" | "GetBucketLocation";

export function bucketLifeCycleHandlers(environment: ObjectsEnvironment): Handlers<Names> {
  const { catalog, engine } = environment;
  return {
    async CreateBucket(input, context) {
      const { caller } = context;
      if (caller.type === "anonymous") throw accessDenied();
      const problem = bucketNameProblem(input.Bucket);
      if (problem !== undefined) {
        throw s3Error("InvalidBucketName", 400, `The specified bucket is not valid: ${problem}.`, {
          BucketName: input.Bucket,
        });
      }
      if (
        input.CreateBucketConfiguration?.Location !== undefined ||
        input.CreateBucketConfiguration?.Bucket !== undefined
      ) {
        throw invalidRequest("Directory buckets are not available here; create a general purpose bucket.");
      }
      if (input.BucketNamespace === "account-regional") {
        throw invalidRequest("Account-regional bucket namespaces are not available here; bucket names are global.");
      }
      const region = requestedRegion(input.CreateBucketConfiguration?.LocationConstraint, context.region);
      const ownership = ownershipOf(input.ObjectOwnership);
      const owner = caller.canonicalUserId;
      const acl = hasGrantHeaders(input)
        ? grantsFromHeaders(input, owner, (id) => catalog.accountByCanonicalId(id) !== undefined)
        : input.ACL === undefined || input.ACL === "private"
          ? undefined
          : cannedAcl(input.ACL, "bucket", { owner, bucketOwner: owner });
      if (acl !== undefined && ownership === "BucketOwnerEnforced") {
        throw s3Error(
          "InvalidBucketAclWithObjectOwnership",
          400,
          "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
        );
      }
      if (acl !== undefined && isPublicAcl(acl)) {
        throw s3Error(
          "InvalidBucketAclWithBlockPublicAccessError",
          400,
          "Bucket cannot have public ACLs set with BlockPublicAccess enabled",
        );
      }
      const tags = input.CreateBucketConfiguration?.Tags ?? [];
      const lock = input.ObjectLockEnabledForBucket === true;
      const outcome = await decide(
        environment,
        {
          type: "bucket.create",
          accountId: caller.accountId,
          name: input.Bucket,
          region,
          objectLockEnabled: lock,
          sections: {
            ownershipControls: { Rules: [{ ObjectOwnership: ownership }] },
            publicAccessBlock: PUBLIC_ACCESS_BLOCKED,
            ...(acl === undefined ? {} : { acl }),
            ...(tags.length === 0 ? {} : { tagging: { TagSet: validateTagSet(tags, BUCKET_TAGS_MAX) } }),
            ...(lock ? { versioning: { Status: "Enabled" }, objectLock: { ObjectLockEnabled: "Enabled" } } : {}),
          },
        },
        context,
      );
      const { bucketId } = outcome.result;
      // The bucket may have been there, and be about to go: opened now it would take writes that go with it.
      refuseClaimed(engine, bucketId, input.Bucket);
      await engine.reopenBucket(bucketId).catch((error: unknown) => {
        // Gone since the control plane answered that it was there.
        throw error instanceof Error && "code" in error && error.code === "BucketClosed"
          ? operationAborted(input.Bucket)
          : error;
      });
      return { Location: `/${input.Bucket}`, BucketArn: `arn:aws:s3:::${input.Bucket}` };
    },

    async DeleteBucket(input, context) {
      const bucket = bucketOf(environment, input);
      const outcome = await deleteBucket(environment, bucket, {
        actor: actorOf(context),
        requestId: context.requestId,
        idempotencyKey: `delete-bucket:${bucket.bucketId}:${context.requestId}`,
      }).catch((error: unknown) => {
        if (error instanceof Error && "code" in error && error.code === "BucketNotEmpty") {
          throw s3Error("BucketNotEmpty", 409, "The bucket you tried to delete is not empty", {
            BucketName: bucket.name,
          });
        }
        throw error;
      });
      if (!outcome.ok) throw refusalOf(outcome, bucket.name);
      return {};
    },

    HeadBucket(input) {
      const bucket = bucketOf(environment, input);
      return { BucketRegion: bucket.region, BucketArn: `arn:aws:s3:::${bucket.name}`, AccessPointAlias: false };
    },

    ListBuckets(input, context) {
      const { caller } = context;
      if (caller.type === "anonymous") throw accessDenied();
      const limit = input.MaxBuckets ?? LIST_BUCKETS_MAX;
      if (!Number.isInteger(limit) || limit < 1 || limit > LIST_BUCKETS_MAX) {
        throw invalidArgument(`MaxBuckets must be between 1 and ${LIST_BUCKETS_MAX}`, "max-buckets", limit);
      }
      const after = input.ContinuationToken === undefined ? "" : decodeToken(input.ContinuationToken);
      const matching = catalog
        .bucketsOf(caller.accountId)
        .filter(
          (bucket) =>
            bucket.name > after &&
            (input.Prefix === undefined || bucket.name.startsWith(input.Prefix)) &&
            (input.BucketRegion === undefined || bucket.region === input.BucketRegion),
        );
      const page = matching.slice(0, limit);
      const last = page.at(-1);
      return {
        Owner: { ID: caller.canonicalUserId },
        Buckets: page.map((bucket) => ({
          Name: bucket.name,
          CreationDate: new Date(bucket.createdAt),
          ...(input.MaxBuckets === undefined && input.BucketRegion === undefined
            ? {}
            : { BucketRegion: bucket.region }),
        })),
        ...(input.Prefix === undefined ? {} : { Prefix: input.Prefix }),
        ...(last !== undefined && matching.length > page.length ? { ContinuationToken: encodeToken(last.name) } : {}),
      };
    },

    GetBucketLocation(input) {
      const { region } = bucketOf(environment, input);
      // The first region has no constraint, for ever.
      return region === "us-east-1" ? {} : { LocationConstraint: region as S3.BucketLocationConstraint };
    },
  };
}

/** The region of a new bucket is the one that the request was signed for; the constraint must agree. */
function requestedRegion(constraint: string | undefined, region: Region): Region {
  if (constraint === undefined || constraint === "") {
    if (region === "us-east-1") return region;
    throw illegalLocation("unspecified", region);
  }
  // `EU` is the old name of eu-west-1.
  const named = constraint === "EU" ? "eu-west-1" : constraint;
  if (named !== region) throw illegalLocation(constraint, region);
  // us-east-1 is the one region that cannot be asked for by name.
  if (named === "us-east-1") {
    throw new AwsError("InvalidLocationConstraint", "The specified location-constraint is not valid", {
      statusCode: 400,
      fields: { LocationConstraint: constraint },
    });
  }
  return region;
}

const illegalLocation = (constraint: string, region: string) =>
  s3Error(
    "IllegalLocationConstraintException",
    400,
    `The ${constraint} location constraint is incompatible for the region specific endpoint this request was sent to (${region}).`,
  );

function ownershipOf(asked: string | undefined): ObjectOwnership {
  if (asked === undefined) return "BucketOwnerEnforced";
  if (!OWNERSHIPS.has(asked))
    throw invalidArgument("Invalid x-amz-object-ownership header", "x-amz-object-ownership", asked);
  return asked as ObjectOwnership;
}

const encodeToken = (name: string): string => Buffer.from(name).toString("base64url");

function decodeToken(token: string): string {
  const name = Buffer.from(token, "base64url").toString();
  if (token === "" || encodeToken(name) !== token) {
    throw invalidArgument("The continuation token provided is incorrect", "continuation-token", token);
  }
  return name;
}
