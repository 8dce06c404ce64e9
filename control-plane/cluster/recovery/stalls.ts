/**
 * Why a recovery does not go on. Each reason has a name that operators see, and what is needed to act upon it.
 */

/** A reason, and what belongs to it. All but `superseded` are tried again. */
export type Stall =
  /** No node that can be reached may run the transaction system. */
  | { readonly reason: "no_coordination_nodes" }
  | { readonly reason: "insufficient_log_nodes"; readonly needed: number; readonly have: number }
  | { readonly reason: "insufficient_storage_nodes"; readonly needed: number; readonly have: number }
  /** Half of the old logs or more cannot be reached: what was acknowledged may be on them alone. */
  | { readonly reason: "log_quorum"; readonly locked: number; readonly total: number }
  /** Of these teams too few members can be reached. */
  | { readonly reason: "insufficient_replication"; readonly tags: readonly string[] }
  /** The logs lack what follows on the state of the storage servers. */
  | { readonly reason: "log_gap"; readonly durable: bigint; readonly oldest: bigint }
  | { readonly reason: "recruited_unavailable"; readonly id: string; readonly cause: string }
  | { readonly reason: "lock_failed"; readonly id: string; readonly cause: string }
  | { readonly reason: "replay_failed"; readonly logs: Readonly<Record<string, string>> }
  | { readonly reason: "start_failed"; readonly kind: string; readonly node: string; readonly cause: string }
  | { readonly reason: "layout_invalid"; readonly cause: string }
  | { readonly reason: "unlock_failed"; readonly id: string; readonly cause: string }
  | { readonly reason: "system_tx_failed"; readonly cause: string }
  /** While it runs: a member lacks what no log keeps, and could not be given it now. */
  | { readonly reason: "fill_failed"; readonly id: string; readonly cause: string }
  /** While it runs: no single server that is up holds all that this one should. */
  | { readonly reason: "no_fill_source"; readonly id: string }
  | { readonly reason: "superseded"; readonly epoch: bigint }
  /** The layout that the coordinators hold cannot be one. Never taken for a cluster that is new. */
  | { readonly reason: "tsl_corrupt"; readonly cause: string };

/** Ends an attempt. */
export class Stalled extends Error {
  override readonly name = "Stalled";

  constructor(readonly stall: Stall) {
    super(describeStall(stall));
  }
}

/** As operators see it: `log_quorum{locked:1,total:3}`. */
export function describeStall({ reason, ...facts }: Stall): string {
  const parts = Object.entries(facts).map(([name, value]) => `${name}:${describeFact(value)}`);
  return parts.length === 0 ? reason : `${reason}{${parts.join(",")}}`;
}

function describeFact(value: unknown): string {
  if (Array.isArray(value)) return `[${value.join(",")}]`;
  if (typeof value !== "object" || value === null) return String(value);
  const parts = Object.entries(value).map(([name, inner]) => `${name}:${String(inner)}`);
  return `{${parts.join(",")}}`;
}
