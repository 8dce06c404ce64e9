/** Who may do what with a bucket: policy, public access block, ownership of objects, access control list. */
import type { BucketRecord } from "#contracts";
import { shownPolicy } from "#data-plane/principals";
import type { S3 } from "#foundation/aws";
import { isPublicPolicy, type PolicyDocument, PolicySyntaxError, parsePolicy } from "#foundation/policy";
import { accessDenied, aclsDisabled, invalidArgument, malformedXml, s3Error } from "../../errors.ts";
import { isPublicAcl } from "../../rules/acl/evaluate.ts";
import {
  type AccessControl,
  cannedAcl,
  grantsFromHeaders,
  hasGrantHeaders,
  ownerOnly,
  validateAccessControl,
} from "../../rules/acl/grants.ts";
import type { ObjectsEnvironment } from "../../service/environment.ts";
import { bucketOf, configure } from "./configure.ts";
import type { Handlers } from "./handlers.ts";

/** S3 User Guide, "Policies and permissions": 20 KB. */
const POLICY_BYTES_MAX = 20 * 1024;

type Names =
  | "GetBucketPolicy"
  | "PutBucketPolicy"
  | "DeleteBucketPolicy"
  | "GetBucketPolicyStatus"
  | "GetPublicAccessBlock"
  | "PutPublicAccessBlock"
  | "DeletePublicAccessBlock"
  | "GetBucketOwnershipControls"
  | "PutBucketOwnershipControls"
  | "DeleteBucketOwnershipControls"
  | "GetBucketAcl"
  | "PutBucketAcl";

export function bucketAccessHandlers(environment: ObjectsEnvironment): Handlers<Names> {
  const { catalog } = environment;
  const ownerOf = (bucket: BucketRecord) => catalog.account(bucket.accountId)?.canonicalUserId ?? bucket.accountId;

  return {
    GetBucketPolicy(input) {
      const bucket = bucketOf(environment, input);
      return { Policy: shownPolicy(environment.catalog, policyOf(bucket), bucket.sections.policyPrincipals) };
    },
    async PutBucketPolicy(input, context) {
      const bucket = bucketOf(environment, input);
      const text = input.Policy ?? "";
      if (Buffer.byteLength(text) > POLICY_BYTES_MAX)
        throw malformedPolicy("Policy exceeds the maximum allowed document size.");
      const document = checkPolicy(text, bucket.name);
      if (publicAccessBlockOf(bucket).BlockPublicPolicy === true && isPublicPolicy(document)) {
        throw accessDenied(
          "User is not authorized to perform: s3:PutBucketPolicy because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.",
        );
      }
      await configure(environment, bucket, "policy", text, context);
      return {};
    },
    async DeleteBucketPolicy(input, context) {
      const bucket = bucketOf(environment, input);
      if (bucket.sections.policy !== undefined) await configure(environment, bucket, "policy", null, context);
      return {};
    },
    GetBucketPolicyStatus(input) {
      return {
        PolicyStatus: { IsPublic: isPublicPolicy(parsePolicy(policyOf(bucketOf(environment, input)), "resource")) },
      };
    },

    GetPublicAccessBlock(input) {
      const { name, sections } = bucketOf(environment, input);
      if (sections.publicAccessBlock === undefined) {
        throw s3Error(
          "NoSuchPublicAccessBlockConfiguration",
          404,
          "The public access block configuration was not found",
          { BucketName: name },
        );
      }
      return { PublicAccessBlockConfiguration: sections.publicAccessBlock as S3.PublicAccessBlockConfiguration };
    },
    async PutPublicAccessBlock(input, context) {
      const bucket = bucketOf(environment, input);
      const asked = input.PublicAccessBlockConfiguration;
      if (asked === undefined) throw malformedXml();
      // Switches that are left out are off (S3 API Reference, PublicAccessBlockConfiguration).
      const value: S3.PublicAccessBlockConfiguration = {
        BlockPublicAcls: asked.BlockPublicAcls === true,
        IgnorePublicAcls: asked.IgnorePublicAcls === true,
        BlockPublicPolicy: asked.BlockPublicPolicy === true,
        RestrictPublicBuckets: asked.RestrictPublicBuckets === true,
      };
      await configure(environment, bucket, "publicAccessBlock", value, context);
      return {};
    },
    async DeletePublicAccessBlock(input, context) {
      const bucket = bucketOf(environment, input);
      if (bucket.sections.publicAccessBlock !== undefined) {
        await configure(environment, bucket, "publicAccessBlock", null, context);
      }
      return {};
    },

    GetBucketOwnershipControls(input) {
      const { name, sections } = bucketOf(environment, input);
      if (sections.ownershipControls === undefined) {
        throw s3Error("OwnershipControlsNotFoundError", 404, "The bucket ownership controls were not found", {
          BucketName: name,
        });
      }
      return { OwnershipControls: sections.ownershipControls as S3.OwnershipControls };
    },
    async PutBucketOwnershipControls(input, context) {
      const bucket = bucketOf(environment, input);
      const rules = input.OwnershipControls?.Rules;
      const ownership = rules?.[0]?.ObjectOwnership;
      if (rules?.length !== 1 || ownership === undefined) throw malformedXml();
      if (ownership !== "BucketOwnerEnforced" && ownership !== "BucketOwnerPreferred" && ownership !== "ObjectWriter") {
        throw malformedXml();
      }
      if (ownership === "BucketOwnerEnforced" && !isPrivate(aclOf(bucket, ownerOf(bucket)))) {
        throw s3Error(
          "InvalidBucketAclWithObjectOwnership",
          400,
          "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
        );
      }
      await configure(environment, bucket, "ownershipControls", { Rules: [{ ObjectOwnership: ownership }] }, context);
      return {};
    },
    async DeleteBucketOwnershipControls(input, context) {
      const bucket = bucketOf(environment, input);
      if (bucket.sections.ownershipControls !== undefined) {
        await configure(environment, bucket, "ownershipControls", null, context);
      }
      return {};
    },

    GetBucketAcl(input) {
      const bucket = bucketOf(environment, input);
      return aclOf(bucket, ownerOf(bucket));
    },
    async PutBucketAcl(input, context) {
      const bucket = bucketOf(environment, input);
      const owner = ownerOf(bucket);
      const acl = requestedAcl(input, owner, (id) => catalog.accountByCanonicalId(id) !== undefined);
      if (ownershipOf(bucket) === "BucketOwnerEnforced") {
        // Saying again what is the case anyway is not refused.
        if (isPrivate(acl)) return {};
        throw aclsDisabled();
      }
      if (publicAccessBlockOf(bucket).BlockPublicAcls === true && isPublicAcl(acl)) {
        throw accessDenied(
          "User is not authorized to perform: s3:PutBucketAcl because public access control lists (ACLs) are prevented by the BlockPublicAcls setting in S3 Block Public Access.",
        );
      }
      await configure(environment, bucket, "acl", acl, context);
      return {};
    },
  };
}

