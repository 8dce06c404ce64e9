/**
 * What a coordinator that leads does beside answering: it has a director run, one epoch after the other, and takes nodes out that are silent.
 */
import { RpcError } from "#foundation/rpc";
import { type Random, type Runtime, randomUuid, sleep } from "#foundation/runtime";
import type { Layout } from "#foundation/store-protocol";
import { type DirectorEnd, type DirectorTask, describeStall, type RecoveryProgress } from "../recovery/index.ts";
import type { Command, Outcome } from "./commands.ts";
import type { ReplicatedState } from "./replicated-state.ts";

/** Runs until the director has ended, whatever ended it. Rejects when it is itself defective. */
export type RunDirector = (task: DirectorTask) => Promise<DirectorEnd>;

/** What a director has said of itself; empty before there is one. */
type Progress = Omit<RecoveryProgress, "step"> & { readonly step: string };

/** What directing needs of the coordinator. */
export interface Leadership {
  readonly node: string;
  readonly state: ReplicatedState;
  readonly isLeader: () => boolean;
  /** Resolves to true once the state here shows all that was agreed before the call. */
  readonly catchUp: () => Promise<boolean>;
  /** @throws RpcError not_leader (it never happens), commit_unknown_result */
  readonly propose: (command: Command) => Promise<Outcome>;
  readonly runDirector: RunDirector;
}

const BACKOFF_MS = { first: 100, most: 5_000 } as const;
/** A director that ran for so long did well: the next one begins at once. */
const WELL_MS = 10_000;

/** The directors of one coordinator, as long as it leads. */
export class Directing {
  private readonly random: Random;
  private progress: Progress = { step: "", stall: "", attempt: 0 };
  private running: { readonly controller: AbortController; readonly epoch: bigint } | undefined;
  private leading = false;
  private closed = false;
  private ended: Promise<void> = Promise.resolve();

  constructor(
    private readonly runtime: Runtime,
    private readonly group: Leadership,
  ) {
    this.random = runtime.random.fork("directing");
  }

  /** What the director of this coordinator says of itself. */
  get recovery(): Progress {
    return this.progress;
  }

  /** Called whenever it may have begun or ceased to lead. */
  onRole(): void {
    const leads = this.group.isLeader() && !this.closed;
    if (!leads) this.running?.controller.abort(new RpcError("not_leader", "This coordinator does not lead any more."));
    if (!leads || this.leading) return;
    this.leading = true;
    this.ended = new Promise((resolve) => {
      this.runtime.spawn("directing", async () => {
        try {
          await this.lead();
        } finally {
          this.leading = false;
          resolve();
        }
      });
    });
  }

  /** Ends the epoch, if it is the running one. @returns whether it was */
  endEpoch(epoch: bigint, why: string): boolean {
    if (this.running?.epoch !== epoch) return false;
    this.running.controller.abort(new RpcError("superseded", why));
    return true;
  }

  async close(): Promise<void> {
    this.closed = true;
    this.onRole();
    await this.ended;
  }

  private get stillLeads(): boolean {
    return this.group.isLeader() && !this.closed;
  }

  private async lead(): Promise<void> {
    let failures = 0;
    while (this.stillLeads) {
      const began = this.runtime.clock.monotonicMs();
      const ran = (await this.group.catchUp()) && (await this.directOneEpoch());
      if (ran && this.runtime.clock.monotonicMs() - began > WELL_MS) failures = 0;
      else if (this.stillLeads) await this.backOff(failures++);
    }
  }

  private backOff(failures: number): Promise<void> {
    // The first failure may be a component that was lost right after the start: the next attempt shall not wait for it.
    const delay = failures === 0 ? 0 : Math.min(BACKOFF_MS.first * 2 ** (failures - 1), BACKOFF_MS.most);
    return sleep(this.runtime.timers, delay * (0.5 + this.random.float()));
  }

  /** @returns whether a director ran */
  private async directOneEpoch(): Promise<boolean> {
    const { state, node } = this.group;
    const { epoch: expected } = state.current;
    const director = `${node}-${randomUuid(this.random)}`;
    const epoch = expected + 1n;
    if (!(await this.agree({ type: "beginEpoch", expected, director })) || !this.stillLeads) return false;
    const controller = new AbortController();
    this.running = { controller, epoch };
    const stopWatching = this.endWhenConfigured(epoch);
    try {
      const end = await this.group.runDirector(this.task(epoch, director, controller.signal));
      this.progress = { ...this.progress, stall: describeEnd(end) };
    } finally {
      stopWatching();
      this.running = undefined;
    }
    if (this.stillLeads) await this.agree({ type: "endEpoch", epoch, director });
    return true;
  }

  private task(epoch: bigint, director: string, signal: AbortSignal): DirectorTask {
    const { state } = this.group;
    const { layout: previous, config } = state.current;
    return {
      epoch,
      director,
      previous,
      config,
      signal,
      nodes: () => [...state.current.nodes.values()],
      onNodesChanged: (listener) => {
        let seen = state.current.nodes;
        return state.onChange(() => {
          if (state.current.nodes === seen) return;
          seen = state.current.nodes;
          listener();
        });
      },
      commitLayout: (layout) => this.commitLayout(director, layout),
      report: (progress) => {
        this.progress = progress;
      },
    };
  }

  private async commitLayout(director: string, layout: Layout): Promise<void> {
    try {
      const { kind, detail } = await this.group.propose({ type: "commitLayout", director, layout });
      if (kind !== "done") throw new RpcError("superseded", `Epoch ${detail} has begun.`, detail);
    } catch (error) {
      const { epoch } = layout;
      // Once the epoch has ended, the proposal comes too late wherever it still is.
      const ended = isUnknown(error) && (await this.agree({ type: "endEpoch", epoch, director }));
      if (!ended || this.group.state.current.layout?.epoch === epoch) throw error;
      throw new RpcError(
        "superseded",
        `The coordinators have not agreed to the layout of epoch ${epoch} in time.`,
        epoch,
      );
    }
  }

  /** A new configuration is carried out by a new epoch. */
  private endWhenConfigured(epoch: bigint): () => void {
    const { state } = this.group;
    const { configRevision } = state.current;
    return state.onChange(() => {
      if (state.current.configRevision !== configRevision) this.endEpoch(epoch, "The configuration has changed.");
    });
  }

  /** @returns false when it did not happen, or nobody knows: the next attempt sees what is there */
  private async agree(command: Command): Promise<boolean> {
    try {
      return (await this.group.propose(command)).kind === "done";
    } catch (error) {
      if (error instanceof RpcError) return false;
      throw error;
    }
  }
}

/** As operators see it: `component_lost(log log-3-ab on n2: …)`. */
function describeEnd(end: DirectorEnd): string {
  switch (end.reason) {
    case "component_lost":
      return `component_lost (${end.kind} ${end.id} on ${end.node}: ${end.cause})`;
    case "failed":
      return `failed (${describeStall(end.stall)})`;
    case "better_layout":
    case "commit_unknown":
      return `${end.reason} (${end.cause})`;
    default:
      return end.reason;
  }
}

function isUnknown(error: unknown): boolean {
  return error instanceof RpcError && error.code === "commit_unknown_result";
}
