/** Dispatchers: where a request goes. */
import type { PluginDeclaration } from "../plugin-declaration.ts";

export const DISPATCH_PLUGINS: readonly PluginDeclaration[] = [];
