/** Tokens for tests, signed here. */
import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";

export const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
export const other = generateKeyPairSync("rsa", { modulusLength: 2048 });
export const ed = generateKeyPairSync("ed25519");

export const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");

/** By RS256, or by Ed25519 when the key is one; `alg` is what `head` says, and RS256 when it says nothing. */
export function signedToken(claims: object, head: object = {}, key: KeyObject = rsa.privateKey): string {
  const signed = `${part({ alg: "RS256", ...head })}.${part(claims)}`;
  const digest = key.asymmetricKeyType === "ed25519" ? null : "sha256";
  return `${signed}.${sign(digest, Buffer.from(signed), key).toString("base64url")}`;
}
