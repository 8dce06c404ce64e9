/** Refusals that several handlers give. Pure. */
import type { AccountId } from "#contracts";
import { type Refusal, refuse } from "#control-plane/events";

/** A text of the caller's in a sentence, or `instead` when it is not fit to be shown. */
export function shown(text: string, instead: string): string {
  return /^[\x21-\x7e]{1,256}$/.test(text) ? text : instead;
}

export function invalid(sentence: string): Refusal {
  return refuse("ValidationFailed", sentence);
}

/** AWS's sentence for quotas, IAM's name of the quota in it: `UsersPerAccount`. */
export function quotaExceeded(quota: string, max: number): Refusal {
  return refuse("LimitExceeded", `Cannot exceed quota for ${quota}: ${max}`);
}

export function noSuchAccount(accountId: AccountId): Refusal {
  return refuse("NoSuchAccount", `There is no account ${/^\d{12}$/.test(accountId) ? accountId : "of that id"}`);
}
