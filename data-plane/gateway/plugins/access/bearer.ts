/** Bearer tokens: where they stand in a request, and what is answered about them (RFC 6750). */
import type { Answer } from "../../message/answer.ts";
import type { GatewayExchange } from "../../message/gateway-exchange.ts";
import { problem } from "../../problems.ts";
import type { Proven } from "./claims.ts";
import { type IdentityFieldsConfig, tellIdentity } from "./identity-fields.ts";

/** Longer ones are nobody's, and reading them costs. */
const TOKEN_LENGTH_MAX = 16 * 1024;

/** @returns undefined for none, several, and one that is too long. It may hold anything: what was seen before need not be looked through again. */
export function bearerTokenIn(fields: readonly string[]): string | undefined {
  const [field] = fields;
  if (fields.length !== 1 || field!.length > TOKEN_LENGTH_MAX) return undefined;
  const scheme = /^bearer +/i.exec(field!)?.[0];
  if (scheme === undefined) return undefined;
  return field!.length > scheme.length ? field!.slice(scheme.length) : undefined;
}

/** Whether it is written as tokens are (RFC 6750 §2.1). */
export const isWellFormed = (token: string): boolean => /^[\w\-.~+/]+=*$/.test(token);

export interface AdmissionConfig {
  readonly requiredScopes: readonly string[];
  readonly stripCredentials: boolean;
  readonly upstreamHeaders?: IdentityFieldsConfig | undefined;
}

/** Lets somebody in who was proven, now and with these scopes; or answers why not. */
export function admit(
  exchange: GatewayExchange,
  { identity, notBefore, expiresAt }: Proven,
  now: number,
  { requiredScopes, stripCredentials, upstreamHeaders }: AdmissionConfig,
): Answer | undefined {
  if (now < notBefore || now >= expiresAt) return invalidToken();
  if (!requiredScopes.every((scope) => identity.scopes.includes(scope))) return insufficientScope(requiredScopes);
  if (stripCredentials) exchange.request.headers.delete("authorization");
  exchange.identity = identity;
  tellIdentity(upstreamHeaders, identity, exchange.request.headers);
  return undefined;
}

/** To a request without a token. */
export const tokenNeeded = (): Answer => refused("Bearer", "A bearer token is needed.");

/** The same for everything that may be wrong with a token: which it is helps those who guess (RFC 6750 §3.1). */
export const invalidToken = (): Answer =>
  refused('Bearer error="invalid_token"', "The token is not valid here, or not any more.");

function refused(challenge: string, detail: string): Answer {
  return problem("authentication-failed", { detail, headers: ["WWW-Authenticate", challenge] });
}

function insufficientScope(scopes: readonly string[]): Answer {
  return problem("authorization-failed", {
    detail: `The token needs the scopes ${scopes.join(", ")}.`,
    headers: ["WWW-Authenticate", `Bearer error="insufficient_scope", scope="${scopes.join(" ")}"`],
  });
}
