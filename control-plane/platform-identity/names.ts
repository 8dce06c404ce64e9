/** What people, programs and tokens may be called. Pure. */

/** Says what is wrong with a value, as a sentence for the caller; undefined when nothing is. */
export type NameProblem = string | undefined;

const EMAIL_LENGTH_MAX = 254;
/** The `dot-atom` form of RFC 5322 §3.4.1, in ASCII, with a host name behind the @; no comments, no quoted parts, no address literals. */
const EMAIL =
  /^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*@[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/i;

/** Printable in any language; no control characters, no direction marks, no line breaks: names are shown in terminals and in pages. */
const LABEL = /^[^\p{C}\p{Zl}\p{Zp}]+$/u;
const PROGRAM_NAME = /^[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,62}[A-Za-z0-9])?$/;
/** PHC string format of Argon2id. */
const PASSWORD_HASH = /^\$argon2id\$v=19\$m=\d{1,7},t=\d{1,3},p=\d{1,3}\$[A-Za-z0-9+/]{16,128}\$[A-Za-z0-9+/]{32,128}$/;

export function emailProblem(email: string): NameProblem {
  const local = email.indexOf("@");
  if (email.length <= EMAIL_LENGTH_MAX && local <= 64 && EMAIL.test(email)) return undefined;
  return "That is not an e-mail address";
}

/** @param what what the label names, at the beginning of a sentence */
export function labelProblem(what: string, label: string, charactersMax: number): NameProblem {
  if (label.trim() === label && label.length <= charactersMax && LABEL.test(label)) return undefined;
  return `${what} must have 1 to ${charactersMax} printable characters, neither beginning nor ending with a space`;
}

export const personNameProblem = (name: string): NameProblem => labelProblem("The name of a person", name, 128);
export const tokenNameProblem = (name: string): NameProblem => labelProblem("The name of a token", name, 128);
export const clientNameProblem = (name: string): NameProblem => labelProblem("The name of a device", name, 128);

export function programNameProblem(name: string): NameProblem {
  if (PROGRAM_NAME.test(name)) return undefined;
  return "The name of a service principal has 1 to 64 letters, digits, and . _ - between them";
}

/** Only a hash comes this far; a password in its place must not end up in the log. */
export function passwordHashProblem(hash: string): NameProblem {
  return PASSWORD_HASH.test(hash) ? undefined : "passwordHash must be an Argon2id hash in PHC form";
}
