/** What handlers of this room are given. */

export type IdPrefix = "prj_" | "app_" | "env_" | "rel_" | "dep_" | "rte_";

export interface ApplicationDependencies {
  /** A new identifier that nothing else has. */
  readonly newId: (prefix: IdPrefix) => string;
  /** Epoch milliseconds. */
  readonly now: () => number;
}
