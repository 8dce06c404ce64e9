/**
 * What is on disk about one instance:
 *
 *     <state>/instances/<id>/spec.json          what it is; written last, so that a directory without it was never created
 *     <state>/instances/<id>/logs/              see logs/
 *     <state>/instances/<id>/runs/<n>/run.json  decided: the token and the means (cgroup, namespace)
 *                                    /claim     who runs it: the supervisor's identity, or that of an adopter who declared it dead
 *                                    /started   the program runs
 *                                    /stop      it was asked to end
 *                                    /exit      how it ended: final
 *                                    /s         the supervisor's socket
 *
 * Each file is written once, atomically. Which of them are there is the state: see `rules/instance-state.ts`.
 */
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { ContainerPlan } from "../container/runc.ts";
import { type RunState, stateOfRun } from "../rules/instance-state.ts";
import type { RunExit, RuntimeSpec } from "../runtime.ts";
import { claimFile, readJsonFile, replaceFile } from "./atomic-file.ts";
import { identityOf, isAlive, type ProcessIdentity } from "./process-table.ts";

/** How a run is carried out, decided by the agent from what it measured. */
export interface RunPlan {
  readonly run: number;
  /** Random; in the environment of every process of the run. */
  readonly token: string;
  readonly secretsFile?: string;
  /** Directory that holds those of all instances, hidden from each where there is a mount namespace. */
  readonly secretsBase?: string;
  readonly mountNamespace: boolean;
  /** The directory of the run's control group, and what the kernel enforces in it. */
  readonly cgroup?: {
    readonly path: string;
    readonly memory: boolean;
    readonly cpu: boolean;
    readonly processes: boolean;
  };
  /** It runs in a container. */
  readonly container?: ContainerPlan;
}

export interface Started {
  readonly program: ProcessIdentity;
  readonly startedAt: number;
}

/** The specification as it lies on disk: the secrets are elsewhere. */
export type StoredSpec = Omit<RuntimeSpec, "secrets"> & { readonly secretsDigest?: string };

export interface InstanceFiles {
  readonly directory: string;
  readonly logs: string;
  readSpec(): StoredSpec | undefined;
  /** 0 when there is none. */
  newestRun(): number;
  run(number: number): RunFiles;
}

export interface RunFiles {
  readonly directory: string;
  /** Relative to the instance's directory: socket paths are short (108 bytes, unix(7)). */
  readonly socket: string;
  plan(): RunPlan | undefined;
  claimant(): ProcessIdentity | undefined;
  /** @returns false when somebody has it already */
  claim(): boolean;
  started(): Started | undefined;
  writeStarted(started: Started): void;
  stopAsked(): boolean;
  writeStop(): void;
  exit(): RunExit | undefined;
  writeExit(exit: RunExit): void;
  state(): RunState;
}

export function instanceFiles(directory: string): InstanceFiles {
  const runs = join(directory, "runs");
  return {
    directory,
    logs: join(directory, "logs"),
    readSpec: () => readJsonFile<StoredSpec>(join(directory, "spec.json")),
    newestRun: () => (existsSync(runs) ? Math.max(0, ...readdirSync(runs).map(Number).filter(Number.isInteger)) : 0),
    run: (number) => runFiles(directory, number),
  };
}

/** Runs that are kept on disk beside the newest: enough to see what happened before. */
const OLD_RUNS_KEPT = 4;

/** Forgets old runs. Their numbers are never used again, because the newest always stays. */
export function forgetOldRuns(files: InstanceFiles): void {
  const newest = files.newestRun();
  for (let old = newest - OLD_RUNS_KEPT - 1; old > 0; old -= 1) {
    const { directory } = files.run(old);
    if (!existsSync(directory)) break;
    rmSync(directory, { recursive: true, force: true });
  }
}

function runFiles(instance: string, number: number): RunFiles {
  const directory = join(instance, "runs", String(number));
  const at = (name: string): string => join(directory, name);
  const files: RunFiles = {
    directory,
    socket: `runs/${number}/s`,
    plan: () => readJsonFile<RunPlan>(at("run.json")),
    claimant: () => readJsonFile<ProcessIdentity>(at("claim")),
    claim: () => claimFile(at("claim"), identityOf(process.pid)),
    started: () => readJsonFile<Started>(at("started")),
    writeStarted: (started) => replaceFile(at("started"), started),
    stopAsked: () => existsSync(at("stop")),
    writeStop: () => void claimFile(at("stop"), {}),
    exit: () => readJsonFile<RunExit>(at("exit")),
    writeExit: (exit) => replaceFile(at("exit"), exit),
    state() {
      if (number === 0) return "created";
      // The supervisor is looked at before its exit: when it is seen dead, the exit that it wrote before is seen too.
      const claimant = files.claimant();
      const supervisorAlive = claimant !== undefined && isAlive(claimant);
      return stateOfRun({
        run: number,
        claimed: claimant !== undefined,
        supervisorAlive,
        programStarted: existsSync(at("started")),
        stopAsked: files.stopAsked(),
        exitWritten: existsSync(at("exit")),
      });
    },
  };
  return files;
}
