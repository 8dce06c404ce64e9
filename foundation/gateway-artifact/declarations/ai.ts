/** Language models behind the gateway. */
import type { PluginDeclaration } from "../plugin-declaration.ts";
import { AI_PROXY } from "./ai/ai-proxy.ts";

export const AI_PLUGINS: readonly PluginDeclaration[] = [AI_PROXY];
