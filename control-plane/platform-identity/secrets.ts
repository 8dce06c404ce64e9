/**
 * Secrets of platform identity: 256 random bits behind a prefix by which people and secret scanners recognise them. Only their hashes are kept. Nobody guesses 256 bits,
 * so one fast hash is enough (unlike for a password).
 *
 * A refresh token also proves by a MAC that this cloud has issued it. A session remembers only the hash of the one that is good now; thanks to the MAC any other one is known to be a spent
 * one and not a guess, however many refreshes ago it was spent: its appearance means that somebody has copied it (RFC 9700 §4.14.2).
 */
import { createHash, createHmac } from "node:crypto";
import { deriveSealingKey, equalInConstantTime, type SealingKey } from "#foundation/crypto";
import type { Random } from "#foundation/runtime";

const SECRET_BYTES = 32;
const ID_BYTES = 12;
const MAC_BYTES = 16;
const REFRESH_KEY_PURPOSE = "refresh-token";
const REFRESH_TOKEN = /^bpr_(ses_[0-9a-f]{24})\.([A-Za-z0-9_-]{43})([A-Za-z0-9_-]{22})$/;

/** Of identifiers, which are no secrets: person, member's invitation, program, token, session. */
export type IdPrefix = "prs_" | "inv_" | "bsp_" | "tok_" | "ses_";

/** Of secrets: invitation, client secret of a program, API token, token of an exec session, key of gateways. */
export type SecretPrefix = "bpi_" | "bpc_" | "bpt_" | "bpx_" | "bbk_";

/** A secret as its owner keeps it, and as the log does. */
export interface Secret {
  readonly text: string;
  /** SHA-256, hex. */
  readonly hash: string;
}

/** Makes identifiers and secrets. */
export interface PlatformSecrets {
  id(prefix: IdPrefix): string;
  secret(prefix: SecretPrefix): Secret;
  refreshToken(sessionId: string): Secret;
}

/** @param platformKey of the control plane */
export function createPlatformSecrets(platformKey: SealingKey, random: Random): PlatformSecrets {
  const ids = random.fork("platform-id");
  const secrets = random.fork("platform-secret");
  const draw = (): string => Buffer.from(secrets.bytes(SECRET_BYTES)).toString("base64url");
  const secretOf = (text: string): Secret => ({ text, hash: secretHash(text) });
  const macKey = refreshMacKey(platformKey);
  return {
    id: (prefix) => prefix + Buffer.from(ids.bytes(ID_BYTES)).toString("hex"),
    secret: (prefix) => secretOf(prefix + draw()),
    refreshToken(sessionId) {
      const drawn = draw();
      return secretOf(`bpr_${sessionId}.${drawn}${macOf(macKey, sessionId, drawn)}`);
    },
  };
}

/** Reads refresh tokens: gives the session of one that this cloud has issued, in the past or now; undefined for anything else. */
export function createRefreshTokenReader(platformKey: SealingKey): (token: string) => string | undefined {
  const macKey = refreshMacKey(platformKey);
  return (token) => {
    const [, sessionId, drawn, mac] = REFRESH_TOKEN.exec(token) ?? [];
    if (sessionId === undefined || drawn === undefined || mac === undefined) return undefined;
    return equalInConstantTime(mac, macOf(macKey, sessionId, drawn)) ? sessionId : undefined;
  };
}

/** SHA-256 in hex. Two hashes have the same length, so comparing them takes the same time whatever was sent. */
export function secretHash(secret: string): string {
  return createHash("sha256").update(secret, "utf8").digest("hex");
}

function refreshMacKey(platformKey: SealingKey): SealingKey {
  return deriveSealingKey(platformKey, REFRESH_KEY_PURPOSE);
}

/** HMAC-SHA-256, the first 128 bits (RFC 2104 §5). */
function macOf(key: SealingKey, sessionId: string, drawn: string): string {
  const mac = createHmac("sha256", key).update(`${sessionId}.${drawn}`, "utf8").digest();
  return mac.subarray(0, MAC_BYTES).toString("base64url");
}
