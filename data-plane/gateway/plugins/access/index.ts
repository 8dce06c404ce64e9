/** Who somebody is, and whether they may come in. */
import type { MiddlewarePlugin } from "../plugin.ts";

export const ACCESS_PLUGINS: readonly MiddlewarePlugin[] = [];
