/** `jwt-auth`: lets in who shows a token that an issuer has signed (RFC 7519, RFC 6750). */
import { createHash } from "node:crypto";
import type { JsonObject } from "#foundation/gateway-artifact";
import { KeySet, readSignedToken, type SignedToken, type SigningAlgorithm, UnreadableToken } from "#foundation/jwt";
import type { Answer } from "../../message/answer.ts";
import type { GatewayExchange, Identity } from "../../message/gateway-exchange.ts";
import { problem } from "../../problems.ts";
import type { Middleware, MiddlewarePlugin, PluginHost } from "../plugin.ts";
import { FetchedKeys } from "./fetched-keys.ts";
import { type IdentityFieldsConfig, tellIdentity } from "./identity-fields.ts";

interface JwtConfig {
  readonly issuer?: string;
  readonly audience?: string;
  readonly clock_skew_seconds: number;
  readonly groups_claim?: string;
  readonly required_scopes: readonly string[];
  readonly algorithms: readonly SigningAlgorithm[];
  readonly public_key_jwk?: JsonObject;
  readonly public_key_pem?: string;
  readonly jwks_url?: string;
  readonly strip_credentials: boolean;
  readonly upstream_headers?: IdentityFieldsConfig;
}

/** Longer ones are nobody's, and reading them costs. */
const TOKEN_LENGTH_MAX = 16 * 1024;
/** Tokens that were proven, until they end. Checking a signature takes up to a hundred times as long as finding one here. */
const PROVEN_MAX = 10_000;

interface Proven {
  readonly identity: Identity;
  /** Epoch milliseconds. */
  readonly notBefore: number;
  readonly expiresAt: number;
}

export const jwtAuth: MiddlewarePlugin = {
  name: "jwt-auth",
  async setup(given: JsonObject, host: PluginHost): Promise<Middleware> {
    const config = given as unknown as JwtConfig;
    const keys = await keysOf(config, host);
    return new JwtAuth(config, keys, host);
  },
};

/** Where keys come from. */
interface Keys {
  /** At once, when they are known. */
  current(): KeySet | undefined;
  for(token: SignedToken): Promise<KeySet | undefined>;
}

async function keysOf({ jwks_url, public_key_pem, public_key_jwk }: JwtConfig, host: PluginHost): Promise<Keys> {
  if (jwks_url !== undefined) {
    const fetched = host.keep("jwt-auth keys", jwks_url, () => new FetchedKeys(jwks_url, host));
    // An issuer that is away keeps no gateway from starting: its tokens are refused until it is back.
    if (fetched.current() === undefined) await fetched.ask();
    return fetched;
  }
  const set = public_key_pem === undefined ? KeySet.read({ keys: [public_key_jwk] }) : KeySet.ofPem(public_key_pem);
  if (set.size === 0) throw new Error("the public key is of a kind, or a size, that is not taken");
  return { current: () => set, for: () => Promise.resolve(set) };
}

class JwtAuth implements Middleware {
  readonly #proven = new Map<string, Proven>();

  constructor(
    private readonly config: JwtConfig,
    private readonly keys: Keys,
    private readonly host: PluginHost,
  ) {}

  onRequest(exchange: GatewayExchange): Answer | undefined | Promise<Answer | undefined> {
    const text = bearerTokenIn(exchange.request.headers.all("authorization"));
    if (text === undefined) return refused(undefined, "A bearer token is needed.");
    const digest = createHash("sha256").update(text).digest("base64");
    const proven = this.#proven.get(digest);
    if (proven !== undefined) return this.#admit(exchange, proven);
    let token: SignedToken;
    try {
      token = readSignedToken(text, this.config.algorithms);
    } catch (error) {
      if (error instanceof UnreadableToken) return invalid();
      throw error;
    }
    const keys = this.keys.current();
    if (keys?.hasFor(token) === true) return this.#prove(exchange, digest, token, keys);
    return this.keys.for(token).then((fetched) => {
      if (fetched === undefined) return problem("authentication-unavailable");
      return this.#prove(exchange, digest, token, fetched);
    });
  }

  #prove(exchange: GatewayExchange, digest: string, token: SignedToken, keys: KeySet): Answer | undefined {
    if (!keys.verifies(token)) return invalid();
    const proven = provenOf(token, this.config);
    if (proven === undefined) return invalid();
    if (this.#proven.size >= PROVEN_MAX) this.#forget();
    this.#proven.set(digest, proven);
    return this.#admit(exchange, proven);
  }

