/** The planes as commands: `up`, `control`, `node`. */
export { type ControlCommandOptions, runControl } from "#apps/control";
export { JoinTokenMissing } from "./join-token.ts";
export { type AgentCommandOptions, type EdgeCommandOptions, runAgent, runEdge } from "./run-agent.ts";
export { type NodeCommandOptions, runNode } from "./run-node.ts";
export { runStore, type StoreCommandOptions } from "./run-store.ts";
export { runUp, type UpCommandOptions } from "./run-up.ts";