/** The one of three ways of saying it that was used. */
function requestedAcl(
  input: S3.PutBucketAclRequest,
  owner: string,
  isKnownUser: (id: string) => boolean,
): AccessControl {
  const headers = hasGrantHeaders(input);
  const ways = Number(input.ACL !== undefined) + Number(headers) + Number(input.AccessControlPolicy !== undefined);
  if (ways > 1) {
    throw s3Error("UnexpectedContent", 400, "This request does not support content");
  }
  if (input.ACL !== undefined) return cannedAcl(input.ACL, "bucket", { owner, bucketOwner: owner });
  if (headers) return grantsFromHeaders(input, owner, isKnownUser);
  if (input.AccessControlPolicy === undefined) {
    throw s3Error("MissingSecurityHeader", 400, "Your request was missing a required header", {
      MissingHeaderName: "x-amz-acl",
    });
  }
  return validateAccessControl(input.AccessControlPolicy, owner, isKnownUser);
}

function aclOf(bucket: BucketRecord, owner: string): AccessControl {
  return (bucket.sections.acl as AccessControl | undefined) ?? ownerOnly(owner);
}

function isPrivate(acl: AccessControl): boolean {
  return acl.Grants.every(({ Grantee }) => Grantee.Type === "CanonicalUser" && Grantee.ID === acl.Owner.ID);
}

function ownershipOf(bucket: BucketRecord): string {
  const controls = bucket.sections.ownershipControls as S3.OwnershipControls | undefined;
  return controls?.Rules[0]?.ObjectOwnership ?? "ObjectWriter";
}

function publicAccessBlockOf(bucket: BucketRecord): S3.PublicAccessBlockConfiguration {
  return (bucket.sections.publicAccessBlock as S3.PublicAccessBlockConfiguration | undefined) ?? {};
}

function policyOf(bucket: BucketRecord): string {
  if (bucket.sections.policy === undefined) {
    throw s3Error("NoSuchBucketPolicy", 404, "The bucket policy does not exist", { BucketName: bucket.name });
  }
  return bucket.sections.policy;
}

const malformedPolicy = (message: string) => s3Error("MalformedPolicy", 400, message);

/** The grammar, and that every resource is this bucket or something in it. */
function checkPolicy(text: string, bucket: string): PolicyDocument {
  let document: PolicyDocument;
  try {
    document = parsePolicy(text, "resource");
  } catch (error) {
    if (error instanceof PolicySyntaxError) throw malformedPolicy(error.message);
    throw error;
  }
  const arn = `arn:aws:s3:::${bucket}`;
  for (const { resource, notResource, action, notAction } of document.statements) {
    for (const name of resource ?? notResource ?? []) {
      if (name !== arn && !name.startsWith(`${arn}/`) && !matchesBucket(name, arn)) {
        throw malformedPolicy("Policy has invalid resource");
      }
    }
    for (const name of action ?? notAction ?? []) {
      if (name !== "*" && !/^s3[a-z-]*:/i.test(name)) throw malformedPolicy("Policy has invalid action");
    }
  }
  if (document.statements.length === 0) throw invalidArgument("Policy has no statements");
  return document;
}

/** `arn:aws:s3:::photos*` may be meant; a pattern that cannot mean this bucket is a mistake. */
function matchesBucket(pattern: string, arn: string): boolean {
  const wildcard = pattern.search(/[*?]/);
  return wildcard !== -1 && arn.startsWith(pattern.slice(0, wildcard));
}
