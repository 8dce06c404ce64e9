/** `ai-cost-tracker`: what answers of language models cost, by a list of prices. Told as metrics and as the context value `ai.cost`. */
import type { GatewayExchange } from "../../../message/gateway-exchange.ts";
import type { Middleware, MiddlewarePlugin, PluginHost } from "../../plugin.ts";
import { countedTokens } from "./usage.ts";

interface Price {
  readonly prompt: number;
  readonly completion: number;
}

interface CostConfig {
  /** By `provider/model`, USD for 1,000 tokens. */
  readonly prices: Readonly<Record<string, Price>>;
  readonly warn_unknown_model: boolean;
}

const TOKENS_PER_PRICE = 1_000;
/** Models without a price have one name together: clients can invent any number of them. */
const UNPRICED = "other";
/** Models that a warning is given for. */
const WARNED_MAX = 100;

export const AI_COST_TRACKER: MiddlewarePlugin = {
  name: "ai-cost-tracker",
  setup: (config, host) => aiCostTracker(config as unknown as CostConfig, host),
};

function aiCostTracker({ prices, warn_unknown_model: warns }: CostConfig, { metrics, log }: PluginHost): Middleware {
  const priceOf = new Map(Object.entries(prices));
  const costs = metrics.counter({
    name: "biplane_gateway_ai_cost_dollars_total",
    help: "What answers of language models cost, in US dollars, by the prices of the configuration.",
    labels: ["provider", "model"],
  });
  const tokens = metrics.counter({
    name: "biplane_gateway_ai_tokens_total",
    help: "Tokens of prompts and completions.",
    labels: ["provider", "model", "kind"],
  });
  const seen = new WeakSet<GatewayExchange>();
  const warned = new Set<string>();

  const look = (exchange: GatewayExchange): void => {
    const usage = countedTokens(exchange);
    if (usage === undefined || seen.has(exchange)) return;
    seen.add(exchange);
    const { context } = exchange;
    const provider = context.get("ai.provider") ?? UNPRICED;
    const model = context.get("ai.model") ?? UNPRICED;
    const price = priceOf.get(`${provider}/${model}`);
    const label = price === undefined ? UNPRICED : model;
    tokens.labels(provider, label, "prompt").inc(usage.prompt);
    tokens.labels(provider, label, "completion").inc(usage.completion);
    if (price === undefined) {
      if (!warns || warned.has(model) || warned.size >= WARNED_MAX) return;
      warned.add(model);
      log.warn("a model has no price", { provider, model });
      return;
    }
    const cost = (usage.prompt * price.prompt + usage.completion * price.completion) / TOKENS_PER_PRICE;
    costs.labels(provider, model).inc(cost);
    context.set("ai.cost", String(cost));
  };

  return { onResponse: look, onEnd: look };
}
