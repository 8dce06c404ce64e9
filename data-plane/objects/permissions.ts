/** What callers of objects must be allowed to do: the access table with the level of each operation. */
import type { AccessLevel, OperationPermission } from "#data-plane/service";
import { conditionKeysOf } from "./rules/access/operation-keys.ts";
import { type AccessEntry, type AccessTarget, S3_ACCESS } from "./rules/access/table.ts";
import type { ObjectsOperationName } from "./service/objects-service.ts";

const RESOURCES: Readonly<Record<AccessTarget, readonly string[]>> = {
  account: ["*"],
  bucket: ["arn:aws:s3:::${BucketName}"],
  object: ["arn:aws:s3:::${BucketName}/${Key}"],
};

/** Levels that do not follow from the name (Service Authorization Reference, "Actions, resources, and condition keys for Amazon S3"). */
const PERMISSIONS_MANAGEMENT = /(?:Acl|BucketPolicy|OwnershipControls|PublicAccessBlock)$/;

/** Operations on buckets that look at objects: CloudTrail counts them among the data events too. */
const LISTINGS: ReadonlySet<string> = new Set([
  "HeadBucket",
  "ListMultipartUploads",
  "ListObjects",
  "ListObjectsV2",
  "ListObjectVersions",
]);

/** Of the operations that are offered. */
export function objectsPermissions(names: Iterable<string>): Readonly<Record<string, OperationPermission>> {
  return Object.fromEntries(
    Array.from(names, (name) => [name, permissionOf(name, S3_ACCESS[name as ObjectsOperationName])]),
  );
}

function permissionOf(name: string, entry: AccessEntry): OperationPermission {
  const { on, action, versionAction, further = [], readsCopySource } = entry;
  const actions = [
    action,
    ...(versionAction === undefined ? [] : [versionAction]),
    ...further.map((more) => more.action),
    ...(readsCopySource === true ? ["s3:GetObject", "s3:GetObjectVersion"] : []),
  ];
  const conditionKeys = conditionKeysOf(name as ObjectsOperationName);
  const permission = { actions, level: levelOf(name), resources: RESOURCES[on], conditionKeys };
  return on === "object" || LISTINGS.has(name) ? { ...permission, data: true } : permission;
}

function levelOf(name: string): AccessLevel {
  if (name.startsWith("List")) return "List";
  if (name.startsWith("Get") || name.startsWith("Head") || name === "SelectObjectContent") return "Read";
  if (name.endsWith("Tagging")) return "Tagging";
  return PERMISSIONS_MANAGEMENT.test(name) ? "Permissions management" : "Write";
}
