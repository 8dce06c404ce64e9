/** Whether a process that left a file behind is still the one that runs under its id. */

import { readFileSync } from "node:fs";
import { errorCode } from "./state-file.ts";

/**
 * A text that differs between two processes that had the same id one after the other, or undefined where the system does not tell.
 *
 * On Linux: the boot's id and the start time in clock ticks since boot (proc(5), field 22 of /proc/pid/stat). The command name in field 2
 * may hold spaces and parentheses, so fields are counted from the last closing parenthesis, after which field 3 follows.
 */
export function processIdentity(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const startTicks = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[22 - 3];
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
    return startTicks === undefined ? undefined : `${boot}:${startTicks}`;
  } catch {
    return undefined;
  }
}

/** Whether the process that recorded `pid` and `identity` about itself still runs. */
export function processRuns(pid: number, identity: string | undefined): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it exists and belongs to someone else.
    if (errorCode(error) !== "EPERM") return false;
  }
  const now = processIdentity(pid);
  return identity === undefined || now === undefined || identity === now;
}
