/**
 * AWS sessions: temporary credentials. Nothing about a session is kept anywhere: its token is the sealed text of these claims (AES-256-GCM under a key derived from the
 * sealing key, with the access key id as additional data), so that every data plane of the cloud can open it, also one that has just been restarted without its control plane.
 */
import type { AccountId } from "./ids.ts";

/** Purpose under which the key of session tokens is derived from the sealing key. */
export const SESSION_KEY_PURPOSE = "aws-session";

/** Who a session speaks for. What it may do is looked up in the catalog at each request, so that a change takes effect at once. */
export type SessionPrincipal =
  /** AssumeRole, AssumeRoleWithWebIdentity. */
  | {
      readonly type: "role";
      readonly accountId: AccountId;
      readonly roleId: string;
      readonly sessionName: string;
      readonly tags?: Readonly<Record<string, string>>;
      readonly transitiveTags?: readonly string[];
      readonly sourceIdentity?: string;
      /** True when a role session assumed the role (role chaining: an hour at most). */
      readonly chained?: boolean;
      /** Of a web identity: the provider's name and the token's subject and audience. */
      readonly federated?: { readonly provider: string; readonly subject: string; readonly audience: string };
    }
  /** GetSessionToken. The session ends with the access key that it was made with. */
  | { readonly type: "caller"; readonly accountId: AccountId; readonly madeWithKey: string }
  /** GetFederationToken. Ends with the access key that it was made with. */
  | {
      readonly type: "federated";
      readonly accountId: AccountId;
      readonly name: string;
      readonly madeWithKey: string;
      readonly tags?: Readonly<Record<string, string>>;
    }
  /** A member of the org, through the control plane. Ends with the membership. */
  | { readonly type: "member"; readonly accountId: AccountId; readonly personId: string; readonly email: string }
  /**
   * The cloud itself, at work for an org: a node that reads releases, a client that puts one there. It may do what its session policies say, and nothing without any.
   */
  | { readonly type: "cloud"; readonly accountId: AccountId; readonly purpose: string };

/** The claims of a session token. */
export interface SessionClaims {
  /** `ASIA…` */
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly principal: SessionPrincipal;
  /** Epoch milliseconds. */
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** Inline session policies: documents as given. */
  readonly policies?: readonly string[];
  /** ARNs of managed policies that are session policies. */
  readonly policyArns?: readonly string[];
  /** Says nothing: makes the token as long as its owner wants to try (STS API Reference, `MinimumSessionTokenSize`). */
  readonly filler?: string;
}
