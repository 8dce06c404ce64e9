/**
 * What somebody wants who assumes a role, whichever way, and what has to be allowed for it.
 *
 * Source: IAM User Guide, "Pass session tags in AWS STS", "Monitor and control actions taken with assumed roles", "IAM and AWS STS condition context keys".
 */
import type { SessionPrincipal } from "#contracts";
import type { AccessRequest, CallerSession } from "#data-plane/service";
import type { STS } from "#foundation/aws";
import { validationError } from "../errors.ts";
import { type NamedRole, questionAbout } from "./role.ts";
import { type SessionTags, sessionTagsOf, tagConditions } from "./session-tags.ts";

/** As it comes from a request. */
export interface AssumptionInput {
  readonly role: NamedRole;
  /** `sts:AssumeRole`, `sts:AssumeRoleWithWebIdentity`. */
  readonly action: string;
  readonly sessionName: string;
  readonly passedTags: readonly STS.Tag[];
  readonly passedTransitive: readonly string[];
  readonly sourceIdentity: string | undefined;
  readonly durationSeconds: number | undefined;
  /** The session that assumes the role, if it is one. */
  readonly maker?: CallerSession;
  /** A role's session assumes the role. */
  readonly chained?: boolean;
  /** Condition keys that belong to this way alone. */
  readonly conditions?: AccessRequest["conditions"];
  /** Who asks, where it is not the caller. */
  readonly asker?: AccessRequest["asker"];
  readonly federated?: Extract<SessionPrincipal, { readonly type: "role" }>["federated"];
}

export interface Assumption extends AssumptionInput, SessionTags {}

/** Sees whether the parts of a request go together. @throws AwsError InvalidParameterValue, ValidationError */
export function assumptionOf(input: AssumptionInput): Assumption {
  const { maker, sourceIdentity, passedTags, passedTransitive } = input;
  if (sourceIdentity?.toLowerCase().startsWith("aws:") === true) {
    throw validationError("The source identity must not begin with aws:.");
  }
  if (maker?.sourceIdentity !== undefined && sourceIdentity !== undefined && sourceIdentity !== maker.sourceIdentity) {
    throw validationError("The source identity of the calling session cannot be changed.");
  }
  return {
    ...input,
    sourceIdentity: sourceIdentity ?? maker?.sourceIdentity,
    ...sessionTagsOf(passedTags, passedTransitive, maker),
  };
}

/**
 * The questions to the role's trust policy and to the caller's own policies. Tags and a source identity need a permission of their own, whether they are passed or
 * handed on by the session that makes the new one.
 */
export function questionsOf(assumption: Assumption): readonly AccessRequest[] {
  const { role, action, sessionName, passedTags, passedTransitive, sourceIdentity, tags, asker } = assumption;
  const actions = [action];
  if (tags !== undefined) actions.push("sts:TagSession");
  if (sourceIdentity !== undefined) actions.push("sts:SetSourceIdentity");
  const conditions = {
    ...assumption.conditions,
    ...tagConditions(passedTags, passedTransitive),
    "sts:rolesessionname": sessionName,
    "sts:sourceidentity": sourceIdentity,
    "sts:durationseconds": assumption.durationSeconds === undefined ? undefined : String(assumption.durationSeconds),
  };
  return actions.map((each) => questionAbout(role, each, { conditions, asker }));
}
