/**
 * What the parts of a store say to each other: the roles of the transaction system, the hosts that run them, and the coordinators.
 *
 * Both planes speak it: coordinators and director belong to the control plane, everything else to the data plane. Each role is a service; who is in
 * the same process calls the role's handlers directly.
 */
export {
  type ClusterConfig,
  type ClusterView,
  COORDINATOR,
  clusterConfig,
  clusterView,
  type NodeRecord,
  nodeRecord,
} from "./coordinator.ts";
export { FAILURES, type StoreFailure } from "./failures.ts";
export { HOST, type StartComponent, type WorkerKind } from "./host.ts";
export { type Layout, layout, type ResolverRange, type StorageTeam, SYSTEM_KEYS, type TeamMember } from "./layout.ts";
export { LOG, type LogEntry, type LogInfo, type LogPull } from "./log.ts";
export { STORAGE, type StorageInfo } from "./storage.ts";
export { COMMIT_PROXY, RESOLVER, SEQUENCER } from "./transaction-system.ts";
export type { Epoch, Version } from "./values.ts";
