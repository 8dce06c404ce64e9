/** What differs between the kinds of IAM entities: names, quotas, sentences, sections, and what stands in the way of a deletion. Pure. */
import type { IdentityKind, IdentityRecord, IdentitySection, IdentitySections } from "#contracts";
import type { CatalogReader, Refusal } from "#control-plane/events";
import { entityArn } from "#foundation/ids";
import { policySizeMax } from "#foundation/policy";
import { ENTITY_QUOTAS } from "./limits.ts";
import {
  type NameProblem,
  nameRule,
  noPathProblem,
  pathProblem,
  policyNameProblem,
  policyPathProblem,
  providerNameProblem,
  roleNameProblem,
} from "./names.ts";
import { attachedPolicies, boundary, inlinePolicies, trusted, trustPolicy, trustPrincipals } from "./policy-rules.ts";
import { defaultRefusal, defaultVersion, lastVersion, numbered, versions } from "./policy-versions.ts";
import type { RuleContext, SectionRule } from "./section-rule.ts";
import {
  clientIds,
  description,
  maxSessionDuration,
  providerUrl,
  references,
  sessionsValidFrom,
  tags,
  thumbprints,
} from "./section-rules.ts";

/** Something that stands in the way of a deletion, as AWS says it; undefined when it does not. */
export type Obstacle<Kind extends IdentityKind> = (
  record: IdentityRecord<Kind>,
  views: CatalogReader,
) => string | undefined;

export interface EntityRules<Kind extends IdentityKind = IdentityKind> {
  /** For sentences: "user". */
  readonly noun: string;
  readonly nameProblem: (name: string) => NameProblem;
  readonly pathProblem: (path: string) => NameProblem;
  /** AWS's sentence for a name that is taken. */
  readonly taken: (name: string) => string;
  /** IAM's name of the quota per account. */
  readonly quota: string;
  /** Whether UpdateUser and its like exist. */
  readonly renamed: boolean;
  readonly sections: { readonly [Section in IdentitySection<Kind>]: SectionRule };
  /** Completes a change with what only the control plane knows. */
  readonly complete?: (
    before: IdentitySections[Kind],
    asked: Readonly<Record<string, unknown>>,
    context: RuleContext,
  ) => Readonly<Record<string, unknown>> | Refusal;
  /** Judges the sections as they would be, together. */
  readonly together?: (
    before: IdentitySections[Kind],
    after: IdentitySections[Kind],
    context: RuleContext,
  ) => Refusal | undefined;
  /** In the order in which AWS names them. */
  readonly obstacles: readonly Obstacle<Kind>[];
}

const ENTITY = "Cannot delete entity, must";
const DETACH_POLICIES = `${ENTITY} detach all policies first.`;
const DELETE_POLICIES = `${ENTITY} delete policies first.`;
const LEAVE_GROUPS = `${ENTITY} remove users from group first.`;
const LEAVE_PROFILES = `${ENTITY} remove roles from instance profile first.`;
const POLICY_IN_USE = "Cannot delete a policy attached to entities.";

/** The section holds something. */
function holding(section: string, sentence: string): Obstacle<IdentityKind> {
  return ({ sections }) => (Object.hasOwn(sections, section) ? sentence : undefined);
}

/** Others refer to the record in a section of theirs. */
function referredTo(by: IdentityKind, section: string, sentence: string): Obstacle<IdentityKind> {
  return (record, views) => {
    const target = record.kind === "managedPolicy" ? entityArn(record) : record.entityId;
    return views.entitiesReferring(by, section, target).length > 0 ? sentence : undefined;
  };
}

const holdingKeys: Obstacle<"user"> = ({ accountId, name }, views) =>
  views.accessKeysOf(accountId, { type: "user", userName: name }).length > 0
    ? `${ENTITY} delete access keys first.`
    : undefined;

const holdingVersions: Obstacle<"managedPolicy"> = ({ sections }) =>
  Object.keys(sections.versions ?? {}).length > 1
    ? "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy."
    : undefined;

