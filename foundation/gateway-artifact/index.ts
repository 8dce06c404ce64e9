/** What a compiled gateway is: its plan, the file it travels in, and what is known of its plugins. */
export {
  type ArtifactContents,
  type GatewayArtifact,
  type OpenArtifactOptions,
  openGatewayArtifact,
  type Provenance,
  readGatewayArtifact,
  sealGatewayArtifact,
} from "./artifact.ts";
export { agentPattern } from "./declarations/access/agent-pattern.ts";
export { CEL_VARIABLES, type CelVariable } from "./declarations/cel-variables.ts";
export { PLUGIN_DECLARATIONS } from "./declarations.ts";
export { MODULE_CAPABILITIES, type ModuleCapability } from "./modules/capabilities.ts";
export {
  ABORT,
  GUEST_FUNCTIONS,
  type GuestFunctionName,
  HOST_FUNCTIONS,
  HOST_MODULE,
  type HostFunctionName,
} from "./modules/host-functions.ts";
export { type JudgedModule, judgeModule } from "./modules/judge-module.ts";
export {
  MODULE_MANIFEST_SCHEMA,
  type ModuleLimits,
  type ModuleManifest,
  type PlannedModule,
} from "./modules/module-manifest.ts";
export * from "./plan.ts";
export type {
  ConfigProblem,
  DispatcherDeclaration,
  MiddlewareDeclaration,
  MiddlewarePhase,
  PluginDeclaration,
} from "./plugin-declaration.ts";
