/**
 * Quotas: at most so many requests in any window of time (see `createSlidingWindows` for what that means exactly). Told to clients on every response by the fields `RateLimit-Policy`
 * and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-11, the form since -08), and by 429 with `Retry-After`.
 *
 * Counted in this process, and over reloads; with a `store`, by all gateways together.
 */
import { createSlidingWindows, type SlidingWindows, type WindowDecision } from "#foundation/rate-limit";
import type { Answer } from "../../message/answer.ts";
import { ExchangeNote } from "../../message/exchange-note.ts";
import type { GatewayExchange } from "../../message/gateway-exchange.ts";
import { problem } from "../../problems.ts";
import type { Middleware, MiddlewarePlugin, PluginHost } from "../plugin.ts";
import { type PartitionConfig, partitionOf } from "./partition.ts";
import { digestOf, type StoreConfig, sharedStore } from "./shared-store.ts";
import { type SharedWindows, sharedWindows } from "./shared-windows.ts";

interface RateLimitConfig extends PartitionConfig {
  readonly quota: number;
  readonly window: number;
  readonly policy_name: string;
  readonly scope: "policy" | "operation";
  readonly fail_open: boolean;
  readonly store?: StoreConfig;
}

const SECOND = 1000;

export const RATE_LIMIT: MiddlewarePlugin = {
  name: "rate-limit",
  setup: (config, host) => rateLimit(config as unknown as RateLimitConfig, host),
};

function rateLimit(config: RateLimitConfig, host: PluginHost): Middleware {
  const { quota, window: windowS, policy_name: name, fail_open: failOpen } = config;
  const windows = keptWindows(config, host);
  const shared = config.store && sharedWith(config, config.store, host);
  const partition = partitionOf(config);
  const isPerOperation = config.scope === "operation";
  const policy = `"${name}";q=${quota};w=${windowS}`;
  /** Several such middlewares work on the same exchange, each with its own. */
  const decisions = new ExchangeNote<WindowDecision>();

  const follow = (exchange: GatewayExchange, decision: WindowDecision): Answer | undefined => {
    decisions.set(exchange, decision);
    if (decision.allowed) return undefined;
    return problem("rate-limit-exceeded", {
      detail: `${quota} ${quota === 1 ? "request is" : "requests are"} allowed in ${windowS} s.`,
      members: { "violated-policies": [name] },
      headers: ["Retry-After", String(Math.ceil(decision.moreAfterMs / SECOND))],
    });
  };
  const ask = async (exchange: GatewayExchange, key: string, { windows: there, onAway }: Shared) => {
    let decision: WindowDecision;
    try {
      decision = await there.take(key);
    } catch (error) {
      onAway(error);
      if (!failOpen) return problem("rate-limiter-unavailable", { headers: ["Retry-After", "1"] });
      decision = windows.take(key);
    }
    return follow(exchange, decision);
  };

  return {
    onRequest(exchange) {
      const who = partition(exchange);
      const key = isPerOperation ? `${exchange.operation.id}\n${who}` : who;
      return shared === undefined ? follow(exchange, windows.take(key)) : ask(exchange, key, shared);
    },
    onResponse(exchange, { headers }) {
      const decision = decisions.get(exchange);
      if (decision === undefined) return;
      headers.append("RateLimit-Policy", policy);
      const remaining = `"${name}";r=${decision.remaining}`;
      const moreAfterS = Math.ceil(decision.moreAfterMs / SECOND);
      headers.append("RateLimit", moreAfterS === 0 ? remaining : `${remaining};t=${moreAfterS}`);
    },
  };
}

interface Shared {
  readonly windows: SharedWindows;
  readonly onAway: (error: unknown) => void;
}

function sharedWith(config: RateLimitConfig, store: StoreConfig, host: PluginHost): Shared {
  const { quota, window: windowS, policy_name: name, partition_key: by, scope } = config;
  const { client, prefix, onAway } = sharedStore(store, host, {
    of: "a rate-limit",
    metric: "biplane_gateway_rate_limit_store_failures_total",
    help: "Requests for which the store of a rate-limit gave no decision.",
  });
  const place = `${prefix}:rate-limit:${digestOf([name, quota, windowS, by, scope]).slice(0, 16)}`;
  return { windows: sharedWindows(client, place, quota, windowS * SECOND), onAway };
}

function keptWindows(config: RateLimitConfig, host: PluginHost): SlidingWindows {
  const { quota, window: windowS, policy_name: name, partition_key: by, scope, fail_open: failOpen } = config;
  return host.keep("rate-limit", JSON.stringify([name, quota, windowS, by, scope, failOpen]), () =>
    createSlidingWindows({
      clock: host.clock,
      quota,
      windowMs: windowS * SECOND,
      whenFull: failOpen ? "allow" : "share",
    }),
  );
}
