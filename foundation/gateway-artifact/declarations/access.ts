/** Who somebody is, and whether they may come in. */
import type { PluginDeclaration } from "../plugin-declaration.ts";

export const ACCESS_PLUGINS: readonly PluginDeclaration[] = [];
