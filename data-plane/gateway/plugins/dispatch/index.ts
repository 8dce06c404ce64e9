/** Dispatchers: where a request goes. */
import type { DispatcherPlugin } from "../plugin.ts";
import { httpUpstream } from "./http-upstream.ts";
import { mock } from "./mock.ts";

export const DISPATCH_PLUGINS: readonly DispatcherPlugin[] = [httpUpstream, mock];
