/** What this host really can do for instances: each ability is tried, and the answer is what happened. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Capabilities, Measured } from "../runtime.ts";
import { codeOf } from "./atomic-file.ts";
import {
  type ControlGroupParent,
  findControlGroupParent,
  killControlGroup,
  removeControlGroup,
} from "./control-group.ts";
import type { InsideProbe } from "./probe-inside.ts";
import { statOf } from "./process-table.ts";

const YES: Measured = { usable: true };
const no = (reason: string): Measured => ({ usable: false, reason });

export interface Probed {
  readonly capabilities: Capabilities;
  /** Where runs get their control groups; undefined when they get none. */
  readonly groups?: ControlGroupParent;
}

export interface ProbeOptions {
  readonly stateDirectory: string;
  readonly command: readonly string[];
  readonly cgroupParent: string | "none" | undefined;
  readonly secretsInMemory: boolean;
}

export async function probeHost(options: ProbeOptions): Promise<Probed> {
  const inside = await probeInChild(options);
  const group = options.cgroupParent === "none" ? "control groups are switched off" : await probeGroups(options);
  const enforced = (controller: "memory" | "cpu" | "pids"): Measured => {
    if (typeof group === "string") return no(group);
    const missing = group.missing[controller];
    return missing === undefined ? YES : no(missing);
  };
  return {
    groups: typeof group === "string" ? undefined : group,
    capabilities: {
      runs: inside.runs,
      isolation: "process",
      memoryHardCap: enforced("memory"),
      cpuWeight: enforced("cpu"),
      processHardCap: enforced("pids"),
      atomicKill: typeof group === "string" ? no(group) : YES,
      mountNamespace: inside.mountNamespace,
      userSwitch: inside.userSwitch,
      secretsInMemory: options.secretsInMemory ? YES : no("there is no tmpfs at /run/user/<uid> or /dev/shm"),
      exec: inside.runs,
      pty: inside.runs.usable ? await probeTerminal(options.command) : inside.runs,
    },
  };
}

async function probeInChild({ stateDirectory, command }: ProbeOptions): Promise<InsideProbe> {
  const folder = mkdtempSync(join(stateDirectory, "probe-"));
  try {
    const child = Bun.spawn([...command, "probe", folder], { cwd: folder, env: {}, stdio: ["ignore", "pipe", "pipe"] });
    const [text, trouble] = await Promise.all([child.stdout.text(), child.stderr.text()]);
    if ((await child.exited) === 0) return JSON.parse(text) as InsideProbe;
    const not = no(`instance processes do not start: ${trouble.trim().slice(0, 500)}`);
    return { runs: not, mountNamespace: not, userSwitch: not };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Makes a group, puts a process in it, and kills it by the group. */
async function probeGroups({
  cgroupParent,
  command,
  stateDirectory,
}: ProbeOptions): Promise<ControlGroupParent | string> {
  const parent = findControlGroupParent(cgroupParent);
  if (typeof parent === "string") return parent;
  removeForsakenProbes(parent.path);
  const path = join(parent.path, `biplane-probe-${process.pid}-${Date.now()}`);
  try {
    mkdirSync(path);
  } catch (error) {
    return `no control group can be made below ${parent.path}: ${codeOf(error)}`;
  }
  const child = Bun.spawn([...command, "idle"], {
    cwd: stateDirectory,
    env: {},
    stdio: ["pipe", "ignore", "ignore"],
  });
  try {
    writeFileSync(join(path, "cgroup.procs"), String(child.pid));
    if (!existsSync(join(path, "cgroup.kill")))
      return "the kernel cannot kill a control group at once (it is older than 5.14)";
    killControlGroup(path);
    await child.exited;
    return parent;
  } catch (error) {
    return `processes cannot be put into control groups: ${(error as Error).message}`;
  } finally {
    child.kill("SIGKILL");
    await child.exited;
    removeControlGroup(path);
  }
}

/** Groups of agents that were killed while they probed. */
function removeForsakenProbes(parent: string): void {
  for (const name of readdirSync(parent)) {
    const pid = /^biplane-probe-(\d+)-/.exec(name)?.[1];
    if (pid === undefined || statOf(Number(pid)) !== undefined) continue;
    try {
      removeControlGroup(join(parent, name));
    } catch {
      // Its process is about to end, or another agent was faster: the next probe looks again.
    }
  }
}

/** 0 is what `is-terminal` ends with when it has one. */
async function probeTerminal(command: readonly string[]): Promise<Measured> {
  try {
    await using terminal = new Bun.Terminal({});
    const child = Bun.spawn([...command, "is-terminal"], { env: {}, terminal });
    return (await child.exited) === 0 ? YES : no("a command that was given a terminal did not see one");
  } catch (error) {
    return no((error as Error).message);
  }
}
