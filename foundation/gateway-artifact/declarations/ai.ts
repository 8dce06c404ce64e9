/** Language models behind the gateway. */
import type { PluginDeclaration } from "../plugin-declaration.ts";

export const AI_PLUGINS: readonly PluginDeclaration[] = [];
