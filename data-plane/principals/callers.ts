/** Callers from records and claims: their names as AWS shows them, and their standing. */
import {
  type AccessKeyRecord,
  type AccountRecord,
  CLOUD_ROLE,
  MEMBER_ROLES,
  type SessionClaims,
  type UserRecord,
} from "#contracts";
import type { CatalogLookups } from "#data-plane/link";
import type { Caller, CallerSession } from "#data-plane/service";
import { SignatureError } from "#foundation/aws/sigv4";
import { entityArn } from "#foundation/ids";
import type { FederatedBy } from "#foundation/policy";
import {
  NO_POLICIES,
  permissionsOfMember,
  permissionsOfRole,
  permissionsOfUser,
  principalTags,
  ROOT_PERMISSIONS,
  type Standing,
  sessionPolicies,
} from "./standing.ts";

/** A caller that has credentials. */
export type KeyedCaller = Exclude<Caller, { type: "anonymous" }>;

/** A caller that has credentials, and what decides about it. */
export interface Principal {
  readonly caller: KeyedCaller;
  readonly standing: Standing;
}

type ClaimsOf<Type extends SessionClaims["principal"]["type"]> = Extract<
  SessionClaims["principal"],
  { readonly type: Type }
>;

/** Who stands behind an access key. */
interface KeyHolder {
  readonly account: AccountRecord;
  /** Undefined: the root user. */
  readonly user: UserRecord | undefined;
}

/** Who may use a key; undefined for keys that are inactive, or whose user or account is gone. */
function holderOf(catalog: CatalogLookups, key: AccessKeyRecord): KeyHolder | undefined {
  const { accountId, owner, status } = key;
  const account = status === "Active" ? catalog.account(accountId) : undefined;
  if (account === undefined) return undefined;
  if (owner.type === "root") return { account, user: undefined };
  const user = catalog.user(accountId, owner.userName);
  return user === undefined ? undefined : { account, user };
}

/** Whom a long-term key speaks for. */
export function principalOfKey(catalog: CatalogLookups, key: AccessKeyRecord): Principal | undefined {
  const holder = holderOf(catalog, key);
  return holder === undefined ? undefined : principalOfHolder(catalog, holder, key.accessKeyId, undefined);
}

function principalOfHolder(
  catalog: CatalogLookups,
  { account, user }: KeyHolder,
  accessKeyId: string,
  session: CallerSession | undefined,
): Principal {
  const { accountId, canonicalUserId } = account;
  if (user === undefined) {
    const arn = rootArn(accountId);
    return {
      caller: { type: "root", accountId, arn, userId: accountId, accessKeyId, canonicalUserId, session },
      standing: {
        principal: { type: "root", accountId, arn },
        canonicalUserId,
        ...ROOT_PERMISSIONS,
        session: session?.policies ?? NO_POLICIES,
      },
    };
  }
  const { name: userName, entityId: userId } = user;
  const arn = entityArn(user);
  const tags = principalTags(user.sections.tags);
  return {
    caller: { type: "user", accountId, arn, userId, userName, accessKeyId, canonicalUserId, session },
    standing: {
      principal: { type: "user", accountId, arn, userId, userName, tags },
      canonicalUserId,
      ...permissionsOfUser(catalog, user),
      session: session?.policies ?? NO_POLICIES,
    },
  };
}

/**
 * Whom a session speaks for, by what the catalog says now. That it has not expired is the caller's to check.
 *
 * @throws SignatureError `invalid-token` when whom it spoke for, or the key that it was made with, is gone; `expired-token` when sessions of that time were revoked
 */
export function principalOfSession(catalog: CatalogLookups, claims: SessionClaims): Principal {
  const { principal } = claims;
  const account = catalog.account(principal.accountId);
  if (account === undefined) throw invalidToken();
  switch (principal.type) {
    case "role":
      return roleSession(catalog, account, claims, principal);
    case "member":
      return memberSession(catalog, account, claims, principal);
    case "cloud":
      return cloudSession(catalog, account, claims, principal);
    case "caller":
      return principalOfHolder(
        catalog,
        holderOfMaker(catalog, claims, principal),
        claims.accessKeyId,
        sessionOf(catalog, claims),
      );
    case "federated":
      return federatedSession(catalog, holderOfMaker(catalog, claims, principal), claims, principal);
  }
}

function roleSession(
  catalog: CatalogLookups,
  { accountId, canonicalUserId }: AccountRecord,
  claims: SessionClaims,
  { roleId, sessionName, tags, federated }: ClaimsOf<"role">,
): Principal {
  const role = catalog.entity("role", accountId, roleId);
  if (role === undefined) throw invalidToken();
  expectNotRevoked(claims, role.sections.sessionsValidFrom);
  const roleArn = entityArn(role);
  const arn = assumedRoleArn(accountId, role.name, sessionName);
  const session = sessionOf(catalog, claims);
  return {
    caller: {
      type: "role",
      accountId,
      arn,
      userId: `${roleId}:${sessionName}`,
      accessKeyId: claims.accessKeyId,
      canonicalUserId,
      roleArn,
      roleId,
      sessionName,
      session,
    },
    standing: {
      principal: {
        type: "assumed-role",
        accountId,
        arn,
        roleArn,
        roleId,
        sessionName,
        tags: principalTags(role.sections.tags, tags),
        provider: federated === undefined ? undefined : providerArn(accountId, federated.provider),
      },
      canonicalUserId,
      ...permissionsOfRole(catalog, role),
      session: session.policies,
    },
  };
}

