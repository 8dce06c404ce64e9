/**
 * A store that is a cluster, as its clients see it, and the coordinators, as everybody outside of them does.
 */
export { type ClusterOptions, connectCluster } from "./cluster-store.ts";
export { Coordinators } from "./coordinators.ts";
