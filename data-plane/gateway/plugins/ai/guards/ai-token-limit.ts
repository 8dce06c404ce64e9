/**
 * `ai-token-limit`: so many tokens in any window of time. Before a request is passed on, what it may cost at most is taken, by an estimate of its prompt and by the length of answer that it
 * asks for; afterwards that is put right by what the provider has counted, for streams at their end. Counted in this process, and over reloads.
 */
import type { GatewayExchange } from "../../../message/gateway-exchange.ts";
import type { Middleware, MiddlewarePlugin, PluginHost } from "../../plugin.ts";
import { type PartitionConfig, partitionOf } from "../../traffic/partition.ts";
import { isRecord } from "../providers/provider.ts";
import { chatProblem } from "../proxy/proxy-answers.ts";
import { readBody, textsOf } from "./chat-texts.ts";
import { type ProfilesConfig, profilesOf } from "./profiles.ts";
import { createTokenBudgets, type Reservation, type TokenBudgets } from "./token-budgets.ts";
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
}

interface Taken {
  readonly reservation: Reservation;
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
  const { policy_name: policy, count } = config;
  const partition = partitionOf(config);
  const budgetsOf = profilesOf(config, (profile, name) => ({
    profile,
    budgets: keptBudgets(config, name, profile, host),
  }));
  /** Several such middlewares work on the same exchange, each with its own. */
  const all = new WeakMap<GatewayExchange, Taken>();

  const settle = (exchange: GatewayExchange, taken: Taken): void => {
    const counted = countedTokens(exchange);
    if (counted === undefined || taken.isSettled) return;
    taken.isSettled = true;
    const { prompt, completion } = counted;
    taken.remaining = taken.reservation.settle(
      (count === "completion" ? 0 : prompt) + (count === "prompt" ? 0 : completion),
    );
  };

  return {
    readsRequestBody: true,
    onRequest(exchange) {
      const { profile, budgets } = budgetsOf(exchange);
      const tokens = estimate(exchange, config);
      const reservation = budgets.reserve(partition(exchange), tokens);
      all.set(exchange, { reservation, profile, remaining: reservation.remaining, isSettled: !reservation.allowed });
      if (reservation.allowed) return undefined;
      const { moreAfterMs } = reservation;
      const isTooMuch = moreAfterMs === Number.POSITIVE_INFINITY;
      return chatProblem(
        "ai-token-limit-exceeded",
        `${profile.quota} tokens are allowed in ${profile.window} s; this request may take ${tokens}${isTooMuch ? ", more than all of them" : ""}.`,
        { headers: isTooMuch ? [] : ["Retry-After", String(Math.ceil(moreAfterMs / SECOND))] },
      );
    },
    onResponse(exchange, { headers }) {
      const taken = all.get(exchange);
      if (taken === undefined) return;
      settle(exchange, taken);
      headers.append("RateLimit-Policy", `"${policy}";q=${taken.profile.quota};qu="tokens";w=${taken.profile.window}`);
      headers.append("RateLimit", `"${policy}";r=${taken.remaining}`);
    },
    onEnd(exchange, { status }) {
      const taken = all.get(exchange);
      if (taken === undefined) return;
      settle(exchange, taken);
      // Nobody has worked for what was refused. A client that has gone may have made somebody work: then the estimate stands.
      if (!taken.isSettled && status >= 400 && status !== CLIENT_GONE) taken.reservation.settle(0);
    },
  };
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
  // Whatever it is: nobody passes by being hard to read.
  if (body === undefined) return Math.ceil((request.body.length ?? 0) / CHARACTERS_PER_TOKEN) + usual;
  const messages = Array.isArray(body.messages) ? body.messages.filter(isRecord) : [];
  let characters = JSON.stringify(body.tools ?? "").length;
  let images = 0;
  for (const message of messages) {
    for (const text of textsOf(message)) characters += text.length;
    if (Array.isArray(message.content))
      images += message.content.filter((part) => isRecord(part) && part.type === "image_url").length;
  }
  const prompt = Math.ceil(characters / CHARACTERS_PER_TOKEN) + images * TOKENS_PER_IMAGE;
  const completion =
    (wholeOf(body.max_completion_tokens) ?? wholeOf(body.max_tokens) ?? usual) * (wholeOf(body.n) ?? 1);
  return (count === "completion" ? 0 : prompt) + (count === "prompt" ? 0 : completion);
}

const wholeOf = (value: unknown): number | undefined =>
  typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : undefined;
