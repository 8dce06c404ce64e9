/** `ai-proxy`: clients speak OpenAI's Chat Completions, or its Responses; OpenAI, whoever speaks it too, Ollama, or Anthropic answers. */
import { createUuidV7 } from "#foundation/ids";
import type { Counter } from "#foundation/telemetry";
import type { Answer } from "../../../message/answer.ts";
import type { GatewayExchange } from "../../../message/gateway-exchange.ts";
import type { Dispatcher, DispatcherPlugin, PluginHost } from "../../plugin.ts";
import { readResponsesRequest, storeWarnings } from "../responses/read-responses-request.ts";
import { Chat, type ChatRules } from "./chat.ts";
import { ModelCatalog } from "./model-catalog.ts";
import { chatProblem } from "./proxy-answers.ts";
import type { ProxyConfig } from "./proxy-config.ts";
import { readChatRequest } from "./read-chat-request.ts";
import { surfaceOf } from "./surface.ts";
import { type Target, targetsOf } from "./targets.ts";

const SECOND = 1000;

export const AI_PROXY: DispatcherPlugin = {
  name: "ai-proxy",
  setup: (config, host) => aiProxy(config as unknown as ProxyConfig, host),
};

function aiProxy(config: ProxyConfig, host: PluginHost): Dispatcher {
  const targets = targetsOf(
    config,
    createUuidV7(host.random, () => host.clock.now()),
  );
  const aliases = new Map(Object.entries(config.aliases));
  const rules = rulesOf(config, host);

  const catalog = new ModelCatalog({
    host,
    targets,
    aliases,
    timeoutMs: config.models_timeout * SECOND,
    connectTimeoutMs: rules.connectTimeoutMs,
    responseBytesMax: rules.responseBytesMax,
  });

  const dispatch = (exchange: GatewayExchange): Answer | Promise<Answer> => {
    const surface = surfaceOf(exchange.operation);
    const chosen = exchange.context.get("ai.target");
    if (surface === "models") return catalog.list(chosen);
    if (surface === "model") return catalog.one(Object.values(exchange.request.pathParameters).at(-1) ?? "", chosen);
    const bytes = exchange.request.body.bytes!;
    const asked = surface === "chat" ? readChatRequest(bytes) : readResponsesRequest(bytes);
    if (asked.refused !== undefined) return asked.refused;
    const model = aliases.get(asked.model) ?? asked.model;
    const target = targets.of(model, chosen);
    if (target === undefined)
      return chatProblem("no-route", "No provider is there for this model.", { param: "model" });
    const called = target.modelOf(model);
    if (!target.permits(called))
      return chatProblem("model-not-permitted", "This model may not be asked for.", { param: "model" });
    const others = targets.fallback.flatMap((other): [Target, string][] => {
      const name = other.modelOf(model);
      return other.permits(name) ? [[other, name]] : [];
    });
    const warnings = surface === "chat" ? [] : storeWarnings(asked.chat.body);
    return new Chat(exchange, surface, asked.chat, warnings, rules).answer([[target, called], ...others]);
  };
  return { readsRequestBody: true, dispatch };
}

function rulesOf(config: ProxyConfig, host: PluginHost): ChatRules {
  const requests = host.metrics.counter({
    name: "biplane_gateway_ai_requests_total",
    help: "Requests to providers of language models, by what became of them.",
    labels: ["provider", "outcome"],
  });
  const counters = new Map<string, Counter>();
  return {
    host,
    timeoutMs: config.timeout * SECOND,
    connectTimeoutMs: config.connect_timeout * SECOND,
    firstTokenTimeoutMs: config.first_token_timeout * SECOND,
    idleTimeoutMs: config.idle_timeout * SECOND,
    responseBytesMax: config.max_response_bytes,
    onOutcome({ providerName }, outcome) {
      const key = `${providerName} ${outcome}`;
      let counter = counters.get(key);
      if (counter === undefined) {
        counter = requests.labels(providerName, outcome);
        counters.set(key, counter);
      }
      counter.inc();
    },
  };
}
