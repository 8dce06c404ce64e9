/**
 * Platform identity: people, their memberships of orgs (an org is an account), service principals, API tokens, sessions and invitations.
 *
 * Secrets are never here: only their hashes. Of all this, data planes want memberships alone: by them they judge the AWS sessions of members.
 */
import type { AccountId } from "./ids.ts";

/** What a member of an org may do. */
export const ORG_ROLES = ["owner", "admin", "developer", "readonly"] as const;
/**
 * Members' AWS sessions are shown as those of roles of these names and path. No such roles exist, and nobody can make any.
 */
export const MEMBER_ROLES = { prefix: "BiplaneMember_", path: "/aws-reserved/biplane/" } as const;
export type OrgRole = (typeof ORG_ROLES)[number];

/** The cloud's own sessions in an org are shown as those of this role, which does not exist either. */
export const CLOUD_ROLE = "BiplaneCloud";

/** Buckets in which the cloud keeps releases and backups of an org: this and the org's id. Nobody else makes a bucket of such a name. */
export const CLOUD_BUCKET_PREFIX = "biplane-";

/** Who acts on the REST API. */
export type Subject =
  /** A person, who may be a member of several orgs. */
  | { readonly type: "person"; readonly personId: string }
  /** A program, of one org. */
  | { readonly type: "servicePrincipal"; readonly principalId: string };

export interface PersonRecord {
  readonly kind: "person";
  /** `prs_…` */
  readonly personId: string;
  /** Unique without regard to case. */
  readonly email: string;
  readonly name: string;
  /** Argon2id in PHC form. */
  readonly passwordHash: string;
  readonly createdAt: number;
}

/** A membership. Its key is `account/person`. */
export interface MemberRecord {
  readonly kind: "member";
  readonly accountId: AccountId;
  readonly personId: string;
  readonly role: OrgRole;
  readonly createdAt: number;
  /** Epoch milliseconds: AWS sessions of this member that were issued earlier are refused. */
  readonly sessionsValidFrom?: number;
}

export interface ServicePrincipalRecord {
  readonly kind: "servicePrincipal";
  /** `bsp_…`; also the `client_id`. */
  readonly principalId: string;
  readonly accountId: AccountId;
  /** Unique in its org without regard to case. */
  readonly name: string;
  readonly role: OrgRole;
  /** What it may ask for at most; see the API's scopes. */
  readonly scopes: readonly string[];
  /** SHA-256 of the client secret (256 random bits), hex. */
  readonly secretHash: string;
  readonly createdAt: number;
  readonly rotatedAt?: number;
}

/** A bearer token of a person or program that lives until it expires or is revoked. */
export interface ApiTokenRecord {
  readonly kind: "apiToken";
  /** `tok_…` */
  readonly tokenId: string;
  readonly subject: Subject;
  /** As its owner calls it. */
  readonly name: string;
  readonly scopes: readonly string[];
  /** The only org that it is good for; absent: all orgs of its subject. */
  readonly accountId?: AccountId;
  /** SHA-256 of the token (256 random bits), hex. */
  readonly hash: string;
  readonly createdAt: number;
  /** Epoch milliseconds. */
  readonly expiresAt?: number;
}

