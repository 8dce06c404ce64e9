/**
 * `ai-token-limit`: so many tokens in any window of time. Before a request is passed on, what it may cost at most is taken, by an estimate of its prompt and by the length of answer that it
 * asks for; afterwards that is put right by what the provider has counted, for streams at their end. Counted in this process, and over reloads; with a `store`, by all gateways together.
 */

import type { Answer } from "../../../message/answer.ts";
import { ExchangeNote } from "../../../message/exchange-note.ts";
import type { GatewayExchange } from "../../../message/gateway-exchange.ts";
import type { MaybeAsync, Middleware, MiddlewarePlugin, PluginHost } from "../../plugin.ts";
import { type PartitionConfig, partitionOf } from "../../traffic/partition.ts";
import { digestOf, type SharedStore, type StoreConfig, sharedStore } from "../../traffic/shared-store.ts";
import { isRecord } from "../providers/provider.ts";
import { chatProblem } from "../proxy/proxy-answers.ts";
import { messagesOf, readBody, textsOf } from "./chat-texts.ts";
import { type ProfilesConfig, profilesOf } from "./profiles.ts";
import { type SharedTokenBudgets, sharedTokenBudgets } from "./shared-token-budgets.ts";
import { createTokenBudgets, type TokenBudgets } from "./token-budgets.ts";
import { countedTokens } from "./usage.ts";

interface TokenProfile {
  readonly quota: number;
  readonly window: number;
}

interface TokenLimitConfig extends ProfilesConfig<TokenProfile>, PartitionConfig {
  readonly policy_name: string;
  readonly count: "prompt" | "completion" | "total";
  readonly completion_reserve: number;
  readonly fail_open: boolean;
  readonly store?: StoreConfig;
}

/** Of this process, or of the store. */
interface Reserved {
  readonly allowed: boolean;
  readonly remaining: number;
  readonly moreAfterMs: number;
  settle(tokens: number): MaybeAsync<number>;
}

interface Taken {
  readonly reservation: Reserved;
  readonly profile: TokenProfile;
  remaining: number;
  isSettled: boolean;
}

const SECOND = 1000;
const CHARACTERS_PER_TOKEN = 4;
/** An image costs about as much, whatever is on it. */
const TOKENS_PER_IMAGE = 1_000;
const CLIENT_GONE = 499;

export const AI_TOKEN_LIMIT: MiddlewarePlugin = {
  name: "ai-token-limit",
  setup: (config, host) => aiTokenLimit(config as unknown as TokenLimitConfig, host),
};

function aiTokenLimit(config: TokenLimitConfig, host: PluginHost): Middleware {
  const { policy_name: policy, count, fail_open: failOpen } = config;
  const partition = partitionOf(config);
  const store = config.store && storeOf(config.store, host);
  const budgetsOf = profilesOf(config, (profile, name) => ({
    profile,
    budgets: keptBudgets(config, name, profile, host),
    shared: store && sharedBudgets(config, name, profile, store),
  }));
  /** Several such middlewares work on the same exchange, each with its own. */
  const all = new ExchangeNote<Taken>();

  const putRight = (taken: Taken, tokens: number): void | Promise<void> => {
    taken.isSettled = true;
    const left = taken.reservation.settle(tokens);
    if (typeof left === "number") {
      taken.remaining = left;
      return;
    }
    // When it is lost, the estimate stands.
    return left.then(
      (remaining) => {
        taken.remaining = remaining;
      },
      (error) => store?.onAway(error),
    );
  };
  const settle = (exchange: GatewayExchange, taken: Taken): void | Promise<void> => {
    const counted = countedTokens(exchange);
    if (counted === undefined || taken.isSettled) return;
    const { prompt, completion } = counted;
    return putRight(taken, (count === "completion" ? 0 : prompt) + (count === "prompt" ? 0 : completion));
  };
  const follow = (
    exchange: GatewayExchange,
    profile: TokenProfile,
    tokens: number,
    reservation: Reserved,
  ): Answer | undefined => {
    all.set(exchange, { reservation, profile, remaining: reservation.remaining, isSettled: !reservation.allowed });
    if (reservation.allowed) return undefined;
    const { moreAfterMs } = reservation;
    const isTooMuch = moreAfterMs === Number.POSITIVE_INFINITY;
    return chatProblem(
      "ai-token-limit-exceeded",
      `${profile.quota} tokens are allowed in ${profile.window} s; this request may take ${tokens}${isTooMuch ? ", more than all of them" : ""}.`,
      { headers: isTooMuch ? [] : ["Retry-After", String(Math.ceil(moreAfterMs / SECOND))] },
    );
  };
  const ask = async (
    exchange: GatewayExchange,
    { profile, budgets }: { readonly profile: TokenProfile; readonly budgets: TokenBudgets },
    shared: SharedTokenBudgets,
    tokens: number,
  ): Promise<Answer | undefined> => {
    const key = partition(exchange);
    let reservation: Reserved;
    try {
      reservation = await shared.reserve(key, tokens);
    } catch (error) {
      store?.onAway(error);
      if (!failOpen) {
        return chatProblem("rate-limiter-unavailable", "The budget of tokens cannot be asked about now.", {
          headers: ["Retry-After", "1"],
        });
      }
      reservation = budgets.reserve(key, tokens);
    }
    return follow(exchange, profile, tokens, reservation);
  };
  const told = (taken: Taken, { headers }: Answer): void => {
    headers.append("RateLimit-Policy", `"${policy}";q=${taken.profile.quota};qu="tokens";w=${taken.profile.window}`);
    headers.append("RateLimit", `"${policy}";r=${taken.remaining}`);
  };

  return {
    readsRequestBody: true,
    onRequest(exchange) {
      const one = budgetsOf(exchange);
      const tokens = estimate(exchange, config);
      if (one.shared !== undefined) return ask(exchange, one, one.shared, tokens);
      return follow(exchange, one.profile, tokens, one.budgets.reserve(partition(exchange), tokens));
    },
    onResponse(exchange, answer) {
      const taken = all.get(exchange);
      if (taken === undefined) return undefined;
      const settling = settle(exchange, taken);
      if (settling !== undefined) return settling.then(() => told(taken, answer));
      told(taken, answer);
      return undefined;
    },
    onEnd(exchange, { status }) {
      const taken = all.get(exchange);
      if (taken === undefined) return;
      void settle(exchange, taken);
      // Nobody has worked for what was refused. A client that has gone may have made somebody work: then the estimate stands.
      if (!taken.isSettled && status >= 400 && status !== CLIENT_GONE) void putRight(taken, 0);
    },
  };
}

