/** Limits, caching, headers and bodies on their way, what is told about requests. */
import type { PluginDeclaration } from "../plugin-declaration.ts";

export const TRAFFIC_PLUGINS: readonly PluginDeclaration[] = [];
