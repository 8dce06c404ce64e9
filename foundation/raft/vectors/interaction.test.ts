/**
 * Published interactions: what each member hands out, sends, appends and commits, command by command, line by line.
 *
 * Compared are all lines but those of the other implementation's own journal, and but whether its disk is synced.
 */

import { describe, expect, test } from "bun:test";
import { skipUnless, vectorsDirectory, vectorTest } from "../../../tests/support/skips.ts";
import type { ConfigChange, NodeId } from "../core/types.ts";
import { HandDrivenCluster } from "./cluster.ts";
import { describeEntry, describeProgress } from "./describe.ts";
import { parseChanges } from "./parse-changes.ts";
import { argument, readVectors, type VectorCase } from "./read-vectors.ts";

/** Where interactions cease to apply to this implementation, by the line of the command (0: from the start), and why. */
const NOT_OURS: Readonly<Record<string, { readonly from: number; readonly reason: string }>> = {
  "async_storage_writes.txt": {
    from: 0,
    reason: "several saves in flight; here one is, and what comes meanwhile goes with the next",
  },
  "async_storage_writes_append_aba_race.txt": { from: 0, reason: "several saves in flight" },
  "confchange_disable_validation.txt": { from: 0, reason: "changes are always validated" },
  "confchange_v1_remove_leader.txt": { from: 85, reason: "a removed leader leads on; here it steps down (§4.2.2)" },
  "confchange_v2_replace_leader_stepdown.txt": {
    from: 63,
    reason: "a follower forwards a proposal; here it names the leader",
  },
  "forget_leader.txt": { from: 22, reason: "we cannot be told to forget the leader" },
  "forget_leader_prevote_checkquorum.txt": { from: 90, reason: "we cannot be told to forget the leader" },
  "forget_leader_read_only_lease_based.txt": {
    from: 0,
    reason: "reads that trust clocks; here a majority always confirms them",
  },
};

function play(cluster: HandDrivenCluster, one: VectorCase): string | undefined {
  const id = Number(one.args[0]?.key);
  const flag = (key: string): boolean => argument(one, key)?.[0] === "true";
  switch (one.cmd) {
    case "log-level":
      return undefined;
    case "add-nodes": {
      const nodes = (key: string): NodeId[] => (argument(one, key) ?? []).map(Number);
      for (let count = 0; count < id; count++) {
        cluster.add({
          voters: nodes("voters"),
          learners: nodes("learners"),
          index: Number(argument(one, "index")?.[0] ?? 0),
          preVote: flag("prevote"),
          checkQuorum: flag("checkquorum"),
          messagesMax: Number(argument(one, "inflight")?.[0] ?? Number.POSITIVE_INFINITY),
          committedBytesMax: Number.POSITIVE_INFINITY,
        });
      }
      return "";
    }
    case "campaign":
      cluster.step(id, { kind: "campaign" });
      return "";
    case "stabilize":
      return cluster.stabilize(membersOf(cluster, one));
    case "process-ready":
      return cluster.processReady(id);
    case "deliver-msgs":
      return deliver(cluster, one);
    case "tick-heartbeat":
    case "tick-election":
      for (let ticks = one.cmd === "tick-election" ? 3 : 1; ticks > 0; ticks--) cluster.step(id, { kind: "tick" });
      return "";
    case "set-randomized-election-timeout":
      cluster.core(Number(one.args[0]!.key)).electionTimeout = Number(argument(one, "timeout")![0]);
      return "";
    case "propose": {
      const data = new TextEncoder().encode(one.args[1]!.key);
      return cluster.step(id, { kind: "propose", commands: [data] }).ok ? "" : "raft proposal dropped";
    }
    case "propose-conf-change":
      return proposeChange(cluster, id, one);
    case "transfer-leadership":
      cluster.step(Number(argument(one, "from")![0]), { kind: "transfer", to: Number(argument(one, "to")![0]) });
      return "";
    case "report-unreachable":
      cluster.step(id, { kind: "unreachable", node: Number(one.args[1]!.key) });
      return "";
    case "compact": {
      const core = cluster.core(id);
      cluster.step(id, { kind: "snapshot-taken", snapshot: core.snapshot!, compactTo: Number(one.args[1]!.key) });
      return describeLog(cluster, id);
    }
    case "send-snapshot": {
      const { snapshot, term } = cluster.core(id);
      const to = Number(one.args[1]!.key);
      return cluster.inject({ type: "snapshot", from: id, to, term, snapshot: snapshot! });
    }
    case "raft-state":
      return cluster.describeStates();
    case "raft-log":
      return describeLog(cluster, id);
    case "status": {
      const core = cluster.core(id);
      const members = [...core.progress.values()].sort((left, right) => left.node - right.node);
      return members
        .map((each) => describeProgress(each, core.membership.learners.includes(each.node), true))
        .join("\n");
    }
    default:
      throw new Error(`an unknown command: ${one.cmd}`);
  }
}

