/** From a bearer token (RFC 6750) to a caller. */
import type { ApiTokenRecord, SessionRecord } from "#contracts";
import { groups } from "#control-plane/events";
import { secretHash } from "#control-plane/platform-identity";
import { equalInConstantTime } from "#foundation/crypto";
import { type HttpRequest, ProblemError } from "#foundation/http";
import type { Clock } from "#foundation/runtime";
import type { ControlPlaneCore } from "../core.ts";
import { bearerToken, type TokenKind, type TokenVerifier } from "../tokens.ts";
import type { AccessTokens } from "./access-token.ts";
import type { ApiCaller } from "./caller.ts";

export interface AuthenticatorOptions {
  readonly core: Pick<ControlPlaneCore, "views">;
  readonly tokens: TokenVerifier;
  readonly accessTokens: AccessTokens;
  readonly clock: Clock;
}

/** Finds out who sends a request. @throws ProblemError 401 UNAUTHENTICATED, TOKEN_EXPIRED, TOKEN_REVOKED */
export type Authenticate = (request: Pick<HttpRequest, "headers">) => ApiCaller;

export function createAuthenticator({ core, tokens, accessTokens, clock }: AuthenticatorOptions): Authenticate {
  const { views } = core;

  /** Found by the hash of 256 random bits: how long that takes tells nothing about any token. */
  const recordedToken = (token: string): ApiTokenRecord | undefined => {
    const hash = secretHash(token);
    return views.inGroup("apiToken", groups.hashed(hash)).find((record) => equalInConstantTime(record.hash, hash));
  };

  return (request) => {
    const token = bearerToken(request.headers.get("authorization"));
    if (token === undefined) throw unauthenticated(SEND_API_TOKEN);
    if (token.startsWith("bps_")) {
      const claims = accessTokens.read(token);
      if (claims === undefined) throw unauthenticated(NOT_OURS);
      const now = clock.now();
      if (claims.expiresAt <= now) throw expired("The access token has expired: refresh it.");
      const session = views.record("session", claims.sessionId);
      if (session === undefined || session.expiresAt <= now) throw revoked();
      return sessionCaller(session);
    }
    if (token.startsWith("bpt_")) {
      const record = recordedToken(token);
      if (record === undefined) throw unauthenticated("The token is not one of this cloud, or was revoked.");
      if (record.expiresAt !== undefined && record.expiresAt <= clock.now()) throw expired("The token has expired.");
      return tokenCaller(record);
    }
    if (tokens.verify("api", token)) return { type: "operator" };
    throw unauthenticated(NOT_OURS);
  };
}

/** For the data planes' endpoint. @throws ProblemError 401 UNAUTHENTICATED */
export function requireToken(request: HttpRequest, kind: TokenKind, tokens: TokenVerifier): void {
  const token = bearerToken(request.headers.get("authorization"));
  if (token === undefined) {
    throw unauthenticated("Send `Authorization: Bearer …` with the control plane's join token.");
  }
  if (!tokens.verify(kind, token)) throw unauthenticated(NOT_OURS);
}

const NOT_OURS = "The token is not one of this control plane.";
const SEND_API_TOKEN =
  "Send `Authorization: Bearer …` with a token: `biplane login` gets one for a person, and `biplane env` shows the operator's as BIPLANE_TOKEN.";

function sessionCaller({ subject, scopes, sessionId }: SessionRecord): ApiCaller {
  return { type: "subject", subject, scopes, credential: { type: "session", sessionId } };
}

function tokenCaller({ subject, scopes, tokenId, accountId }: ApiTokenRecord): ApiCaller {
  const credential = { type: "apiToken", tokenId } as const;
  return { type: "subject", subject, scopes, credential, ...(accountId === undefined ? {} : { onlyOrg: accountId }) };
}

/** RFC 6750 §3: no error code when no token was sent or it is not known; `invalid_token` when it is known and does not do any more. */
function unauthenticated(detail: string): ProblemError {
  return new ProblemError(
    { status: 401, code: "UNAUTHENTICATED", title: "Who are you?", detail },
    { headers: [["www-authenticate", 'Bearer realm="biplane"']] },
  );
}

function expired(detail: string): ProblemError {
  return invalidToken("TOKEN_EXPIRED", "The token has expired.", detail);
}

function revoked(): ProblemError {
  return invalidToken("TOKEN_REVOKED", "The session has ended.", "Sign in again.");
}

function invalidToken(code: string, title: string, detail: string): ProblemError {
  return new ProblemError(
    { status: 401, code, title, detail },
    { headers: [["www-authenticate", `Bearer realm="biplane", error="invalid_token", error_description="${title}"`]] },
  );
}
