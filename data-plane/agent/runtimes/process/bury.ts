/** Ends what a supervisor left behind that was killed itself. */
import { join } from "node:path";
import { deleteContainer } from "../container/runc.ts";
import { RUNTIME_ERRORS } from "../errors.ts";
import { TOKEN_VARIABLE } from "../rules/environment.ts";
import { killControlGroup, membersOf, removeControlGroup } from "./control-group.ts";
import type { RunFiles } from "./instance-files.ts";
import { descendantsOf, processesWithEnvironment, sendSignal } from "./process-table.ts";

const PATIENCE_MS = 10_000;
const PAUSE_MS = 5;

/**
 * Kills every process of the run: the members of its control group where there is one; those that carry its token, and their descendants. (The program itself
 * died with its supervisor: PR_SET_PDEATHSIG.) What no group holds and what has thrown its environment away is not found.
 *
 * @throws RuntimeError InstanceLost when something would not die: then the run is not over, and nothing may be started in its place
 */
export async function killRemains(files: RunFiles): Promise<void> {
  const plan = files.plan();
  if (plan === undefined) return;
  if (plan.container !== undefined) {
    const trouble = await deleteContainer(plan.container, join(files.directory, "runc.log"));
    if (trouble !== undefined)
      throw RUNTIME_ERRORS.error("InstanceLost", `The container could not be ended: ${trouble}`);
  }
  const patience = Date.now() + PATIENCE_MS;
  for (;;) {
    const left = remains(plan.token, plan.cgroup?.path);
    if (left.length === 0) break;
    if (Date.now() > patience) {
      throw RUNTIME_ERRORS.error("InstanceLost", `${left.length} processes of the instance could not be killed.`);
    }
    if (plan.cgroup !== undefined) killControlGroup(plan.cgroup.path);
    for (const pid of left) sendSignal(pid, "SIGSTOP");
    for (const pid of left) sendSignal(pid, "SIGKILL");
    await Bun.sleep(PAUSE_MS);
  }
  if (plan.cgroup !== undefined) removeControlGroup(plan.cgroup.path);
}

function remains(token: string, cgroupPath: string | undefined): readonly number[] {
  const marked = processesWithEnvironment(`${TOKEN_VARIABLE}=${token}`).map(({ pid }) => pid);
  const below = marked.flatMap((pid) => descendantsOf(pid).map((stat) => stat.pid));
  return [...new Set([...marked, ...below, ...(cgroupPath === undefined ? [] : membersOf(cgroupPath))])];
}
