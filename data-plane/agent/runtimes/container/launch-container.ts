/**
 * Starts the main program of a run in a container. `runc create` makes it, with the program waiting at its door, and goes away; as the supervisor adopts orphans, the
 * program is its child then, like any plain process. `runc start` opens the door.
 */
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LaunchContext, Launched } from "../process/launch.ts";
import { identityOf } from "../process/process-table.ts";
import { spawnEntered } from "../process/spawn-entered.ts";
import { ociConfig, SECRETS_PATH } from "./oci-config.ts";
import {
  type ContainerPlan,
  deleteContainer,
  oomKills,
  RUNC_ENVIRONMENT,
  runcCommand,
  runRunc,
  takeTrouble,
} from "./runc.ts";

const HOST_FILES = ["/etc/resolv.conf", "/etc/hosts"];

/** What the program finds in its environment: paths as they are inside. */
export function containerEnvironment(env: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return env.BIPLANE_SECRETS_FILE === undefined ? env : { ...env, BIPLANE_SECRETS_FILE: SECRETS_PATH };
}

export async function launchContainer(context: LaunchContext, container: ContainerPlan): Promise<Launched> {
  const { supervision, stdio, children, onSpawned, reportClosed } = context;
  const { spec, plan, files, command, entry } = supervision;
  const bundle = join(files.directory, "bundle");
  const rootfs = join(bundle, "rootfs");
  const log = join(files.directory, "runc.log");
  const layer = join(spec.scratchDirectory, "layer");
  const [upper, work] = [join(layer, "upper"), join(layer, "work")];
  for (const path of [rootfs, upper, work]) mkdirSync(path, { recursive: true });
  // The root of both together is that of the upper one.
  const { mode, uid, gid } = statSync(spec.rootDirectory);
  chmodSync(upper, mode & 0o7777);
  chownSync(upper, uid, gid);
  const config = ociConfig(spec, {
    rootfs,
    env: entry.env,
    ...(plan.secretsFile === undefined ? {} : { secretsFile: plan.secretsFile }),
    cgroupsPath: container.cgroupsPath,
    hostFiles: HOST_FILES.filter((path) => existsSync(path)),
    openFilesMax: hardLimitOfOpenFiles(),
  });
  writeFileSync(join(bundle, "config.json"), JSON.stringify(config), { mode: 0o600 });
  const pidFile = join(files.directory, "pid");
  // The program becomes an orphan as soon as runc is gone: it must not be taken away before it is known whose it is.
  const release = children.hold();
  const created = spawnEntered({
    entry: {
      argv: runcCommand(container, log, "create", "--bundle", bundle, "--pid-file", pidFile, container.id),
      env: RUNC_ENVIRONMENT,
      cwd: bundle,
      umask: 0o022,
      // Seen by runc, and by the container that is made from there: when both are gone, so is the mount.
      namespace: {
        overlay: { lower: spec.rootDirectory, upper, work, target: rootfs },
      },
    },
    directory: files.directory,
    command,
    token: plan.token,
    stdio: ["ignore", ...stdio],
  });
  children.keep(created.subprocess);
  onSpawned();
  await reportClosed();
  const code = await created.subprocess.exited;
  const give = async (failure: string): Promise<Launched> => {
    release();
    await deleteContainer(container, log, children.keep);
    return { failure };
  };
  const failure =
    created.failure() ?? (code === 0 ? undefined : (takeTrouble(log) ?? `runc create ended with code ${code}`));
  if (failure !== undefined) return give(failure);
  const pid = Number(readFileSync(pidFile, "utf8"));
  const program = identityOf(pid);
  const exited = children.adopt(pid);
  release();
  const trouble = await runRunc(container, log, ["start", container.id], children.keep);
  if (trouble !== undefined) {
    await deleteContainer(container, log, children.keep);
    await exited;
    return { failure: trouble };
  }
  return {
    program,
    exited,
    kill: (signal) => {
      try {
        process.kill(pid, signal);
      } catch {
        // It has ended.
      }
    },
    outOfMemory: () => oomKills(container) > 0,
    tidy: () => deleteContainer(container, log, children.keep),
  };
}

/** Of this process: more than it has it cannot give (getrlimit(2)). */
export function hardLimitOfOpenFiles(): number {
  const hard = /^Max open files\s+\S+\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
  return hard === undefined ? Number.MAX_SAFE_INTEGER : Number(hard);
}

/** How a command is brought into the container. */
export function execArguments(
  container: ContainerPlan,
  request: {
    readonly argv: readonly string[];
    readonly env: Readonly<Record<string, string>>;
    readonly cwd: string;
    readonly terminal: boolean;
    readonly log: string;
    readonly pidFile: string;
  },
): readonly string[] {
  const variables = Object.entries(request.env).flatMap(([name, value]) => ["--env", `${name}=${value}`]);
  const how = request.terminal ? ["--tty"] : ["--detach", "--pid-file", request.pidFile];
  const command = ["exec", ...how, "--cwd", request.cwd, ...variables, container.id, ...request.argv];
  return runcCommand(container, request.log, ...command);
}
