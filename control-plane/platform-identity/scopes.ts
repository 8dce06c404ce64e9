/**
 * Scopes: what a credential is good for; and which of them each role of an org has. Pure.
 *
 * A caller may do what its role in the org named by the request allows, and of that only what its credential was given. Least privilege: deploying is not reading
 * secrets, reading logs is not opening a shell, and what belongs to the cloud as a whole is nobody's in an org.
 */
import { ORG_ROLES, type OrgRole } from "#contracts";

/** Scopes over one org. */
export const ORG_SCOPES = [
  /** The org, its buckets, queues and tables by name. */
  "orgs:read",
  /** Its name, members, invitations and programs. */
  "orgs:admin",
  "members:read",
  /** IAM users, roles and access keys by name. */
  "iam:read",
  /** Changes of IAM. */
  "iam:admin",
  /** Temporary AWS credentials; what they may do follows from the role. */
  "aws:credentials",
  "events:read",
  "audit:read",
  "apps:read",
  "apps:write",
  "envs:read",
  "envs:write",
  "releases:read",
  "releases:write",
  "deploys:write",
  "rollbacks:write",
  "routes:read",
  "routes:write",
  "volumes:read",
  "volumes:write",
  "secrets:read-metadata",
  "secrets:write",
  "logs:read",
  "exec:write",
  /** Specs, builds, artifacts, gateways, and what they shall serve. */
  "gateways:read",
  /** Specs, builds, artifacts, groups, and taking gateways away. Deploying is `deploys:write` and `rollbacks:write`. */
  "gateways:write",
  /** Keys by which gateways connect. */
  "gateway-keys:write",
] as const;

export type OrgScope = (typeof ORG_SCOPES)[number];

/** Scopes over the cloud as a whole. Only its operator has them; they are in no token of an org. */
export const CLOUD_SCOPES = ["cloud:admin", "nodes:admin"] as const;

export type CloudScope = (typeof CLOUD_SCOPES)[number];

const READONLY: readonly OrgScope[] = [
  "orgs:read",
  "members:read",
  "iam:read",
  "aws:credentials",
  "events:read",
  "apps:read",
  "envs:read",
  "releases:read",
  "routes:read",
  "volumes:read",
  "secrets:read-metadata",
  "logs:read",
  "gateways:read",
];

/** A shell in a running instance sees its secrets: `exec:write` is not a developer's. */
const DEVELOPER: readonly OrgScope[] = [
  ...READONLY,
  "apps:write",
  "envs:write",
  "releases:write",
  "deploys:write",
  "rollbacks:write",
  "routes:write",
  "volumes:write",
  "secrets:write",
  "gateways:write",
];

/** Owners and admins have the same scopes; only an owner makes, changes or removes an owner (see {@link mayGrantRole}). */
export const ROLE_SCOPES: Readonly<Record<OrgRole, ReadonlySet<OrgScope>>> = {
  owner: new Set(ORG_SCOPES),
  admin: new Set(ORG_SCOPES),
  developer: new Set(DEVELOPER),
  readonly: new Set(READONLY),
};

const KNOWN: ReadonlySet<string> = new Set(ORG_SCOPES);

export function isOrgScope(scope: string): scope is OrgScope {
  return KNOWN.has(scope);
}

/** The scopes of a role that a credential may use. @param scopes of the credential; unknown ones, of another version of the program, count for nothing */
export function grantedScopes(role: OrgRole, scopes: Iterable<string>): ReadonlySet<OrgScope> {
  const allowed = ROLE_SCOPES[role];
  return new Set([...scopes].filter((scope): scope is OrgScope => isOrgScope(scope) && allowed.has(scope)));
}

/** Whether one may give a role, or change or remove somebody who has it: nobody deals in more than they are. */
export function mayGrantRole(own: OrgRole, role: OrgRole): boolean {
  return ORG_ROLES.indexOf(own) <= ORG_ROLES.indexOf(role);
}

/** What is wrong with a list of scopes; undefined when nothing is. */
export function scopesProblem(scopes: readonly string[]): string | undefined {
  const unknown = scopes.find((scope) => !isOrgScope(scope));
  if (unknown !== undefined) {
    const shown = /^[\w:-]{1,64}$/.test(unknown) ? `"${unknown}"` : "One of the scopes";
    return `${shown} is not a scope. There are: ${ORG_SCOPES.join(", ")}`;
  }
  return new Set(scopes).size === scopes.length ? undefined : "A scope is named twice";
}
