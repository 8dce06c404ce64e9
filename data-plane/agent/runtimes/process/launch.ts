/** Starts the main program of a run as a plain process. */
import type { Children } from "./children.ts";
import { makeControlGroup } from "./control-group.ts";
import type { Entry } from "./enter.ts";
import type { RunPlan, StoredSpec } from "./instance-files.ts";
import { identityOf, type ProcessIdentity } from "./process-table.ts";
import { spawnEntered } from "./spawn-entered.ts";
import type { Supervision } from "./supervise.ts";

/** How a program ended; one of both. */
export interface ProgramExit {
  readonly code?: number | undefined;
  readonly signal?: string | undefined;
}

/** The main program, running; or why it does not run. */
export type Launched =
  | { readonly failure: string }
  | {
      readonly failure?: undefined;
      /** Undefined when it was gone before anybody could look. */
      readonly program: ProcessIdentity | undefined;
      readonly exited: Promise<ProgramExit>;
      kill(signal: NodeJS.Signals): void;
      /** Of a limit that the kernel keeps: whether it was broken. */
      readonly outOfMemory?: () => boolean;
      /** After everything of it was killed. @returns what could not be tidied away */
      readonly tidy?: () => Promise<string | undefined>;
    };

export interface LaunchContext {
  readonly supervision: Supervision;
  /** Standard output, standard error, and a pipe that closes when the program is executed. */
  readonly stdio: readonly [number, number, number];
  readonly children: Children;
  /** The descriptors have been handed on. */
  readonly onSpawned: () => void;
  /** Resolves when nobody holds the third descriptor any more. */
  readonly reportClosed: () => Promise<void>;
}

export async function launchProgram(context: LaunchContext): Promise<Launched> {
  const { supervision, stdio, children, onSpawned, reportClosed } = context;
  const { spec, plan, files, command, entry } = supervision;
  if (plan.cgroup !== undefined) makeControlGroup(plan.cgroup, spec);
  const entered = spawnEntered({
    entry: { ...entry, argv: spec.argv, namespace: namespaceOf(spec, plan) },
    directory: files.directory,
    command,
    token: plan.token,
    stdio: ["ignore", ...stdio],
  });
  const { subprocess } = entered;
  children.keep(subprocess);
  onSpawned();
  // Closed by execve, or by the end of the process when that failed.
  await reportClosed();
  const failure = entered.failure();
  if (failure !== undefined) {
    await subprocess.exited;
    return { failure };
  }
  return {
    program: identityOf(subprocess.pid),
    exited: subprocess.exited.then(() => {
      if (subprocess.signalCode !== null) return { signal: String(subprocess.signalCode) };
      return { code: subprocess.exitCode ?? undefined };
    }),
    kill: (signal) => subprocess.kill(signal),
  };
}

function namespaceOf(spec: StoredSpec, plan: RunPlan): Entry["namespace"] {
  if (!plan.mountNamespace) return undefined;
  const hidden = plan.secretsBase === undefined ? undefined : { base: plan.secretsBase, own: spec.instanceId };
  return { make: { readOnly: spec.rootDirectory, mounts: spec.mounts, hidden } };
}
