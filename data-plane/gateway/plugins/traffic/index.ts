/** Limits, caching, headers and bodies on their way, what is told about requests. */
import type { MiddlewarePlugin } from "../plugin.ts";

export const TRAFFIC_PLUGINS: readonly MiddlewarePlugin[] = [];
