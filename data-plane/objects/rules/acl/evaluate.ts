/** What an ACL grants to whom, and when it counts at all. */
import { type AccessControl, ALL_USERS, AUTHENTICATED_USERS, type Grant, type Permission } from "./grants.ts";

export type ObjectOwnership = "BucketOwnerEnforced" | "BucketOwnerPreferred" | "ObjectWriter";

/** The four switches of S3 Block Public Access. */
export interface PublicAccessBlock {
  readonly blockPublicAcls: boolean;
  readonly ignorePublicAcls: boolean;
  readonly blockPublicPolicy: boolean;
  readonly restrictPublicBuckets: boolean;
}

export const OPEN: PublicAccessBlock = {
  blockPublicAcls: false,
  ignorePublicAcls: false,
  blockPublicPolicy: false,
  restrictPublicBuckets: false,
};

const isPublicGrant = (grant: Grant): boolean =>
  grant.Grantee.Type === "Group" && (grant.Grantee.URI === ALL_USERS || grant.Grantee.URI === AUTHENTICATED_USERS);

/** Whether the list opens anything to everybody, or to everybody with an account. */
export const isPublicAcl = (acl: AccessControl): boolean => acl.Grants.some(isPublicGrant);

function speaksOf(grant: Grant, canonicalUserId: string | undefined): boolean {
  const { Grantee } = grant;
  if (Grantee.Type === "CanonicalUser") return Grantee.ID === canonicalUserId;
  if (Grantee.URI === ALL_USERS) return true;
  return Grantee.URI === AUTHENTICATED_USERS && canonicalUserId !== undefined;
}

/**
 * Whether the list grants the permission.
 * @param canonicalUserId of the caller's account; undefined for anonymous callers
 * @param ignorePublic grants to everybody do not count (`IgnorePublicAcls`)
 */
export function aclGrants(
  acl: AccessControl,
  canonicalUserId: string | undefined,
  permission: Permission,
  ignorePublic: boolean,
): boolean {
  for (const grant of acl.Grants) {
    if (grant.Permission !== permission && grant.Permission !== "FULL_CONTROL") continue;
    if (ignorePublic && isPublicGrant(grant)) continue;
    if (speaksOf(grant, canonicalUserId)) return true;
  }
  return false;
}

/** What of an ACL grants an action (Amazon S3 user guide, "Mapping of ACL permissions and access policy permissions"). */
const BUCKET_PERMISSIONS: Readonly<Record<string, Permission>> = {
  "s3:ListBucket": "READ",
  "s3:ListBucketVersions": "READ",
  "s3:ListBucketMultipartUploads": "READ",
  "s3:PutObject": "WRITE",
  "s3:DeleteObject": "WRITE",
  "s3:AbortMultipartUpload": "WRITE",
  "s3:ListMultipartUploadParts": "WRITE",
  "s3:GetBucketAcl": "READ_ACP",
  "s3:PutBucketAcl": "WRITE_ACP",
};

const OBJECT_PERMISSIONS: Readonly<Record<string, Permission>> = {
  "s3:GetObject": "READ",
  "s3:GetObjectVersion": "READ",
  "s3:GetObjectAcl": "READ_ACP",
  "s3:GetObjectVersionAcl": "READ_ACP",
  "s3:PutObjectAcl": "WRITE_ACP",
  "s3:PutObjectVersionAcl": "WRITE_ACP",
};

/** The permission in a bucket's ACL that grants the action, or undefined. */
export const bucketPermission = (action: string): Permission | undefined => BUCKET_PERMISSIONS[action];

/** The permission in an object's ACL that grants the action, or undefined. */
export const objectPermission = (action: string): Permission | undefined => OBJECT_PERMISSIONS[action];

/**
 * Whether a list gives everything to one account and nothing to anybody else. Where ACLs are disabled, S3 accepts such a list for the bucket owner,
 * however it is put (S3 user guide, "Disabling ACLs"): it says what is the case. Older clients send `private` with every write.
 */
export const grantsOnly = (acl: AccessControl, canonicalUserId: string): boolean =>
  acl.Grants.length > 0 &&
  acl.Grants.every(
    ({ Grantee, Permission }) =>
      Grantee.Type === "CanonicalUser" && Grantee.ID === canonicalUserId && Permission === "FULL_CONTROL",
  );
