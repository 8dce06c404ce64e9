/** Language models: asked through the gateway, with budgets, prices and rules. */
import type { DispatcherPlugin, MiddlewarePlugin } from "../plugin.ts";
import { AI_COST_TRACKER } from "./guards/ai-cost-tracker.ts";
import { AI_PROMPT_GUARD } from "./guards/ai-prompt-guard.ts";
import { AI_RESPONSE_GUARD } from "./guards/ai-response-guard.ts";
import { AI_TOKEN_LIMIT } from "./guards/ai-token-limit.ts";
import { AI_PROXY } from "./proxy/ai-proxy.ts";

export const AI_PLUGINS: readonly (DispatcherPlugin | MiddlewarePlugin)[] = [
  AI_PROXY,
  AI_PROMPT_GUARD,
  AI_TOKEN_LIMIT,
  AI_COST_TRACKER,
  AI_RESPONSE_GUARD,
];
