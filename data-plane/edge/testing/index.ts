/** For tests and benchmarks: the edge's decisions without its sockets, and an edge whose configurations are given by hand. */
export { QUIET_MS_MAX, QuietTracker } from "../quiet-tracker.ts";
export { backendKey, RoutingTable } from "../routing-table.ts";
export { configOf, HandLink, routeTo, startTestEdge, type TestEdge } from "./test-edge.ts";
