/**
 * A few members side by side, driven by hand: what the published interactions are written for.
 */

import { takeEffects } from "../core/effects.ts";
import { membershipOf, NO_MEMBERS } from "../core/membership.ts";
import { type Core, type CoreOptions, createCore } from "../core/state.ts";
import { type Input, type StepResult, step } from "../core/step.ts";
import type { Message, NodeId } from "../core/types.ts";
import { describeEffects, describeMessage, type EntryNames, messageName } from "./describe.ts";

const ROLES = {
  follower: "StateFollower",
  "pre-candidate": "StatePreCandidate",
  candidate: "StateCandidate",
  leader: "StateLeader",
} as const;

/** What differs between the published clusters. */
export interface ClusterOptions {
  readonly voters: readonly NodeId[];
  readonly learners: readonly NodeId[];
  /** They start from a snapshot at this index; 0: with nothing. */
  readonly index: number;
  readonly preVote: boolean;
  readonly checkQuorum: boolean;
  readonly messagesMax: number;
  readonly committedBytesMax: number;
}

/** See the head of this file. */
export class HandDrivenCluster {
  readonly cores = new Map<NodeId, Core>();
  readonly names = { oldChanges: new Set<number>() } satisfies EntryNames;
  private messages: Message[] = [];
  private readonly shown = new Map<NodeId, { leader: NodeId; role: Core["role"] }>();

  add(options: ClusterOptions): void {
    const id = this.cores.size + 1;
    const coreOptions: CoreOptions = {
      id,
      electionTicks: 3,
      heartbeatTicks: 1,
      messageBytesMax: Number.POSITIVE_INFINITY,
      flights: { messagesMax: options.messagesMax, bytesMax: Number.POSITIVE_INFINITY },
      committedBytesMax: options.committedBytesMax,
      uncommittedBytesMax: Number.POSITIVE_INFINITY,
      preVote: options.preVote,
      checkQuorum: options.checkQuorum,
      random: () => 0,
    };
    const { index } = options;
    const membership =
      index === 0 && options.voters.length === 0 ? NO_MEMBERS : membershipOf(options.voters, options.learners);
    const term = index === 0 ? 0 : 1;
    const core = createCore(coreOptions, {
      hardState: { term: 0, vote: 0, commit: index },
      log: { baseIndex: index, baseTerm: term, entries: [], commit: index, applied: index },
      membership,
      snapshot: { meta: { index, term, membership }, data: new Uint8Array() },
    });
    this.cores.set(id, core);
    this.shown.set(id, { leader: core.leader, role: core.role });
  }

  core(id: NodeId): Core {
    return this.cores.get(id)!;
  }

  step(id: NodeId, input: Input): StepResult {
    return step(this.core(id), input);
  }

  inject(message: Message): string {
    this.messages.push(message);
    return describeMessage(message, this.names);
  }

  /** Takes and carries out one member's effects; undefined when there are none. */
  processReady(id: NodeId): string | undefined {
    const core = this.core(id);
    const shown = this.shown.get(id)!;
    const moved = core.leader !== shown.leader || core.role !== shown.role;
    const effects = takeEffects(core) ?? (moved ? NOTHING : undefined);
    if (effects === undefined) return undefined;
    this.shown.set(id, { leader: core.leader, role: core.role });
    const text = describeEffects(
      effects,
      moved ? `Lead:${core.leader} State:${ROLES[core.role]}` : undefined,
      this.names,
    );
    this.messages.push(...effects.messages, ...effects.messagesAfter);
    step(core, { kind: "advance" });
    const applied = effects.committed.at(-1);
    if (applied !== undefined) {
      const meta = { index: applied.index, term: applied.term, membership: core.membership };
      step(core, { kind: "snapshot-taken", snapshot: { meta, data: new Uint8Array() }, compactTo: 0 });
    }
    return text;
  }

  /** Delivers, or drops, what is on its way to a member. */
  deliver(id: NodeId, drop: boolean, type?: string): string[] {
    const chosen = this.messages.filter(
      (message) => message.to === id && (type === undefined || messageName(message) === type),
    );
    this.messages = this.messages.filter((message) => !chosen.includes(message));
    return chosen.map((message) => {
      if (!drop) step(this.core(id), { kind: "message", message });
      return `${drop ? "dropped: " : ""}${describeMessage(message, this.names)}`;
    });
  }

  /** Until nothing is left to do among these members. */
  stabilize(ids: readonly NodeId[]): string {
    const lines: string[] = [];
    for (let round = 0; round < 100; round++) {
      let idle = true;
      for (const id of ids) {
        const text = this.processReady(id);
        if (text === undefined) continue;
        lines.push(`> ${id} handling Ready`, indent(text));
        idle = false;
      }
      for (const id of ids) {
        const delivered = this.deliver(id, false);
        if (delivered.length === 0) continue;
        lines.push(`> ${id} receiving messages`, ...delivered.map(indent));
        idle = false;
      }
      if (idle) break;
    }
    return lines.join("\n");
  }

  describeStates(): string {
    const lines = [...this.cores].map(([id, core]) => {
      const { membership } = core;
      const voter = membership.voters.includes(id) || membership.outgoing.includes(id);
      return `${id}: ${ROLES[core.role]} (${voter ? "Voter" : "Non-Voter"}) Term:${core.term} Lead:${core.leader}`;
    });
    return lines.join("\n");
  }
}

const NOTHING = {
  messages: [],
  snapshot: undefined,
  hardState: { term: 0, vote: 0, commit: 0 },
  hardStateChanged: false,
  entries: [],
  mustSync: false,
  messagesAfter: [],
  committed: [],
  reads: [],
};

function indent(text: string): string {
  return text
    .split("\n")
    .map((line) => `  ${line}`)
    .join("\n");
}
