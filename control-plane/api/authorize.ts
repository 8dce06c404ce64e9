/** Who may call a route. Refusal is the default: a scope that is not granted here is not granted. */
import { type HttpRequest, ProblemError } from "#foundation/http";
import type { Scope } from "./route.ts";
import { bearerToken, type TokenKind, type TokenVerifier } from "./tokens.ts";

/**
 * Lets a request of this scope pass.
 *
 * @throws ProblemError 401 UNAUTHENTICATED
 */
export function authorize(request: HttpRequest, scope: Scope, tokens: TokenVerifier): void {
  switch (scope) {
    case "public":
      return;
    case "metrics":
      if (isLoopback(request.remoteAddress)) return;
      requireToken(request, "api", tokens);
      return;
    // The one API token there is holds every scope.
    case "read":
    case "write":
      requireToken(request, "api", tokens);
      return;
  }
  throw unauthenticated("This scope is not granted to anyone.");
}

/** @throws ProblemError 401 UNAUTHENTICATED */
export function requireToken(request: HttpRequest, kind: TokenKind, tokens: TokenVerifier): void {
  const token = bearerToken(request.headers.get("authorization"));
  if (token === undefined) {
    throw unauthenticated(
      kind === "api"
        ? "Send `Authorization: Bearer …` with the token that `biplane env` shows as BIPLANE_TOKEN."
        : "Send `Authorization: Bearer …` with the control plane's join token.",
    );
  }
  if (!tokens.verify(kind, token)) throw unauthenticated("The token is not one of this control plane.");
}

function unauthenticated(detail: string): ProblemError {
  return new ProblemError(
    { status: 401, code: "UNAUTHENTICATED", title: "Who are you?", detail },
    { headers: [["www-authenticate", 'Bearer realm="biplane"']] },
  );
}

function isLoopback(address: string): boolean {
  return address === "::1" || address.startsWith("127.") || address.startsWith("::ffff:127.");
}
