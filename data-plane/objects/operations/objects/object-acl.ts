/** GetObjectAcl and PutObjectAcl. */
import type { ObjectVersion } from "../../engine/port.ts";
import { accessDenied, aclsDisabled, invalidRequest, s3Error } from "../../errors.ts";
import { announcementOf } from "../../notifications/announce.ts";
import { grantsOnly, isPublicAcl } from "../../rules/acl/evaluate.ts";
import {
  type AccessControl,
  type AclParties,
  type AclTarget,
  cannedAcl,
  type GrantHeaders,
  grantsFromHeaders,
  hasGrantHeaders,
  type LooseAccessControl,
  ownerOnly,
  validateAccessControl,
} from "../../rules/acl/grants.ts";
import type { BucketView } from "../../service/bucket-view.ts";
import type { Handler, Toolbox } from "../../service/define.ts";
import { findVersion } from "./find-version.ts";

export interface AclInput extends GrantHeaders {
  readonly ACL?: string;
  readonly AccessControlPolicy?: LooseAccessControl;
}

/**
 * The ACL that a PutBucketAcl or PutObjectAcl asks for: exactly one of a canned ACL, grant headers, and a body.
 * @throws AwsError MissingSecurityHeader, UnexpectedContent, InvalidRequest, and what reading the ACL refuses
 */
export function aclOfRequest(tools: Toolbox, input: AclInput, target: AclTarget, parties: AclParties): AccessControl {
  const isKnownUser = (id: string): boolean => tools.catalog.accountByCanonicalId(id) !== undefined;
  const grants = hasGrantHeaders(input);
  if (input.ACL !== undefined && grants) {
    throw invalidRequest("Specifying both Canned ACLs and Header Grants is not allowed");
  }
  const body = input.AccessControlPolicy;
  if (body !== undefined && (input.ACL !== undefined || grants)) {
    throw s3Error("UnexpectedContent", 400, "This request does not support content");
  }
  if (input.ACL !== undefined) return cannedAcl(input.ACL, target, parties);
  if (grants) return grantsFromHeaders(input, parties.owner, isKnownUser);
  if (body !== undefined) return validateAccessControl(body, parties.owner, isKnownUser);
  throw s3Error("MissingSecurityHeader", 400, "Your request was missing a required header", {
    MissingHeaderName: "x-amz-acl",
  });
}

/** The ACL of a version as it counts now. */
export function currentAcl(tools: Toolbox, view: BucketView, version: ObjectVersion): AccessControl {
  if (view.aclsDisabled) return ownerOnly(tools.access.canonicalId(view.record.accountId));
  return (version.acl as AccessControl | undefined) ?? ownerOnly(tools.access.canonicalId(version.owner));
}

export const getObjectAcl =
  (tools: Toolbox): Handler<"GetObjectAcl"> =>
  async (input, context) => {
    const view = tools.access.bucket(input.Bucket);
    return currentAcl(tools, view, await findVersion(tools, view, input, context));
  };

export const putObjectAcl =
  (tools: Toolbox): Handler<"PutObjectAcl"> =>
  async (input, context) => {
    const view = tools.access.bucket(input.Bucket);
    const version = await findVersion(tools, view, input, context);
    const bucketOwner = tools.access.canonicalId(view.record.accountId);
    // Where ACLs are disabled everything belongs to the bucket's owner.
    const owner = view.aclsDisabled ? bucketOwner : tools.access.canonicalId(version.owner);
    const acl = aclOfRequest(tools, input, "object", { owner, bucketOwner });
    if (view.aclsDisabled) {
      if (grantsOnly(acl, bucketOwner)) return {};
      throw aclsDisabled();
    }
    if (view.publicAccess.blockPublicAcls && isPublicAcl(acl)) throw accessDenied();
    const { bucketId } = view.record;
    await tools.engine.update({
      bucketId,
      key: input.Key,
      versionId: input.VersionId,
      set: { acl },
      announce: announcementOf(tools.catalog, view, "ObjectAcl:Put", input.Key, context),
    });
    return {};
  };
