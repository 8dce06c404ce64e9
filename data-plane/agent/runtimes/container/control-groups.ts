/** Control groups that runc leaves behind: on hosts with both versions the one of the second, and those of probes whose agent was killed. */
import { existsSync, readdirSync, readFileSync, rmdirSync } from "node:fs";
import { join } from "node:path";

const ROOT = "/sys/fs/cgroup";
const PROBE = /^biplane-probe-(\d+)-/;

/** Where a group may be: below the root, or below each controller of the first version and the hierarchy of the second. */
function hierarchies(): readonly string[] {
  if (!existsSync(ROOT)) return [];
  if (existsSync(join(ROOT, "cgroup.procs"))) return [ROOT];
  return readdirSync(ROOT).map((name) => join(ROOT, name));
}

/** Removes what is left of a container's groups. They are empty: what is not stays. */
export function removeEmptyGroups(cgroupsPath: string): void {
  for (const hierarchy of hierarchies()) removeEmpty(join(hierarchy, cgroupsPath));
}

/** Ends and removes probes of agents that are no more. */
export function removeForsakenProbes(): void {
  for (const hierarchy of hierarchies()) {
    for (const name of namesIn(hierarchy)) {
      const pid = Number(PROBE.exec(name)?.[1] ?? 0);
      if (pid === 0 || existsSync(`/proc/${pid}`)) continue;
      const path = join(hierarchy, name);
      for (const left of processesIn(path)) kill(left);
      removeEmpty(path);
    }
  }
}

function namesIn(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function processesIn(path: string): readonly number[] {
  try {
    return readFileSync(join(path, "cgroup.procs"), "utf8").split("\n").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

function removeEmpty(path: string): void {
  try {
    rmdirSync(path);
  } catch {
    // It is not there, or not empty yet: then the next probe finds it.
  }
}
