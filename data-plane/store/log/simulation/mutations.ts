/**
 * Mistakes that are easily made in a log, and that its simulated life must find.
 */
import type { Mutation } from "#foundation/mutants";
import type { SceneName } from "./scenes.ts";

export interface LogMutation extends Mutation {
  /** Which scene finds it; undefined: a life does. */
  readonly scene?: SceneName;
  /** A seed that finds it; others are tried when it does no more. */
  readonly seed: number;
}

export const MUTATIONS: readonly LogMutation[] = [
  {
    name: "does not sync what is pushed",
    file: "history.ts",
    find: "    await this.segments.sync();\n",
    replace: "",
    seed: 7,
  },
  {
    name: "acknowledges before the sync",
    file: "history.ts",
    find: "await this.segments.sync();",
    replace: "const syncing = this.segments.sync();\n    syncing.catch(() => undefined);",
    seed: 5,
  },
  {
    name: "does not check the epoch of what is asked",
    file: "standing.ts",
    find: "return epoch === own ? undefined :",
    replace: "return epoch > 0n || epoch === own ? undefined :",
    seed: 1,
  },
  {
    name: "forgets a lock when it is restarted",
    file: "log.ts",
    find: "      await this.standing.save();\n      this.standing.assertNotSuperseded(epoch, director);",
    replace: "      this.standing.assertNotSuperseded(epoch, director);",
    seed: 2,
  },
  {
    name: "forgets which director has locked it",
    file: "standing.ts",
    find: "(epoch === current.epoch && director === current.director)",
    replace: "epoch === current.epoch",
    seed: 1,
  },
  {
    name: "answers a lock without waiting for what is being written",
    file: "log.ts",
    find: "      await this.appending;\n      this.standing.assertAlive();",
    replace: "      this.standing.assertAlive();",
    seed: 1,
  },
  {
    name: "takes versions whose predecessor it does not have",
    file: "push-chain.ts",
    find: "if (previous > this.tail) this.parked.set(previous, pending);",
    replace: "if (previous < 0n) this.parked.set(previous, pending);",
    seed: 1,
  },
  {
    name: "6.2.4: forgets to take the pushes that have waited",
    file: "push-chain.ts",
    find: "next = this.parked.get(this.tail);",
    replace: "next = undefined;",
    seed: 1,
  },
  {
    name: "6.2.4: does not wake those who pull",
    file: "log.ts",
    find: "      this.chain.settle(batch);\n      this.bell.ring();",
    replace: "      this.chain.settle(batch);",
    seed: 2,
  },
  {
    name: "acknowledges a repeated push of whatever place in the chain",
    file: "log.ts",
    find: "if (stored?.previous === previous) return;",
    replace: "if (stored !== undefined || version > this.history.last) return;",
    seed: 1,
  },
  {
    name: "acknowledges again what was copied",
    file: "log.ts",
    find: "const stored = version > this.base ?",
    replace: "const stored = version > 0n ?",
    seed: 1,
  },
  {
    name: "gives out what is not durable",
    file: "history.ts",
    find: "const written = await this.segments.append(records, epoch);\n    await this.segments.sync();\n    this.recent.add(written);",
    replace:
      "const written = await this.segments.append(records, epoch);\n    this.recent.add(written);\n    this.durable = written.at(-1)!.version;\n    await this.segments.sync();",
    scene: "looking",
    seed: 19,
  },
  {
    name: "takes a half finished recovery for a whole one",
    file: "recover.ts",
    find: "unfinished: true, lastVersion: 0n });\n  await standing.save();",
    replace: "lastVersion: 0n });",
    seed: 1,
  },
  {
    name: "6.2.4: takes an empty reply for the end of a copy",
    file: "copy-entries.ts",
    find: 'failure = new RpcError("version_too_new", `a source ends',
    replace: 'reached = true;\n        failure = new RpcError("version_too_new", `a source ends',
    seed: 11,
  },
  {
    name: "believes sources whose chain has a hole",
    file: "copy-entries.ts",
    find: "(isFirst ? previous > before : previous !== before)",
    replace: "previous > version",
    seed: 1,
  },
  {
    name: "does not put the end of a recovery on disk",
    file: "recover.ts",
    find: "if (copied.last < to) {",
    replace: "if (copied.last < 0n) {",
    seed: 1,
  },
  {
    name: "does not sync the directory",
    file: "disk/files.ts",
    find: "  await disk.syncDirectory(directory);\n",
    replace: "",
    seed: 2,
  },
  {
    name: "does not sync a file before it is put in place",
    file: "disk/files.ts",
    find: "    await file.sync();\n",
    replace: "",
    seed: 1,
  },
  {
    name: "removes segments without keeping their order",
    file: "disk/segments.ts",
    find: "await this.disk.syncDirectory(this.options.directory);",
    replace: "",
    scene: "trimming",
    seed: 12,
  },
  {
    name: "counts on what it finds when it is opened, without putting it on disk",
    file: "disk/open-segments.ts",
    find: "  await file.sync();\n",
    replace: "",
    seed: 15,
  },
  {
    name: "counts on the state it finds, without putting it on disk",
    file: "open-log.ts",
    find: "    await saveState(disk, directory, state);\n    return { state, opened",
    replace: "    return { state, opened",
    seed: 2,
  },
  {
    name: "takes a torn write of many records for damage",
    file: "disk/scan.ts",
    find: "if (synced <= bad || synced > at) continue;",
    replace: "if (synced > at) continue;",
    scene: "tearing",
    seed: 37,
  },
  {
    name: "trims what one popper does not have",
    file: "poppers.ts",
    find: "durable < common) common = durable;",
    replace: "durable > common) common = durable;",
    seed: 3,
  },
  {
    name: "tells of an epoch that may come to nothing what is committed",
    file: "log.ts",
    find: "const isCertain = recovery || finalizedEpoch === epoch;",
    replace: "const isCertain = recovery || finalizedEpoch <= epoch;",
    seed: 3,
  },
  {
    name: "forgets entries in the middle of what it keeps in memory",
    file: "recent-entries.ts",
    find: "if (after < this.after) return undefined;",
    replace: "",
    seed: 1,
  },
];
