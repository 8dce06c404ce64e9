/** Asks an authorization server about tokens (RFC 7662), and remembers for a while what it said. */
import type { PluginHost } from "../plugin.ts";
import { isWellFormed } from "./bearer.ts";
import { BoundedCache, digestOf } from "./bounded-cache.ts";
import { type ClaimRules, type Claims, type Proven, provenBy } from "./claims.ts";
import { JsonServer, NoAnswer } from "./json-server.ts";
import { rareWarning } from "./rare-warning.ts";

export interface IntrospectionOptions {
  readonly endpoint: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly timeoutMs: number;
  /** How long an answer is good for; a token's end is kept to besides. 0: each is asked for. */
  readonly cacheMs: number;
  readonly rules: ClaimRules;
}

/** What is known of a token. */
export interface Verdict {
  /** Undefined: it is not to be let in. */
  readonly proven: Proven | undefined;
  /** Of the verdict. Epoch milliseconds. */
  readonly expiresAt: number;
}

/** Of those that are good, and of those that are not: who guesses must not drive out who knows. */
const ACTIVE_MAX = 10_000;
const INACTIVE_MAX = 10_000;
/** Questions that are open. More are not asked: tokens can be invented faster than anybody answers. */
const ASKING_MAX = 1_000;

const NO_TOKEN: Verdict = { proven: undefined, expiresAt: Number.POSITIVE_INFINITY };

export class Introspection {
  readonly #options: IntrospectionOptions;
  readonly #host: Pick<PluginHost, "clock">;
  readonly #server: JsonServer;
  readonly #active: BoundedCache<Verdict>;
  readonly #inactive: BoundedCache<Verdict>;
  readonly #asking = new Map<string, Promise<Verdict | undefined>>();
  readonly #warn: (error: unknown) => void;

  /** @throws TypeError when the endpoint is no address of a server */
  constructor(options: IntrospectionOptions, host: Pick<PluginHost, "clock" | "pool" | "log">) {
    this.#options = options;
    this.#host = host;
    // RFC 6749 §2.3.1: both are encoded as in a form before they are put together.
    const credentials = `${formText(options.clientId)}:${formText(options.clientSecret)}`;
    this.#server = new JsonServer(options.endpoint, host.pool, {
      method: "POST",
      fields: [
        ...["Content-Type", "application/x-www-form-urlencoded"],
        ...["Authorization", `Basic ${Buffer.from(credentials).toString("base64")}`],
      ],
      timeoutMs: options.timeoutMs,
    });
    this.#active = new BoundedCache(ACTIVE_MAX, host.clock);
    this.#inactive = new BoundedCache(INACTIVE_MAX, host.clock);
    this.#warn = rareWarning(host, "an authorization server cannot be asked about tokens");
  }

  /** At once when it is known. @returns undefined when nobody can say. Never rejects. */
  verdictOn(token: string): Verdict | undefined | Promise<Verdict | undefined> {
    const digest = digestOf(token);
    const known = this.#active.get(digest) ?? this.#inactive.get(digest);
    if (known !== undefined) return known;
    if (!isWellFormed(token)) return NO_TOKEN;
    const asking = this.#asking.get(digest);
    if (asking !== undefined) return asking;
    if (this.#asking.size >= ASKING_MAX) return undefined;
    const answer = this.#ask(token, digest)
      .catch((error: unknown) => {
        this.#warn(error);
        return undefined;
      })
      .finally(() => this.#asking.delete(digest));
    this.#asking.set(digest, answer);
    return answer;
  }

  async #ask(token: string, digest: string): Promise<Verdict> {
    const { cacheMs, rules } = this.#options;
    const form = new URLSearchParams({ token, token_type_hint: "access_token" });
    const said = await this.#server.ask(Buffer.from(form.toString()));
    const { active, ...claims } = typeof said === "object" && said !== null ? (said as Claims) : {};
    if (typeof active !== "boolean") throw new NoAnswer("the answer does not say whether the token is active");
    const proven = active ? provenBy(claims, rules) : undefined;
    const until = this.#host.clock.now() + cacheMs;
    if (proven === undefined) {
      const verdict: Verdict = { proven, expiresAt: until };
      if (cacheMs > 0) this.#inactive.set(digest, verdict);
      return verdict;
    }
    // Its clock has said that the token is good from now on; only the end is for us to see.
    const verdict: Verdict = {
      proven: { ...proven, notBefore: Number.NEGATIVE_INFINITY },
      expiresAt: Math.min(until, proven.expiresAt),
    };
    if (cacheMs > 0) this.#active.set(digest, verdict);
    return verdict;
  }
}

const formText = (text: string): string => new URLSearchParams([["", text]]).toString().slice(1);