/** A signed-in device or program. Access tokens of a session are not recorded: they are sealed and live for minutes. */
export interface SessionRecord {
  readonly kind: "session";
  /** `ses_…` */
  readonly sessionId: string;
  readonly subject: Subject;
  /** As the device calls itself. */
  readonly clientName: string;
  readonly scopes: readonly string[];
  /** SHA-256 of the refresh token that is good now, hex; absent for programs, which come back with their secret. */
  readonly refreshHash?: string;
  /** Of the one before it. Whoever shows one that is spent has stolen it or was robbed, and the session ends. */
  readonly previousRefreshHash?: string;
  readonly createdAt: number;
  readonly refreshedAt?: number;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

/** A person is invited to an org; accepting makes the person, if need be, and the membership. */
export interface InvitationRecord {
  readonly kind: "invitation";
  /** `inv_…` */
  readonly invitationId: string;
  readonly accountId: AccountId;
  readonly email: string;
  readonly role: OrgRole;
  /** SHA-256 of the token in the invitation's link, hex. */
  readonly hash: string;
  readonly createdAt: number;
  readonly expiresAt: number;
}

/** Platform records by kind. */
export interface PlatformRecords {
  readonly person: PersonRecord;
  readonly member: MemberRecord;
  readonly servicePrincipal: ServicePrincipalRecord;
  readonly apiToken: ApiTokenRecord;
  readonly session: SessionRecord;
  readonly invitation: InvitationRecord;
}

export type PlatformKind = keyof PlatformRecords;

/** The members that name a record, and those that may change after its creation. Others never change. */
export const PLATFORM_KINDS = {
  person: { key: ["personId"], changes: ["name", "email", "passwordHash"] },
  member: { key: ["accountId", "personId"], changes: ["role", "sessionsValidFrom"] },
  servicePrincipal: { key: ["principalId"], changes: ["name", "role", "scopes", "secretHash", "rotatedAt"] },
  apiToken: { key: ["tokenId"], changes: [] },
  session: { key: ["sessionId"], changes: ["refreshHash", "previousRefreshHash", "refreshedAt", "expiresAt"] },
  invitation: { key: ["invitationId"], changes: [] },
} as const satisfies {
  readonly [Kind in PlatformKind]: {
    readonly key: readonly (keyof PlatformRecords[Kind])[];
    readonly changes: readonly (keyof PlatformRecords[Kind])[];
  };
};

type KeyOf<Kind extends PlatformKind> = (typeof PLATFORM_KINDS)[Kind]["key"][number];
type ChangesOf<Kind extends PlatformKind> = (typeof PLATFORM_KINDS)[Kind]["changes"][number];

/** The key members of a record. */
export type PlatformReference<Kind extends PlatformKind> = Pick<
  PlatformRecords[Kind],
  KeyOf<Kind> & keyof PlatformRecords[Kind]
>;

/** Payloads of the events about one kind of platform record. Times of creation are those of the event. */
export interface PlatformEventPayloads<Kind extends PlatformKind> {
  readonly created: Omit<PlatformRecords[Kind], "kind" | "createdAt">;
  readonly changed: PlatformReference<Kind> & {
    readonly changes: Partial<Pick<PlatformRecords[Kind], ChangesOf<Kind> & keyof PlatformRecords[Kind]>>;
  };
  readonly ended: PlatformReference<Kind> & { readonly reason?: string };
}

/** Commands of platform identity. */
export type PlatformCommand =
  /** Whoever has an open invitation already gets another one in its place. */
  | {
      readonly type: "invitation.create";
      readonly accountId: AccountId;
      readonly email: string;
      readonly role: OrgRole;
    }
  | { readonly type: "invitation.revoke"; readonly accountId: AccountId; readonly invitationId: string }
  /** `passwordHash` when the person is new; a person who is known accepts signed in as `personId`. */
  | {
      readonly type: "invitation.accept";
      readonly invitationId: string;
      readonly newPerson?: { readonly name: string; readonly passwordHash: string };
      readonly personId?: string;
    }
  | {
      readonly type: "person.change";
      readonly personId: string;
      readonly name?: string;
      /** Ends the person's sessions. */
      readonly passwordHash?: string;
      /** End the person's API tokens too. */
      readonly revokeTokens?: boolean;
    }
  | {
      readonly type: "member.change";
      readonly accountId: AccountId;
      readonly personId: string;
      readonly role?: OrgRole;
      /** Refuse the member's AWS sessions of the past. */
      readonly revokeSessions?: boolean;
    }
  | { readonly type: "member.remove"; readonly accountId: AccountId; readonly personId: string }
  | {
      readonly type: "servicePrincipal.create";
      readonly accountId: AccountId;
      readonly name: string;
      readonly role: OrgRole;
      readonly scopes: readonly string[];
    }
  | {
      readonly type: "servicePrincipal.change";
      readonly accountId: AccountId;
      readonly principalId: string;
      readonly name?: string;
      readonly role?: OrgRole;
      readonly scopes?: readonly string[];
    }
  /** A new secret; sessions of the old one end. */
  | { readonly type: "servicePrincipal.rotate"; readonly accountId: AccountId; readonly principalId: string }
  | { readonly type: "servicePrincipal.delete"; readonly accountId: AccountId; readonly principalId: string }
  | {
      readonly type: "apiToken.create";
      readonly subject: Subject;
      readonly name: string;
      readonly scopes: readonly string[];
      readonly accountId?: AccountId;
      /** Milliseconds. */
      readonly lifetimeMs?: number;
    }
  | { readonly type: "apiToken.revoke"; readonly tokenId: string }
  | {
      readonly type: "session.open";
      readonly subject: Subject;
      readonly clientName: string;
      readonly scopes: readonly string[];
      /** Programs get none. */
      readonly withRefreshToken: boolean;
    }
  /** `presentedHash`: SHA-256 of the refresh token that was shown. A token that was used before ends the session. */
  | { readonly type: "session.refresh"; readonly sessionId: string; readonly presentedHash: string }
  | { readonly type: "session.end"; readonly sessionId: string };

/** What platform commands answer. Secrets are shown here and never again. */
export interface PlatformCommandResults {
  "invitation.create": { readonly invitationId: string; readonly token: string; readonly expiresAt: number };
  "invitation.revoke": Record<string, never>;
  "invitation.accept": { readonly personId: string; readonly accountId: AccountId };
  "person.change": Record<string, never>;
  "member.change": Record<string, never>;
  "member.remove": Record<string, never>;
  "servicePrincipal.create": { readonly principalId: string; readonly clientSecret: string };
  "servicePrincipal.change": Record<string, never>;
  "servicePrincipal.rotate": { readonly clientSecret: string };
  "servicePrincipal.delete": Record<string, never>;
  "apiToken.create": { readonly tokenId: string; readonly token: string };
  "apiToken.revoke": Record<string, never>;
  "session.open": { readonly sessionId: string; readonly refreshToken?: string; readonly expiresAt: number };
  /** `refreshToken` absent: it was a stolen or spent one, and the session has ended. */
  "session.refresh": { readonly refreshToken?: string; readonly expiresAt: number };
  "session.end": Record<string, never>;
}
