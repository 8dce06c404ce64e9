/** Identifiers in the shapes that AWS clients and policies know. */

import { type Random, randomBelow } from "#foundation/runtime";
import { BASE32, BASE32_HEX, fromBase32, toBase32 } from "./base32.ts";
import type { AccessKeyId, AccountId, AwsUniqueId, SecretAccessKey } from "./brand.ts";

const ACCOUNT_ID = /^[0-9]{12}$/;
const ACCESS_KEY_ID = /^(AKIA|ASIA)[A-Z2-7]{16}$/;

/**
 * Prefixes of unique ids (IAM user guide, "Understanding unique ID prefixes"): user, role, group, managed policy, policy version, instance
 * profile, server certificate.
 */
export const UNIQUE_ID_PREFIXES = {
  user: "AIDA",
  role: "AROA",
  group: "AGPA",
  policy: "ANPA",
  policyVersion: "ANVA",
  instanceProfile: "AIPA",
  serverCertificate: "ASCA",
  // AWS gives its providers no id; ours have one like all other entities.
  oidcProvider: "OIDC",
} as const;

/** An account id: 12 digits, the first not 0, so that it survives being read as a number. */
export function newAccountId(random: Random): AccountId {
  let text = String(1 + randomBelow(random, 9));
  while (text.length < 12) text += String(randomBelow(random, 10));
  return text as AccountId;
}

export function isAccountId(text: string): text is AccountId {
  return ACCOUNT_ID.test(text);
}

/** An access key id that carries its account: `AKIA` for long-lived keys, `ASIA` for sessions. */
export function newAccessKeyId(kind: "AKIA" | "ASIA", account: AccountId, random: Random): AccessKeyId {
  return (kind + accountDigits(account, 16, random)) as AccessKeyId;
}

export function isAccessKeyId(text: string): text is AccessKeyId {
  return ACCESS_KEY_ID.test(text);
}

/** A unique id of an IAM entity, 21 characters, carrying its account like an access key id. */
export function newUniqueId(kind: keyof typeof UNIQUE_ID_PREFIXES, account: AccountId, random: Random): AwsUniqueId {
  return (UNIQUE_ID_PREFIXES[kind] + accountDigits(account, 17, random)) as AwsUniqueId;
}

/**
 * The account in an access key id or unique id; undefined for shapes that carry none.
 *
 * After the four letters follow base-32 digits: one bit that is set, forty bits of account number, then chance.
 */
export function accountOfKey(id: string): AccountId | undefined {
  if (id.length < 20) return undefined;
  const bits = fromBase32(id.slice(4, 20), BASE32);
  if (bits === undefined || bits >> 79n === 0n) return undefined;
  const account = (bits >> 39n) & ((1n << 40n) - 1n);
  return account > 999_999_999_999n ? undefined : (account.toString().padStart(12, "0") as AccountId);
}

function accountDigits(account: AccountId, length: number, random: Random): string {
  const bytes = new Uint8Array(11);
  bytes.set(random.bytes(11));
  // 1 | account (40 bits) | the last 7 bits of the first 48 are chance already
  const head = (1n << 47n) | (BigInt(account) << 7n) | BigInt(bytes[5]! & 0x7f);
  new DataView(bytes.buffer).setUint16(0, Number(head >> 32n));
  new DataView(bytes.buffer).setUint32(2, Number(head & 0xffff_ffffn));
  return toBase32(bytes, length, BASE32);
}

/** A secret access key: 30 random bytes as 40 base-64 characters. */
export function newSecretAccessKey(random: Random): SecretAccessKey {
  return Buffer.from(random.bytes(30)).toString("base64") as SecretAccessKey;
}

/** A request id as S3 gives: 16 upper-case hex digits. */
export function newRequestId(random: Random): string {
  return Buffer.from(random.bytes(8)).toString("hex").toUpperCase();
}

/** The extended request id of S3 (`x-amz-id-2`): 56 bytes in base 64, 76 characters. */
export function newHostId(random: Random): string {
  return Buffer.from(random.bytes(56)).toString("base64");
}

/** A request id as DynamoDB gives: 52 digits of base 32 (0-9, A-V). */
export function newDynamoRequestId(random: Random): string {
  return toBase32(random.bytes(33), 52, BASE32_HEX);
}

/** An EC2-style resource id: `vpc-` and 17 lower-case hex digits. */
export function newResourceId(prefix: string, random: Random): string {
  return `${prefix}-${Buffer.from(random.bytes(9)).toString("hex").slice(0, 17)}`;
}
