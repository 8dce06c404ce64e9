/** Language models behind the gateway. */
import type { PluginDeclaration } from "../plugin-declaration.ts";
import { AI_COST_TRACKER } from "./ai/ai-cost-tracker.ts";
import { AI_PROMPT_GUARD } from "./ai/ai-prompt-guard.ts";
import { AI_PROXY } from "./ai/ai-proxy.ts";
import { AI_RESPONSE_GUARD } from "./ai/ai-response-guard.ts";
import { AI_TOKEN_LIMIT } from "./ai/ai-token-limit.ts";

export const AI_PLUGINS: readonly PluginDeclaration[] = [
  AI_PROXY,
  AI_PROMPT_GUARD,
  AI_TOKEN_LIMIT,
  AI_COST_TRACKER,
  AI_RESPONSE_GUARD,
];