/**
 * Members of an org appear as sessions of a role that stands for their place in it. No such role exists; its path is one that customers cannot give, and the
 * person's id takes the place of the role's, so that no policy can name the one and mean the other.
 */
function memberSession(
  catalog: CatalogLookups,
  { accountId, canonicalUserId }: AccountRecord,
  claims: SessionClaims,
  { personId, email }: ClaimsOf<"member">,
): Principal {
  const member = catalog.member(accountId, personId);
  if (member === undefined) throw invalidToken();
  expectNotRevoked(claims, member.sessionsValidFrom);
  const roleName = MEMBER_ROLES.prefix + member.role;
  const roleArn = entityArn({ kind: "role", accountId, path: MEMBER_ROLES.path, name: roleName });
  const arn = assumedRoleArn(accountId, roleName, email);
  const session = sessionOf(catalog, claims);
  return {
    caller: {
      type: "member",
      accountId,
      arn,
      userId: `${personId}:${email}`,
      accessKeyId: claims.accessKeyId,
      canonicalUserId,
      personId,
      roleArn,
      roleId: personId,
      sessionName: email,
      session,
    },
    standing: {
      principal: { type: "assumed-role", accountId, arn, roleArn, roleId: personId, sessionName: email },
      canonicalUserId,
      ...permissionsOfMember(catalog, accountId, member.role),
      session: session.policies,
    },
  };
}

/** The cloud at work for an org: everything that the policies of the session allow, which has to have some. */
function cloudSession(
  catalog: CatalogLookups,
  { accountId, canonicalUserId }: AccountRecord,
  claims: SessionClaims,
  { purpose }: ClaimsOf<"cloud">,
): Principal {
  const session = sessionOf(catalog, claims);
  if (session.policies.length === 0) throw invalidToken();
  const roleArn = entityArn({ kind: "role", accountId, path: MEMBER_ROLES.path, name: CLOUD_ROLE });
  const arn = assumedRoleArn(accountId, CLOUD_ROLE, purpose);
  const names = { accountId, arn, roleArn, roleId: CLOUD_ROLE, sessionName: purpose } as const;
  const userId = `${CLOUD_ROLE}:${purpose}`;
  return {
    caller: { type: "role", ...names, userId, accessKeyId: claims.accessKeyId, canonicalUserId, session },
    standing: {
      principal: { type: "assumed-role", ...names },
      canonicalUserId,
      ...permissionsOfMember(catalog, accountId, "owner"),
      session: session.policies,
    },
  };
}

function federatedSession(
  catalog: CatalogLookups,
  { account, user }: KeyHolder,
  claims: SessionClaims,
  { name, tags }: ClaimsOf<"federated">,
): Principal {
  const { accountId, canonicalUserId } = account;
  const arn = federatedUserArn(accountId, name);
  const userId = `${accountId}:${name}`;
  const session = sessionOf(catalog, claims);
  const federatedBy: FederatedBy =
    user === undefined ? { type: "root" } : { type: "user", arn: entityArn(user), userId: user.entityId };
  return {
    caller: { type: "federated", accountId, arn, userId, accessKeyId: claims.accessKeyId, canonicalUserId, session },
    standing: {
      principal: {
        type: "federated-user",
        accountId,
        arn,
        userId,
        federatedBy,
        tags: principalTags(user?.sections.tags, tags),
      },
      canonicalUserId,
      ...(user === undefined ? ROOT_PERMISSIONS : permissionsOfUser(catalog, user)),
      session: session.policies,
    },
  };
}

/**
 * Sessions of GetSessionToken and GetFederationToken end with the key that they were made with. AWS lets them live on until they expire; here who takes a key back
 * takes back what was made with it.
 */
function holderOfMaker(
  catalog: CatalogLookups,
  claims: SessionClaims,
  { accountId, madeWithKey }: ClaimsOf<"caller" | "federated">,
): KeyHolder {
  const key = catalog.accessKey(madeWithKey);
  const holder = key?.accountId === accountId ? holderOf(catalog, key) : undefined;
  if (holder === undefined) throw invalidToken();
  expectNotRevoked(claims, holder.user?.sections.sessionsValidFrom);
  return holder;
}

function sessionOf(catalog: CatalogLookups, claims: SessionClaims): CallerSession {
  const { issuedAt, expiresAt, principal } = claims;
  const policies = sessionPolicies(catalog, claims);
  if (principal.type === "federated") return { issuedAt, expiresAt, policies, tags: principal.tags };
  if (principal.type !== "role") return { issuedAt, expiresAt, policies };
  const { tags, transitiveTags, sourceIdentity, federated } = principal;
  return { issuedAt, expiresAt, policies, tags, transitiveTags, sourceIdentity, federated };
}

function expectNotRevoked({ issuedAt }: SessionClaims, validFrom: number | undefined): void {
  if (validFrom !== undefined && issuedAt < validFrom) throw new SignatureError({ reason: "expired-token" });
}

const invalidToken = () => new SignatureError({ reason: "invalid-token" });

export const rootArn = (accountId: string): string => `arn:aws:iam::${accountId}:root`;

/** Without the role's path. */
export const assumedRoleArn = (accountId: string, roleName: string, sessionName: string): string =>
  `arn:aws:sts::${accountId}:assumed-role/${roleName}/${sessionName}`;

export const federatedUserArn = (accountId: string, name: string): string =>
  `arn:aws:sts::${accountId}:federated-user/${name}`;

/** @param name the provider's URL without its scheme */
export const providerArn = (accountId: string, name: string): string =>
  entityArn({ kind: "oidcProvider", accountId, path: "/", name });
