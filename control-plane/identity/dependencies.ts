/** What the handlers of identity are given. */
import type { AccountId, SealedText } from "#contracts";
import type { IdentityLimits } from "./limits.ts";

/** New names and secrets. Draws on the injected randomness; never repeats itself in practice, and the handlers check where a repetition would matter. */
export interface IdentityNames {
  accountId(): AccountId;
  /** 64 hexadecimal digits. */
  canonicalUserId(): string;
  /** `AIDA…` */
  userId(accountId: AccountId): string;
  /** `AKIA…` */
  accessKeyId(accountId: AccountId): string;
  secretAccessKey(): string;
}

export interface IdentityDependencies {
  readonly names: IdentityNames;
  /** Seals a secret together with the name of what it belongs to. */
  readonly seal: (text: string, additionalData: string) => SealedText;
  /** Throws an error whose message says what is wrong with an identity policy document. */
  readonly parseIdentityPolicy: (document: string) => unknown;
  readonly limits: IdentityLimits;
}
