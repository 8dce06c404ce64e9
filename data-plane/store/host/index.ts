/**
 * The host of a node: runs the workers that its disk holds, and the components that directors start.
 */
export { type Host, type HostOptions, openHost } from "./host.ts";
