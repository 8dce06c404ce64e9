/** Names that IAM accepts (IAM API Reference: CreateUser, PutUserPolicy; Organizations API Reference: CreateAccount). Pure. */

const USER_NAME = /^[A-Za-z0-9_+=,.@-]{1,64}$/;
const POLICY_NAME = /^[A-Za-z0-9_+=,.@-]{1,128}$/;
const PATH = /^(?:\/|\/[\x21-\x7e]{1,510}\/)$/;
const ACCOUNT_NAME = /^[\x21-\x7e](?:[\x20-\x7e]{0,48}[\x21-\x7e])?$/;
const ACCOUNT_ID = /^\d{12}$/;
const POLICY_TEXT = /^[\t\n\r\x20-\xff]{1,131072}$/;

/** Says what is wrong with a value, as a sentence for the caller; undefined when nothing is. */
export type NameProblem = string | undefined;

const characters = "only alphanumeric characters and/or the following: +=,.@_-";

export function userNameProblem(name: string): NameProblem {
  if (USER_NAME.test(name)) return undefined;
  return `The specified value for userName is invalid. It must have 1 to 64 characters and contain ${characters}`;
}

export function policyNameProblem(name: string): NameProblem {
  if (POLICY_NAME.test(name)) return undefined;
  return `The specified value for policyName is invalid. It must have 1 to 128 characters and contain ${characters}`;
}

export function pathProblem(path: string): NameProblem {
  if (PATH.test(path)) return undefined;
  return "The specified value for path is invalid. It must begin and end with / and contain only visible ASCII characters, 512 at most";
}

export function accountNameProblem(name: string): NameProblem {
  if (ACCOUNT_NAME.test(name)) return undefined;
  return "The name of an account has 1 to 50 ASCII characters, neither beginning nor ending with a space";
}

export function accountIdProblem(accountId: string): NameProblem {
  return ACCOUNT_ID.test(accountId) ? undefined : "An account id has 12 digits";
}

/** The characters and length that the API takes for a policy document; the grammar is another matter. */
export function policyTextProblem(document: string): NameProblem {
  if (POLICY_TEXT.test(document)) return undefined;
  return "The specified value for policyDocument is invalid. It must have 1 to 131072 characters of Latin-1, without control characters";
}
