import type { JsonObject } from "../../plan.ts";
import type { MiddlewareDeclaration } from "../../plugin-declaration.ts";
import { RATE_LIMIT } from "../traffic/rate-limit.ts";
import { storeShape } from "../traffic/store-shape.ts";
import { profileMembers, usualProfile } from "./profile-shapes.ts";

const { partition_key, trusted_proxies } = RATE_LIMIT.config.properties as Readonly<Record<string, JsonObject>>;

export const AI_TOKEN_LIMIT: MiddlewareDeclaration = {
  kind: "middleware",
  name: "ai-token-limit",
  phase: "transformation",
  summary: "Allows so many tokens of language models in any window of time, of each client, consumer or whatever else",
  config: {
    type: "object",
    additionalProperties: false,
    required: ["default_profile", "profiles"],
    properties: {
      ...profileMembers({
        type: "object",
        additionalProperties: false,
        required: ["quota", "window"],
        properties: {
          quota: { type: "integer", minimum: 1, maximum: 1_000_000_000_000, description: "Tokens." },
          window: { type: "integer", minimum: 1, maximum: 2_678_400, description: "Seconds, up to 31 days." },
        },
      }),
      policy_name: {
        type: "string",
        pattern: "^[A-Za-z0-9_.:/-]{1,64}$",
        default: "ai-tokens",
        description: "Uses with the same name count together, also over reloads.",
      },
      partition_key: partition_key!,
      trusted_proxies: trusted_proxies!,
      count: { enum: ["prompt", "completion", "total"], default: "total", description: "Which tokens." },
      completion_reserve: {
        type: "integer",
        minimum: 1,
        maximum: 1_000_000,
        default: 500,
        description: "Tokens that an answer is expected to have when the client sets no limit.",
      },
      fail_open: {
        type: "boolean",
        default: false,
        description:
          "Partitions beyond 100,000 share one budget, or (`true`) are not counted. Requests while a `store` is away are refused with 503, or (`true`) counted by each gateway for itself.",
      },
      store: storeShape(
        "Where all gateways with this policy count together: a server that speaks RESP and runs scripts (Redis 5 or later, Valkey).",
        "What the names of budgets begin with there.",
      ),
    },
  },
  urls: ["url"],
  check: (config) => [...usualProfile(config), ...(RATE_LIMIT.check?.(config) ?? [])],
};
