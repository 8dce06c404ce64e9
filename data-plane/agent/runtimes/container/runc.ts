/** Calls of runc, the reference implementation of the OCI runtime specification. */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { removeEmptyGroups } from "./control-groups.ts";

/** How a run's container is called and where runc keeps what it knows of it. */
export interface ContainerPlan {
  readonly runc: string;
  /** On a tmpfs: after a reboot no container is left. */
  readonly stateRoot: string;
  readonly id: string;
  readonly cgroupsPath: string;
}

/** runc finds its own helpers, and nothing of the agent's environment is the container's business. */
const ENVIRONMENT = { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" };

/** @param log where runc writes what went wrong, as JSON */
export function runcCommand({ runc, stateRoot }: ContainerPlan, log: string, ...args: readonly string[]): string[] {
  return [runc, "--root", stateRoot, "--log", log, "--log-format", "json", ...args];
}

/** Told of every child, where children that nobody has told of are taken for orphans. */
export type OnChild = (child: Bun.Subprocess) => void;

/** @returns why it failed; undefined when it did not */
export async function runRunc(
  plan: ContainerPlan,
  log: string,
  args: readonly string[],
  onChild?: OnChild,
): Promise<string | undefined> {
  const child = Bun.spawn(runcCommand(plan, log, ...args), {
    env: ENVIRONMENT,
    stdio: ["ignore", "ignore", "ignore"],
  });
  onChild?.(child);
  const code = await child.exited;
  return code === 0 ? undefined : (takeTrouble(log) ?? `runc ${args[0]} ended with code ${code}`);
}

export const RUNC_ENVIRONMENT: Readonly<Record<string, string>> = ENVIRONMENT;

/** The last error in a log of runc, in the words of execve(2) where it is about the program; the log is removed. */
export function takeTrouble(log: string): string | undefined {
  if (!existsSync(log)) return undefined;
  const text = readFileSync(log, "utf8");
  rmSync(log, { force: true });
  const messages = text.split("\n").flatMap((line) => {
    try {
      const { level, msg } = JSON.parse(line) as { readonly level?: string; readonly msg?: string };
      return level === "error" && msg !== undefined ? [msg] : [];
    } catch {
      return [];
    }
  });
  const last = messages.at(-1);
  if (last === undefined) return undefined;
  if (/no such file or directory|executable file not found/.test(last)) return `${last} (ENOENT)`;
  return /permission denied|is a directory/.test(last) ? `${last} (EACCES)` : last;
}

/** Kills everything in the container and forgets it: its control group, its state. What is gone already is no error. */
export async function deleteContainer(
  plan: ContainerPlan,
  log: string,
  onChild?: OnChild,
): Promise<string | undefined> {
  const trouble = await runRunc(plan, log, ["delete", "--force", plan.id], onChild);
  removeEmptyGroups(plan.cgroupsPath);
  return trouble !== undefined && existsSync(join(plan.stateRoot, plan.id)) ? trouble : undefined;
}

/** How often the kernel has killed in the container for memory. */
export function oomKills({ cgroupsPath }: ContainerPlan): number {
  for (const file of [
    `/sys/fs/cgroup/memory${cgroupsPath}/memory.oom_control`,
    `/sys/fs/cgroup${cgroupsPath}/memory.events`,
  ]) {
    try {
      const kills = /^oom_kill (\d+)$/m.exec(readFileSync(file, "utf8"))?.[1];
      if (kills !== undefined) return Number(kills);
    } catch {
      // The other version of control groups.
    }
  }
  return 0;
}
