/** Managed policies as operations see them: the account's own, and those that AWS keeps for everybody. */
import type { AccountId, ManagedPolicyRecord } from "#contracts";
import type { CallContext } from "#data-plane/service";
import { AwsError } from "#foundation/aws";
import { entityArn, parseEntityArn } from "#foundation/ids";
import { type ManagedPolicy, managedPolicies, managedPolicy } from "#foundation/managed-policies";
import { arnNotValid, noSuch } from "../errors.ts";
import { accountOf } from "./define.ts";
import type { CatalogOnly } from "./find.ts";

export interface PolicyVersionView {
  readonly id: string;
  /** Byte for byte. */
  readonly document: string;
  /** Epoch milliseconds. */
  readonly createdAt: number;
}

export interface PolicyView {
  readonly arn: string;
  readonly policyId: string;
  readonly name: string;
  readonly path: string;
  readonly description: string | undefined;
  readonly defaultVersion: string;
  /** Newest first, as IAM lists them. */
  readonly versions: readonly PolicyVersionView[];
  /** Epoch milliseconds. */
  readonly createdAt: number;
  /** When the newest version was made; epoch milliseconds. */
  readonly updatedAt: number;
  readonly tags: Readonly<Record<string, string>>;
  /** Undefined for AWS's own, which nobody here can change. */
  readonly record: ManagedPolicyRecord | undefined;
}

/** Records and AWS's policies are immutable, so that views of them can be kept. */
const views = new WeakMap<object, PolicyView>();

export function viewOfRecord(record: ManagedPolicyRecord): PolicyView {
  return kept(record, () => {
    const { description, defaultVersion = "v1", tags = {} } = record.sections;
    const versions = Object.entries(record.sections.versions ?? {})
      .map(([id, { document, createdAt }]) => ({ id, document, createdAt }))
      .sort((left, right) => versionNumber(right.id) - versionNumber(left.id));
    return {
      arn: entityArn(record),
      policyId: record.entityId,
      name: record.name,
      path: record.path,
      description,
      defaultVersion,
      versions,
      createdAt: record.createdAt,
      updatedAt: versions[0]?.createdAt ?? record.createdAt,
      tags,
      record,
    };
  });
}

export function viewOfAws(policy: ManagedPolicy): PolicyView {
  return kept(policy, () => {
    const { arn, name, path, id: policyId, description, defaultVersionId, createdAt, updatedAt } = policy;
    return {
      arn,
      policyId,
      name,
      path,
      description,
      defaultVersion: defaultVersionId,
      versions: [{ id: defaultVersionId, document: policy.document, createdAt: updatedAt }],
      createdAt,
      updatedAt,
      tags: {},
      record: undefined,
    };
  });
}

export const awsPolicyViews = (): readonly PolicyView[] => managedPolicies().map(viewOfAws);

function kept(key: object, make: () => PolicyView): PolicyView {
  let view = views.get(key);
  if (view === undefined) {
    view = make();
    views.set(key, view);
  }
  return view;
}

const versionNumber = (versionId: string): number => Number(versionId.slice(1));

export const versionOf = (view: PolicyView, versionId: string): PolicyVersionView | undefined =>
  view.versions.find(({ id }) => id === versionId);

/** The version in force. */
export const defaultDocumentOf = (view: PolicyView): string => versionOf(view, view.defaultVersion)?.document ?? "";

/**
 * The managed policy of an ARN, if this account may know it: its own, or AWS's. Letter case and path count, unlike in names.
 * @throws AwsError InvalidInput for what is no ARN of a policy
 */
export function policyOfArn({ catalog }: CatalogOnly, accountId: AccountId, arn: string): PolicyView | undefined {
  const place = parseEntityArn(arn);
  if (place?.kind !== "managedPolicy") throw arnNotValid(arn);
  if (place.accountId === "aws") {
    const policy = managedPolicy(arn);
    return policy === undefined ? undefined : viewOfAws(policy);
  }
  // Found by its name alone: the comparison also tells another account's policy apart.
  const record = catalog.entityByName("managedPolicy", accountId, place.name);
  return record !== undefined && entityArn(record) === arn ? viewOfRecord(record) : undefined;
}

/** @throws AwsError NoSuchEntity, InvalidInput */
export function expectPolicy(tools: CatalogOnly, context: CallContext, arn: string): PolicyView {
  const view = policyOfArn(tools, accountOf(context), arn);
  if (view === undefined) throw noSuch("managedPolicy", arn);
  return view;
}

/**
 * The record of a policy that is to be changed.
 * @throws AwsError NoSuchEntity, InvalidInput; AccessDenied for AWS's own, which belong to no account
 */
export function expectOwnPolicy(tools: CatalogOnly, context: CallContext, arn: string): ManagedPolicyRecord {
  const { record } = expectPolicy(tools, context, arn);
  if (record !== undefined) return record;
  throw new AwsError("AccessDenied", `Policy ${arn} belongs to AWS and cannot be changed.`, { statusCode: 403 });
}

/** A boundary that is no ARN of a policy is another mistake than one that does not exist. @throws AwsError InvalidInput */
export function checkBoundary(tools: CatalogOnly, context: CallContext, arn: string | undefined): void {
  if (arn !== undefined) policyOfArn(tools, accountOf(context), arn);
}