function membersOf(cluster: HandDrivenCluster, one: VectorCase): NodeId[] {
  const named = one.args.map(({ key }) => Number(key)).filter((node) => node > 0);
  return named.length > 0 ? named : [...cluster.cores.keys()];
}

function deliver(cluster: HandDrivenCluster, one: VectorCase): string {
  const lines: string[] = [];
  for (const { key, vals } of one.args) {
    if (key === "type") continue;
    const targets = key === "drop" ? vals.map(Number) : [Number(key)];
    for (const target of targets) lines.push(...cluster.deliver(target, key === "drop", argument(one, "type")?.[0]));
  }
  return lines.length === 0 ? "no messages" : lines.join("\n");
}

function proposeChange(cluster: HandDrivenCluster, id: NodeId, one: VectorCase): string {
  const transitions: Record<string, ConfigChange["transition"]> = {
    explicit: "joint-explicit",
    implicit: "joint-auto",
  };
  const transition = transitions[argument(one, "transition")?.[0] ?? ""] ?? "auto";
  const result = cluster.step(id, {
    kind: "change-membership",
    change: { changes: parseChanges(one.input), transition },
  });
  if (!result.ok) {
    if (result.reason === "not-leader") return "raft proposal dropped";
    // There a change that cannot be made becomes an empty entry; here it is refused.
    cluster.step(id, { kind: "propose", commands: [new Uint8Array()] });
    return "";
  }
  if (argument(one, "v1")?.[0] === "true") cluster.names.oldChanges.add(result.index);
  return "";
}

function describeLog(cluster: HandDrivenCluster, id: NodeId): string {
  const { log } = cluster.core(id);
  const entries = log.slice(log.firstIndex, log.lastIndex, Number.POSITIVE_INFINITY)!;
  if (entries.length === 0) return `log is empty: first index=${log.firstIndex}, last index=${log.lastIndex}`;
  return entries.map((entry) => describeEntry(entry, cluster.names)).join("\n");
}

/** Without the other implementation's journal. */
function essence(text: string): string {
  const lines = text.split("\n").filter((line) => !/^\s*(DEBUG|INFO|WARN|ERROR|raft: )/.test(line));
  return lines.map((line) => line.replace(/^(\s*)Ready MustSync=.*$/, "$1Ready")).join("\n");
}

describe("published interactions", () => {
  if (vectorsDirectory === undefined) {
    vectorTest("all of them", () => {});
    return;
  }
  for (const [path, cases] of readVectors(vectorsDirectory, "interaction")) {
    const file = path.replace("testdata/", "");
    const { from, reason } = NOT_OURS[file] ?? { from: Number.POSITIVE_INFINITY, reason: "" };
    if (reason !== "") skipUnless(false, reason)(from === 0 ? file : `${file} from line ${from}`, () => {});
    if (from === 0) continue;
    test(file, () => {
      const cluster = new HandDrivenCluster();
      for (const one of cases) {
        if (one.line >= from) break;
        const printed = play(cluster, one);
        // "ok" stands for nothing printed, which is also what a journal that is switched off leaves of anything.
        if (printed === undefined || one.expected === "ok") continue;
        const at = `${file}:${one.line} ${one.cmd}`;
        expect(`${at}\n${printed}`).toBe(`${at}\n${essence(one.expected)}`);
      }
    });
  }
});
