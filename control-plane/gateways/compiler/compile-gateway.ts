/** From descriptions to an artifact, or to everything that is wrong with them. Pure but for `read`. */
import type { KeyObject } from "node:crypto";
import {
  type ApiDescription,
  type Diagnostic,
  Diagnostics,
  type LoadedDescriptions,
  loadApiDescriptions,
  type Operation,
  type ReadFile,
} from "#foundation/api-description";
import {
  type GatewayPlan,
  PLAN_VERSION,
  PLUGIN_DECLARATIONS,
  type PlannedApi,
  type PlannedOperation,
  type PluginDeclaration,
  type Provenance,
  sealGatewayArtifact,
} from "#foundation/gateway-artifact";
import { checkSecurity } from "./check-security.ts";
import { ModuleTable } from "./module-table.ts";
import { planOperation } from "./plan-operation.ts";
import { PluginUses } from "./plugin-uses.ts";
import { SchemaTable } from "./schema-table.ts";
import { specMembers } from "./spec-members.ts";
import { planTool } from "./tools/plan-tool.ts";

export interface CompileOptions {
  /** Descriptions, by their paths relative to the folder that is read from, with `/`. */
  readonly files: readonly string[];
  readonly read: ReadFile;
  /** Documents with other addresses that references may lead to: nothing is fetched. */
  readonly given?: ReadonlyMap<string, string | Uint8Array>;
  /** Where operations go that say nothing about it. */
  readonly upstream?: string;
  /** Lets upstreams be addressed by `http:` and `ws:`. Default false. */
  readonly allowPlaintext?: boolean;
  readonly provenance: Provenance;
  readonly signingKeys?: readonly KeyObject[];
  /** Default: the plugins that gateways bring. */
  readonly declarations?: ReadonlyMap<string, PluginDeclaration>;
}

export interface CompiledGateway {
  /** All problems, file by file in the order of lines. */
  readonly diagnostics: readonly Diagnostic[];
  readonly hasErrors: boolean;
  /** All files that were read or looked for, those of references and plugins too. */
  readonly files: readonly string[];
  /** Undefined while there are errors. */
  readonly plan?: GatewayPlan;
  readonly artifact?: { readonly bytes: Uint8Array; readonly digest: string };
}

/**
 * Never throws for anything that is in the files. The same files and options give the same bytes, in whatever order the files are named.
 *
 * @example
 * const { artifact, diagnostics } = compileGateway({ files: ["api.yaml"], read: directoryReader("."), provenance: { compiler: "1.0.0" } });
 */
export function compileGateway(options: CompileOptions): CompiledGateway {
  const { upstream } = options;
  const loaded = loadApiDescriptions({
    files: options.files.toSorted(),
    read: options.read,
    ...(options.given === undefined ? {} : { given: options.given }),
    withoutDispatch: upstream === undefined ? "error" : "off",
  });
  const diagnostics = new Diagnostics();
  for (const one of loaded.diagnostics) diagnostics.add(one);
  const { declarations = PLUGIN_DECLARATIONS } = options;
  const modules = new ModuleTable(loaded, declarations, options.read, diagnostics);
  const plan = planOf(loaded, { ...options, declarations }, modules, diagnostics);
  const descriptions = loaded.documents.map(({ file }) => file);
  const files = [...descriptions, ...modules.files];
  const all = { diagnostics: diagnostics.list(), hasErrors: diagnostics.hasErrors, files };
  if (all.hasErrors) return all;
  const names = specMembers(descriptions);
  const specs = new Map(loaded.documents.map(({ file, text }) => [names.get(file)!, Buffer.from(text)]));
  const used = modules.used(new Set(plan.plugins.map(({ name }) => name)));
  const programs = new Map(used.map(({ planned, bytes }) => [planned.name, bytes]));
  const contents = { plan, specs, modules: programs, provenance: options.provenance };
  return { ...all, plan, artifact: sealGatewayArtifact(contents, options.signingKeys) };
}

function planOf(
  { descriptions }: LoadedDescriptions,
  options: CompileOptions & Required<Pick<CompileOptions, "declarations">>,
  modules: ModuleTable,
  diagnostics: Diagnostics,
): GatewayPlan {
  const { upstream, allowPlaintext = false } = options;
  const declarations = new Map([...options.declarations, ...modules.declarations]);
  const versionOf = (name: string): string | undefined => modules.version(name);
  const isBroken = (name: string): boolean => modules.isBroken(name);
  const uses = new PluginUses(declarations, { allowPlaintext, versionOf, isBroken }, diagnostics);
  const schemas = new SchemaTable(descriptions, diagnostics);
  const operations: PlannedOperation[] = [];
  const toolNames = new Set<string>();
  for (const [api, description] of descriptions.entries()) {
    for (const operation of description.operations) {
      const middlewares = operation.middlewares.map((use) => uses.add("middleware", use));
      const dispatch = dispatchOf(operation, upstream, uses);
      checkSecurity(operation, declarations, upstream !== undefined && operation.dispatch === undefined, diagnostics);
      if (dispatch === undefined || middlewares.includes(undefined)) continue;
      const tool = planTool(operation, schemas, toolNames);
      operations.push(planOperation(operation, { api, middlewares: middlewares as number[], dispatch, schemas, tool }));
    }
  }
  const mcp = descriptions.find((description) => description.mcp?.enabled)?.mcp;
  const origins = [...new Set(descriptions.flatMap((description) => description.mcp?.allowedOrigins ?? []))].sort();
  const [first] = descriptions;
  const used = modules.used(new Set(uses.list.map(({ name }) => name)));
  return {
    version: PLAN_VERSION,
    apis: descriptions.map(plannedApi),
    operations: operations.toSorted(byPathAndMethod),
    plugins: uses.list,
    ...(used.length === 0 ? {} : { modules: used.map(({ planned }) => planned) }),
    schemas: schemas.documents,
    ...(operations.some(({ tool }) => tool !== undefined) && first !== undefined
      ? {
          mcp: {
            serverName: mcp?.serverName ?? first.info.title,
            serverVersion: mcp?.serverVersion ?? first.info.version,
            ...(mcp?.instructions === undefined ? {} : { instructions: mcp.instructions }),
            ...(origins.length === 0 ? {} : { allowedOrigins: origins }),
          },
        }
      : {}),
  };
}

function dispatchOf({ dispatch, at }: Operation, upstream: string | undefined, uses: PluginUses): number | undefined {
  if (dispatch !== undefined) return uses.add("dispatcher", dispatch);
  if (upstream === undefined) return undefined;
  return uses.add("dispatcher", { name: "http-upstream", config: { url: upstream }, at, configAt: at });
}

function plannedApi({ file, format, version, info }: ApiDescription): PlannedApi {
  return { file, format, formatVersion: version, title: info.title, version: info.version };
}

function byPathAndMethod(left: PlannedOperation, right: PlannedOperation): number {
  if (left.path !== right.path) return left.path < right.path ? -1 : 1;
  return left.method < right.method ? -1 : left.method > right.method ? 1 : 0;
}
