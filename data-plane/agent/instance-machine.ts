/**
 * One instance as a step machine: what has happened to it, and what is to be done about it. Pure: no clocks, disks or processes here; the agent carries out the effects and tells
 * what came of them, the simulation plays both.
 *
 *     preparing → starting → up → (waiting → starting)* → stopping → ended
 */
import type { InstanceReason, InstanceReport, WorkloadSpec } from "#contracts";
import type { ExitReason } from "./runtimes/index.ts";

/** What the plan wants; `gone`: it is in the plan no more, so nothing of it stays. */
export type Wanted = "running" | "draining" | "stopped" | "gone";

export type InstancePhase = "preparing" | "starting" | "up" | "waiting" | "stopping" | "ended";

export interface InstanceState {
  readonly instanceId: string;
  readonly workload: WorkloadSpec;
  phase: InstancePhase;
  wanted: Wanted;
  quiet: boolean;
  drainGraceMs: number;
  /** What the last checks say; undefined before the first that counts. */
  healthy: boolean | undefined;
  everReady: boolean;
  /** How often it was started again, in all. */
  restarts: number;
  /** When it was started again lately, milliseconds. */
  readonly restartedAt: number[];
  /** Why it is not running, or ended last. */
  reason: InstanceReason | undefined;
  detail: string | undefined;
  exitCode: number | undefined;
  /** What it came to. */
  final: "stopped" | "failed" | undefined;
  /** It is being stopped because of its health, to be started again. */
  unhealthyStop: boolean;
  /** Everything of it is to be removed once it has stopped. */
  removing: boolean;
}

export type InstanceEvent =
  | { readonly type: "wanted"; readonly wanted: Wanted; readonly quiet: boolean; readonly drainGraceMs: number }
  | { readonly type: "prepared" }
  /** What is worth another try is tried again by whoever prepares: this is the end. */
  | { readonly type: "prepareFailed"; readonly reason: InstanceReason; readonly detail: string }
  | { readonly type: "started" }
  | { readonly type: "startFailed"; readonly reason: InstanceReason; readonly detail: string }
  | { readonly type: "exited"; readonly reason: ExitReason; readonly code?: number; readonly detail?: string }
  /** @param failures in a row */
  | { readonly type: "health"; readonly healthy: boolean; readonly failures: number }
  | { readonly type: "due"; readonly timer: InstanceTimer };

export type InstanceTimer = "backoff" | "drain";

export type InstanceEffect =
  | { readonly do: "prepare" }
  | { readonly do: "start" }
  | { readonly do: "stop"; readonly graceMs: number }
  | { readonly do: "watchHealth" }
  | { readonly do: "unwatchHealth" }
  | { readonly do: "timer"; readonly timer: InstanceTimer; readonly ms: number }
  | { readonly do: "noTimer"; readonly timer: InstanceTimer }
  /** What is reported, and kept on disk, has changed. */
  | { readonly do: "report" }
  | { readonly do: "say"; readonly line: string }
  | { readonly do: "remove" };

/** Time, chance in [0, 1), and for how long the control plane has been there without a break; 0 while it is not. */
export interface InstanceWorld {
  readonly now: number;
  readonly chance: number;
  readonly connectedMs: number;
}

/** Programs get this long between the request to end and the end by force. */
export const STOP_GRACE_MS = 10_000;
const BACKOFF_MS_MAX = 30_000;
const RESTART_WINDOW_MS = 300_000;
const RESTARTS_MAX = 5;

/** After so many times its failure threshold, a program that does not answer is started again. */
const UNHEALTHY_RESTART_FACTOR = 2;

const DEFAULT_FAILURE_THRESHOLD = 3;

export function newInstance(instanceId: string, workload: WorkloadSpec): InstanceState {
  return {
    instanceId,
    workload,
    phase: "preparing",
    wanted: "running",
    quiet: false,
    drainGraceMs: STOP_GRACE_MS,
    healthy: undefined,
    everReady: false,
    restarts: 0,
    restartedAt: [],
    reason: undefined,
    detail: undefined,
    exitCode: undefined,
    final: undefined,
    unhealthyStop: false,
    removing: false,
  };
}

/** What is to be said of an instance. */
export function reportOf(state: InstanceState): Omit<InstanceReport, "address"> {
  const { instanceId, restarts, reason, detail, exitCode } = state;
  return {
    instanceId,
    status: statusOf(state),
    restarts,
    ...(reason === undefined ? {} : { reason }),
    ...(detail === undefined ? {} : { detail }),
    ...(exitCode === undefined ? {} : { exitCode }),
  };
}

function statusOf(state: InstanceState): InstanceReport["status"] {
  if (state.final !== undefined) return state.final;
  if (state.wanted !== "running") return "draining";
  switch (state.phase) {
    case "preparing":
      return "preparing";
    case "up":
      if (state.healthy === true) return "ready";
      return state.everReady ? "unready" : "starting";
    default:
      return state.everReady ? "unready" : "starting";
  }
}

