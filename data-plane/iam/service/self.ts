/** Whom operations mean that need no user name: the caller itself (IAM API Reference, GetUser, CreateAccessKey …). */
import type { AccountId, KeyOwner } from "#contracts";
import type { AccessRequest, CallContext } from "#data-plane/service";
import { mustSpecifyUserName } from "../errors.ts";
import { accountOf, callerOf } from "./define.ts";
import { type CatalogOnly, expectEntity } from "./find.ts";
import { namedQuestion, question } from "./questions.ts";

/**
 * The root user, or a user by the name that was given.
 *
 * @param userName left out, it is the caller
 * @throws AwsError ValidationError for callers that are neither
 */
export function personOf(context: CallContext, userName: string | undefined): KeyOwner {
  if (userName !== undefined) return { type: "user", userName };
  const caller = callerOf(context);
  if (caller.type === "root") return { type: "root" };
  if (caller.type === "user") return { type: "user", userName: caller.userName };
  throw mustSpecifyUserName();
}

/** A question about whomever an operation means. */
export function personQuestion(
  tools: CatalogOnly,
  action: string,
  context: CallContext,
  userName: string | undefined,
): AccessRequest {
  const person = personOf(context, userName);
  return person.type === "root"
    ? question(action, context, rootArn(accountOf(context)))
    : namedQuestion(tools, action, context, "user", person.userName);
}

/** A person that is there, in the letter case in which the user is written. @throws AwsError NoSuchEntity */
export function ownerOf(tools: CatalogOnly, context: CallContext, userName: string | undefined): KeyOwner {
  const person = personOf(context, userName);
  if (person.type === "root") return person;
  return { type: "user", userName: expectEntity(tools, "user", context, person.userName).name };
}

export const rootArn = (accountId: AccountId): string => `arn:aws:iam::${accountId}:root`;

/** The owner of the account is no user, but IAM shows it as one: called like the account. */
export function rootName({ catalog }: CatalogOnly, accountId: AccountId): string {
  const account = catalog.account(accountId);
  return account?.alias ?? account?.name ?? accountId;
}
