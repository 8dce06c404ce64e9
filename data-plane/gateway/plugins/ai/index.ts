/** Language models: asked through the gateway, with budgets, prices and rules. */
import type { DispatcherPlugin, MiddlewarePlugin } from "../plugin.ts";
import { AI_PROXY } from "./proxy/ai-proxy.ts";

export const AI_PLUGINS: readonly (DispatcherPlugin | MiddlewarePlugin)[] = [AI_PROXY];
