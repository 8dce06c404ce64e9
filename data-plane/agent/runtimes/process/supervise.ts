/**
 * The supervisor of one run: a process of its own between the agent and the program, so that the agent may die and come back. It is a subreaper, holds the
 * log's pipes, answers the agent on a socket, and writes how the run ended. About 5 MB of memory of its own for each instance; the rest of what `ps` shows
 * are pages of the executable, which all of them share.
 */
import { closeSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import { containerEnvironment, launchContainer } from "../container/launch-container.ts";
import { instanceEnvironment } from "../rules/environment.ts";
import { exitReason } from "../rules/exit-reason.ts";
import type { SignalName } from "../rules/signals.ts";
import type { RunExit } from "../runtime.ts";
import { Children } from "./children.ts";
import { groupNumber, killControlGroup, removeControlGroup } from "./control-group.ts";
import type { Entry } from "./enter.ts";
import { instanceFiles, type RunFiles, type RunPlan, type StoredSpec } from "./instance-files.ts";
import { killEverything } from "./kill-everything.ts";
import { type LaunchContext, type Launched, launchProgram } from "./launch.ts";
import { openLogWriter } from "./logs/log-writer.ts";
import { loadNative, type Native } from "./native.ts";
import { serveSupervisor } from "./serve-supervisor.ts";
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

  const root = plan.container === undefined ? spec.rootDirectory : "/";
  const cwd = spec.cwd.startsWith("/") ? spec.cwd : join(root, spec.cwd);
  const env = instanceEnvironment(spec, plan);
  const supervision: Supervision = {
    spec,
    plan,
    files,
    native,
    command,
    entry: {
      env: plan.container === undefined ? env : containerEnvironment(env),
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
  const { spec, plan, files, native } = supervision;
  const children = new Children(native);

  let main: Exclude<Launched, { readonly failure: string }> | undefined;
  let running = false;
  let stopAsked = false;
  let killedAfterGrace = false;
  let broken: "memory" | "processes" | undefined;
  let graceTimer: ReturnType<typeof setTimeout> | undefined;
  const killAtOnce = (): void => {
    if (plan.cgroup !== undefined) killControlGroup(plan.cgroup.path);
  };
  let killing: Promise<unknown> = Promise.resolve();
  // One after the other: what is started when all is dead, to tidy up, is not to fall to one that is late.
  const killAll = (): Promise<number> => {
    const killed = killing.then(() => killEverything(killAtOnce, children.reap));
    killing = killed;
    return killed;
  };
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
    children,
    mainPid: () => (running ? main?.program?.pid : undefined),
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
  let outputEnded: Promise<unknown> = Promise.resolve();
  const context: LaunchContext = {
    supervision,
    stdio: [ends.out.writeEnd, ends.err.writeEnd, ends.report.writeEnd],
    children,
    onSpawned() {
      for (const end of Object.values(ends)) closeSync(end.writeEnd);
      outputEnded = Promise.all([
        pump(ends.out.readEnd, (chunk) => log.write("stdout", chunk)),
        pump(ends.err.readEnd, (chunk) => log.write("stderr", chunk)),
      ]);
    },
    reportClosed: () => pump(ends.report.readEnd, () => {}),
  };
  let launched: Launched;
  try {
    launched = await (plan.container === undefined ? launchProgram(context) : launchContainer(context, plan.container));
  } catch (error) {
    launched = { failure: (error as Error).message };
  }
  if (launched.failure !== undefined) {
    await killAll();
    await Promise.race([outputEnded, Bun.sleep(LAST_OUTPUT_MS)]);
    return finish(exitOf({ reason: "start_failed", detail: launched.failure }));
  }
  main = launched;
  const { program } = launched;
  if (program !== undefined) {
    running = true;
    files.writeStarted({ program, startedAt: Date.now() });
    tellAgent(native);
  }
  // Told to end before it had begun.
  if (stopAsked) main.kill(spec.stopSignal);
  const unwatch = watchLimits(spec, plan, launched.outOfMemory, (limit) => {
    broken = limit;
    void killAll();
  });

  const { code, signal } = await launched.exited;
  running = false;
  clearTimeout(graceTimer);
  unwatch?.();
  const survivors = await killAll();
  await Promise.race([outputEnded, Bun.sleep(LAST_OUTPUT_MS)]);
  if (survivors > 0) log.say(`${survivors} processes of the instance could not be killed`);
  if (plan.cgroup?.memory === true && (groupNumber(plan.cgroup.path, "memory.events", "oom_kill") ?? 0) > 0)
    broken = "memory";
  if (launched.outOfMemory?.() === true) broken = "memory";
  const untidy = await launched.tidy?.();
  if (untidy !== undefined) log.say(`the container could not be removed: ${untidy}`);
  const reason = exitReason({ code, signal, broken, stopAsked, killedAfterGrace, execFailed: false });
  await finish(exitOf({ reason, code, signal }));
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
