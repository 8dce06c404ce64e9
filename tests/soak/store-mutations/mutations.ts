/**
 * Mistakes that a store could have, each of which the simulation of whole clusters must find. The rooms have lists of their own, for what can be found nearer:
 * much is guarded twice here, so that one guard alone may be missing without any harm.
 */

import type { Mutation } from "#foundation/mutants";

const LOG = "data-plane/store/log";
const STORAGE = "data-plane/store/storage";
const PROXY = "data-plane/store/proxy";
const RECOVERY = "control-plane/cluster/recovery";
const COORDINATOR = "control-plane/cluster/coordinator";

export const MUTATIONS: readonly Mutation[] = [
  {
    name: "log: acknowledges without fsync",
    file: `${LOG}/history.ts`,
    find: "    await this.segments.sync();\n",
    replace: "",
  },
  {
    name: "log: takes pushes of whatever epoch, locked or not",
    file: `${LOG}/standing.ts`,
    find: '    this.assertEpoch(epoch);\n    if (this.mode !== "running") throw notRunning',
    replace: '    this.assertAlive();\n    if (this.mode === "recovering" || epoch < 0n) throw notRunning',
  },
  {
    name: "log: answers a lock without waiting for what is being written",
    file: `${LOG}/log.ts`,
    find: "      await this.appending;\n      this.standing.assertAlive();",
    replace: "      this.standing.assertAlive();",
  },
  {
    name: "log: takes versions whose predecessor it does not have",
    file: `${LOG}/push-chain.ts`,
    find: "if (previous > this.tail) this.parked.set(previous, pending);\n    else ",
    replace: "",
  },
  {
    name: "log: the copy of a recovery lacks its end",
    file: `${LOG}/recover.ts`,
    find: "      await history.append(records, epoch);",
    replace: "      await history.append(records.slice(0, -1), epoch);",
  },
  {
    name: "proxy: acknowledges when one log has it",
    file: `${PROXY}/pipeline.ts`,
    find: "    await Promise.all(\n      connected.logs.map((log) =>",
    replace: "    await Promise.race(\n      connected.logs.map((log) =>",
  },
  {
    name: "proxy: acknowledges before the sequencer knows",
    file: `${PROXY}/pipeline.ts`,
    find: "    await calls.repeated((options) => connected.sequencer.reportCommitted({ epoch, version }, options));",
    replace:
      "    void calls.repeated((options) => connected.sequencer.reportCommitted({ epoch, version }, options)).catch(() => {});",
  },
  {
    name: "proxy: forgets the conflict ranges of half of the resolvers",
    file: `${PROXY}/pipeline.ts`,
    find: "      replies.map(({ verdicts }) => verdicts),",
    replace: "      replies.slice(0, 1).map(({ verdicts }) => verdicts),",
  },
  {
    name: "proxy: drops the conflict ranges of what was read",
    file: `${PROXY}/batch.ts`,
    find: ": { readVersion, reads, writes };",
    replace: ": { readVersion, reads: reads.slice(1), writes };",
  },
  {
    name: "proxy: takes a pushed commit whose end nobody knows for refused",
    file: `${PROXY}/pipeline.ts`,
    find: 'if (pushed) this.refuse(pending, "commit_unknown_result"',
    replace: 'if (pushed) this.refuse(pending, "not_committed"',
  },
  {
    name: "proxy: who comes while a question is under way gets its answer",
    file: `${PROXY}/read-versions.ts`,
    find: "    const asked = this.asked;\n    this.asked = [];",
    replace: "    const asked = [...this.asked, ...this.waiting];\n    this.asked = [];\n    this.waiting = [];",
  },
  {
    name: "sequencer: reads what was given, not what was reported",
    file: "data-plane/store/sequencer/version-chain.ts",
    find: "    return this.committed;",
    replace: "    return this.last;",
  },
  {
    name: "resolver: an old reader never conflicts",
    file: "data-plane/store/conflicts/boundaries.ts",
    find: "    return anyAbove(this.root, begin, end, version);",
    replace: "    return version % 2 === 0 && anyAbove(this.root, begin, end, version);",
  },
  {
    name: "storage: makes durable what may be taken back",
    file: `${STORAGE}/durability.ts`,
    find: "    return wanted < limit ? wanted : limit;",
    replace: "    return limit >= 0n ? this.standing.applied : wanted;",
  },
  {
    name: "storage: does not roll back",
    file: `${STORAGE}/storage-server.ts`,
    find: "        standing.window.rollBack(recoveryVersion);\n        standing.applied = recoveryVersion;\n",
    replace: "",
  },
  {
    name: "storage: takes out of memory what is not on the disk yet",
    file: `${STORAGE}/version-window.ts`,
    find: "version <= this.durable)",
    replace: "version <= this.durable + 500_000n)",
  },
  {
    name: "storage: serves reads of an epoch that has ended",
    file: `${STORAGE}/standing.ts`,
    find: "    if (epoch !== own) throw",
    replace: "    if (epoch > own) throw",
  },
  {
    name: "storage: applies a version although one is missing before it",
    file: `${STORAGE}/following.ts`,
    find: "after: followed.applied(),",
    replace: "after: followed.applied() + (runtime.random.float() < 0.02 ? 50_000n : 0n),",
  },
  {
    name: "director: goes on from what pushers knew to be committed",
    file: `${RECOVERY}/plan/choose-logs.ts`,
    find: "recoveryVersion: chosen[chosen.length - 1]!.lastVersion,",
    replace: "recoveryVersion: known,",
  },
  {
    name: "director: versions go on without a jump",
    file: `${RECOVERY}/run-attempt.ts`,
    find: "firstVersion: recoveryVersion + jumps * options.versionJump",
    replace: "firstVersion: recoveryVersion + jumps",
  },
  {
    name: "director: calls the layout final before it is agreed to",
    file: `${RECOVERY}/run-attempt.ts`,
    find: '  begin("commit");\n  await commitLayout(attempt, task, layout);',
    replace:
      '  begin("commit");\n  await (await import("./watch/finalize.ts")).finalizeAll(attempt, { layout, logs });\n  await commitLayout(attempt, task, layout);',
  },
  {
    name: "director: prolongs leases for ever",
    file: "data-plane/store/host/components.ts",
    find: "    return this.runtime.timers.after(leaseMs, () => this.stop(id));",
    replace: "    return this.runtime.timers.after(leaseMs * 1_000, () => this.stop(id));",
  },
  {
    name: "janitor: removes old logs before storage has caught up",
    file: `${RECOVERY}/watch/janitor.ts`,
    find: "  let caughtUp = false;",
    replace: "  let caughtUp = true;",
  },
  {
    name: "host: obeys directors that are over",
    file: "data-plane/store/host/host.ts",
    find: "    if (owner.epoch < epoch || ",
    replace: "    if (epoch < 0n || ",
  },
  {
    name: "coordinators: a view that is read may be old",
    file: `${COORDINATOR}/coordinator.ts`,
    find: "        if (!(await this.catchUp())) throw this.notLeader();\n        return this.view();",
    replace: "        return this.view();",
  },
  {
    name: "raft: does not sync its log",
    file: "foundation/raft/storage/raft-storage.ts",
    find: "entries }));\n      await this.file.sync();",
    replace: "entries }));",
  },
  {
    name: "client: a commit that nobody answered was refused",
    file: "data-plane/store/cluster/cluster-store.ts",
    find: "      throw commitFailure(error);",
    replace: '      throw new StoreError("not_committed", String(error));',
  },
  {
    name: "client: sends again what nobody answered, without looking whether it is there",
    file: "data-plane/store/cluster/cluster-store.ts",
    find: "    return commitOnce(commits, transaction);",
    replace:
      "    return this.send({ ...transaction, idempotencyId: new Uint8Array(0) }).catch(() => this.send({ ...transaction, idempotencyId: new Uint8Array(0) }));",
  },
];