function storeOf(store: StoreConfig, host: PluginHost): SharedStore {
  return sharedStore(store, host, {
    of: "an ai-token-limit",
    metric: "biplane_gateway_ai_token_limit_store_failures_total",
    help: "What the store of an ai-token-limit did not take or put right.",
  });
}

function sharedBudgets(
  { policy_name: policy, partition_key: by, count }: TokenLimitConfig,
  name: string,
  { quota, window }: TokenProfile,
  { client, prefix }: SharedStore,
): SharedTokenBudgets {
  const place = `${prefix}:ai-token-limit:${digestOf([policy, name, quota, window, by, count]).slice(0, 16)}`;
  return sharedTokenBudgets(client, place, quota, window * SECOND);
}

function keptBudgets(
  config: TokenLimitConfig,
  name: string,
  { quota, window }: TokenProfile,
  host: PluginHost,
): TokenBudgets {
  const { policy_name: policy, partition_key: by, count, fail_open: failOpen } = config;
  return host.keep("ai-token-limit", JSON.stringify([policy, name, quota, window, by, count, failOpen]), () =>
    createTokenBudgets({ clock: host.clock, quota, windowMs: window * SECOND, whenFull: failOpen ? "allow" : "share" }),
  );
}

/** What a request may cost. */
function estimate({ request }: GatewayExchange, { count, completion_reserve: usual }: TokenLimitConfig): number {
  const body = readBody(request.body.bytes);
  const messages = body && messagesOf(body);
  // Whatever it is: nobody passes by being hard to read.
  if (body === undefined || messages === undefined)
    return Math.ceil((request.body.length ?? 0) / CHARACTERS_PER_TOKEN) + usual;
  let characters = JSON.stringify(body.tools ?? "").length;
  let images = 0;
  for (const message of messages) {
    for (const text of textsOf(message)) characters += text.length;
    if (Array.isArray(message.content))
      images += message.content.filter(
        (part) => isRecord(part) && (part.type === "image_url" || part.type === "input_image"),
      ).length;
  }
  const prompt = Math.ceil(characters / CHARACTERS_PER_TOKEN) + images * TOKENS_PER_IMAGE;
  const completion =
    (wholeOf(body.max_completion_tokens) ?? wholeOf(body.max_tokens) ?? wholeOf(body.max_output_tokens) ?? usual) *
    (wholeOf(body.n) ?? 1);
  return (count === "completion" ? 0 : prompt) + (count === "prompt" ? 0 : completion);
}

const wholeOf = (value: unknown): number | undefined =>
  typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : undefined;
