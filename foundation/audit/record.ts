/** What is written down: who wanted to do what, and what was decided, for which reason. */

/** The plane whose process keeps the log. */
export type AuditPlane = "control" | "data";

/**
 * - `authentication`: somebody proved, or failed to prove, who he is
 * - `action`: an action was asked for and decided upon
 * - `mutation`: something was changed
 * - `system`: the process itself did something
 */
export const AUDIT_CATEGORIES = ["authentication", "action", "mutation", "system"] as const;
export type AuditCategory = (typeof AUDIT_CATEGORIES)[number];

/** `failed`: it was allowed, or could not be decided, and did not succeed. */
export const AUDIT_DECISIONS = ["allowed", "denied", "failed"] as const;
export type AuditDecision = (typeof AUDIT_DECISIONS)[number];

/** Who acted. */
export interface AuditActor {
  /** Kind of principal, a word: `user`, `role`, `root`, `service`, `node`, `anonymous`, `system` … */
  readonly type: string;
  /** The ARN or subject; what was claimed, when it could not be proved. */
  readonly id: string;
  readonly accountId?: string;
  /** Identifier of the key, never the key. */
  readonly accessKeyId?: string;
  /** Identifier of the token, never the token. */
  readonly tokenId?: string;
  readonly sessionName?: string;
}

/** What a caller tells. Plain JSON without secrets and without bodies; texts that are too long are cut, see `boundEvent`. */
export interface AuditEvent {
  readonly category: AuditCategory;
  readonly actor: AuditActor;
  /** `iam:CreateUser`, `orgs.members.add`, `auth.token` */
  readonly action: string;
  /** ARN, or another name of what it was done to. */
  readonly resource?: string;
  readonly resourceAccount?: string;
  readonly decision: AuditDecision;
  /** A sentence: which policy and statement, which check. */
  readonly reason: string;
  readonly requestId: string;
  readonly sourceIp?: string;
  readonly userAgent?: string;
  readonly errorCode?: string;
  readonly details?: Readonly<Record<string, string>>;
}

/** What the log makes of it. */
export interface AuditRecord extends AuditEvent {
  /** When, epoch milliseconds by the log's clock; of a record for several, when the first of them was. */
  readonly at: number;
  readonly plane: AuditPlane;
  /** For how many like ones this record stands; absent for one. Members that differed among them are left out. */
  readonly count?: number;
  /** When the last of those was, epoch milliseconds. */
  readonly until?: number;
}

/** A record in its place in the chain. */
export interface AuditEntry extends AuditRecord {
  /** 1, 2, 3 … in each log. */
  readonly sequence: number;
  /** Lower-case hex, see `chain.ts`. */
  readonly hash: string;
}
