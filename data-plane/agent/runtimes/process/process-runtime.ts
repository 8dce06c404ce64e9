/**
 * The runtime `process`: instances are plain processes of this host, each with a supervisor of its own that outlives the agent (`supervise.ts`).
 *
 * Where the agent is root, an instance gets a mount namespace (its release is read-only, mounts are real, it sees no other's secrets) and can have a user of
 * its own. Its isolation class is `process` all the same: it shares the kernel, the network and the process table.
 */
import { createHash, randomBytes } from "node:crypto";
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { acquireProcessLock } from "#foundation/sql";
import { RUNTIME_ERRORS } from "../errors.ts";
import { checkExec, checkSpec } from "../rules/check-spec.ts";
import { TOKEN_VARIABLE } from "../rules/environment.ts";
import { adoptStep, mayStart, phaseOf } from "../rules/instance-state.ts";
import type { Capabilities, InstanceStatus, LogQuery, RunExit, Runtime, RuntimeSpec } from "../runtime.ts";
import { replaceFile } from "./atomic-file.ts";
import { killRemains } from "./bury.ts";
import {
  forgetOldRuns,
  type InstanceFiles,
  instanceFiles,
  type RunFiles,
  type RunPlan,
  type StoredSpec,
} from "./instance-files.ts";
import { LogCursor, lossOf } from "./logs/log-reader.ts";
import { OneAtATime } from "./one-at-a-time.ts";
import { prepareDirectories, refuseWhatTheHostLacks } from "./prepare.ts";
import { type Probed, probeHost } from "./probe.ts";
import { openSecretsStore } from "./secrets-store.ts";
import { measureRun } from "./stats.ts";
import { appendedFeed, connectSupervisor, execSession, hangUp, onlyAnswer } from "./supervisor-client.ts";

export interface ProcessRuntimeOptions {
  /** Everything about instances; belongs to one agent at a time. */
  readonly stateDirectory: string;
  /**
   * How to call this executable so that `runInstanceProcess` gets the arguments. Default: Bun and the entry point in the source tree; a compiled executable
   * has to give its own.
   */
  readonly command?: readonly string[];
  /** An empty, delegated control group (version 2) for instances; default: below the agent's own; `none`: do without. */
  readonly cgroupParent?: string | "none";
  /** Default: in the first tmpfs of /run/user/<uid> and /dev/shm, else in the state directory. */
  readonly secretsDirectory?: string;
  /** False: leave the mount namespace out also where there could be one. */
  readonly mountNamespace?: boolean;
}

export interface ProcessRuntime extends Runtime {
  /** Lets go of the state directory. Instances go on. */
  close(): void;
}

/** What makes one way of running instances in supervised processes differ from another. */
export interface RuntimeKind {
  readonly name: string;
  probe(): Promise<Probed>;
  /** @throws RuntimeError RuntimeUnavailable, NoNodeWithIsolation, Unsupported, InvalidSpec */
  refuse(spec: RuntimeSpec, can: Capabilities): void;
  /** Makes what an instance needs. */
  prepare(spec: RuntimeSpec, can: Capabilities): void;
  /** Takes away what it has made and nothing needs any more. */
  close?(): void;
  /** What the plan of a run says of it besides. */
  planOf?(token: string): Pick<RunPlan, "container">;
}

export interface SupervisedOptions
  extends Pick<ProcessRuntimeOptions, "stateDirectory" | "command" | "secretsDirectory"> {
  readonly kind: (parts: { readonly command: readonly string[]; readonly secretsInMemory: boolean }) => RuntimeKind;
}

const ADDRESS_RETRY_MS = 5;

/** @throws SqlError Locked when another agent uses the directory */
export function openProcessRuntime(options: ProcessRuntimeOptions): ProcessRuntime {
  const { stateDirectory, cgroupParent } = options;
  return openSupervisedRuntime({
    ...options,
    kind: ({ command, secretsInMemory }) => ({
      name: "process",
      async probe() {
        const probed = await probeHost({ stateDirectory, command, cgroupParent, secretsInMemory });
        if (options.mountNamespace !== false) return probed;
        const mountNamespace = { usable: false, reason: "mount namespaces are switched off" } as const;
        return { ...probed, capabilities: { ...probed.capabilities, mountNamespace } };
      },
      refuse: (spec, can) => refuseWhatTheHostLacks(spec, can, stateDirectory),
      prepare: prepareDirectories,
    }),
  });
}

