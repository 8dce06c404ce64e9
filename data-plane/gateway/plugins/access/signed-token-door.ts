/** Lets in who shows a token that one of an issuer's keys has signed. What was proven is kept, for checking a signature takes ten times as long as finding it again. */
import {
  type KeySet,
  readSignedToken,
  type SignedToken,
  type SigningAlgorithm,
  UnreadableToken,
} from "#foundation/jwt";
import type { Clock } from "#foundation/runtime";
import type { Answer } from "../../message/answer.ts";
import type { GatewayExchange } from "../../message/gateway-exchange.ts";
import { problem } from "../../problems.ts";
import { type AdmissionConfig, admit, invalidToken } from "./bearer.ts";
import { BoundedCache, digestOf } from "./bounded-cache.ts";
import { type ClaimRules, type Proven, provenBy } from "./claims.ts";

/** Where keys come from. */
export interface Keys {
  /** At once, when they are known. */
  current(): KeySet | undefined;
  for(token: SignedToken): Promise<KeySet | undefined>;
}

export interface SignedTokenDoorConfig extends AdmissionConfig {
  readonly algorithms: readonly SigningAlgorithm[];
  readonly keys: Keys;
  readonly clock: Clock;
  /** Asked for each token, for the issuer of some is only known once it was asked; undefined: nobody can be let in yet. */
  rules(): ClaimRules | undefined;
}

const PROVEN_MAX = 10_000;

interface ProvenByKeys extends Proven {
  /** Which proved it: a token is asked again when the issuer has others. */
  readonly keys: KeySet;
}

export class SignedTokenDoor {
  readonly #proven: BoundedCache<ProvenByKeys>;

  constructor(private readonly config: SignedTokenDoorConfig) {
    this.#proven = new BoundedCache(PROVEN_MAX, config.clock);
  }

  /** @param text the token @returns an answer when it is refused */
  enter(exchange: GatewayExchange, text: string): Answer | undefined | Promise<Answer | undefined> {
    const { config } = this;
    const keys = config.keys.current();
    const digest = digestOf(text);
    const proven = this.#proven.get(digest);
    if (proven !== undefined && proven.keys === keys) return admit(exchange, proven, config.clock.now(), config);
    let token: SignedToken;
    try {
      token = readSignedToken(text, config.algorithms);
    } catch (error) {
      if (error instanceof UnreadableToken) return invalidToken();
      throw error;
    }
    if (keys?.hasFor(token) === true) return this.#prove(exchange, digest, token, keys);
    return config.keys.for(token).then((fetched) => this.#prove(exchange, digest, token, fetched));
  }

  #prove(exchange: GatewayExchange, digest: string, token: SignedToken, keys: KeySet | undefined): Answer | undefined {
    const { config } = this;
    const rules = config.rules();
    if (keys === undefined || rules === undefined) return problem("authentication-unavailable");
    // A token without an end would be good for ever.
    if (token.claims.exp === undefined || !keys.verifies(token)) return invalidToken();
    const proven = provenBy(token.claims, rules);
    if (proven === undefined) return invalidToken();
    this.#proven.set(digest, { ...proven, keys });
    return admit(exchange, proven, config.clock.now(), config);
  }
}
