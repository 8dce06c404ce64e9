/** Managed policies as IAM's answers show them (IAM API Reference, data types Policy, PolicyVersion). Pure. */
import type { IAM } from "#foundation/aws";
import type { PolicyVersionView, PolicyView } from "../service/policy-view.ts";
import { shownTags } from "./answers.ts";
import { encodeDocument } from "./documents.ts";

/** How often a policy is used in the account that asks. */
export interface PolicyUses {
  readonly attached: number;
  readonly asBoundary: number;
}

/** As ListPolicies shows it: without description and tags. */
export const briefPolicy = (view: PolicyView, uses: PolicyUses): IAM.Policy => ({
  PolicyName: view.name,
  PolicyId: view.policyId,
  Arn: view.arn,
  Path: view.path,
  DefaultVersionId: view.defaultVersion,
  AttachmentCount: uses.attached,
  PermissionsBoundaryUsageCount: uses.asBoundary,
  // True of those for service-linked roles too, at AWS as well.
  IsAttachable: true,
  CreateDate: new Date(view.createdAt),
  UpdateDate: new Date(view.updatedAt),
});

export const fullPolicy = (view: PolicyView, uses: PolicyUses): IAM.Policy => ({
  ...briefPolicy(view, uses),
  ...(view.description === undefined ? {} : { Description: view.description }),
  ...shownTags(view.tags),
});

/** As the list of versions shows it: without the document. */
export const briefVersion = (
  { id, createdAt }: PolicyVersionView,
  { defaultVersion }: PolicyView,
): IAM.PolicyVersion => ({
  VersionId: id,
  IsDefaultVersion: id === defaultVersion,
  CreateDate: new Date(createdAt),
});

export const fullVersion = (version: PolicyVersionView, view: PolicyView): IAM.PolicyVersion => ({
  Document: encodeDocument(version.document),
  ...briefVersion(version, view),
});
