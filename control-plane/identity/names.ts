/** Names that IAM accepts (IAM API Reference: CreateUser, CreateRole, CreatePolicy …; Organizations API Reference: CreateAccount). Pure. */
import { CLOUD_ROLE, MEMBER_ROLES } from "#contracts";

/** IAM keeps paths like it for itself; here members of orgs have theirs. */
const RESERVED_PATH = /^\/aws-reserved\//i;
const PATH = /^(?:\/|\/[\x21-\x7e]{1,510}\/)$/;
const POLICY_PATH = /^(?:\/[A-Za-z0-9.,+@=_-]+)*\/$/;
const RESERVED_PATH_PROBLEM =
  "The specified value for path is invalid. Paths that begin with /aws-reserved/ are reserved";
const PATH_CHARACTERS_MAX = 512;
const ACCOUNT_NAME = /^[\x21-\x7e](?:[\x20-\x7e]{0,48}[\x21-\x7e])?$/;
const ACCOUNT_ID = /^\d{12}$/;
const POLICY_TEXT = /^[\t\n\r\x20-\xff]{1,131072}$/;
const ACCOUNT_ALIAS = /^(?=.{3,63}$)[a-z0-9]+(?:-[a-z0-9]+)*$/;

/** Host, port, path; neither query nor fragment (CreateOpenIDConnectProvider, `Url`). AWS takes no port; a provider inside a network often has one. */
const PROVIDER_NAME = /^(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?(?:\/[\x21\x22\x24-\x3e\x40-\x7e]*)?$/;

/** CreateOpenIDConnectProvider: a `Url` has 255 characters at most; the name is what follows `https://`. */
const PROVIDER_NAME_CHARACTERS_MAX = 255 - "https://".length;

/** Says what is wrong with a value, as a sentence for the caller; undefined when nothing is. */
export type NameProblem = string | undefined;

const characters = "only alphanumeric characters and/or the following: +=,.@_-";

/** A rule for names of up to so many characters. @param member what IAM calls the name: `userName` */
export function nameRule(member: string, charactersMax: number): (name: string) => NameProblem {
  const pattern = new RegExp(`^[A-Za-z0-9_+=,.@-]{1,${charactersMax}}$`);
  const problem = `The specified value for ${member} is invalid. It must have 1 to ${charactersMax} characters and contain ${characters}`;
  return (name) => (pattern.test(name) ? undefined : problem);
}

const plainRoleNameProblem = nameRule("roleName", 64);

/** Names that members' sessions are shown under are nobody else's, in whatever case: names are unique without regard to it. */
export function roleNameProblem(name: string): NameProblem {
  const { prefix } = MEMBER_ROLES;
  const lower = name.toLowerCase();
  if (lower === CLOUD_ROLE.toLowerCase()) {
    return `The specified value for roleName is invalid. The name ${CLOUD_ROLE} is reserved`;
  }
  if (!lower.startsWith(prefix.toLowerCase())) return plainRoleNameProblem(name);
  return `The specified value for roleName is invalid. Names that begin with ${prefix} are reserved`;
}

export const policyNameProblem = nameRule("policyName", 128);

export function providerNameProblem(name: string): NameProblem {
  if (name.length <= PROVIDER_NAME_CHARACTERS_MAX && PROVIDER_NAME.test(name)) return undefined;
  return "Invalid Open ID Connect Provider URL";
}

export function pathProblem(path: string): NameProblem {
  if (RESERVED_PATH.test(path)) return RESERVED_PATH_PROBLEM;
  if (PATH.test(path)) return undefined;
  return "The specified value for path is invalid. It must begin and end with / and contain only visible ASCII characters, 512 at most";
}

/** Paths of managed policies are held to fewer characters (CreatePolicy, `Path`). */
export function policyPathProblem(path: string): NameProblem {
  if (RESERVED_PATH.test(path)) return RESERVED_PATH_PROBLEM;
  if (path.length <= PATH_CHARACTERS_MAX && POLICY_PATH.test(path)) return undefined;
  return `The specified value for path is invalid. It must begin and end with / and contain ${characters}, 512 at most`;
}

/** For entities whose ARN has no path. */
export function noPathProblem(path: string): NameProblem {
  return path === "/" ? undefined : "An OpenID Connect provider has no path";
}

export function accountNameProblem(name: string): NameProblem {
  if (ACCOUNT_NAME.test(name)) return undefined;
  return "The name of an account has 1 to 50 ASCII characters, neither beginning nor ending with a space";
}

export function accountIdProblem(accountId: string): NameProblem {
  return ACCOUNT_ID.test(accountId) ? undefined : "An account id has 12 digits";
}

/** IAM API Reference, CreateAccountAlias. Twelve digits would pass for the id of another account. */
export function accountAliasProblem(alias: string): NameProblem {
  if (ACCOUNT_ALIAS.test(alias) && !ACCOUNT_ID.test(alias)) return undefined;
  return "The specified value for accountAlias is invalid. It must have 3 to 63 digits, lower-case letters and single hyphens inside, and not be 12 digits";
}

/** The characters and length that the API takes for a policy document; the grammar is another matter. */
export function policyTextProblem(document: string): NameProblem {
  if (POLICY_TEXT.test(document)) return undefined;
  return "The specified value for policyDocument is invalid. It must have 1 to 131072 characters of Latin-1, without control characters";
}
