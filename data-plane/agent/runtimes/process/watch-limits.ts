/** Watches what the kernel does not enforce on this host: memory and the number of processes of a whole instance. */
import type { ProcStat } from "../rules/proc-files.ts";
import type { RunPlan, StoredSpec } from "./instance-files.ts";
import { descendantsOf, exactMemoryBytes, hasArgument, roughMemoryBytes } from "./process-table.ts";

/** How often to look. A program can allocate about 100 MB in that time; the host has to have that much to spare. */
const PERIOD_MS = 50;

export type BrokenLimit = "memory" | "processes";

/** Calls `onBroken` at most once. @returns stops watching; undefined when there is nothing to watch */
export function watchLimits(
  spec: Pick<StoredSpec, "memoryLimitBytes" | "processesMax">,
  plan: Pick<RunPlan, "cgroup" | "container">,
  outOfMemory: (() => boolean) | undefined,
  onBroken: (limit: BrokenLimit) => void,
): (() => void) | undefined {
  // The kernel ends one process of a container for memory; the others end with it, because half of an instance is no use to anybody.
  if (plan.container !== undefined) {
    if (outOfMemory === undefined || spec.memoryLimitBytes === undefined) return undefined;
    return watched(() => (outOfMemory() ? "memory" : undefined), onBroken);
  }
  const memoryMax = plan.cgroup?.memory === true ? undefined : spec.memoryLimitBytes;
  const processesMax = plan.cgroup?.processes === true ? undefined : spec.processesMax;
  if (memoryMax === undefined && processesMax === undefined) return undefined;
  return watched(() => brokenLimit(memoryMax, processesMax), onBroken);
}

function watched(look: () => BrokenLimit | undefined, onBroken: (limit: BrokenLimit) => void): () => void {
  const timer = setInterval(() => {
    const broken = look();
    if (broken === undefined) return;
    clearInterval(timer);
    onBroken(broken);
  }, PERIOD_MS);
  return () => clearInterval(timer);
}

function brokenLimit(memoryMax: number | undefined, processesMax: number | undefined): BrokenLimit | undefined {
  const processes = descendantsOf(process.pid);
  if (processesMax !== undefined && threadsOf(processes) > processesMax) {
    // What is on its way in (see `enter.ts`) is still this executable, with more threads than the program will have.
    const inside = processes.filter(({ pid, parentPid }) => parentPid !== process.pid || !hasArgument(pid, "enter"));
    if (threadsOf(inside) > processesMax) return "processes";
  }
  if (memoryMax === undefined) return undefined;
  const sum = (measure: (pid: number) => number): number =>
    processes.reduce((bytes, { pid }) => bytes + measure(pid), 0);
  // The rough measure never says too little, so that the exact one is needed only when it says too much.
  return sum(roughMemoryBytes) > memoryMax && sum(exactMemoryBytes) > memoryMax ? "memory" : undefined;
}

function threadsOf(processes: readonly ProcStat[]): number {
  return processes.reduce((sum, one) => sum + one.threads, 0);
}
