/** Modules written in the text form of WebAssembly, as plugins that are set up. */
import { createHash } from "node:crypto";
import {
  HOST_FUNCTIONS,
  HOST_MODULE,
  type JsonObject,
  type ModuleLimits,
  type ModuleManifest,
  type PlannedModule,
} from "#foundation/gateway-artifact";
import { wat } from "#foundation/wasm/testing";
import { testHost } from "../../../testing/index.ts";
import type { Dispatcher, DispatcherPlugin, Middleware, MiddlewarePlugin, PluginHost } from "../../plugin.ts";
import { modulePlugin } from "../module-plugin.ts";

export type ManifestPart = Partial<Omit<ModuleManifest, "limits">> & { readonly limits?: Partial<ModuleLimits> };

export function plannedModule(bytes: Uint8Array, { limits, ...part }: ManifestPart = {}): PlannedModule {
  return {
    name: "test",
    version: "1.0.0",
    kind: "middleware",
    phase: "transformation",
    summary: "",
    capabilities: [],
    hosts: [],
    limits: { memory_mib: 1, instructions: 1_000_000, wait_ms: 1000, ...limits },
    state: "reset",
    config: { type: "object" },
    urls: [],
    enforces: [],
    sha256: createHash("sha256").update(bytes).digest("hex"),
    ...part,
  };
}

/**
 * A module of these functions of the host, with a page of memory.
 *
 * @param imports names of functions of the host, by which they are called in `code`
 */
export function guest(imports: readonly (keyof typeof HOST_FUNCTIONS)[], code: string, memory = "1"): Uint8Array {
  const functions = imports.map((name) => {
    const { params, results } = HOST_FUNCTIONS[name].type;
    const given = params.length === 0 ? "" : `(param ${params.join(" ")})`;
    const gives = results.length === 0 ? "" : `(result ${results.join(" ")})`;
    return `(import "${HOST_MODULE}" "${name}" (func $${name} ${given} ${gives}))`;
  });
  return wat(`(module ${functions.join("\n")} (memory (export "memory") ${memory}) ${code})`);
}

interface Made<Program> {
  readonly plugin: Program;
  readonly host: PluginHost & ReturnType<typeof testHost>;
}

async function setUp(bytes: Uint8Array, planned: PlannedModule, config: JsonObject, host = testHost()) {
  const { program } = modulePlugin(planned, bytes);
  return { plugin: await (program as MiddlewarePlugin | DispatcherPlugin).setup(config, host), host };
}

export async function middleware(
  bytes: Uint8Array,
  part: ManifestPart = {},
  config: JsonObject = {},
  host?: ReturnType<typeof testHost>,
): Promise<Made<Middleware>> {
  return (await setUp(bytes, plannedModule(bytes, part), config, host)) as Made<Middleware>;
}

export async function dispatcher(
  bytes: Uint8Array,
  part: ManifestPart = {},
  config: JsonObject = {},
  host?: ReturnType<typeof testHost>,
): Promise<Made<Dispatcher>> {
  return (await setUp(bytes, plannedModule(bytes, { kind: "dispatcher", ...part }), config, host)) as Made<Dispatcher>;
}

/** Its octets in a data segment of the text form. */
export function data(at: number, text: string): string {
  const octets = [...Buffer.from(text)].map((octet) => `\\${octet.toString(16).padStart(2, "0")}`).join("");
  return `(data (i32.const ${at}) "${octets}")`;
}

/** What calls of a plugin were counted as. */
export function countsOf({ metrics }: PluginHost): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const [, outcome, value] of metrics
    .expose()
    .matchAll(/biplane_gateway_plugin_calls_total\{[^}]*outcome="([^"]+)"[^}]*\} (\d+)/g)) {
    counts[outcome!] = Number(value);
  }
  return counts;
}
