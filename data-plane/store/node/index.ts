/**
 * A node of a cluster: its host, and its word to the coordinators of what it is and has.
 */
export { openNode, type StoreNode, type StoreNodeOptions } from "./node.ts";
