/** `jwt-auth`: lets in who shows a token that an issuer has signed (RFC 7519, RFC 6750). */
import type { JsonObject } from "#foundation/gateway-artifact";
import { KeySet, type SigningAlgorithm } from "#foundation/jwt";
import type { Middleware, MiddlewarePlugin, PluginHost } from "../plugin.ts";
import { bearerTokenIn, tokenNeeded } from "./bearer.ts";
import { type ClaimRules, scopeList } from "./claims.ts";
import { FetchedKeys } from "./fetched-keys.ts";
import type { IdentityFieldsConfig } from "./identity-fields.ts";
import { JsonServer } from "./json-server.ts";
import { type Keys, SignedTokenDoor } from "./signed-token-door.ts";

interface JwtConfig {
  readonly issuer?: string;
  readonly audience?: string;
  readonly clock_skew_seconds: number;
  readonly groups_claim?: string;
  readonly required_scopes: string | readonly string[];
  readonly algorithms: readonly SigningAlgorithm[];
  readonly public_key_jwk?: JsonObject;
  readonly public_key_pem?: string;
  readonly jwks_url?: string;
  readonly strip_credentials: boolean;
  readonly upstream_headers?: IdentityFieldsConfig;
}

const TIMEOUT_MS = 5_000;

export const jwtAuth: MiddlewarePlugin = {
  name: "jwt-auth",
  async setup(given: JsonObject, host: PluginHost): Promise<Middleware> {
    const config = given as unknown as JwtConfig;
    const keys = await keysOf(config, host);
    const rules: ClaimRules = {
      by: "jwt-auth",
      consumerClaims: ["sub", "client_id"],
      issuer: config.issuer,
      audience: config.audience,
      clockSkewSeconds: config.clock_skew_seconds,
      groupsClaim: config.groups_claim,
    };
    const door = new SignedTokenDoor({
      algorithms: config.algorithms,
      keys,
      clock: host.clock,
      rules: () => rules,
      requiredScopes: scopeList(config.required_scopes),
      stripCredentials: config.strip_credentials,
      upstreamHeaders: config.upstream_headers,
    });
    return {
      onRequest(exchange) {
        const text = bearerTokenIn(exchange.request.headers.all("authorization"));
        return text === undefined ? tokenNeeded() : door.enter(exchange, text);
      },
    };
  },
};

async function keysOf({ jwks_url, public_key_pem, public_key_jwk }: JwtConfig, host: PluginHost): Promise<Keys> {
  if (jwks_url !== undefined) {
    const fetched = host.keep("jwt-auth keys", jwks_url, () => {
      const issuer = new JsonServer(jwks_url, host.pool, { method: "GET", timeoutMs: TIMEOUT_MS });
      return new FetchedKeys(async () => KeySet.read(await issuer.ask()), host);
    });
    // An issuer that is away keeps no gateway from starting: its tokens are refused until it is back.
    if (fetched.current() === undefined) await fetched.ask();
    return fetched;
  }
  const set = public_key_pem === undefined ? KeySet.read({ keys: [public_key_jwk] }) : KeySet.ofPem(public_key_pem);
  if (set.size === 0) throw new Error("the public key is of a kind, or a size, that is not taken");
  return { current: () => set, for: () => Promise.resolve(set) };
}
