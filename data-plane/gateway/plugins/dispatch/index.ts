/** Dispatchers: where a request goes. */
import type { DispatcherPlugin } from "../plugin.ts";

export const DISPATCH_PLUGINS: readonly DispatcherPlugin[] = [];
