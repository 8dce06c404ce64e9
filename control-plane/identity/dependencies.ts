/** What the handlers of identity are given. */
import type { AccountId, IdentityKind, SealedText } from "#contracts";
import type { ManagedPolicy } from "#foundation/managed-policies";
import type { IdentityLimits } from "./limits.ts";

/** New names and secrets. Draws on the injected randomness; never repeats itself in practice, and the handlers check where a repetition would matter. */
export interface IdentityNames {
  accountId(): AccountId;
  /** 64 hexadecimal digits. */
  canonicalUserId(): string;
  /** `AIDA…`, `AROA…` and their like. */
  entityId(kind: IdentityKind, accountId: AccountId): string;
  /** `AKIA…` */
  accessKeyId(accountId: AccountId): string;
  secretAccessKey(): string;
}

/** Where a policy document is kept; the grammar differs. Managed ones must be of the language's newest version. */
export type PolicyPlace = "inline" | "managed" | "trust";

/** Throws an error whose message says what is wrong with a document. */
export type CheckPolicy = (document: string, place: PolicyPlace) => unknown;

/** The policy of this ARN among those that AWS manages. */
export type ManagedPolicyLookup = (arn: string) => Pick<ManagedPolicy, "forServiceLinkedRoles"> | undefined;

/** Policies, as far as identity has to know them. */
export interface PolicyKnowledge {
  readonly checkPolicy: CheckPolicy;
  readonly managedPolicy: ManagedPolicyLookup;
}

export interface IdentityDependencies extends PolicyKnowledge {
  readonly names: IdentityNames;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Seals a secret together with the name of what it belongs to. */
  readonly seal: (text: string, additionalData: string) => SealedText;
  readonly limits: IdentityLimits;
}
