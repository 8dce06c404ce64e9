/** A catalog in memory whose secrets are not sealed, with people in it. */
import type {
  AccessKeyRecord,
  AccountId,
  GroupRecord,
  IdentityKind,
  IdentityRecord,
  IdentitySections,
  ManagedPolicyRecord,
  MemberRecord,
  OidcProviderRecord,
  RoleRecord,
  SessionClaims,
  SessionPrincipal,
  UserRecord,
} from "#contracts";
import { MemoryCatalog } from "#data-plane/link/testing";

export const ACCOUNT = "111122223333" as AccountId;
export const OTHER_ACCOUNT = "444455556666" as AccountId;

type Statement = Readonly<Record<string, unknown>>;

/** A policy document of the statements. */
export const policyText = (...statements: readonly Statement[]): string =>
  JSON.stringify({ Version: "2012-10-17", Statement: statements });

/** What clients are given of a session, and the claims that it is made of. */
export interface TestSession {
  readonly claims: SessionClaims;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

export class IdentityCatalog extends MemoryCatalog {
  #sessions = 0;

  addAccount(accountId: AccountId): void {
    this.put({
      kind: "account",
      accountId,
      name: accountId,
      canonicalUserId: accountId.padStart(64, "c"),
      createdAt: 0,
    });
  }

  removeAccount(accountId: AccountId): void {
    this.remove("account", accountId);
  }

  putUser(name: string, fields: Partial<UserRecord> = {}): UserRecord {
    return this.#putEntity("user", "AIDA", name, {}, fields);
  }

  removeUser(name: string): void {
    this.remove("user", `AIDA${name.toUpperCase()}`);
  }

  putGroup(name: string, sections: IdentitySections["group"]): GroupRecord {
    return this.#putEntity("group", "AGPA", name, sections);
  }

  putRole(name: string, sections: IdentitySections["role"], fields: Partial<RoleRecord> = {}): RoleRecord {
    return this.#putEntity("role", "AROA", name, sections, fields);
  }

  /** A customer managed policy of one version. */
  putManagedPolicy(name: string, document: string, fields: Partial<ManagedPolicyRecord> = {}): ManagedPolicyRecord {
    const sections = { versions: { v1: { document, createdAt: 0 } }, defaultVersion: "v1", lastVersion: 1 };
    return this.#putEntity("managedPolicy", "ANPA", name, sections, fields);
  }

  /** @param name the URL without `https://` */
  putProvider(name: string, sections: IdentitySections["oidcProvider"] = {}): OidcProviderRecord {
    return this.#putEntity("oidcProvider", "OIDC", name, { url: `https://${name}`, ...sections });
  }

  putMember(personId: string, fields: Partial<MemberRecord> = {}): MemberRecord {
    const record: MemberRecord = {
      kind: "member",
      accountId: ACCOUNT,
      personId,
      role: "developer",
      createdAt: 0,
      ...fields,
    };
    this.put(record);
    return record;
  }

  /** @returns the credential of the key */
  putKey(
    accessKeyId: string,
    fields: Partial<AccessKeyRecord> = {},
  ): { readonly accessKeyId: string; readonly secretAccessKey: string } {
    const secretAccessKey = `secret of ${accessKeyId}`;
    this.put({
      kind: "accessKey",
      accessKeyId,
      accountId: ACCOUNT,
      owner: { type: "root" },
      status: "Active",
      sealedSecret: secretAccessKey,
      createdAt: 0,
      ...fields,
    });
    return { accessKeyId, secretAccessKey };
  }

  /** A session as STS would make it, good for an hour from `issuedAt` on. */
  session(principal: SessionPrincipal, issuedAt: number, more: Partial<SessionClaims> = {}): TestSession {
    const accessKeyId = `ASIA${++this.#sessions}`;
    const secretAccessKey = `secret of ${accessKeyId}`;
    const claims: SessionClaims = {
      accessKeyId,
      secretAccessKey,
      principal,
      issuedAt,
      expiresAt: issuedAt + 3_600_000,
      ...more,
    };
    return { claims, accessKeyId, secretAccessKey, sessionToken: this.sealSession(claims) };
  }

  #putEntity<Kind extends IdentityKind>(
    kind: Kind,
    prefix: string,
    name: string,
    sections: IdentitySections[Kind],
    fields: Partial<IdentityRecord<Kind>> = {},
  ): IdentityRecord<Kind> {
    const record: IdentityRecord<Kind> = {
      kind,
      entityId: `${prefix}${name.toUpperCase()}`,
      accountId: ACCOUNT,
      name,
      path: "/",
      createdAt: 0,
      modifiedAt: 0,
      revision: 1,
      sections,
      ...fields,
    };
    this.put(record as IdentityRecord<"user">);
    return record;
  }
}