/** @throws SqlError Locked when another agent uses the directory */
export function openSupervisedRuntime(options: SupervisedOptions): ProcessRuntime {
  const { stateDirectory } = options;
  const command = options.command ?? [process.execPath, join(import.meta.dir, "instance-process.main.ts")];
  const root = join(stateDirectory, "instances");
  mkdirSync(root, { recursive: true, mode: 0o700 });
  const lock = acquireProcessLock(join(stateDirectory, "lock"));
  const secrets = openSecretsStore(stateDirectory, options.secretsDirectory);
  const inOrder = new OneAtATime();
  const kind = options.kind({ command, secretsInMemory: secrets.inMemory });

  let probing: Promise<Probed> | undefined;
  const probe = (): Promise<Probed> => {
    probing ??= kind.probe();
    return probing;
  };

  const find = (id: string): { readonly files: InstanceFiles; readonly spec: StoredSpec } => {
    // Ids come from a plan, and become names of folders.
    const files = /^[a-z0-9][a-z0-9_-]{0,63}$/.test(id) ? instanceFiles(join(root, id)) : undefined;
    const spec = files?.readSpec();
    if (files === undefined || spec === undefined)
      throw RUNTIME_ERRORS.error("NoSuchInstance", { details: { instanceId: id } });
    return { files, spec };
  };

  /** Brings a run whose supervisor is gone, or never came, to its end. */
  const settle = async (run: RunFiles, number: number): Promise<void> => {
    const step = adoptStep(run.state());
    if (step === "keep") return;
    const end = (reason: RunExit["reason"], detail: string): void =>
      run.writeExit({ run: number, reason, detail, endedAt: Date.now() });
    if (step === "fence") {
      // Whoever has the claim decides: a supervisor that comes later leaves without having done anything.
      if (run.claim()) end("launch_interrupted", "the agent ended before the program was started");
      return;
    }
    await killRemains(run);
    end("supervisor_lost", "the supervisor of the instance was killed; what was left of it was killed too");
  };

  const statusOf = (id: string): InstanceStatus => {
    const { files } = find(id);
    const run = files.newestRun();
    if (run === 0) return { instanceId: id, phase: "created", run };
    const last = files.run(run);
    const state = last.state();
    const started = last.started();
    return {
      instanceId: id,
      phase: phaseOf(state),
      run,
      startedAt: started?.startedAt,
      pid: state === "running" || state === "stopping" ? started?.program.pid : undefined,
      exit: last.exit(),
    };
  };

  const start = async (id: string): Promise<InstanceStatus> => {
    const { files, spec } = find(id);
    const before = files.newestRun();
    if (before > 0) await settle(files.run(before), before);
    if (!mayStart(before === 0 ? "created" : files.run(before).state())) throw RUNTIME_ERRORS.error("AlreadyRunning");
    if (spec.secretsDigest !== undefined && !secrets.has(id)) throw RUNTIME_ERRORS.error("SecretsGone");
    const { capabilities, groups } = await probe();
    const number = before + 1;
    const run = files.run(number);
    const token = randomBytes(16).toString("hex");
    const plan: RunPlan = {
      run: number,
      token,
      mountNamespace: capabilities.mountNamespace.usable,
      ...kind.planOf?.(token),
      ...(spec.secretsDigest === undefined ? {} : { secretsFile: secrets.file(id), secretsBase: secrets.base }),
      ...(groups === undefined
        ? {}
        : {
            cgroup: {
              path: join(groups.path, `biplane-${token}`),
              memory: groups.missing.memory === undefined,
              cpu: groups.missing.cpu === undefined,
              processes: groups.missing.pids === undefined,
            },
          }),
    };
    mkdirSync(run.directory, { recursive: true, mode: 0o700 });
    replaceFile(join(run.directory, "run.json"), plan);
    forgetOldRuns(files);
    await launch(files, run, plan);
    await settle(run, number);
    const exit = run.exit();
    if (run.started() === undefined && exit !== undefined) {
      const detail = exit.detail ?? readFileSync(join(run.directory, "supervisor.log"), "utf8").trim().slice(-500);
      throw RUNTIME_ERRORS.error("StartFailed", {
        message: `The program could not be started: ${detail}`,
        details: { reason: exit.reason },
      });
    }
    return statusOf(id);
  };

  /** Starts the supervisor; resolves when it has said that the program runs, or has ended. */
  const launch = async (files: InstanceFiles, run: RunFiles, plan: RunPlan): Promise<void> => {
    const trouble = openSync(join(run.directory, "supervisor.log"), "a", 0o600);
    try {
      const supervisor = Bun.spawn([...command, "supervise", files.directory, String(plan.run)], {
        cwd: files.directory,
        env: { [TOKEN_VARIABLE]: plan.token },
        stdio: ["ignore", "pipe", trouble],
        // A session of its own: what ends the agent's terminal does not end its instances.
        detached: true,
      });
      supervisor.unref();
      await supervisor.stdout.text();
      // The end of its output also comes when it dies; only when it has died is what it left behind final.
      if (run.started() === undefined) await supervisor.exited;
    } finally {
      closeSync(trouble);
    }
  };

  const wait = async (id: string): Promise<RunExit> => {
    const { files } = find(id);
    const number = files.newestRun();
    if (number === 0) throw RUNTIME_ERRORS.error("NeverStarted");
    const run = files.run(number);
    for (;;) {
      const exit = run.exit();
      if (exit !== undefined) return exit;
      const socket = await connectSupervisor(files.directory, run.socket, { type: "watch" });
      if (socket !== undefined) await hangUp(socket);
      else await Bun.sleep(ADDRESS_RETRY_MS);
      await inOrder.run(id, () => settle(run, number));
    }
  };

  /** @returns undefined when the program does not run */
  const ask = async (id: string, request: Parameters<typeof connectSupervisor>[2]) => {
    const { files } = find(id);
    const number = files.newestRun();
    if (number === 0 || files.run(number).exit() !== undefined) return undefined;
    return connectSupervisor(files.directory, files.run(number).socket, request);
  };

  const stop = async (id: string, graceMs?: number): Promise<void> => {
    const { spec } = find(id);
    const socket = await ask(id, { type: "stop", graceMs: graceMs ?? spec.graceMs });
    if (socket !== undefined) await onlyAnswer(socket);
    if (statusOf(id).run > 0) await wait(id);
  };

  const create = async (spec: RuntimeSpec): Promise<void> => {
    checkSpec(spec);
    const { capabilities } = await probe();
    kind.refuse(spec, capabilities);
    const { secrets: content, ...rest } = spec;
    const stored: StoredSpec =
      content === undefined ? rest : { ...rest, secretsDigest: createHash("sha256").update(content).digest("hex") };
    const files = instanceFiles(join(root, spec.instanceId));
    const existing = files.readSpec();
    if (existing !== undefined && !Bun.deepEquals(existing, JSON.parse(JSON.stringify(stored)))) {
      throw RUNTIME_ERRORS.error("SpecConflict", { details: { instanceId: spec.instanceId } });
    }
    mkdirSync(files.directory, { recursive: true, mode: 0o700 });
    kind.prepare(spec, capabilities);
    if (content !== undefined && (existing === undefined || !secrets.has(spec.instanceId)))
      secrets.write(spec, content);
    if (existing === undefined) replaceFile(join(files.directory, "spec.json"), stored);
  };

  const destroy = async (id: string): Promise<void> => {
    const files = instanceFiles(join(root, id));
    if (files.readSpec() !== undefined) {
      await stop(id, 0);
      // From here on it was never there.
      rmSync(join(files.directory, "spec.json"));
    }
    secrets.remove(id);
    rmSync(files.directory, { recursive: true, force: true });
  };

  return {
    name: kind.name,
    probe: async () => (await probe()).capabilities,
    create: (spec) => inOrder.run(String(spec.instanceId), () => create(spec)),
    start: (id) => inOrder.run(id, () => start(id)),
    status: async (id) => statusOf(id),
    wait,
    async signal(id, signal) {
      const socket = await ask(id, { type: "signal", signal });
      if (socket === undefined || (await onlyAnswer(socket)) !== "done") throw RUNTIME_ERRORS.error("NotRunning");
    },
    stop,
    async exec(id, spec) {
      checkExec(spec);
      if (statusOf(id).pid === undefined) throw RUNTIME_ERRORS.error("NotRunning");
      const socket = await ask(id, { type: "exec", ...spec });
      if (socket === undefined) throw RUNTIME_ERRORS.error("NotRunning");
      return execSession(socket, spec);
    },
    async *logs(id, query: LogQuery = {}) {
      const cursor = new LogCursor(find(id).files.logs, query);
      const socket = query.follow === true ? await ask(id, { type: "follow" }) : undefined;
      let feed = socket === undefined ? undefined : appendedFeed(socket);
      const abort = (): void => feed?.close();
      query.signal?.addEventListener("abort", abort);
      try {
        for (;;) {
          for (let lines = cursor.read(); lines.length > 0; lines = cursor.read()) {
            for (const line of lines) {
              if (query.signal?.aborted) return;
              yield line;
            }
          }
          if (feed === undefined || query.signal?.aborted) return;
          // After the last news there is one last look.
          if (!(await feed.next())) feed = undefined;
        }
      } finally {
        query.signal?.removeEventListener("abort", abort);
        feed?.close();
        cursor.close();
      }
    },
    logLoss: async (id) => lossOf(find(id).files.logs),
    async stats(id) {
      const { files } = find(id);
      const measured = measureRun(files.run(files.newestRun()));
      if (measured === undefined) throw RUNTIME_ERRORS.error("NotRunning");
      return measured;
    },
    async adopt() {
      const found: InstanceStatus[] = [];
      for (const id of readdirSync(root).sort()) {
        await inOrder.run(id, async () => {
          const files = instanceFiles(join(root, id));
          if (files.readSpec() === undefined) {
            // Killed in the middle of creating or destroying it: nothing of it runs.
            secrets.remove(id);
            rmSync(files.directory, { recursive: true, force: true });
            return;
          }
          const number = files.newestRun();
          if (number > 0) await settle(files.run(number), number);
          found.push(statusOf(id));
        });
      }
      return found;
    },
    destroy: (id) => {
      if (!/^[a-z0-9][a-z0-9_-]{0,63}$/.test(id)) return Promise.resolve();
      return destroy(id);
    },
    close() {
      secrets.tidy();
      kind.close?.();
      lock.release();
    },
  };
}
