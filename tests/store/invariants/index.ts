/** What must be true of a store at each moment, looked at while a cluster is simulated. */
export type { Breach } from "./breach.ts";
export { type Place, watchedNode } from "./watch.ts";
export { Witness } from "./witness.ts";
