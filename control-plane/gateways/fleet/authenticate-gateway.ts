/** Which key a gateway has shown, and whether it is good. Pure. */
import { createHash } from "node:crypto";
import type { GatewayKeyRecord, GatewayKeyScope } from "#contracts";
import { type CatalogReader, groups } from "#control-plane/events";

export const GATEWAY_KEY_PREFIX = "bbk_" as const;

/** Why a key is not good, in the words of the protocol. */
export type GatewayKeyFailure = "unknown_key" | "expired_key" | "revoked_key" | "wrong_project" | "missing_scope";

export type GatewayAuthentication =
  | { readonly ok: true; readonly key: GatewayKeyRecord; readonly hash: string }
  | { readonly ok: false; readonly reason: GatewayKeyFailure };

/** SHA-256 in hex: nobody guesses 256 bits, so one fast hash is enough. */
export function gatewayKeyHash(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("hex");
}

/**
 * @param text as it was shown, `bbk_…`
 * @param wanted the scope, and the project where one was named
 */
export function authenticateGateway(
  views: CatalogReader,
  text: string,
  wanted: { readonly projectId?: string; readonly scope: GatewayKeyScope },
  now: number,
): GatewayAuthentication {
  if (!text.startsWith(GATEWAY_KEY_PREFIX)) return { ok: false, reason: "unknown_key" };
  const hash = gatewayKeyHash(text);
  const [key] = views.inGroup("gatewayKey", groups.hashed(hash));
  if (key === undefined) return { ok: false, reason: "unknown_key" };
  const problem = gatewayKeyProblem(key, hash, now);
  if (problem !== undefined) return { ok: false, reason: problem };
  if (wanted.projectId !== undefined && wanted.projectId !== key.projectId)
    return { ok: false, reason: "wrong_project" };
  if (!key.scopes.includes(wanted.scope)) return { ok: false, reason: "missing_scope" };
  return { ok: true, key, hash };
}

/** Why what was shown once is good no more: for connections that last. @param key as it is now; undefined when it is gone */
export function gatewayKeyProblem(
  key: GatewayKeyRecord | undefined,
  hash: string,
  now: number,
): "unknown_key" | "expired_key" | "revoked_key" | undefined {
  if (key === undefined) return "unknown_key";
  if (key.revokedAt !== undefined) return "revoked_key";
  if (key.expiresAt !== undefined && key.expiresAt <= now) return "expired_key";
  if (key.hash === hash) return undefined;
  if (key.previous?.hash !== hash) return "revoked_key";
  return key.previous.validUntil > now ? undefined : "expired_key";
}
