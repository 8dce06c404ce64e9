/** What a provider of OpenID Connect says of itself (OpenID Connect Discovery 1.0 §4), and its keys. */
import { KeySet } from "#foundation/jwt";
import type { PluginHost } from "../plugin.ts";
import { FetchedKeys } from "./fetched-keys.ts";
import { JsonServer, NoAnswer } from "./json-server.ts";

export interface OpenIdProviderOptions {
  readonly issuerUrl: string;
  /** What its tokens say in `iss`, when that is not the address at which it is asked. */
  readonly issuerOverride?: string | undefined;
  readonly timeoutMs: number;
  readonly refreshMs: number;
}

export class OpenIdProvider {
  readonly keys: FetchedKeys;
  readonly #options: OpenIdProviderOptions;
  readonly #pool: PluginHost["pool"];
  readonly #discovery: JsonServer;
  #issuer: string | undefined;

  /** @throws TypeError when the issuer is no address of a server */
  constructor(options: OpenIdProviderOptions, host: Pick<PluginHost, "clock" | "pool" | "log">) {
    const { issuerUrl, issuerOverride, timeoutMs, refreshMs } = options;
    this.#options = options;
    this.#pool = host.pool;
    this.#issuer = issuerOverride;
    const address = `${withoutSlash(issuerUrl)}/.well-known/openid-configuration`;
    this.#discovery = new JsonServer(address, host.pool, { method: "GET", timeoutMs });
    this.keys = new FetchedKeys(() => this.#fetch(), host, refreshMs);
  }

  /** What `iss` of its tokens must be; undefined while nobody knows. */
  get issuer(): string | undefined {
    return this.#issuer;
  }

  async #fetch(): Promise<KeySet> {
    const { issuerUrl, issuerOverride, timeoutMs } = this.#options;
    const said = await this.#discovery.ask();
    const { issuer, jwks_uri } =
      typeof said === "object" && said !== null ? (said as Readonly<Record<string, unknown>>) : {};
    if (typeof issuer !== "string" || typeof jwks_uri !== "string")
      throw new NoAnswer("there is no issuer, or no jwks_uri");
    // §4.3: one that speaks for somebody else is not to be believed. Addresses are written with and without a slash at the end.
    if (issuerOverride === undefined && withoutSlash(issuer) !== withoutSlash(issuerUrl)) {
      throw new NoAnswer(`the issuer calls itself ${issuer}`);
    }
    if (issuerUrl.startsWith("https:") && !jwks_uri.startsWith("https:")) {
      throw new NoAnswer("the issuer publishes its keys in plain text");
    }
    const keys = KeySet.read(await new JsonServer(jwks_uri, this.#pool, { method: "GET", timeoutMs }).ask());
    this.#issuer = issuerOverride ?? issuer;
    return keys;
  }
}

const withoutSlash = (url: string): string => (url.endsWith("/") ? url.slice(0, -1) : url);
