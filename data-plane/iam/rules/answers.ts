/** Entities as IAM's answers show them (IAM API Reference, data types User, Group, Role, InstanceProfile). Pure. */
import type { GroupRecord, InstanceProfileRecord, RoleRecord, UserRecord } from "#contracts";
import type { CatalogLookups } from "#data-plane/link";
import { shownTrustPolicy } from "#data-plane/principals";
import type { IAM } from "#foundation/aws";
import { entityArn } from "#foundation/ids";
import { encodeDocument } from "./documents.ts";
import { listedTags } from "./tags.ts";

/** Seconds; what IAM takes when CreateRole does not say. */
const SESSION_SECONDS_DEFAULT = 3600;

/** As IAM writes it; the model lists another word, which it never sends. */
const BOUNDARY_TYPE = "Policy" as IAM.PermissionsBoundaryAttachmentType;

/** Nothing where there is none: members that IAM leaves out. */
export function shownBoundary(boundary: string | undefined): {
  readonly PermissionsBoundary?: IAM.AttachedPermissionsBoundary;
} {
  return boundary === undefined
    ? {}
    : { PermissionsBoundary: { PermissionsBoundaryType: BOUNDARY_TYPE, PermissionsBoundaryArn: boundary } };
}

export function shownTags(tags: Readonly<Record<string, string>> | undefined): { readonly Tags?: readonly IAM.Tag[] } {
  const listed = listedTags(tags);
  return listed.length === 0 ? {} : { Tags: listed };
}

/** As ListUsers shows it: without tags and boundary. */
export const briefUser = (record: UserRecord): IAM.User => ({
  Path: record.path,
  UserName: record.name,
  UserId: record.entityId,
  Arn: entityArn(record),
  CreateDate: new Date(record.createdAt),
});

export const fullUser = (record: UserRecord): IAM.User => ({
  ...briefUser(record),
  ...shownBoundary(record.sections.boundary),
  ...shownTags(record.sections.tags),
});

export const shownGroup = (record: GroupRecord): IAM.Group => ({
  Path: record.path,
  GroupName: record.name,
  GroupId: record.entityId,
  Arn: entityArn(record),
  CreateDate: new Date(record.createdAt),
});

/** Says who bears an id now. */
type Names = Pick<CatalogLookups, "entity">;

/** As ListRoles shows it: without tags, boundary and last use. */
export function briefRole(catalog: Names, record: RoleRecord): IAM.Role {
  const trustPolicy = shownTrustPolicy(catalog, record);
  const { description, maxSessionDuration = SESSION_SECONDS_DEFAULT } = record.sections;
  return {
    Path: record.path,
    RoleName: record.name,
    RoleId: record.entityId,
    Arn: entityArn(record),
    CreateDate: new Date(record.createdAt),
    ...(trustPolicy === undefined ? {} : { AssumeRolePolicyDocument: encodeDocument(trustPolicy) }),
    ...(description === undefined ? {} : { Description: description }),
    MaxSessionDuration: maxSessionDuration,
  };
}

/** @param lastUse left out in answers to changes, as IAM does */
export const fullRole = (catalog: Names, record: RoleRecord, lastUse?: IAM.RoleLastUsed): IAM.Role => ({
  ...briefRole(catalog, record),
  ...shownBoundary(record.sections.boundary),
  ...shownTags(record.sections.tags),
  ...(lastUse === undefined ? {} : { RoleLastUsed: lastUse }),
});

/** As the lists show it: without tags. @param roles those that are in it */
export const briefInstanceProfile = (
  catalog: Names,
  record: InstanceProfileRecord,
  roles: readonly RoleRecord[],
): IAM.InstanceProfile => ({
  Path: record.path,
  InstanceProfileName: record.name,
  InstanceProfileId: record.entityId,
  Arn: entityArn(record),
  CreateDate: new Date(record.createdAt),
  Roles: roles.map((role) => briefRole(catalog, role)),
});

export const fullInstanceProfile = (
  catalog: Names,
  record: InstanceProfileRecord,
  roles: readonly RoleRecord[],
): IAM.InstanceProfile => ({ ...briefInstanceProfile(catalog, record, roles), ...shownTags(record.sections.tags) });
