/** The edge's decisions without its sockets, for simulations. */
export { QUIET_MS_MAX, QuietTracker } from "../quiet-tracker.ts";
export { backendKey, RoutingTable } from "../routing-table.ts";
