/** `apikey-auth`: keys that are known when the gateway starts. */
import { parseCookies } from "#foundation/api-parameters";
import type { JsonObject } from "#foundation/gateway-artifact";
import type { GatewayExchange, Identity } from "../../message/gateway-exchange.ts";
import { problem } from "../../problems.ts";
import type { Middleware, MiddlewarePlugin } from "../plugin.ts";
import { digestOf } from "./bounded-cache.ts";
import { type IdentityFieldsConfig, tellIdentity } from "./identity-fields.ts";
import { queryValues, queryWithout } from "./query-credential.ts";

interface ApiKeyConfig {
  readonly key_location: "header" | "query" | "cookie";
  readonly header_name: string;
  readonly query_param: string;
  readonly cookie_name: string;
  readonly strip_credentials: boolean;
  readonly keys: readonly {
    readonly key: string;
    readonly id: string;
    readonly name?: string;
    readonly scopes: readonly string[];
    readonly groups: readonly string[];
    readonly expires_at?: string;
  }[];
  readonly upstream_headers?: IdentityFieldsConfig;
}

interface KnownKey {
  readonly identity: Identity;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

export const apiKeyAuth: MiddlewarePlugin = {
  name: "apikey-auth",
  setup(given: JsonObject, { clock }): Middleware {
    const config = given as unknown as ApiKeyConfig;
    // By digests: how long looking one up takes says nothing about a key.
    const known = new Map<string, KnownKey>();
    for (const { key, id, scopes, groups, expires_at } of config.keys) {
      if (key === "") throw new Error(`the key of ${JSON.stringify(id)} is empty`);
      const digest = digestOf(key);
      if (known.has(digest)) throw new Error(`the key of ${JSON.stringify(id)} is that of another id too`);
      known.set(digest, {
        identity: { consumer: id, by: "apikey-auth", groups, scopes, claims: {} },
        expiresAt: expires_at === undefined ? Number.POSITIVE_INFINITY : endOf(expires_at, id),
      });
    }
    const credential = credentialOf(config);
    return {
      onRequest(exchange) {
        const sent = credential.read(exchange);
        const found = sent === undefined ? undefined : known.get(digestOf(sent));
        if (found === undefined || found.expiresAt <= clock.now()) return refused(credential.challenge);
        if (config.strip_credentials) credential.strip(exchange);
        exchange.identity = found.identity;
        tellIdentity(config.upstream_headers, found.identity, exchange.request.headers);
        return undefined;
      },
    };
  },
};

/** @throws Error for what is no time: one that is referred to is seen only now, and without an end a key would be good for ever */
function endOf(text: string, id: string): number {
  const end = Date.parse(text);
  if (Number.isNaN(end)) throw new Error(`expires_at of the key of ${JSON.stringify(id)} is no time`);
  return end;
}

/** The same for keys that are missing, unknown and expired. */
const refused = (challenge: string) =>
  problem("authentication-failed", { detail: "A valid API key is needed.", headers: ["WWW-Authenticate", challenge] });

interface Credential {
  readonly challenge: string;
  read(exchange: GatewayExchange): string | undefined;
  strip(exchange: GatewayExchange): void;
}

function credentialOf({ key_location, header_name, query_param, cookie_name }: ApiKeyConfig): Credential {
  switch (key_location) {
    case "header": {
      const name = header_name.toLowerCase();
      return {
        challenge: `ApiKey header="${header_name}"`,
        // Two of them are nobody's key.
        read: ({ request }) => only(request.headers.all(name)),
        strip: ({ request }) => request.headers.delete(name),
      };
    }
    case "query":
      return {
        challenge: `ApiKey query="${query_param}"`,
        read: ({ request }) => only(queryValues(request.query, query_param)),
        strip({ request }) {
          request.query = queryWithout(request.query, query_param);
        },
      };
    case "cookie":
      return {
        challenge: `ApiKey cookie="${cookie_name}"`,
        read: ({ request }) => only(parseCookies(request.headers.all("cookie").join("; ")).get(cookie_name) ?? []),
        strip({ request }) {
          const pairs = request.headers.all("cookie").flatMap((field) => field.split(";"));
          const kept = pairs.filter((pair) => pair.split("=", 1)[0]!.trim() !== cookie_name).map((pair) => pair.trim());
          request.headers.delete("cookie");
          if (kept.length > 0) request.headers.append("Cookie", kept.join("; "));
        },
      };
  }
}

const only = (values: readonly string[]): string | undefined => (values.length === 1 ? values[0] : undefined);
