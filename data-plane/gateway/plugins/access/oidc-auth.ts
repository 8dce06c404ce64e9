/** `oidc-auth`: lets in who shows a token of a provider of OpenID Connect; its keys are found by its address. */
import type { JsonObject } from "#foundation/gateway-artifact";
import type { SigningAlgorithm } from "#foundation/jwt";
import type { GatewayRequest } from "../../message/gateway-exchange.ts";
import type { Middleware, MiddlewarePlugin, PluginHost } from "../plugin.ts";
import { bearerTokenIn, tokenNeeded } from "./bearer.ts";
import { scopeList } from "./claims.ts";
import type { IdentityFieldsConfig } from "./identity-fields.ts";
import { OpenIdProvider } from "./open-id-provider.ts";
import { queryValues, queryWithout } from "./query-credential.ts";
import { SignedTokenDoor } from "./signed-token-door.ts";

interface OidcConfig {
  readonly issuer_url: string;
  readonly issuer_override?: string;
  readonly audience?: string;
  readonly required_scopes: string | readonly string[];
  readonly clock_skew_seconds: number;
  readonly jwks_refresh_seconds: number;
  readonly timeout: number;
  readonly allow_query_token: boolean;
  readonly groups_claim?: string;
  readonly groups_claim_separator?: string;
  readonly algorithms: readonly SigningAlgorithm[];
  readonly strip_credentials: boolean;
  readonly upstream_headers?: IdentityFieldsConfig;
}

const SECOND = 1000;
/** RFC 6750 §2.3. */
const QUERY_NAME = "access_token";

export const oidcAuth: MiddlewarePlugin = {
  name: "oidc-auth",
  async setup(given: JsonObject, host: PluginHost): Promise<Middleware> {
    const config = given as unknown as OidcConfig;
    const provider = keptProvider(config, host);
    // One that is away keeps no gateway from starting: its tokens are refused until it is back.
    if (provider.keys.current() === undefined) await provider.keys.ask();
    const { audience, clock_skew_seconds, groups_claim, groups_claim_separator } = config;
    const door = new SignedTokenDoor({
      algorithms: config.algorithms,
      keys: provider.keys,
      clock: host.clock,
      rules: () =>
        provider.issuer === undefined
          ? undefined
          : {
              by: "oidc-auth",
              consumerClaims: ["sub", "client_id"],
              issuer: provider.issuer,
              audience,
              clockSkewSeconds: clock_skew_seconds,
              groupsClaim: groups_claim,
              groupsSeparator: groups_claim_separator,
            },
      requiredScopes: scopeList(config.required_scopes),
      stripCredentials: config.strip_credentials,
      upstreamHeaders: config.upstream_headers,
    });
    const tokenIn = config.allow_query_token ? tokenInEither : tokenInField;
    return {
      onRequest(exchange) {
        const text = tokenIn(exchange.request);
        return text === undefined ? tokenNeeded() : door.enter(exchange, text);
      },
    };
  },
};

const tokenInField = ({ headers }: GatewayRequest): string | undefined => bearerTokenIn(headers.all("authorization"));

/** In the field or in the query, and not in both (RFC 6750 §2). One in the query never goes upstream: addresses are written down. */
function tokenInEither(request: GatewayRequest): string | undefined {
  const values = queryValues(request.query, QUERY_NAME);
  if (values.length === 0) return tokenInField(request);
  if (values.length > 1 || request.headers.has("authorization")) return undefined;
  request.query = queryWithout(request.query, QUERY_NAME);
  return bearerTokenIn([`Bearer ${values[0]}`]);
}

/** Over reloads, and for all who ask the same provider in the same way. */
function keptProvider(config: OidcConfig, host: PluginHost): OpenIdProvider {
  const { issuer_url, issuer_override, jwks_refresh_seconds, timeout } = config;
  const meaning = JSON.stringify([issuer_url, issuer_override, jwks_refresh_seconds, timeout]);
  return host.keep("oidc-auth", meaning, () => {
    const options = {
      issuerUrl: issuer_url,
      issuerOverride: issuer_override,
      timeoutMs: timeout * SECOND,
      refreshMs: jwks_refresh_seconds * SECOND,
    };
    return new OpenIdProvider(options, host);
  });
}
