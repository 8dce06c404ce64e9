/**
 * The coordinators: a Raft group that knows which nodes there are, and decides which epoch and layout holds.
 */
import {
  bytes,
  flag,
  list,
  nothing,
  oneOf,
  optional,
  record,
  text,
  u32,
  u64,
  type ValueOf,
  whole,
} from "#foundation/binary";
import { method } from "#foundation/rpc";
import { layout } from "./layout.ts";
import { epoch } from "./values.ts";

export const clusterConfig = record({
  /** How many logs there shall be: each commit waits for all of them. */
  logs: u32,
  /** How many storage servers hold each key. */
  replicas: u32,
  proxies: u32,
  resolvers: u32,
  /** Where the range of one storage team ends and the next begins; empty for one team. In order. */
  splits: list(bytes),
});

const workerRecord = record({ id: text, kind: oneOf("log", "storage") });

export const nodeRecord = record({
  node: text,
  /** Counts the starts of the node's process: a registration of an older one is ignored. */
  incarnation: u64,
  address: text,
  capabilities: list(oneOf("coordination", "log", "storage", "transaction")),
  workers: list(workerRecord),
});

/** What everybody may know of the cluster. */
export const clusterView = record({
  /** Rises with every change; a view with a lower one is old. */
  revision: whole,
  epoch,
  phase: oneOf("idle", "recovering", "running"),
  /** Which step of its recovery the director is at, and why it does not go on; while it runs, what it cannot mend. */
  step: text,
  stall: text,
  attempt: u32,
  /** What clients go by: the layout of `epoch`, once it is committed. While a recovery runs there is none. */
  layout: optional(layout),
  config: clusterConfig,
  /** Rises with each `configure`. */
  configRevision: whole,
  nodes: list(nodeRecord),
  /** Address of the leader, when it is known. */
  leader: optional(text),
});

export const COORDINATOR = {
  /** Where the leader is, as far as this one knows. The service is found under the id `coordinator`. */
  ping: method(record({ from: text }), record({ leader: optional(text), term: u64, leads: flag })),
  /** A node says what it is and has; told again after each start, and when a heartbeat is not known. Resolves once the group has it. Fails with not_leader. */
  register: method(nodeRecord, record({ revision: whole })),
  /** Every second or so; nodes that stay away are taken out of the directory. `known` false: register. Fails with not_leader. */
  heartbeat: method(record({ node: text, incarnation: u64 }), record({ known: flag })),
  /** The view as soon as its revision is above `after`, or unchanged after `waitMs`. Any coordinator answers, from what it has applied. */
  view: method(record({ after: whole, waitMs: u32 }), clusterView),
  /** As `view`, but linearizable: what was decided before the call is in it. Fails with not_leader. */
  readView: method(record({ from: text }), clusterView),
  /** Replaces the configuration of `expected`, and has the transaction system made anew by it. Fails with superseded, invalid_request, not_leader. */
  configure: method(record({ expected: whole, config: clusterConfig }), record({ configRevision: whole })),
  /** Ends the running epoch on purpose, so that the next one begins. Fails with superseded. */
  recover: method(record({ epoch }), nothing),
};

export type ClusterConfig = ValueOf<typeof clusterConfig>;
export type NodeRecord = ValueOf<typeof nodeRecord>;
export type ClusterView = ValueOf<typeof clusterView>;
