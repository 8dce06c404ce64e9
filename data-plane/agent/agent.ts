/** The agent: makes the plan of its node true, with runtimes, and says how things are. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { AgentStatus, Assignment, InstanceReason, NodeDescription, NodePlan, WorkloadSpec } from "#contracts";
import type { AgentLink } from "#data-plane/plan-link";
import type { Clock, Random, TimerHandle, Timers } from "#foundation/runtime";
import type { Logger, MetricsRegistry } from "#foundation/telemetry";
import { createAgentMetrics } from "./agent-metrics.ts";
import { serveExec, serveLogs, type VisibleInstance } from "./channels.ts";
import { freePort } from "./free-ports.ts";
import { HealthWatch } from "./health-watch.ts";
import { InstanceFiles, isInstanceId, type KeptInstance } from "./instance-files.ts";
import {
  type InstanceEffect,
  type InstanceEvent,
  type InstanceState,
  type InstanceTimer,
  newInstance,
  reportOf,
  step,
  type Wanted,
} from "./instance-machine.ts";
import { AccessCache, prepare, Unpreparable } from "./prepare.ts";
import { ReleaseStore } from "./release-store.ts";
import type { IsolationClass, Runtime } from "./runtimes/index.ts";
import { SecretsCache } from "./secrets-cache.ts";
import { SystemLines } from "./system-lines.ts";

/** Volumes of this node, where there are any. */
export interface AgentVolumes {
  /** Where a volume is on this machine; undefined while it is not there. */
  pathOf(volumeId: string): string | undefined;
  apply(plan: NodePlan): void;
  close(): Promise<void>;
}

export interface AgentOptions {
  /** Everything of the node; nothing of it is anywhere else. */
  readonly directory: string;
  readonly nodeId: string;
  readonly link: AgentLink;
  /** Weakest first. */
  readonly runtimes: readonly Runtime[];
  readonly volumes?: AgentVolumes;
  /** Where instances listen, and edges reach them. */
  readonly hostAddress: string;
  /** What the node offers, once it is known what its runtimes can do. */
  readonly describe: (isolation: readonly IsolationClass[], degraded: string | undefined) => NodeDescription;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
}

export interface Agent {
  status(): AgentStatus;
  /** Whether an instance has a volume now. */
  uses(volumeId: string): boolean;
  /** Resolves when all instances that were found have been taken over, and the plan on disk has been looked at. */
  readonly ready: Promise<void>;
  /** @param stopInstances false: they run on, and the next agent takes them over */
  close(options: { readonly stopInstances: boolean }): Promise<void>;
}

/** Of all log files of an instance together. */
const LOG_BYTES_MAX = 16 * 1024 * 1024;

/** Instances are stopped at once when everything is, and get this long. */
const CLOSE_GRACE_MS = 10_000;

const ENDED_BY_ITSELF: ReadonlySet<string> = new Set([
  "completed",
  "crash",
  "oom_killed",
  "process_limit",
  "start_failed",
]);

interface Held {
  readonly state: InstanceState;
  readonly runtime: Runtime;
  readonly system: SystemLines;
  readonly timers: Map<InstanceTimer, TimerHandle>;
  readonly stopped: AbortController;
  ports: Readonly<Record<string, number>>;
  /** Watches the current run. */
  waiting: boolean;
}

export function startAgent(options: AgentOptions): Agent {
  return new RunningAgent(options);
}

class RunningAgent implements Agent {
  readonly ready: Promise<void>;
  readonly #options: AgentOptions;
  readonly #files: InstanceFiles;
  readonly #releases: ReleaseStore;
  readonly #secrets: SecretsCache;
  readonly #access: AccessCache;
  readonly #health: HealthWatch;
  readonly #held = new Map<string, Held>();
  readonly #ports = new Set<number>();
  readonly #metrics: ReturnType<typeof createAgentMetrics>;
  readonly #startedAt: number;
  /** What runs in the background: an agent that closes waits for it. */
  readonly #tasks = new Set<Promise<void>>();
  #state: AgentStatus["state"] = "starting";
  #closed = false;
  /** Since when the control plane is there; monotonic milliseconds. */
  #connectedSince: number | undefined;

