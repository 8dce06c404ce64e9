/** What a running instance uses, from the control group where there is one, else from its processes. */
import type { InstanceStats } from "../runtime.ts";
import { groupNumber, membersOf } from "./control-group.ts";
import type { RunFiles } from "./instance-files.ts";
import { descendantsOf, exactMemoryBytes, statOf } from "./process-table.ts";

/** USER_HZ: 100 on every architecture that Bun runs on (`sysconf(_SC_CLK_TCK)`, time(7)). */
const MICROS_PER_TICK = 10_000;

/** Undefined when it does not run. */
export function measureRun(files: RunFiles): InstanceStats | undefined {
  const started = files.started();
  const supervisor = files.claimant();
  const state = files.state();
  if (started === undefined || supervisor === undefined || (state !== "running" && state !== "stopping"))
    return undefined;
  const group = files.plan()?.cgroup?.path;
  const processes = group === undefined ? descendantsOf(supervisor.pid).map(({ pid }) => pid) : membersOf(group);
  const grouped = group === undefined ? undefined : groupNumber(group, "cpu.stat", "usage_usec");
  return {
    cpuMicros: grouped ?? processorTicks(processes, supervisor.pid) * MICROS_PER_TICK,
    memoryBytes: processes.reduce((sum, pid) => sum + exactMemoryBytes(pid), 0),
    processes: processes.length,
    startedAt: started.startedAt,
  };
}

/** Of those that run, and of those that ended: their parents, in the end the supervisor, were charged for them (proc(5), cutime). */
function processorTicks(pids: readonly number[], supervisor: number): number {
  const living = pids.reduce((sum, pid) => {
    const stat = statOf(pid);
    return sum + (stat === undefined ? 0 : stat.cpuTicks + stat.childrenCpuTicks);
  }, 0);
  return living + (statOf(supervisor)?.childrenCpuTicks ?? 0);
}
