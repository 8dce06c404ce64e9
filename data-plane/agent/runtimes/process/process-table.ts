/** Who runs, from /proc: identities that cannot be a recycled pid, descendants, memory. */
import { readdirSync, readFileSync } from "node:fs";
import { environHolds, kilobytesLine, type ProcStat, parseStat } from "../rules/proc-files.ts";

/** A process, named so that no other ever is the same: pids come round again, but not at the same tick of the same boot. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startTicks: number;
  readonly bootId: string;
}

/** What a file under /proc says; undefined when the process is gone, or is not ours to look into. */
function proc(pid: number | "self", file: string): Buffer | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`);
  } catch {
    return undefined;
  }
}

let bootIdRead: string | undefined;

/** Differs from boot to boot. */
export function bootId(): string {
  bootIdRead ??= readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  return bootIdRead;
}

export function statOf(pid: number | "self"): ProcStat | undefined {
  const text = proc(pid, "stat");
  return text === undefined ? undefined : parseStat(text.toString("latin1"));
}

export function identityOf(pid: number): ProcessIdentity | undefined {
  const stat = statOf(pid);
  return stat === undefined ? undefined : { pid, startTicks: stat.startTicks, bootId: bootId() };
}

/** Whether it still runs. A zombie has ended. */
export function isAlive(identity: ProcessIdentity): boolean {
  if (identity.bootId !== bootId()) return false;
  const stat = statOf(identity.pid);
  return stat !== undefined && stat.startTicks === identity.startTicks && stat.state !== "Z" && stat.state !== "X";
}

/** Direct children, zombies too. Each thread has a list of its own. */
export function childrenOf(pid: number): readonly number[] {
  let threads: readonly string[];
  try {
    threads = readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
  return threads.flatMap((thread) => {
    const text = proc(pid, `task/${thread}/children`)?.toString("latin1").trim() ?? "";
    return text === "" ? [] : text.split(" ").map(Number);
  });
}

/** All that descend from `pid`, without it, parents first. Zombies are left out, but not what descends from them. */
export function descendantsOf(pid: number): readonly ProcStat[] {
  const found: ProcStat[] = [];
  const queue = [...childrenOf(pid)];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const stat = statOf(next);
    if (stat !== undefined && stat.state !== "Z" && stat.state !== "X") found.push(stat);
    queue.push(...childrenOf(next));
  }
  return found;
}

/** Every process of the host that holds this `NAME=value` in the environment it was started with. */
export function processesWithEnvironment(entry: string): readonly ProcStat[] {
  const found: ProcStat[] = [];
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const block = proc(Number(name), "environ");
    if (block === undefined || !environHolds(block, entry)) continue;
    const stat = statOf(Number(name));
    if (stat !== undefined && stat.state !== "Z") found.push(stat);
  }
  return found;
}

/** Whether its arguments hold this one. */
export function hasArgument(pid: number, argument: string): boolean {
  return environHolds(proc(pid, "cmdline") ?? new Uint8Array(0), argument);
}

/** Anonymous and shared memory of a process as `status` shows it: cheap, and counts pages that processes share once for each of them. */
export function roughMemoryBytes(pid: number): number {
  const text = proc(pid, "status")?.toString("latin1") ?? "";
  return kilobytesLine(text, "RssAnon") + kilobytesLine(text, "RssShmem");
}

/** The same with shared pages shared out (`Pss`): exact, but the kernel walks the page tables for it. */
export function exactMemoryBytes(pid: number): number {
  const text = proc(pid, "smaps_rollup")?.toString("latin1");
  if (text === undefined || text === "") return roughMemoryBytes(pid);
  return kilobytesLine(text, "Pss_Anon") + kilobytesLine(text, "Pss_Shmem");
}

/** Sends a signal; a process that has ended meanwhile is no error. */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}