/** Advances an instance by one event. */
export function step(state: InstanceState, event: InstanceEvent, world: InstanceWorld): readonly InstanceEffect[] {
  const effects: InstanceEffect[] = [];
  if (state.phase === "ended") {
    if (event.type === "wanted" && event.wanted === "gone") effects.push({ do: "remove" });
    return effects;
  }
  const before = JSON.stringify(reportOf(state));
  switch (event.type) {
    case "wanted":
      want(state, event, effects);
      break;
    case "prepared":
      if (state.phase === "preparing") begin(state, effects);
      break;
    case "prepareFailed":
      if (state.phase === "preparing") end(state, "failed", event, effects);
      break;
    case "started":
      started(state, effects);
      break;
    case "startFailed":
      startFailed(state, event, world, effects);
      break;
    case "exited":
      exited(state, event, world, effects);
      break;
    case "health":
      health(state, event, effects);
      break;
    case "due":
      due(state, event.timer, world, effects);
      break;
  }
  if (JSON.stringify(reportOf(state)) !== before) effects.push({ do: "report" });
  return effects;
}

function want(
  state: InstanceState,
  { wanted, quiet, drainGraceMs }: Extract<InstanceEvent, { type: "wanted" }>,
  effects: InstanceEffect[],
): void {
  // What was told to go does not come back: a plan that says so is of another world.
  const rank = { running: 0, draining: 1, stopped: 2, gone: 3 } as const;
  if (rank[wanted] < rank[state.wanted]) return;
  const first = state.wanted === "running" && wanted !== "running";
  state.wanted = wanted;
  state.quiet = quiet;
  state.drainGraceMs = drainGraceMs;
  if (wanted === "running") return;
  if (wanted === "gone") state.removing = true;
  if (state.phase === "stopping") return;
  if (state.phase !== "up" && state.phase !== "starting") {
    // Nothing runs.
    effects.push({ do: "noTimer", timer: "backoff" });
    end(state, "stopped", {}, effects);
    return;
  }
  // A program that is just being started is stopped once it is.
  if (state.phase === "starting") return;
  if (wanted === "draining" && !quiet && state.everReady) {
    if (first) effects.push({ do: "timer", timer: "drain", ms: drainGraceMs });
    return;
  }
  stop(state, effects);
}

/** Whether a draining instance may be asked to end now. */
const mayStop = (state: InstanceState): boolean => state.wanted !== "draining" || state.quiet || !state.everReady;

function begin(state: InstanceState, effects: InstanceEffect[]): void {
  state.phase = "starting";
  effects.push({ do: "start" });
}

function started(state: InstanceState, effects: InstanceEffect[]): void {
  if (state.phase !== "starting") return;
  state.phase = "up";
  state.healthy = undefined;
  if (state.wanted !== "running") {
    if (mayStop(state)) stop(state, effects);
    return;
  }
  state.reason = undefined;
  state.detail = undefined;
  state.exitCode = undefined;
  effects.push({ do: "watchHealth" });
}

function startFailed(
  state: InstanceState,
  { reason, detail }: { readonly reason: InstanceReason; readonly detail: string },
  world: InstanceWorld,
  effects: InstanceEffect[],
): void {
  if (state.phase !== "starting") return;
  if (state.wanted !== "running") end(state, "stopped", { reason, detail }, effects);
  // A program that is not there will not be there in a second: whoever waits for the deploy is told at once.
  else if (state.restarts === 0) end(state, "failed", { reason, detail }, effects);
  else again(state, { reason, detail }, world, effects);
}

function health(
  state: InstanceState,
  { healthy, failures }: { readonly healthy: boolean; readonly failures: number },
  effects: InstanceEffect[],
): void {
  if (state.phase !== "up") return;
  state.healthy = healthy;
  if (healthy) {
    if (!state.everReady) effects.push({ do: "say", line: "ready" });
    state.everReady = true;
    state.reason = undefined;
    state.detail = undefined;
    return;
  }
  state.reason = "healthcheck_failed";
  state.detail = `${failures} checks in a row have failed`;
  const threshold = state.workload.health?.failure_threshold ?? DEFAULT_FAILURE_THRESHOLD;
  // Without a check of its own a program that listens no more is left alone: nobody has said what its health is.
  if (state.workload.health === undefined || failures < threshold * UNHEALTHY_RESTART_FACTOR) return;
  if (state.wanted !== "running") return;
  state.unhealthyStop = true;
  effects.push({ do: "say", line: `started again: ${state.detail}` });
  stop(state, effects);
}

