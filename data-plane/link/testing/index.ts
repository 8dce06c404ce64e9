/** For tests of services: a catalog in memory, and decisions about resources on the spot. */
export { decideResource } from "./decide-resource.ts";
export { MemoryCatalog } from "./memory-catalog.ts";
