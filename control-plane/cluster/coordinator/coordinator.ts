/**
 * A coordinator: a member of the group, what it answers, and what it does while it leads.
 */
import { membershipOf, openMember, type ProposalResult, type RaftMember } from "#foundation/raft";
import { type Handlers, parseAddress, RpcError, type RpcNode } from "#foundation/rpc";
import type { NetworkAddress, Runtime } from "#foundation/runtime";
import { type ClusterConfig, type ClusterView, COORDINATOR } from "#foundation/store-protocol";
import { type Command, encodeCommand, type Outcome } from "./commands.ts";
import { configProblem, SINGLE } from "./config.ts";
import { Directing, type RunDirector } from "./directing.ts";
import { ReplicatedState } from "./replicated-state.ts";
import { SilentNodes } from "./silent-nodes.ts";

/** One of the coordinators of a cluster. Their list is the same at each, and in the same order. */
export interface CoordinatorPeer {
  readonly name: string;
  /** `host:port` of its calls. Consensus has the port after it. */
  readonly address: string;
}

export interface CoordinatorOptions {
  /** This one's name among `peers`. */
  readonly name: string;
  readonly peers: readonly CoordinatorPeer[];
  /** An existing directory that is the coordinator's own. */
  readonly directory: string;
  /** Where its calls come in; the coordinator serves them under the id `coordinator`. */
  readonly rpc: RpcNode;
  /** What all coordinators share, 32 bytes or more: consensus listens to nobody else. */
  readonly key?: Uint8Array | undefined;
  /** The host it listens at, when that is not the one by which others reach it. */
  readonly bindHost?: string;
  /** Of a cluster that has none yet. */
  readonly firstConfig?: ClusterConfig;
  readonly runDirector: RunDirector;
  /** Nodes are taken out of the directory after so much silence. Default 5 s. */
  readonly silenceMs?: number;
  readonly tickMs?: number;
  /** It has stopped by itself: its disk failed, or it cannot read what was agreed on. */
  readonly onFailure: (error: unknown) => void;
}

const PROPOSAL_TIMEOUT_MS = 5_000;
const WAIT_MS_MAX = 60_000;

export interface Coordinator {
  /** What it has applied. */
  view(): ClusterView;
  close(): Promise<void>;
}

/** Starts a coordinator from its disk. @throws RangeError for peers that cannot be, RaftCorruptionError, DiskError, NetworkError */
export async function openCoordinator(runtime: Runtime, options: CoordinatorOptions): Promise<Coordinator> {
  checkPeers(options);
  const coordinator = new RunningCoordinator(runtime, options);
  await coordinator.open();
  return coordinator;
}

class RunningCoordinator implements Coordinator {
  private readonly state: ReplicatedState;
  private readonly directing: Directing;
  private readonly silent: SilentNodes;
  private member: RaftMember<Outcome> | undefined;
  private served: { end(): void } | undefined;

  constructor(
    private readonly runtime: Runtime,
    private readonly options: CoordinatorOptions,
  ) {
    this.state = new ReplicatedState(options.firstConfig ?? SINGLE);
    this.directing = new Directing(runtime, {
      node: options.name,
      state: this.state,
      isLeader: () => this.leads,
      catchUp: () => this.catchUp(),
      propose: (command) => this.propose(command),
      runDirector: options.runDirector,
    });
    this.silent = new SilentNodes(runtime, options.silenceMs ?? 5_000, {
      nodes: () => this.state.current.nodes,
      isLeader: () => this.leads,
      expire: async (node, incarnation) => {
        await this.propose({ type: "expire", node, incarnation });
      },
    });
  }

  async open(): Promise<void> {
    const { options } = this;
    const own = options.peers.findIndex(({ name }) => name === options.name);
    const raftAddress = (place: number): NetworkAddress => {
      const { host, port } = parseAddress(options.peers[place]!.address);
      return { host, port: port + 1 };
    };
    let leads = false;
    this.member = await openMember(this.runtime, {
      id: own + 1,
      directory: options.directory,
      listen: { ...raftAddress(own), ...(options.bindHost === undefined ? {} : { host: options.bindHost }) },
      addressOf: (node) => (options.peers[node - 1] === undefined ? undefined : raftAddress(node - 1)),
      machine: this.state,
      key: options.key,
      firstMembership: membershipOf(options.peers.map((_, place) => place + 1)),
      ...(options.tickMs === undefined ? {} : { tickMs: options.tickMs }),
      onFailure: (error) => {
        this.directing.onRole();
        options.onFailure(error);
      },
      observer: {
        onStep: ({ role }) => {
          if ((role === "leader") === leads) return;
          leads = role === "leader";
          // After the step, not within it: the role of the core is what `leads` reads.
          queueMicrotask(() => {
            this.silent.onRole();
            this.directing.onRole();
          });
        },
      },
    });
    this.served = options.rpc.serve("coordinator", COORDINATOR, this.handlers());
    this.directing.onRole();
  }

