/** Which provider a model is asked of. Pure. */
import { linearPattern, type Pattern } from "#foundation/regex";
import { type Upstream, upstreamOf } from "../../upstream-address.ts";
import { anthropic } from "../providers/anthropic.ts";
import { OLLAMA } from "../providers/ollama.ts";
import { OPENAI } from "../providers/openai.ts";
import type { Provider } from "../providers/provider.ts";
import { openAiResponses } from "../responses/openai-responses.ts";
import { overChat } from "../responses/over-chat.ts";
import type { NewId } from "../responses/response-object.ts";
import type { ProviderName, ProxyConfig, TargetConfig } from "./proxy-config.ts";

/** What is asked of a provider. */
export interface Asking {
  readonly provider: Provider;
  /** To ask for, with the key where it belongs into the query. */
  readonly path: string;
}

export interface Target {
  readonly providerName: ProviderName;
  readonly chat: Asking;
  readonly responses: Asking;
  readonly upstream: Upstream;
  /** To ask for its models. */
  readonly modelsPath: string;
  /** Name, value, name, value … with the key. */
  readonly fields: readonly string[];
  /** What the model that was asked for is called there. */
  modelOf(asked: string): string;
  permits(model: string): boolean;
  /** What may be asked for, where the configuration says it name by name; undefined where only the provider knows. */
  readonly models: readonly string[] | undefined;
}

export interface Targets {
  /** Who may be asked at all, each once. @param named as in {@link of} */
  all(named: string | undefined): readonly Target[];
  /** @param named by an earlier middleware (`ai.target`) @returns undefined when nobody is there for it */
  of(model: string, named: string | undefined): Target | undefined;
  readonly fallback: readonly Target[];
}

const BASE_URLS: Readonly<Record<ProviderName, string>> = {
  openai: "https://api.openai.com",
  anthropic: "https://api.anthropic.com",
  ollama: "http://127.0.0.1:11434",
};

/** @param newId for what is said in the place of a provider */
export function targetsOf(config: ProxyConfig, newId: NewId): Targets {
  const make = (one: TargetConfig, pattern?: string): Target => targetOf(one, config.max_tokens, pattern, newId);
  const named = new Map(Object.entries(config.targets).map(([name, one]) => [name, make(one)] as const));
  const routes = config.routes.map((one) => ({ pattern: globOf(one.pattern), target: make(one, one.pattern) }));
  const { provider, default_target } = config;
  const flat = provider === undefined ? undefined : make({ ...config, provider });
  const usual = (default_target === undefined ? undefined : named.get(default_target)) ?? flat;
  return {
    of(model, name) {
      if (name !== undefined) return named.get(name);
      return routes.find(({ pattern }) => pattern.test(model))?.target ?? usual;
    },
    all(name) {
      const one = name === undefined ? usual : named.get(name);
      const others = name === undefined ? routes.map(({ target }) => target) : [];
      return one === undefined ? others : [...others, one];
    },
    fallback: config.fallback.map((one) => make(one)),
  };
}

/** @param pattern of models that come here */
function targetOf(
  config: TargetConfig,
  maxTokens: number | undefined,
  pattern: string | undefined,
  newId: NewId,
): Target {
  const { provider: providerName, model: fixed, allow, deny = [] } = config;
  const provider = providerOf(config, maxTokens);
  const hasResponses = providerName === "openai" && config.api !== "chat-completions";
  const responses = hasResponses ? openAiResponses(newId) : overChat(provider, newId);
  const upstream = upstreamOf(config.base_url ?? BASE_URLS[providerName]);
  const { query, fields } = keyOf(config);
  const base = upstream.basePath === "" ? provider.usualBase : upstream.basePath;
  const pathOf = (path: string): string => `${base}${path}${path.includes("?") ? query.replace("?", "&") : query}`;
  const allowed = allow?.map(globOf);
  const denied = deny.map(globOf);
  return {
    providerName,
    chat: { provider, path: pathOf(provider.path) },
    responses: { provider: responses, path: pathOf(responses.path) },
    upstream,
    modelsPath: pathOf(provider.models.path),
    fields: [
      "Content-Type",
      "application/json",
      ...provider.fields,
      ...fields,
      ...Object.entries(config.headers ?? {}).flat(),
    ],
    modelOf: (asked) => fixed ?? asked,
    permits: (model) => allowed?.some((glob) => glob.test(model)) !== false && !denied.some((glob) => glob.test(model)),
    models: namesIn(pattern, fixed, allow),
  };
}

function providerOf({ provider, api }: TargetConfig, maxTokens: number | undefined): Provider {
  if (provider === "anthropic") return anthropic(maxTokens);
  // Ollama speaks OpenAI's API beside its own.
  return provider === "ollama" && api === "native" ? OLLAMA : OPENAI;
}

/** Names are known where no `*` or `?` is in the way. */
function namesIn(
  pattern: string | undefined,
  fixed: string | undefined,
  allow: readonly string[] | undefined,
): readonly string[] | undefined {
  const isName = (glob: string): boolean => !/[*?]/.test(glob);
  if (pattern !== undefined && isName(pattern)) return [pattern];
  if (fixed !== undefined) return [fixed];
  return allow?.every(isName) === true ? allow : undefined;
}

function keyOf({ provider, api_key: key, auth }: TargetConfig): {
  readonly query: string;
  readonly fields: readonly string[];
} {
  if (key === undefined) return { query: "", fields: [] };
  const way = auth ?? (provider === "anthropic" ? "api_key" : "bearer");
  if (way === "bearer") return { query: "", fields: ["Authorization", `Bearer ${key}`] };
  if (way === "api_key") return { query: "", fields: [provider === "anthropic" ? "x-api-key" : "api-key", key] };
  if ("header" in way) return { query: "", fields: [way.header, key] };
  return { query: `?${encodeURIComponent(way.query)}=${encodeURIComponent(key)}`, fields: [] };
}

/** `*` stands for any characters, `?` for one. */
function globOf(glob: string): Pattern {
  const source = glob
    .replace(/[.+^${}()|[\]\\/]/g, "\\$&")
    .replaceAll("*", "[^]*")
    .replaceAll("?", "[^]");
  return linearPattern(`^${source}$`);
}