const holdingPolicies = [holding("attachedPolicies", DETACH_POLICIES), holding("inlinePolicies", DELETE_POLICIES)];

export const ENTITY_RULES: { readonly [Kind in IdentityKind]: EntityRules<Kind> } = {
  user: {
    noun: "user",
    nameProblem: nameRule("userName", 64),
    pathProblem,
    taken: (name) => `User with name ${name} already exists.`,
    quota: "UsersPerAccount",
    renamed: true,
    sections: {
      inlinePolicies: inlinePolicies("user", policySizeMax.userInline),
      attachedPolicies: attachedPolicies("PoliciesPerUser"),
      groups: references("group", "GroupsPerUser", ENTITY_QUOTAS.groupsPerUser),
      boundary,
      tags,
      sessionsValidFrom,
    },
    obstacles: [...holdingPolicies, holdingKeys, holding("groups", LEAVE_GROUPS)],
  },
  group: {
    noun: "group",
    nameProblem: nameRule("groupName", 128),
    pathProblem,
    taken: (name) => `Group with name ${name} already exists.`,
    quota: "GroupsPerAccount",
    renamed: true,
    sections: {
      inlinePolicies: inlinePolicies("group", policySizeMax.groupInline),
      attachedPolicies: attachedPolicies("PoliciesPerGroup"),
    },
    obstacles: [...holdingPolicies, referredTo("user", "groups", LEAVE_GROUPS)],
  },
  role: {
    noun: "role",
    nameProblem: roleNameProblem,
    pathProblem,
    taken: (name) => `Role with name ${name} already exists.`,
    quota: "RolesPerAccount",
    renamed: false,
    sections: {
      trustPolicy,
      trustPrincipals,
      description,
      maxSessionDuration,
      inlinePolicies: inlinePolicies("role", policySizeMax.roleInline),
      attachedPolicies: attachedPolicies("PoliciesPerRole"),
      boundary,
      tags,
      sessionsValidFrom,
    },
    complete: trusted,
    obstacles: [referredTo("instanceProfile", "roles", LEAVE_PROFILES), ...holdingPolicies],
  },
  managedPolicy: {
    noun: "policy",
    nameProblem: policyNameProblem,
    pathProblem: policyPathProblem,
    taken: (name) => `A policy called ${name} already exists. Duplicate names are not allowed.`,
    quota: "PoliciesPerAccount",
    renamed: false,
    sections: { description: { ...description, fixed: true }, versions, defaultVersion, lastVersion, tags },
    complete: numbered,
    together: defaultRefusal,
    obstacles: [
      referredTo("user", "attachedPolicies", POLICY_IN_USE),
      referredTo("group", "attachedPolicies", POLICY_IN_USE),
      referredTo("role", "attachedPolicies", POLICY_IN_USE),
      referredTo("user", "boundary", POLICY_IN_USE),
      referredTo("role", "boundary", POLICY_IN_USE),
      holdingVersions,
    ],
  },
  instanceProfile: {
    noun: "instance profile",
    nameProblem: nameRule("instanceProfileName", 128),
    pathProblem,
    taken: (name) => `Instance Profile ${name} already exists.`,
    quota: "InstanceProfilesPerAccount",
    renamed: false,
    sections: {
      roles: references("role", "InstanceSessionsPerInstanceProfile", ENTITY_QUOTAS.rolesPerInstanceProfile),
      tags,
    },
    obstacles: [holding("roles", LEAVE_PROFILES)],
  },
  oidcProvider: {
    noun: "OpenID Connect provider",
    nameProblem: providerNameProblem,
    pathProblem: noPathProblem,
    taken: (name) => `Provider with url https://${name} already exists.`,
    quota: "OpenIdConnectProvidersPerAccount",
    renamed: false,
    sections: { url: providerUrl, clientIds, thumbprints, tags },
    obstacles: [],
  },
};
