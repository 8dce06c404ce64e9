import type { JsonObject } from "../../plan.ts";
import type { ConfigProblem, DispatcherDeclaration } from "../../plugin-declaration.ts";
import { notToBeSet } from "../dispatch/own-fields.ts";
import { CONNECT_TIMEOUT, SECONDS, SERVER_URL } from "../dispatch/shapes.ts";

const GLOBS = { type: "array", maxItems: 1000, items: { type: "string", minLength: 1, maxLength: 256 } } as const;

/** Where a model is asked for. */
const TARGET = {
  provider: {
    enum: ["openai", "anthropic", "ollama"],
    description: "`openai` is also for servers that speak its API.",
  },
  api: {
    enum: ["native", "chat-completions"],
    description:
      "For `openai`: `chat-completions` is for servers that have no Responses API. For `ollama`: `native` is its own API (`/api/chat`); OpenAI's, which it speaks as well, is the usual one.",
  },
  api_key: { type: "string", minLength: 1, writeOnly: true },
  base_url: {
    ...SERVER_URL,
    description:
      "The provider's own when it is missing. `/v1` (`/api` for Ollama's own API) is meant where it has no path.",
  },
  auth: {
    description:
      "How the key is shown: `bearer`, `api_key` (`x-api-key` for Anthropic, `api-key` for others), a field, or a parameter of the query.",
    oneOf: [
      { enum: ["bearer", "api_key"] },
      {
        type: "object",
        additionalProperties: false,
        required: ["header"],
        properties: { header: { type: "string", pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$" } },
      },
      {
        type: "object",
        additionalProperties: false,
        required: ["query"],
        properties: { query: { type: "string", minLength: 1, maxLength: 256 } },
      },
    ],
  },
  headers: {
    type: "object",
    additionalProperties: { type: "string", pattern: "^[^\\r\\n\\u0000]*$" },
    description: "Further fields of every request.",
  },
  model: { type: "string", minLength: 1, maxLength: 256, description: "Asked for in the place of the client's." },
  allow: { ...GLOBS, description: "Models that may be asked for (`*`, `?`); all when it is missing." },
  deny: { ...GLOBS, description: "Models that may not." },
} as const;

const TARGET_CONFIG = {
  type: "object",
  additionalProperties: false,
  required: ["provider"],
  properties: TARGET,
} as const;

export const AI_PROXY: DispatcherDeclaration = {
  name: "ai-proxy",
  kind: "dispatcher",
  summary: "Asks language models: clients speak OpenAI's Chat Completions or Responses, whoever the provider is",
  urls: ["base_url"],
  config: {
    type: "object",
    additionalProperties: false,
    anyOf: [{ required: ["provider"] }, { required: ["routes"] }, { required: ["targets"] }],
    properties: {
      ...TARGET,
      timeout: {
        ...SECONDS,
        default: 120,
        description: "Seconds for an answer that is no stream, from the first to the last octet.",
      },
      connect_timeout: CONNECT_TIMEOUT,
      first_token_timeout: { ...SECONDS, default: 60, description: "Seconds until a stream begins." },
      idle_timeout: { ...SECONDS, default: 60, description: "Seconds between two pieces of an answer." },
      models_timeout: { ...SECONDS, default: 5, description: "Seconds for the list of a provider's models." },
      max_response_bytes: {
        type: "integer",
        minimum: 1024,
        maximum: 268_435_456,
        default: 8_388_608,
        description: "Of an answer that is no stream.",
      },
      max_tokens: {
        type: "integer",
        minimum: 1,
        description: "For Anthropic, which has to be told, when a client says nothing of it (4096 otherwise).",
      },
      aliases: {
        type: "object",
        maxProperties: 1000,
        default: {},
        additionalProperties: { type: "string", minLength: 1, maxLength: 256 },
        description: "Models by other names, before anything else is decided.",
      },
      fallback: {
        type: "array",
        maxItems: 8,
        default: [],
        items: TARGET_CONFIG,
        description: "Asked in order after 429, 5xx, or no answer, as long as the client has got nothing.",
      },
      routes: {
        type: "array",
        maxItems: 1000,
        default: [],
        description: "The first whose pattern (`*`, `?`) fits the model is asked.",
        items: {
          type: "object",
          additionalProperties: false,
          required: ["pattern", "provider"],
          properties: { pattern: { type: "string", minLength: 1, maxLength: 256 }, ...TARGET },
        },
      },
      targets: {
        type: "object",
        maxProperties: 1000,
        default: {},
        additionalProperties: TARGET_CONFIG,
        description: "By name: an earlier middleware chooses one by the context value `ai.target`.",
      },
      default_target: { type: "string", description: "The target of models that no route fits." },
    },
  },
  check(config) {
    const { default_target: usual, targets = {} } = config as { default_target?: string; targets?: JsonObject };
    const unknown: readonly ConfigProblem[] =
      usual === undefined || Object.hasOwn(targets, usual)
        ? []
        : [{ pointer: "/default_target", message: `There is no target ${usual}.` }];
    return [...unknown, ...apiProblems(config), ...notToBeSet(config.headers)];
  },
};

/** Who has only one API cannot be asked in another. */
function apiProblems(config: JsonObject): readonly ConfigProblem[] {
  const { fallback = [], routes = [] } = config as Readonly<Record<string, readonly JsonObject[]>>;
  const { targets = {} } = config;
  const all: readonly (readonly [pointer: string, target: JsonObject])[] = [
    ["", config],
    ...fallback.map((one, index) => [`/fallback/${index}`, one] as const),
    ...routes.map((one, index) => [`/routes/${index}`, one] as const),
    ...Object.entries(targets as Readonly<Record<string, JsonObject>>).map(
      ([name, one]) => [`/targets/${name}`, one] as const,
    ),
  ];
  return all.flatMap(([pointer, { provider, api }]) =>
    api === undefined || provider !== "anthropic"
      ? []
      : [{ pointer: `${pointer}/api`, message: "The provider anthropic has only one API." }],
  );
}
