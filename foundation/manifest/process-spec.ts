/** What runs: one process of a manifest with what `env` gives it, in units to count with. Pure. */
import { invariant } from "#foundation/errors";
import type {
  IsolationClass,
  Manifest,
  ManifestCommand,
  ManifestHealth,
  ManifestMount,
  ManifestPort,
  ManifestRestart,
  ManifestScaling,
  ManifestVars,
} from "./manifest.ts";
import { sizeBytes } from "./sizes.ts";

export interface ProcessSpec {
  readonly name: string;
  readonly command: ManifestCommand;
  readonly workdir?: string;
  readonly user?: string;
  /** Those of the process override those of `env`. By name. */
  readonly vars: ManifestVars;
  /** In the order in which they run: those of `env` first. */
  readonly prestart: readonly PrestartCommand[];
  readonly isolation?: IsolationClass;
  readonly restart: ManifestRestart;
  readonly memoryBytes: number;
  /** Processors. */
  readonly cpu: number;
  readonly diskBytes: number;
  readonly scaling: ManifestScaling;
  readonly ports: readonly ManifestPort[];
  readonly health?: ManifestHealth;
  readonly mounts: readonly ManifestMount[];
  readonly secretsRequired: boolean;
}

export interface PrestartCommand {
  readonly command: ManifestCommand;
  readonly timeoutSeconds: number;
}

/**
 * One process as it runs.
 *
 * @param manifest in its normal form
 * @throws InvariantViolation when there is no such process
 */
export function processSpec(manifest: Manifest, name: string): ProcessSpec {
  const { env, processes } = manifest;
  const own = invariant(Object.hasOwn(processes, name) ? processes[name] : undefined, `the manifest has "${name}"`);
  const workdir = own.workdir ?? env.workdir;
  const user = own.user ?? env.user;
  const timed = (commands: readonly ManifestCommand[], timeoutSeconds: number): readonly PrestartCommand[] =>
    commands.map((command) => ({ command, timeoutSeconds }));
  return {
    name,
    command: own.command,
    ...(workdir === undefined ? {} : { workdir }),
    ...(user === undefined ? {} : { user }),
    vars: byName({ ...env.vars, ...own.vars }),
    prestart: [
      ...timed(env.prestart, env.prestart_timeout_seconds),
      ...timed(own.prestart, own.prestart_timeout_seconds ?? env.prestart_timeout_seconds),
    ],
    ...(own.isolation === undefined ? {} : { isolation: own.isolation }),
    restart: own.restart,
    memoryBytes: invariant(sizeBytes(own.resources.memory), "memory was checked"),
    cpu: own.resources.cpu,
    diskBytes: invariant(sizeBytes(own.resources.disk), "disk was checked"),
    scaling: own.scaling,
    ports: own.ports,
    ...(own.health === undefined ? {} : { health: own.health }),
    mounts: own.mounts,
    secretsRequired: own.secrets.required,
  };
}

function byName(vars: ManifestVars): ManifestVars {
  return Object.fromEntries(Object.entries(vars).sort(([left], [right]) => (left < right ? -1 : 1)));
}
