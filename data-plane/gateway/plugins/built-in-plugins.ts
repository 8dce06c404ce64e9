/** All plugins that the gateway brings. */
import { PLUGIN_DECLARATIONS } from "#foundation/gateway-artifact";
import type { PluginPrograms } from "../running/epoch.ts";
import { ACCESS_PLUGINS } from "./access/index.ts";
import { AI_PLUGINS } from "./ai/index.ts";
import { DISPATCH_PLUGINS } from "./dispatch/index.ts";
import { TRAFFIC_PLUGINS } from "./traffic/index.ts";

/** A program without declaration is nobody's: no compiler would know it. */
export const BUILT_IN_PLUGINS: PluginPrograms = new Map(
  [...DISPATCH_PLUGINS, ...ACCESS_PLUGINS, ...TRAFFIC_PLUGINS, ...AI_PLUGINS].flatMap((program) => {
    const declaration = PLUGIN_DECLARATIONS.get(program.name);
    return declaration === undefined ? [] : [[program.name, { declaration, program }] as const];
  }),
);
