/** What handlers of this room are given. */

export type IdPrefix = "spc_" | "spr_" | "bld_" | "art_" | "gtk_" | "gky_" | "ggr_" | "gwy_" | "gdp_";

export interface FleetDependencies {
  /** A new identifier that nothing else has. */
  readonly newId: (prefix: IdPrefix) => string;
  /** A new secret of a key, `bbk_…`, and its SHA-256 in hex. */
  readonly newKey: () => { readonly text: string; readonly hash: string };
  /** Whether a gateway is connected. Shares of a rollout are of those that are, where any is; absent: of all. */
  readonly isOnline?: (gatewayId: string) => boolean;
  /** Epoch milliseconds. */
  readonly now: () => number;
}
