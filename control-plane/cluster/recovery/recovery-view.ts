/**
 * What a director is given, and what it says: the seams to the coordinators and to the rest of the cluster.
 */
import type { Client, Ref } from "#foundation/rpc";
import type { Runtime } from "#foundation/runtime";
import type { ClusterConfig, ClusterView, Layout } from "#foundation/store-protocol";

/** A node as the directory has it. */
export type RecoveryNode = ClusterView["nodes"][number];

/** What an attempt is planned from. */
export interface RecoveryView {
  /** The layout that was committed last, by whatever epoch. Undefined only in a cluster that never had one. */
  readonly layout: Layout | undefined;
  readonly config: ClusterConfig;
  readonly nodes: readonly RecoveryNode[];
}

/** Which step is under way, and why it does not go on (empty while it does). */
export interface RecoveryProgress {
  readonly step: RecoveryStep;
  readonly stall: string;
  readonly attempt: number;
}

export type RecoveryStep =
  | "lock"
  | "recruit_logs"
  | "recruit_storage"
  | "replay"
  | "start"
  | "activate"
  | "verify"
  | "commit"
  | "running";

/** What a coordinator gives to a director. */
export interface DirectorTask {
  /** Given to this director alone. */
  readonly epoch: bigint;
  readonly director: string;
  /** The layout that was committed last; the coordinator leads, and is certain of it. */
  readonly previous: Layout | undefined;
  readonly config: ClusterConfig;
  /** As they are now. */
  nodes(): readonly RecoveryNode[];
  /** Calls `listener` whenever nodes come, change or go, until the returned function is called. */
  onNodesChanged(listener: () => void): () => void;
  /**
   * The point of no return. Once it has been accepted, it may be called again with other members of the teams.
   * @throws RpcError `superseded` when it is certain that it was not, and never will be, accepted; any other failure leaves it open.
   */
  commitLayout(layout: Layout): Promise<void>;
  report(progress: RecoveryProgress): void;
  /** Aborted when the coordinator leads no more, or wants the epoch to end. */
  readonly signal: AbortSignal;
}

/** Finds the client of a service by its address. The client may be the service itself, in the same process. */
export type ClientOf = <S extends Readonly<Record<string, unknown>>>(service: S, ref: Ref) => Client<S>;

/** What of the world a director touches. */
export type DirectorRuntime = Pick<Runtime, "clock" | "timers" | "random">;
