/**
 * What the agent asks of whatever runs instances. One implementation per way of running (`process`, later `container`, `microvm`), one conformance
 * suite for all (`conformance/`).
 *
 * An *instance* is created once and may be started again after each end; every start is a *run*, numbered from 1. A runtime keeps everything that it must
 * know on disk, so that an agent which was killed at any moment finds with `adopt()` what still runs, and what ended meanwhile and how.
 */
import type { ExitReason } from "./rules/exit-reason.ts";
import type { InstancePhase } from "./rules/instance-state.ts";
import type { LogLine } from "./rules/log-record.ts";
import type { SignalName } from "./rules/signals.ts";

/** How well instances are kept apart, from weak to strong. */
export type IsolationClass = "process" | "container" | "microvm";

/** One measured ability: what was seen when it was tried; why not, where it did not work. */
export type Measured = { readonly usable: true } | { readonly usable: false; readonly reason: string };

/** What this runtime can do on this host, found out by doing it. */
export interface Capabilities {
  /** Whether instances can run here at all. */
  readonly runs: Measured;
  readonly isolation: IsolationClass;
  /** The kernel enforces the memory limit. Where not, the runtime watches, and ends what grew too large within about a tenth of a second. */
  readonly memoryHardCap: Measured;
  readonly cpuWeight: Measured;
  /** The kernel enforces the number of processes. Where not, the runtime watches that too. */
  readonly processHardCap: Measured;
  /** Everything of an instance can be killed in one step. Where not, it is stopped first and then killed, process by process. */
  readonly atomicKill: Measured;
  /** The release is read-only for the instance, mounts are real, and it sees no other's secrets. */
  readonly mountNamespace: Measured;
  readonly userSwitch: Measured;
  readonly secretsInMemory: Measured;
  readonly exec: Measured;
  readonly pty: Measured;
}

/** A host directory that appears inside the instance. */
export interface RuntimeMount {
  /** Absolute, exists. */
  readonly source: string;
  /** Absolute where the runtime has a mount namespace; otherwise it must lie in the scratch directory, where it becomes a symbolic link. */
  readonly target: string;
  readonly readOnly: boolean;
}

/** Everything about one instance. Immutable: a change is another instance. */
export interface RuntimeSpec {
  /** `[a-z0-9][a-z0-9_-]{0,63}`. */
  readonly instanceId: string;
  /** The weakest isolation that is acceptable; a runtime that offers less refuses with `NoNodeWithIsolation`. */
  readonly isolation: IsolationClass;
  /** Program and arguments. Without a slash the program is looked for in `PATH` of `env`, or else the usual system folders. No shell is involved. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Relative to `rootDirectory`, or absolute. */
  readonly cwd: string;
  /** The unpacked release: absolute, shared between instances, never to be written by them. */
  readonly rootDirectory: string;
  /** Absolute; made when missing; belongs to the instance (`HOME`, `TMPDIR`). */
  readonly scratchDirectory: string;
  /** Name to number; given as `PORT` (the first) and `PORT_<NAME>`. */
  readonly ports: Readonly<Record<string, number>>;
  readonly memoryLimitBytes?: number;
  /** 1..10000, 100 is the usual share (cgroup v2, `cpu.weight`). */
  readonly cpuWeight?: number;
  /** At most so many processes and threads of the instance at once. */
  readonly processesMax?: number;
  readonly openFilesMax?: number;
  /** The secrets file, whole: mode 0400, its path in `BIPLANE_SECRETS_FILE`. Never written to a disk that lasts where the host has a tmpfs. */
  readonly secrets?: Uint8Array;
  readonly mounts: readonly RuntimeMount[];
  /** Whom it runs as; possible when the agent is root. */
  readonly user?: { readonly uid: number; readonly gid: number };
  readonly stopSignal: SignalName;
  readonly graceMs: number;
  readonly logs: LogLimits;
}

export interface LogLimits {
  /** Of all log files of the instance together; at least 256 KiB. The oldest go first. */
  readonly bytesMax: number;
}

export interface RunExit {
  readonly run: number;
  readonly reason: ExitReason;
  /** Exit code of the program; undefined when a signal ended it, or it never started. */
  readonly code?: number;
  readonly signal?: string;
  /** What happened, for people; never a secret. */
  readonly detail?: string;
  /** Milliseconds since 1970. */
  readonly endedAt: number;
}

