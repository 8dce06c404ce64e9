/**
 * The state that coordinators agree on, as a pure function of commands.
 */
import { decode, encode, list, oneOf, optional, record, text, u8, u64, type ValueOf, whole } from "#foundation/binary";
import {
  type ClusterConfig,
  clusterConfig,
  type Layout,
  layout,
  type NodeRecord,
  nodeRecord,
} from "#foundation/store-protocol";
import type { Command, Outcome } from "./commands.ts";
import { configProblem } from "./config.ts";

/** `idle`: no director; `recovering`: the director of the epoch makes a layout; `running`: the layout of the epoch holds. */
export type Phase = "idle" | "recovering" | "running";

export interface ClusterState {
  /** Counts the changes. */
  readonly revision: number;
  readonly epoch: bigint;
  readonly phase: Phase;
  /** Who has the epoch; empty before the first one. */
  readonly director: string;
  /** The last one that was committed, of this epoch or an older one: what the next recovery starts from. */
  readonly layout: Layout | undefined;
  readonly config: ClusterConfig;
  readonly configRevision: number;
  readonly nodes: ReadonlyMap<string, NodeRecord>;
}

/** A cluster that has nothing yet. */
export function emptyCluster(config: ClusterConfig): ClusterState {
  return {
    revision: 0,
    epoch: 0n,
    phase: "idle",
    director: "",
    layout: undefined,
    config,
    configRevision: 0,
    nodes: new Map(),
  };
}

/** The state after a command, and what came of it. The state itself is returned where nothing changes. */
export function applyCommand(state: ClusterState, command: Command): readonly [ClusterState, Outcome] {
  switch (command.type) {
    case "register":
      return register(state, command);
    case "expire": {
      if (state.nodes.get(command.node)?.incarnation !== command.incarnation) return [state, done(state)];
      const nodes = new Map(state.nodes);
      nodes.delete(command.node);
      return changed(state, { nodes });
    }
    case "beginEpoch":
      if (state.epoch !== command.expected) return [state, superseded(state.epoch)];
      return changed(state, { epoch: state.epoch + 1n, phase: "recovering", director: command.director });
    case "commitLayout":
      if (!holdsEpoch(state, command.layout.epoch, command.director)) return [state, superseded(state.epoch)];
      return changed(state, { phase: "running", layout: command.layout });
    case "endEpoch":
      if (!holdsEpoch(state, command.epoch, command.director)) return [state, superseded(state.epoch)];
      return changed(state, { phase: "idle" });
    case "configure":
      if (state.configRevision !== command.expected) return [state, superseded(BigInt(state.configRevision))];
      if (configProblem(command.config) !== undefined) return [state, { kind: "invalid", detail: 0n }];
      return changed(state, { config: command.config, configRevision: state.configRevision + 1 });
  }
}

function register(
  state: ClusterState,
  { type: _, ...node }: Command & { type: "register" },
): readonly [ClusterState, Outcome] {
  const known = state.nodes.get(node.node);
  if (known !== undefined && known.incarnation > node.incarnation) return [state, superseded(known.incarnation)];
  if (known !== undefined && sameNode(known, node)) return [state, done(state)];
  return changed(state, { nodes: new Map(state.nodes).set(node.node, node) });
}

/** Whether the director has this epoch still: an epoch that was ended never comes back. */
function holdsEpoch({ epoch, phase, director }: ClusterState, ofEpoch: bigint, ofDirector: string): boolean {
  return epoch === ofEpoch && director === ofDirector && phase !== "idle";
}

function changed(state: ClusterState, change: Partial<ClusterState>): readonly [ClusterState, Outcome] {
  const next = { ...state, ...change, revision: state.revision + 1 };
  return [next, done(next)];
}

function done({ revision }: ClusterState): Outcome {
  return { kind: "done", detail: BigInt(revision) };
}

function superseded(detail: bigint): Outcome {
  return { kind: "superseded", detail };
}

function sameNode(a: NodeRecord, b: NodeRecord): boolean {
  return Buffer.compare(encode(nodeRecord, a), encode(nodeRecord, b)) === 0;
}

const FORMAT = 1;

const snapshot = record({
  format: u8,
  revision: whole,
  epoch: u64,
  phase: oneOf("idle", "recovering", "running"),
  director: text,
  layout: optional(layout),
  config: clusterConfig,
  configRevision: whole,
  nodes: list(nodeRecord),
});

export function encodeState(state: ClusterState): Uint8Array {
  const value: ValueOf<typeof snapshot> = { ...state, format: FORMAT, nodes: [...state.nodes.values()] };
  return encode(snapshot, value);
}

/** The state, sharing no memory with the bytes. @throws MalformedBytesError, and RangeError when it is of a format to come */
export function decodeState(source: Uint8Array): ClusterState {
  if (source[0] !== FORMAT) throw new RangeError(`a state of format ${source[0]}; this program knows ${FORMAT}`);
  const { format: _, nodes, ...state } = decode(snapshot, source.slice());
  return { ...state, nodes: new Map(nodes.map((node) => [node.node, node])) };
}
