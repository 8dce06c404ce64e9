/** `oauth2-auth`: lets in whose token an authorization server calls active (RFC 7662, RFC 6750). */
import type { JsonObject } from "#foundation/gateway-artifact";
import type { Answer } from "../../message/answer.ts";
import type { GatewayExchange } from "../../message/gateway-exchange.ts";
import { problem } from "../../problems.ts";
import type { Middleware, MiddlewarePlugin, PluginHost } from "../plugin.ts";
import { type AdmissionConfig, admit, bearerTokenIn, invalidToken, tokenNeeded } from "./bearer.ts";
import { digestOf } from "./bounded-cache.ts";
import { scopeList } from "./claims.ts";
import type { IdentityFieldsConfig } from "./identity-fields.ts";
import { Introspection, type Verdict } from "./introspection.ts";

interface OAuth2Config {
  readonly introspection_endpoint: string;
  readonly client_id: string;
  readonly client_secret: string;
  readonly required_scopes: string | readonly string[];
  readonly audience?: string;
  readonly groups_claim?: string;
  readonly timeout: number;
  readonly cache_seconds: number;
  readonly strip_credentials: boolean;
  readonly upstream_headers?: IdentityFieldsConfig;
}

const SECOND = 1000;

export const oauth2Auth: MiddlewarePlugin = {
  name: "oauth2-auth",
  setup(given: JsonObject, host: PluginHost): Middleware {
    const config = given as unknown as OAuth2Config;
    const introspection = keptIntrospection(config, host);
    const admission: AdmissionConfig = {
      requiredScopes: scopeList(config.required_scopes),
      stripCredentials: config.strip_credentials,
      upstreamHeaders: config.upstream_headers,
    };
    const decide = (exchange: GatewayExchange, verdict: Verdict | undefined): Answer | undefined => {
      if (verdict === undefined) return problem("authentication-unavailable");
      if (verdict.proven === undefined) return invalidToken();
      return admit(exchange, verdict.proven, host.clock.now(), admission);
    };
    return {
      onRequest(exchange) {
        const text = bearerTokenIn(exchange.request.headers.all("authorization"));
        if (text === undefined) return tokenNeeded();
        const verdict = introspection.verdictOn(text);
        return verdict instanceof Promise ? verdict.then((said) => decide(exchange, said)) : decide(exchange, verdict);
      },
    };
  },
};

/** Over reloads, by everything that a verdict depends on. */
function keptIntrospection(config: OAuth2Config, host: PluginHost): Introspection {
  const { introspection_endpoint: endpoint, client_id, client_secret, audience, groups_claim } = config;
  const { timeout, cache_seconds } = config;
  const meaning = [endpoint, client_id, digestOf(client_secret), audience, groups_claim, timeout, cache_seconds];
  return host.keep("oauth2-auth", JSON.stringify(meaning), () => {
    return new Introspection(
      {
        endpoint,
        clientId: client_id,
        clientSecret: client_secret,
        timeoutMs: timeout * SECOND,
        cacheMs: cache_seconds * SECOND,
        rules: {
          by: "oauth2-auth",
          consumerClaims: ["sub", "username", "client_id"],
          audience,
          clockSkewSeconds: 0,
          groupsClaim: groups_claim,
        },
      },
      host,
    );
  });
}