  constructor(options: AgentOptions) {
    const { directory, link, clock, timers, random, logger } = options;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    this.#options = options;
    this.#startedAt = clock.now();
    this.#files = new InstanceFiles(join(directory, "instances"));
    this.#releases = new ReleaseStore(join(directory, "releases"), logger);
    this.#secrets = new SecretsCache(join(directory, "secrets"), random.fork("secrets"));
    this.#access = new AccessCache(link, () => clock.now());
    this.#metrics = createAgentMetrics(options.metrics);
    this.#health = new HealthWatch({
      clock,
      timers,
      random: random.fork("health"),
      onHealth: (instanceId, healthy, failures) => this.#event(instanceId, { type: "health", healthy, failures }),
    });
    options.metrics.onCollect(() => this.#metrics.instances(this.status().instances));
    link.onChannel((purpose, dial) => {
      dial().then(
        (channel) => {
          const find = (instanceId: string) => this.#visible(instanceId);
          if (purpose.type === "logs") void serveLogs(channel, purpose, find);
          else void serveExec(channel, purpose, find, timers);
        },
        (error: unknown) => logger.warn("a channel could not be opened", { error }),
      );
    });
    const connected = (is: boolean): void => {
      this.#connectedSince = is ? clock.monotonicMs() : undefined;
    };
    link.onConnected(connected);
    connected(link.connected);
    this.ready = this.#begin();
  }

  status(): AgentStatus {
    let [desired, running, ready, usedMemoryBytes] = [0, 0, 0, 0];
    for (const { state } of this.#held.values()) {
      if (state.wanted === "running" && state.final === undefined) desired++;
      if (state.phase === "up" || state.phase === "stopping") running++;
      if (reportOf(state).status === "ready") ready++;
      if (state.final === undefined) usedMemoryBytes += state.workload.memoryBytes;
    }
    return {
      state: this.#state,
      startedAt: this.#startedAt,
      residentBytes: process.memoryUsage.rss(),
      instances: { desired, running, ready },
      usedMemoryBytes,
    };
  }

  uses(volumeId: string): boolean {
    for (const { state } of this.#held.values()) {
      if (state.final === undefined && state.workload.mounts.some((mount) => mount.volumeId === volumeId)) return true;
    }
    return false;
  }

  async close({ stopInstances }: { readonly stopInstances: boolean }): Promise<void> {
    if (this.#closed) return;
    this.#state = "draining";
    this.#options.link.statusChanged();
    await this.ready.catch(() => undefined);
    this.#closed = true;
    this.#health.close();
    for (const { timers, stopped } of this.#held.values()) {
      for (const timer of timers.values()) timer.cancel();
      stopped.abort(new Error("the agent is stopping"));
    }
    if (stopInstances) {
      const running = [...this.#held.values()].filter(({ state }) => state.final === undefined);
      await Promise.allSettled(running.map(({ runtime, state }) => runtime.stop(state.instanceId, CLOSE_GRACE_MS)));
    }
    await Promise.allSettled(this.#tasks);
    await this.#options.volumes?.close();
  }

  /** Takes over what runs, then the plan on disk, then those that come. */
  async #begin(): Promise<void> {
    const { runtimes, link, logger } = this.#options;
    const offered = await this.#probe();
    const kept = this.#files.all();
    for (const runtime of runtimes) {
      for (const status of await runtime.adopt()) {
        const record = kept.get(status.instanceId);
        if (record === undefined || record.runtime !== runtime.name) {
          logger.warn("an instance that nobody knows of is removed", { instanceId: status.instanceId });
          await runtime.destroy(status.instanceId);
          continue;
        }
        const held = this.#hold(status.instanceId, record.workload, runtime, record);
        if (record.final !== undefined) continue;
        if (status.phase === "running" || status.phase === "stopping") this.#resume(held);
        // What did not end by itself is made ready anew (its secrets may be gone too) as soon as the plan says that it shall run.
        else if (status.exit !== undefined && ENDED_BY_ITSELF.has(status.exit.reason))
          this.#resumeEnded(held, status.exit);
      }
    }
    for (const [instanceId, record] of kept) {
      const runtime = runtimes.find(({ name }) => name === record.runtime);
      // It was being prepared: that begins anew when the plan says so.
      if (!this.#held.has(instanceId) && runtime !== undefined)
        this.#hold(instanceId, record.workload, runtime, record);
    }
    if (this.#closed) return;
    this.#state = "ready";
    link.describe(this.#options.describe(offered.isolation, offered.degraded));
    link.onPlan((plan) => this.#apply(plan));
    if (link.plan !== undefined) this.#apply(link.plan);
    link.statusChanged();
  }

  async #probe(): Promise<{ readonly isolation: readonly IsolationClass[]; readonly degraded: string | undefined }> {
    const isolation: IsolationClass[] = [];
    const reasons: string[] = [];
    for (const runtime of this.#options.runtimes) {
      const { runs, isolation: offered } = await runtime.probe();
      if (runs.usable) isolation.push(offered);
      else reasons.push(`${runtime.name}: ${runs.reason}`);
    }
    return { isolation, degraded: isolation.length > 0 ? undefined : reasons.join("; ") };
  }

  #hold(instanceId: string, workload: WorkloadSpec, runtime: Runtime, kept?: KeptInstance): Held {
    const state = newInstance(instanceId, workload);
    if (kept !== undefined) {
      state.restarts = kept.restarts;
      state.restartedAt.push(...kept.restartedAt);
      state.everReady = kept.everReady;
      if (kept.final !== undefined) {
        Object.assign(state, {
          phase: "ended",
          final: kept.final,
          reason: kept.reason,
          detail: kept.detail,
          exitCode: kept.exitCode,
        });
      }
      for (const port of Object.values(kept.ports)) this.#ports.add(port);
    }
    const held: Held = {
      state,
      runtime,
      system: new SystemLines(),
      timers: new Map(),
      stopped: new AbortController(),
      ports: kept?.ports ?? {},
      waiting: false,
    };
    this.#held.set(instanceId, held);
    return held;
  }

  /** It runs: as if it had just been started. */
  #resume(held: Held): void {
    held.state.phase = "starting";
    this.#watchRun(held);
    this.#event(held.state.instanceId, { type: "started" });
  }

  /** It ended while nobody looked. */
  #resumeEnded(held: Held, exit: Awaited<ReturnType<Runtime["wait"]>>): void {
    held.state.phase = "up";
    this.#event(held.state.instanceId, exitEvent(exit));
  }

  #apply(plan: NodePlan): void {
    if (this.#closed || plan.nodeId !== this.#options.nodeId) return;
    this.#options.volumes?.apply(plan);
    const planned = new Set<string>();
    for (const assignment of plan.instances) {
      planned.add(assignment.instanceId);
      this.#assign(assignment);
    }
    for (const instanceId of [...this.#held.keys()]) {
      if (!planned.has(instanceId)) this.#want(instanceId, "gone", false, 0);
    }
    this.#secrets.keepOnly(
      new Set([...this.#held.values()].flatMap(({ state }) => state.workload.secrets.versionId ?? [])),
    );
    this.#releases.tidy(new Set([...this.#held.values()].map(({ state }) => state.workload.image.digest)));
    this.#options.link.applied(plan.cursor);
  }

  #assign({ instanceId, desiredState, drainGraceSeconds, drainingSince, quiet, workload }: Assignment): void {
    if (!isInstanceId(instanceId)) return;
    let held = this.#held.get(instanceId);
    const isNew = held === undefined;
    if (held === undefined) {
      // What was to go before it was ever here need not come.
      const runtime = this.#runtimeFor(workload);
      held = this.#hold(instanceId, workload, runtime ?? this.#options.runtimes[0]!);
      if (runtime === undefined) {
        this.#event(instanceId, {
          type: "prepareFailed",
          reason: "runtime_unavailable",
          detail: "this node has no runtime of that isolation",
        });
        return;
      }
    }
    const waited = drainingSince === undefined ? 0 : Math.max(0, this.#options.clock.now() - drainingSince);
    this.#want(instanceId, desiredState, quiet, Math.max(0, drainGraceSeconds * 1000 - waited));
    if (held.state.phase === "preparing" && held.state.wanted === "running" && !held.waiting) {
      held.waiting = true;
      if (isNew) this.#keep(held);
      this.#carryOut(held, { do: "prepare" });
    }
    // What the control plane may have missed is said again.
    this.#report(held);
  }

  #want(instanceId: string, wanted: Wanted, quiet: boolean, drainGraceMs: number): void {
    const state = this.#held.get(instanceId)?.state;
    if (state === undefined || (state.wanted === wanted && state.quiet === quiet && wanted !== "gone")) return;
    this.#event(instanceId, { type: "wanted", wanted, quiet, drainGraceMs });
  }

  #runtimeFor(workload: WorkloadSpec): Runtime | undefined {
    const wanted = workload.isolation ?? (workload.image.source === "image" ? "container" : "process");
    return this.#options.runtimes.find(({ name }) => name === wanted);
  }

  #event(instanceId: string, event: InstanceEvent): void {
    const held = this.#held.get(instanceId);
    if (held === undefined || this.#closed) return;
    const { clock, random } = this.#options;
    const connectedMs = this.#connectedSince === undefined ? 0 : clock.monotonicMs() - this.#connectedSince;
    const world = { now: clock.now(), chance: random.float(), connectedMs };
    for (const effect of step(held.state, event, world)) this.#carryOut(held, effect);
  }

  #carryOut(held: Held, effect: InstanceEffect): void {
    const { state, timers, runtime } = held;
    const { instanceId } = state;
    switch (effect.do) {
      case "prepare":
        this.#task(this.#prepare(held));
        break;
      case "start":
        this.#task(this.#start(held));
        break;
      case "stop":
        // Its end is heard of where the run is watched.
        this.#task(runtime.stop(instanceId, effect.graceMs));
        break;
      case "watchHealth":
        this.#health.start(instanceId, state.workload, this.#options.hostAddress, held.ports);
        break;
      case "unwatchHealth":
        this.#health.stop(instanceId);
        break;
      case "timer":
        timers.get(effect.timer)?.cancel();
        timers.set(
          effect.timer,
          this.#options.timers.after(effect.ms, () => this.#event(instanceId, { type: "due", timer: effect.timer })),
        );
        break;
      case "noTimer":
        timers.get(effect.timer)?.cancel();
        timers.delete(effect.timer);
        break;
      case "report":
        this.#keep(held);
        this.#report(held);
        this.#options.link.statusChanged();
        break;
      case "say":
        held.system.say(this.#options.clock.now(), effect.line);
        break;
      case "remove":
        this.#task(this.#remove(held));
        break;
    }
  }

  async #prepare(held: Held): Promise<void> {
    const { state, runtime, stopped } = held;
    const { instanceId, workload } = state;
    try {
      held.ports = await this.#portsFor(held);
      this.#keep(held);
      await prepare(
        {
          link: this.#options.link,
          releases: this.#releases,
          secrets: this.#secrets,
          timers: this.#options.timers,
          volumePath: (volumeId) => this.#options.volumes?.pathOf(volumeId),
          accountAccess: this.#access,
        },
        {
          instanceId,
          workload,
          runtime,
          ports: held.ports,
          scratchDirectory: this.#files.scratch(instanceId),
          logBytesMax: LOG_BYTES_MAX,
          signal: stopped.signal,
          say: (line) => held.system.say(this.#options.clock.now(), line),
        },
      );
      this.#event(instanceId, { type: "prepared" });
    } catch (error) {
      if (stopped.signal.aborted) return;
      const reason: InstanceReason = error instanceof Unpreparable ? error.reason : "rootfs_build_failed";
      this.#event(instanceId, { type: "prepareFailed", reason, detail: messageOf(error) });
    }
  }

  async #start(held: Held): Promise<void> {
    const { state, runtime } = held;
    const { instanceId } = state;
    try {
      await runtime.start(instanceId);
    } catch (error) {
      this.#event(instanceId, { type: "startFailed", reason: "start_failed", detail: messageOf(error) });
      return;
    }
    this.#metrics.started();
    this.#watchRun(held);
    this.#event(instanceId, { type: "started" });
  }

  /** Tells of the end of the current run. */
  #watchRun({ state, runtime }: Held): void {
    const { instanceId } = state;
    runtime.wait(instanceId).then(
      (exit) => {
        this.#metrics.ended(exit.reason);
        this.#event(instanceId, exitEvent(exit));
      },
      (error: unknown) => {
        if (!this.#closed) this.#options.logger.error("a run could not be watched", { instanceId, error });
      },
    );
  }

  async #portsFor({ state, ports }: Held): Promise<Readonly<Record<string, number>>> {
    const all: Record<string, number> = { ...ports };
    for (const { internal } of state.workload.ports) {
      if (all[String(internal)] !== undefined) continue;
      const port = await freePort(this.#options.hostAddress, this.#ports);
      this.#ports.add(port);
      all[String(internal)] = port;
    }
    return all;
  }

  async #remove({ state, runtime, ports, stopped, timers }: Held): Promise<void> {
    const { instanceId } = state;
    stopped.abort(new Error("the instance is gone"));
    for (const timer of timers.values()) timer.cancel();
    this.#held.delete(instanceId);
    await runtime.destroy(instanceId);
    this.#files.remove(instanceId);
    for (const port of Object.values(ports)) this.#ports.delete(port);
  }

  #keep({ state, runtime, ports }: Held): void {
    const { workload, restarts, restartedAt, everReady, final, reason, detail, exitCode } = state;
    this.#files.keep(state.instanceId, {
      workload,
      ports,
      runtime: runtime.name,
      restarts,
      restartedAt,
      everReady,
      ...(final === undefined ? {} : { final }),
      ...(reason === undefined ? {} : { reason }),
      ...(detail === undefined ? {} : { detail }),
      ...(exitCode === undefined ? {} : { exitCode }),
    });
  }

  #report({ state, ports }: Held): void {
    const report = reportOf(state);
    const reachable = report.status === "ready" || report.status === "unready" || report.status === "draining";
    const address = { host: this.#options.hostAddress, ports };
    this.#options.link.report({ about: "instance", ...report, ...(reachable ? { address } : {}) });
  }

  #visible(instanceId: string): VisibleInstance | undefined {
    const held = this.#held.get(instanceId);
    if (held === undefined) return undefined;
    const { state, runtime, system } = held;
    return { instanceId, processType: state.workload.processType, runtime, system };
  }

  #task(task: Promise<void>): void {
    const kept = task
      .catch((error: unknown) => this.#options.logger.error("the agent could not do what it had to", { error }))
      .finally(() => this.#tasks.delete(kept));
    this.#tasks.add(kept);
  }
}

function exitEvent({ reason, code, detail }: Awaited<ReturnType<Runtime["wait"]>>): InstanceEvent {
  return {
    type: "exited",
    reason,
    ...(code === undefined ? {} : { code }),
    ...(detail === undefined ? {} : { detail }),
  };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
