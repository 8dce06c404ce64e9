/** All plugins that gateways bring. */
import { ACCESS_PLUGINS } from "./declarations/access.ts";
import { AI_PLUGINS } from "./declarations/ai.ts";
import { DISPATCH_PLUGINS } from "./declarations/dispatch.ts";
import { TRAFFIC_PLUGINS } from "./declarations/traffic.ts";
import type { PluginDeclaration } from "./plugin-declaration.ts";

export const PLUGIN_DECLARATIONS: ReadonlyMap<string, PluginDeclaration> = new Map(
  [...DISPATCH_PLUGINS, ...ACCESS_PLUGINS, ...TRAFFIC_PLUGINS, ...AI_PLUGINS].map((one) => [one.name, one]),
);