function due(
  state: InstanceState,
  timer: InstanceTimer,
  { connectedMs }: InstanceWorld,
  effects: InstanceEffect[],
): void {
  if (timer === "backoff" && state.phase === "waiting") begin(state, effects);
  if (timer !== "drain" || state.phase !== "up") return;
  // Edges hear of it from the control plane. While that is away one may send requests still, and has a whole grace to hear of it once it is back.
  const left = state.drainGraceMs - connectedMs;
  if (left > 0) effects.push({ do: "timer", timer: "drain", ms: left });
  else stop(state, effects);
}

function stop(state: InstanceState, effects: InstanceEffect[]): void {
  state.phase = "stopping";
  effects.push({ do: "noTimer", timer: "drain" }, { do: "unwatchHealth" }, { do: "stop", graceMs: STOP_GRACE_MS });
}

/** What the runtime says of an end, in the codes of reports. */
const REASONS: Readonly<Partial<Record<ExitReason, InstanceReason>>> = {
  oom_killed: "oom_killed",
  start_failed: "start_failed",
  launch_interrupted: "start_failed",
  killed_after_grace: "terminated_by_operator",
  terminated_by_operator: "terminated_by_operator",
};

function exited(
  state: InstanceState,
  event: Extract<InstanceEvent, { type: "exited" }>,
  world: InstanceWorld,
  effects: InstanceEffect[],
): void {
  if (state.phase !== "up" && state.phase !== "stopping" && state.phase !== "starting") return;
  const { code } = event;
  const reason = REASONS[event.reason] ?? "exited";
  const says = event.reason === "crash" || event.reason === "completed" || event.reason === reason;
  const detail = event.detail ?? (says ? undefined : event.reason);
  effects.push({ do: "unwatchHealth" }, { do: "noTimer", timer: "drain" });
  const told = { reason, detail, exitCode: code };
  if (state.wanted !== "running") {
    end(state, "stopped", { ...told, reason: "terminated_by_operator" }, effects);
    return;
  }
  if (state.unhealthyStop) {
    state.unhealthyStop = false;
    again(state, { reason: "healthcheck_failed", detail: "it did not answer its health checks" }, world, effects);
    return;
  }
  const { policy, max_retries: retries = 0 } = state.workload.restart;
  const succeeded = event.reason === "completed";
  if (policy === "never" || (policy === "on-failure" && succeeded)) {
    end(state, succeeded ? "stopped" : "failed", told, effects);
  } else if (policy === "on-failure" && state.restarts >= retries) end(state, "failed", told, effects);
  else again(state, told, world, effects);
}

interface Why {
  readonly reason?: InstanceReason | undefined;
  readonly detail?: string | undefined;
  readonly exitCode?: number | undefined;
}

/** Starts it again after a while that grows; what fails too often in a short time is given up, for the control plane to decide. */
function again(state: InstanceState, why: Why, { now, chance }: InstanceWorld, effects: InstanceEffect[]): void {
  state.healthy = undefined;
  while (state.restartedAt.length > 0 && state.restartedAt[0]! <= now - RESTART_WINDOW_MS) state.restartedAt.shift();
  if (state.restartedAt.length >= RESTARTS_MAX) {
    const last = [why.reason, why.exitCode === undefined ? undefined : `exit code ${why.exitCode}`, why.detail];
    const detail = `${RESTARTS_MAX} restarts within 5 minutes; last: ${last.filter((part) => part !== undefined).join(", ")}`;
    end(state, "failed", { reason: "crash_loop_backoff", detail, exitCode: why.exitCode }, effects);
    return;
  }
  const base = state.workload.restart.backoff_seconds * 1_000 * 2 ** state.restartedAt.length;
  const ms = Math.round(Math.min(BACKOFF_MS_MAX, base) * (1 + chance / 4));
  state.restartedAt.push(now);
  state.restarts++;
  state.phase = "waiting";
  state.reason = why.reason;
  state.detail = why.detail;
  state.exitCode = why.exitCode;
  const code = why.exitCode === undefined ? "" : ` with code ${why.exitCode}`;
  effects.push(
    { do: "say", line: `ended${code} (${why.reason ?? "exited"}); started again in ${(ms / 1000).toFixed(1)} s` },
    { do: "timer", timer: "backoff", ms },
  );
}

function end(state: InstanceState, final: "stopped" | "failed", why: Why, effects: InstanceEffect[]): void {
  state.phase = "ended";
  state.final = final;
  state.healthy = undefined;
  state.reason = why.reason;
  state.detail = why.detail;
  state.exitCode = why.exitCode;
  const code = why.exitCode === undefined ? "" : ` with code ${why.exitCode}`;
  const reason = why.reason === undefined ? "" : ` (${why.reason}${why.detail === undefined ? "" : `: ${why.detail}`})`;
  effects.push({ do: "say", line: `${final}${code}${reason}` });
  if (state.removing) effects.push({ do: "remove" });
}
