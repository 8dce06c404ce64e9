/**
 * The supervisor of one run: a process of its own between the agent and the program, so that the agent may die and come back. It is a subreaper, holds the
 * log's pipes, answers the agent on a socket, and writes how the run ended. About 5 MB of memory of its own for each instance; the rest of what `ps` shows
 * are pages of the executable, which all of them share.
 */
import { closeSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import { instanceEnvironment } from "../rules/environment.ts";
import { exitReason } from "../rules/exit-reason.ts";
import type { SignalName } from "../rules/signals.ts";
import type { RunExit } from "../runtime.ts";
import { groupNumber, killControlGroup, makeControlGroup, removeControlGroup } from "./control-group.ts";
import type { Entry } from "./enter.ts";
import { instanceFiles, type RunFiles, type RunPlan, type StoredSpec } from "./instance-files.ts";
import { killEverything, reapOrphans } from "./kill-everything.ts";
import { openLogWriter } from "./logs/log-writer.ts";
import { loadNative, type Native } from "./native.ts";
import { identityOf } from "./process-table.ts";
import { serveSupervisor } from "./serve-supervisor.ts";
import { spawnEntered } from "./spawn-entered.ts";
import { watchLimits } from "./watch-limits.ts";

/** Output that a dead instance's pipes still hold; longer than this only a process that cannot be killed keeps them open. */
const LAST_OUTPUT_MS = 5_000;

export interface Supervision {
  readonly spec: StoredSpec;
  readonly plan: RunPlan;
  readonly files: RunFiles;
  readonly native: Native;
  readonly command: readonly string[];
  /** What everything in this run has in common. */
  readonly entry: Pick<Entry, "env" | "cgroupPath" | "user" | "openFilesMax" | "processesMax" | "cwd">;
}

/**
 * Runs run `number` of the instance in `directory`, from its claim to its exit. Standard output is the agent's to watch: it is closed when the program runs,
 * or cannot.
 */
export async function supervise(directory: string, number: number, command: readonly string[]): Promise<void> {
  const instance = instanceFiles(directory);
  const files = instance.run(number);
  const spec = instance.readSpec();
  const plan = files.plan();
  if (spec === undefined || plan === undefined) throw new Error(`${directory} holds no run ${number}`);
  const native = loadNative();
  native.becomeSubreaper();
  for (const signal of ["SIGHUP", "SIGINT", "SIGPIPE"] as const) process.on(signal, () => {});
  process.umask(0o077);

  const cwd = spec.cwd.startsWith("/") ? spec.cwd : join(spec.rootDirectory, spec.cwd);
  const supervision: Supervision = {
    spec,
    plan,
    files,
    native,
    command,
    entry: {
      env: instanceEnvironment(spec, plan),
      cwd,
      cgroupPath: plan.cgroup?.path,
      user: spec.user,
      openFilesMax: spec.openFilesMax,
      processesMax: spec.processesMax,
    },
  };
  await runToTheEnd(supervision, instance.logs);
}

async function runToTheEnd(supervision: Supervision, logDirectory: string): Promise<void> {
  const { spec, plan, files, native, command } = supervision;
  const known = new Set<number>();
  const keep = (child: Bun.Subprocess): void => {
    known.add(child.pid);
    void child.exited.then(() => known.delete(child.pid));
  };
  const reap = (): void => reapOrphans(native.reap, known);
  process.on("SIGCHLD", reap);

  let main: Bun.Subprocess | undefined;
  let running = false;
  let stopAsked = false;
  let killedAfterGrace = false;
  let broken: "memory" | "processes" | undefined;
  let graceTimer: ReturnType<typeof setTimeout> | undefined;
  const killAtOnce = (): void => {
    if (plan.cgroup !== undefined) killControlGroup(plan.cgroup.path);
  };
  const killAll = (): Promise<number> => killEverything(killAtOnce, reap);
  const stop = (graceMs: number): void => {
    stopAsked = true;
    files.writeStop();
    main?.kill(spec.stopSignal);
    // Asked again with less patience, it is the shorter one that counts.
    clearTimeout(graceTimer);
    graceTimer = setTimeout(() => {
      killedAfterGrace = true;
      void killAll();
    }, graceMs);
  };
  process.on("SIGTERM", () => stop(spec.graceMs));

  const server = await serveSupervisor({
    supervision,
    onExecChild: keep,
    mainPid: () => (running ? main?.pid : undefined),
    signal: (signal: SignalName) => main?.kill(signal),
    stop: (graceMs) => stop(graceMs),
  });
  // From here on nobody else may run this, or declare it dead, as long as we live. Taken only now, so that who sees the claim finds the socket.
  if (!files.claim()) return server.close();

  const log = openLogWriter({
    directory: logDirectory,
    bytesMax: spec.logs.bytesMax,
    now: Date.now,
    onAppended: server.appended,
  });
  const exitOf = (part: Omit<RunExit, "run" | "endedAt">): RunExit => ({ run: plan.run, ...part, endedAt: Date.now() });
  const finish = async (exit: RunExit): Promise<void> => {
    log.close();
    if (plan.cgroup !== undefined) removeControlGroupQuietly(plan.cgroup.path, log.say);
    files.writeExit(exit);
    await server.close();
    rmSync(join(files.directory, "s"), { force: true });
  };

  const ends = { out: native.pipe(), err: native.pipe(), report: native.pipe() };
  let entered: ReturnType<typeof spawnEntered>;
  try {
    if (plan.cgroup !== undefined) makeControlGroup(plan.cgroup, spec);
    entered = spawnEntered({
      entry: { ...supervision.entry, argv: spec.argv, namespace: namespaceOf(spec, plan) },
      directory: files.directory,
      command,
      token: plan.token,
      stdio: ["ignore", ends.out.writeEnd, ends.err.writeEnd, ends.report.writeEnd],
    });
  } catch (error) {
    return finish(exitOf({ reason: "start_failed", detail: (error as Error).message }));
  }
  main = entered.subprocess;
  keep(main);
  for (const end of Object.values(ends)) closeSync(end.writeEnd);
  const outputEnded = Promise.all([
    pump(ends.out.readEnd, (chunk) => log.write("stdout", chunk)),
    pump(ends.err.readEnd, (chunk) => log.write("stderr", chunk)),
  ]);
  // Closed by execve, or by the end of the process when that failed.
  await pump(ends.report.readEnd, () => {});
  const failure = entered.failure();
  const program = identityOf(main.pid);
  if (failure === undefined && program !== undefined) {
    running = true;
    files.writeStarted({ program, startedAt: Date.now() });
    tellAgent(native);
  }
  const unwatch = watchLimits(spec, plan, (limit) => {
    broken = limit;
    void killAll();
  });

  await main.exited;
  running = false;
  clearTimeout(graceTimer);
  unwatch?.();
  const survivors = await killAll();
  await Promise.race([outputEnded, Bun.sleep(LAST_OUTPUT_MS)]);
  if (survivors > 0) log.say(`${survivors} processes of the instance could not be killed`);
  if (plan.cgroup?.memory === true && (groupNumber(plan.cgroup.path, "memory.events", "oom_kill") ?? 0) > 0)
    broken = "memory";
  const signal = main.signalCode === null ? undefined : String(main.signalCode);
  const code = signal === undefined ? (main.exitCode ?? undefined) : undefined;
  const reason = exitReason({ code, signal, broken, stopAsked, killedAfterGrace, execFailed: failure !== undefined });
  await finish(exitOf(failure === undefined ? { reason, code, signal } : { reason, detail: failure }));
}

function namespaceOf(spec: StoredSpec, plan: RunPlan): Entry["namespace"] {
  if (!plan.mountNamespace) return undefined;
  const hidden = plan.secretsBase === undefined ? undefined : { base: plan.secretsBase, own: spec.instanceId };
  return { make: { readOnly: spec.rootDirectory, mounts: spec.mounts, hidden } };
}

/** Reads a pipe to its end, one chunk after the other. */
async function pump(fd: number, onChunk: (chunk: Uint8Array) => void): Promise<void> {
  for await (const chunk of Bun.file(fd).stream()) onChunk(chunk);
}

/** The end of our standard output: that the program runs, and nothing else. The number stays taken, so that no other file comes to be written to by chance. */
function tellAgent(native: Native): void {
  const nothing = openSync("/dev/null", "w");
  native.duplicateTo(nothing, 1);
  closeSync(nothing);
}

function removeControlGroupQuietly(path: string, say: (text: string) => void): void {
  try {
    removeControlGroup(path);
  } catch (error) {
    say(`the control group could not be removed: ${(error as Error).message}`);
  }
}