  #admit(exchange: GatewayExchange, { identity, notBefore, expiresAt }: Proven): Answer | undefined {
    const now = this.host.clock.now();
    if (now < notBefore || now >= expiresAt) return invalid();
    const { required_scopes, strip_credentials, upstream_headers } = this.config;
    const missing = required_scopes.filter((scope) => !identity.scopes.includes(scope));
    if (missing.length > 0) return insufficient(required_scopes);
    if (strip_credentials) exchange.request.headers.delete("authorization");
    exchange.identity = identity;
    tellIdentity(upstream_headers, identity, exchange.request.headers);
    return undefined;
  }

  /** Those that have ended; when there are none, the oldest half. */
  #forget(): void {
    const now = this.host.clock.now();
    for (const [digest, { expiresAt }] of this.#proven) if (expiresAt <= now) this.#proven.delete(digest);
    if (this.#proven.size < PROVEN_MAX) return;
    let left = PROVEN_MAX / 2;
    for (const digest of this.#proven.keys()) {
      if (left-- === 0) break;
      this.#proven.delete(digest);
    }
  }
}

/** @returns undefined for none, several, and what is not well formed (RFC 6750 §2.1) */
function bearerTokenIn(fields: readonly string[]): string | undefined {
  const [field] = fields;
  if (fields.length !== 1 || field!.length > TOKEN_LENGTH_MAX) return undefined;
  return /^bearer +([\w\-.~+/]+=*)$/i.exec(field!)?.[1];
}

/** Who a token is about; undefined when it is not for here, or says no end. */
function provenOf({ claims }: SignedToken, config: JwtConfig): Proven | undefined {
  const { issuer, audience, clock_skew_seconds: skew, groups_claim } = config;
  const { iss, sub, aud, exp, nbf } = claims;
  if (issuer !== undefined && iss !== issuer) return undefined;
  if (audience !== undefined && !(Array.isArray(aud) ? aud : [aud]).includes(audience)) return undefined;
  // A token without an end would be good for ever.
  if (typeof exp !== "number" || (nbf !== undefined && typeof nbf !== "number")) return undefined;
  const consumer = typeof sub === "string" && sub !== "" ? sub : claims.client_id;
  if (typeof consumer !== "string" || consumer === "") return undefined;
  return {
    identity: { consumer, by: "jwt-auth", groups: groupsIn(claims, groups_claim), scopes: scopesIn(claims), claims },
    notBefore: nbf === undefined ? Number.NEGATIVE_INFINITY : (nbf - skew) * 1000,
    expiresAt: (exp + skew) * 1000,
  };
}

function groupsIn(claims: SignedToken["claims"], name: string | undefined): readonly string[] {
  if (name === undefined) return [];
  // Dots lead into objects, unless the whole name is there: `realm_access.roles`, `https://example.com/groups`.
  let value: unknown = claims[name];
  if (value === undefined) {
    value = name
      .split(".")
      .reduce<unknown>((found, step) => (found as Record<string, unknown> | undefined)?.[step], claims);
  }
  const list = typeof value === "string" ? value.split(/[\s,]+/) : Array.isArray(value) ? value : [];
  return list.filter((one) => typeof one === "string" && one !== "");
}

/** RFC 8693 §4.2, and `scp` as others write it. */
function scopesIn({ scope, scp }: SignedToken["claims"]): readonly string[] {
  const given = scope ?? scp;
  if (typeof given === "string") return given.split(" ").filter((one) => one !== "");
  return Array.isArray(given) ? given.filter((one) => typeof one === "string") : [];
}

/** The same for everything that may be wrong with a token: which it is helps those who guess (RFC 6750 §3.1). */
const invalid = (): Answer => refused("invalid_token", "The token is not valid here, or not any more.");

function refused(error: string | undefined, detail: string): Answer {
  const challenge = error === undefined ? "Bearer" : `Bearer error="${error}"`;
  return problem("authentication-failed", { detail, headers: ["WWW-Authenticate", challenge] });
}

function insufficient(scopes: readonly string[]): Answer {
  return problem("authorization-failed", {
    detail: `The token needs the scopes ${scopes.join(", ")}.`,
    headers: ["WWW-Authenticate", `Bearer error="insufficient_scope", scope="${scopes.join(" ")}"`],
  });
}
