/**
 * The words of IAM policies (IAM User Guide, "IAM JSON policy elements reference" and "Policy evaluation logic").
 */

/** Where a policy is attached; decides which elements it must and must not have. */
export type PolicyKind =
  /** Attached to a user, group or role; also a managed policy. No principal. */
  | "identity"
  /** Attached to a bucket, queue, function or key. A principal is required. */
  | "resource"
  /** The trust policy of a role. A principal is required, a resource is not allowed. */
  | "trust"
  /** A permissions boundary: same grammar as `identity`. */
  | "boundary"
  /** Passed to AssumeRole or GetFederationToken: same grammar as `identity`, other limits. */
  | "session";

/** The version decides whether policy variables are substituted. */
export type PolicyVersion = "2012-10-17" | "2008-10-17";

/** Who a statement speaks of. */
export type PrincipalElement =
  /** `"*"`. */
  | { readonly type: "everyone" }
  | {
      readonly type: "listed";
      /** ARNs, account ids, `*`, unique ids, as written. */
      readonly aws: readonly string[];
      readonly service: readonly string[];
      readonly federated: readonly string[];
      readonly canonicalUser: readonly string[];
    };

/** One condition key with its operator. */
export interface ConditionElement {
  /** As written, for example `ForAnyValue:StringLikeIfExists`. */
  readonly operator: string;
  readonly key: string;
  readonly values: readonly string[];
}

/** One statement, checked and brought to one form: single values have become lists. */
export interface PolicyStatement {
  readonly sid: string | undefined;
  readonly effect: "Allow" | "Deny";
  readonly principal: PrincipalElement | undefined;
  readonly notPrincipal: PrincipalElement | undefined;
  readonly action: readonly string[] | undefined;
  readonly notAction: readonly string[] | undefined;
  readonly resource: readonly string[] | undefined;
  readonly notResource: readonly string[] | undefined;
  readonly conditions: readonly ConditionElement[];
}

/** A policy that passed the grammar. */
export interface PolicyDocument {
  readonly kind: PolicyKind;
  readonly version: PolicyVersion;
  readonly id: string | undefined;
  readonly statements: readonly PolicyStatement[];
}

/** Tags of a principal, by key in lower case: IAM compares tag keys without regard to case. Values are as they were set. */
export type PrincipalTags = ReadonlyMap<string, string>;

/** Whose permissions a federated user has a part of. */
export type FederatedBy =
  | { readonly type: "root" }
  | {
      readonly type: "user";
      readonly arn: string;
      /** `AIDA…` */
      readonly userId: string;
    };

/**
 * Who asks. `arn` is the ARN that AWS would report as `aws:PrincipalArn` except for sessions, where it is the ARN of the session
 * (`arn:aws:sts::…:assumed-role/role/session`).
 *
 * What a session carries besides (`aws:TokenIssueTime`, `aws:MultiFactorAuthPresent`, `aws:SourceIdentity` …) is said by the request's
 * {@link ConditionContext}. Credentials of `GetSessionToken` are those of the user itself.
 */
export type PrincipalContext =
  | { readonly type: "anonymous" }
  | { readonly type: "root"; readonly accountId: string; readonly arn: string }
  | {
      readonly type: "user";
      readonly accountId: string;
      readonly arn: string;
      /** `AIDA…` */
      readonly userId: string;
      readonly userName: string;
      readonly tags?: PrincipalTags;
    }
  | {
      readonly type: "assumed-role";
      readonly accountId: string;
      /** ARN of the session. */
      readonly arn: string;
      /** ARN of the role, `arn:aws:iam::…:role/path/name`. */
      readonly roleArn: string;
      /** `AROA…` */
      readonly roleId: string;
      readonly sessionName: string;
      /** The role's tags, overlaid with those of the session. */
      readonly tags?: PrincipalTags;
      /** The outside provider that vouched for the session, as a trust policy names it. */
      readonly provider?: string;
    }
  /** Made by `GetFederationToken`: a part of the permissions of the user, or the root user, who asked for it. */
  | {
      readonly type: "federated-user";
      readonly accountId: string;
      /** `arn:aws:sts::…:federated-user/name`. */
      readonly arn: string;
      /** `111122223333:name`. */
      readonly userId: string;
      readonly federatedBy: FederatedBy;
      /** The user's tags, overlaid with those of the session. */
      readonly tags?: PrincipalTags;
    }
  /** An identity of an outside provider that assumes a role (`AssumeRoleWithWebIdentity`, `AssumeRoleWithSAML`). */
  | { readonly type: "web-identity"; readonly provider: string }
  /** A service acting for itself. */
  | { readonly type: "service"; readonly service: string };

/** Condition keys of a request. Keys are asked in lower case; a value is computed only when a policy asks. */
export interface ConditionContext {
  get(lowerCaseKey: string): string | readonly string[] | undefined;
}

/** One question: may this principal do this to that? */
export interface AuthorizationRequest {
  readonly principal: PrincipalContext;
  /** `s3:GetObject`. */
  readonly action: string;
  /** ARN of the resource, or `*` for actions without one. */
  readonly resource: string;
  /** Account that owns the resource; twelve digits. */
  readonly resourceAccount: string;
  readonly context: ConditionContext;
  /** Canonical user id of the caller's account, for bucket policies that name it. */
  readonly canonicalUserId?: string;
}

/** Which policy decided. `trust` is the policy of a role, where it is the resource; `root` says that none had to. */
export type DecisionSource = "identity" | "resource" | "trust" | "boundary" | "session" | "root";

/** A statement that decided. */
export interface MatchedStatement {
  readonly source: DecisionSource;
  /** Position of the policy in its list. */
  readonly policyIndex: number;
  /** Position of the statement in its policy. */
  readonly statementIndex: number;
  readonly sid: string | undefined;
  /** The name that the policy was compiled with: an ARN, or the name of an inline policy. */
  readonly policyName?: string;
}

/** The answer. `source` names, for an implicit deny, the kind of policy that would have had to allow and did not. */
export interface Decision {
  readonly allowed: boolean;
  readonly reason: "allowed" | "explicit-deny" | "implicit-deny";
  readonly source: DecisionSource;
  /** Absent for an implicit deny, and where no statement had to allow: for the root user at home, and for a federated user that it made. */
  readonly statement: MatchedStatement | undefined;
  /** Where two sides had to agree (another account's resource, a role that trusts the account): the statement of the resource's policy. */
  readonly resourceStatement?: MatchedStatement;
}