export interface InstanceStatus {
  readonly instanceId: string;
  readonly phase: InstancePhase;
  /** Number of the current or last run; 0 before the first start. */
  readonly run: number;
  readonly startedAt?: number;
  /** Of the main process, while it runs. */
  readonly pid?: number;
  /** Of the last run, once it ended. */
  readonly exit?: RunExit;
}

export interface InstanceStats {
  /** Processor time of the whole instance, of this run. */
  readonly cpuMicros: number;
  /** Resident memory of all processes of it, shared pages shared out. */
  readonly memoryBytes: number;
  readonly processes: number;
  readonly startedAt: number;
}

export interface ExecSpec {
  readonly argv: readonly string[];
  /** Added to the instance's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Default: the instance's. */
  readonly cwd?: string;
  /** A terminal of this size; then there is no separate standard error. */
  readonly tty?: { readonly columns: number; readonly rows: number };
}

export interface ExecExit {
  readonly code?: number;
  readonly signal?: string;
}

/** A command that runs inside an instance. It ends with the instance, and with `close()`. */
export interface ExecSession {
  readonly stdout: ReadableStream<Uint8Array>;
  readonly stderr: ReadableStream<Uint8Array>;
  /** Resolves when the bytes were handed over. After the end it does nothing. */
  write(bytes: Uint8Array): Promise<void>;
  /** End of standard input (with a terminal: its end-of-file character). */
  closeInput(): void;
  resize(columns: number, rows: number): void;
  signal(signal: SignalName): void;
  /** @throws RuntimeError ExecFailed when the program could not be started, InstanceLost when the instance's supervisor went away */
  readonly exited: Promise<ExecExit>;
  /** The client has gone: hang-up now, terminate after 5 s, kill after 30 s (plfm exec specification). */
  close(): void;
}

export interface LogQuery {
  /** Go on until the run ends. Default false. */
  readonly follow?: boolean;
  /** Only so many of the last lines before following. */
  readonly tail?: number;
  /** Only lines from this time on, milliseconds since 1970. */
  readonly since?: number;
  readonly signal?: AbortSignal;
}

/** Where log lines were lost, and how many, since the instance was created. */
export interface LogLoss {
  /** Lines that made room for newer ones. */
  readonly rotatedLines: number;
  /** Lines that could not be written (the disk was full). */
  readonly unwrittenLines: number;
}

/** Every method refuses an unknown instance with `NoSuchInstance`, except `create` and `destroy`. */
export interface Runtime {
  readonly name: string;
  probe(): Promise<Capabilities>;
  /** Prepares an instance, durably. The same specification again is harmless; another one under the same id is refused. */
  create(spec: RuntimeSpec): Promise<void>;
  /** Starts a run; resolves when the program is running. @throws RuntimeError AlreadyRunning, StartFailed */
  start(instanceId: string): Promise<InstanceStatus>;
  status(instanceId: string): Promise<InstanceStatus>;
  /** Resolves when the current run ends, at once when it has. @throws RuntimeError NeverStarted */
  wait(instanceId: string): Promise<RunExit>;
  /** Sends a signal to the main process. */
  signal(instanceId: string, signal: SignalName): Promise<void>;
  /** Asks the main process to end, kills everything after the grace, and resolves when the run has ended. Goes on without the agent. Nothing running: resolves at once. */
  stop(instanceId: string, graceMs?: number): Promise<void>;
  exec(instanceId: string, spec: ExecSpec): Promise<ExecSession>;
  logs(instanceId: string, query?: LogQuery): AsyncIterable<LogLine>;
  logLoss(instanceId: string): Promise<LogLoss>;
  stats(instanceId: string): Promise<InstanceStats>;
  /** After a start of the agent: every instance on disk. What lost its supervisor is killed and gets an exit; what never started gets one too. */
  adopt(): Promise<readonly InstanceStatus[]>;
  /** Kills what runs and forgets the instance, its logs and secrets; the scratch directory stays. Unknown: nothing to do. */
  destroy(instanceId: string): Promise<void>;
}