  view(): ClusterView {
    const { revision, epoch, phase, layout, config, configRevision, nodes } = this.state.current;
    const running = phase === "running" && layout?.epoch === epoch;
    return {
      revision,
      epoch,
      phase,
      ...this.directing.recovery,
      layout: running ? layout : undefined,
      config,
      configRevision,
      nodes: [...nodes.values()],
      leader: this.leaderAddress,
    };
  }

  async close(): Promise<void> {
    this.served?.end();
    this.silent.close();
    await this.directing.close();
    await this.member?.close();
  }

  private get leads(): boolean {
    return this.member?.status.role === "leader";
  }

  private get leaderAddress(): string | undefined {
    const leader = this.member?.status.leader ?? 0;
    return this.options.peers[leader - 1]?.address;
  }

  private handlers(): Handlers<typeof COORDINATOR> {
    return {
      ping: async () => ({
        leader: this.leaderAddress,
        term: BigInt(this.member?.status.term ?? 0),
        leads: this.leads,
      }),
      register: async (node) => {
        parseAddressOf(node.address);
        const { kind, detail } = await this.propose({ type: "register", ...node });
        if (kind !== "done") {
          throw new RpcError("superseded", `Node ${node.node} has been started again since, as ${detail}.`, detail);
        }
        this.silent.heard(node.node, node.incarnation);
        return { revision: Number(detail) };
      },
      heartbeat: async ({ node, incarnation }) => {
        if (!this.leads) throw this.notLeader();
        const known = this.state.current.nodes.get(node)?.incarnation === incarnation;
        if (known) this.silent.heard(node, incarnation);
        return { known };
      },
      view: async ({ after, waitMs }) => {
        await this.changeAfter(after, Math.min(waitMs, WAIT_MS_MAX));
        return this.view();
      },
      readView: async () => {
        if (!(await this.catchUp())) throw this.notLeader();
        return this.view();
      },
      configure: async ({ expected, config }) => {
        const problem = configProblem(config);
        if (problem !== undefined) throw new RpcError("invalid_request", `The configuration cannot be: ${problem}.`);
        const { kind, detail } = await this.propose({ type: "configure", expected, config });
        if (kind !== "done") throw new RpcError("superseded", "Another configuration has come before.", detail);
        return { configRevision: expected + 1 };
      },
      recover: async ({ epoch }) => {
        if (!this.leads) throw this.notLeader();
        if (!this.directing.endEpoch(epoch, "A new epoch was asked for.")) {
          const there = this.state.current.epoch;
          throw new RpcError("superseded", `Epoch ${epoch} does not run; ${there} is the last one.`, there);
        }
      },
    };
  }

  private async propose(command: Command): Promise<Outcome> {
    const proposed: ProposalResult<Outcome> | undefined = await this.member?.propose(encodeCommand(command), {
      timeoutMs: PROPOSAL_TIMEOUT_MS,
    });
    if (proposed?.outcome === "applied") return proposed.result;
    if (proposed?.outcome === "unknown") {
      throw new RpcError("commit_unknown_result", "Nobody knows whether the coordinators have agreed.");
    }
    throw this.notLeader();
  }

  private async catchUp(): Promise<boolean> {
    const read = await this.member?.read({ timeoutMs: PROPOSAL_TIMEOUT_MS });
    return read?.outcome === "ready";
  }

  private notLeader(): RpcError {
    return new RpcError("not_leader", `This coordinator does not lead; ${this.leaderAddress ?? "nobody"} does.`);
  }

  private changeAfter(revision: number, waitMs: number): Promise<void> {
    if (this.state.current.revision > revision || waitMs === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        stop();
        timer.cancel();
        resolve();
      };
      const stop = this.state.onChange(() => {
        if (this.state.current.revision > revision) end();
      });
      const timer = this.runtime.timers.after(waitMs, end);
    });
  }
}

function parseAddressOf(address: string): void {
  try {
    parseAddress(address);
  } catch (error) {
    throw new RpcError("invalid_request", (error as Error).message);
  }
}

function checkPeers({ name, peers }: CoordinatorOptions): void {
  if (!peers.some((peer) => peer.name === name)) throw new RangeError(`"${name}" is none of the coordinators`);
  for (const { name: one, address } of peers) {
    if (peers.filter((peer) => peer.name === one).length > 1)
      throw new RangeError(`two coordinators are named "${one}"`);
    if (parseAddress(address).port > 65_534) throw new RangeError(`${address}: consensus needs the port after it`);
  }
}
