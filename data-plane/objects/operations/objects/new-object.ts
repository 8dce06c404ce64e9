/** What a new object gets besides its bytes: owner, headers, metadata, tags, ACL, lock. Shared by every way to write one. */
import type { AccountId } from "#contracts";
import type { CallContext } from "#data-plane/service";
import type { ObjectAttributes } from "../../engine/port.ts";
import { accessDenied, aclsDisabled, invalidRequest } from "../../errors.ts";
import { grantsOnly, isPublicAcl } from "../../rules/acl/evaluate.ts";
import {
  type AccessControl,
  cannedAcl,
  type GrantHeaders,
  grantsFromHeaders,
  hasGrantHeaders,
} from "../../rules/acl/grants.ts";
import { storedMetadata } from "../../rules/metadata.ts";
import { lockForWrite } from "../../rules/object-lock.ts";
import { type HeaderInput, storedHeaders } from "../../rules/stored-headers.ts";
import { parseTaggingHeader } from "../../rules/tagging.ts";
import type { BucketView } from "../../service/bucket-view.ts";
import type { Toolbox } from "../../service/define.ts";

export interface NewObjectInput extends HeaderInput, GrantHeaders {
  readonly ACL?: string;
  readonly Metadata?: Readonly<Record<string, string>>;
  readonly Tagging?: string;
  readonly ObjectLockMode?: string;
  readonly ObjectLockRetainUntilDate?: Date;
  readonly ObjectLockLegalHoldStatus?: string;
}

/** Who will own the object (Amazon S3 user guide, "Controlling ownership of objects"). Anonymous writers own nothing: the bucket's owner does. */
export function ownerOfNew(view: BucketView, input: { readonly ACL?: string }, context: CallContext): AccountId {
  const { caller } = context;
  if (caller.type === "anonymous" || view.ownership === "BucketOwnerEnforced") return view.record.accountId;
  if (view.ownership === "BucketOwnerPreferred" && input.ACL === "bucket-owner-full-control") {
    return view.record.accountId;
  }
  return caller.accountId;
}

/**
 * The ACL that headers ask for.
 *
 * @returns undefined for the default, which is not stored
 * @throws AwsError AccessControlListNotSupported, AccessDenied for a public one that is blocked, InvalidRequest, InvalidArgument
 */
export function aclOfNew(
  tools: Toolbox,
  view: BucketView,
  owner: AccountId,
  input: GrantHeaders & { readonly ACL?: string },
): AccessControl | undefined {
  const grants = hasGrantHeaders(input);
  if (input.ACL === undefined && !grants) return undefined;
  if (input.ACL !== undefined && grants) {
    throw invalidRequest("Specifying both Canned ACLs and Header Grants is not allowed");
  }
  const ownerId = tools.access.canonicalId(owner);
  const parties = { owner: ownerId, bucketOwner: tools.access.canonicalId(view.record.accountId) };
  const acl =
    input.ACL !== undefined
      ? cannedAcl(input.ACL, "object", parties)
      : grantsFromHeaders(input, ownerId, (id) => tools.catalog.accountByCanonicalId(id) !== undefined);
  if (view.aclsDisabled) {
    if (grantsOnly(acl, parties.bucketOwner)) return undefined;
    throw aclsDisabled();
  }
  if (view.publicAccess.blockPublicAcls && isPublicAcl(acl)) throw accessDenied();
  return input.ACL === "private" ? undefined : acl;
}

/** @throws AwsError for every header that S3 refuses */
export function attributesOfNew(
  tools: Toolbox,
  view: BucketView,
  input: NewObjectInput,
  context: CallContext,
): ObjectAttributes {
  const owner = ownerOfNew(view, input, context);
  return {
    owner,
    headers: storedHeaders(input),
    metadata: storedMetadata(input.Metadata),
    tags: parseTaggingHeader(input.Tagging),
    acl: aclOfNew(tools, view, owner, input),
    lock: lockForWrite(
      {
        mode: input.ObjectLockMode,
        retainUntil: input.ObjectLockRetainUntilDate,
        legalHold: input.ObjectLockLegalHoldStatus,
      },
      view.record.objectLockEnabled,
      view.lock,
      context.now,
    ),
  };
}
