/** What is to be served, and the way there: one download at a time, never back to an older generation. Part of the fleet link's machine. */
import type { ArtifactRefusal } from "#contracts";
import { fleetBackoffMs, REASON_CHARACTERS_MAX, REFUSED_AGAIN_MS } from "./fleet-limits.ts";
import type { FleetEffect, FleetState, FleetSurroundings, FleetWork, WantedArtifact } from "./fleet-machine-types.ts";

/** The control plane has said what it wants. Older generations, and the same one again, change nothing. */
export function wish(
  state: FleetState,
  wanted: WantedArtifact,
  effects: FleetEffect[],
  around: FleetSurroundings,
): void {
  const { desired, work } = state;
  if (desired === undefined || wanted.generation > desired.generation) {
    state.desired = wanted;
    state.downloadFailures = 0;
    state.holding = false;
    state.lastRefusal = undefined;
    effects.push({ type: "clearTimer", timer: "again" });
    if (work?.target.digest === wanted.digest && work.stage !== "cancelled") work.target = wanted;
    else if (work?.stage === "downloading") cancel(work, effects);
  }
  pursue(state, effects, around);
}

/** Starts what is missing for the desired artifact to be served, unless something is going on or to be waited for. */
export function pursue(state: FleetState, effects: FleetEffect[], around: FleetSurroundings): void {
  const { desired } = state;
  if (desired === undefined || state.work !== undefined || state.phase === "stopped") return;
  if (around.served() === desired.digest) {
    reached(state, desired, effects);
    return;
  }
  if (state.holding) return;
  state.download++;
  state.work = { download: state.download, target: desired, stage: "downloading" };
  effects.push({ type: "download", download: state.download, artifact: desired });
}

export function onDownloaded(
  state: FleetState,
  work: FleetWork,
  digest: string,
  effects: FleetEffect[],
  around: FleetSurroundings,
): void {
  const { target } = work;
  if (work.stage === "cancelled") {
    endDownload(state, work, effects, around);
  } else if (digest !== target.digest) {
    effects.push({ type: "drop", download: work.download });
    refuse(state, "verify", `its digest is ${digest}`, effects, around);
  } else {
    work.stage = "applying";
    effects.push({ type: "apply", download: work.download });
  }
}

export function onDownloadFailed(
  state: FleetState,
  work: FleetWork,
  stage: "download" | "verify",
  reason: string,
  effects: FleetEffect[],
  around: FleetSurroundings,
): void {
  if (work.stage === "cancelled") endDownload(state, work, effects, around);
  else refuse(state, stage, reason, effects, around);
}

/** The gateway has used the artifact. Whether it is the desired one by now shows in what it serves. */
export function onApplied(state: FleetState, work: FleetWork, effects: FleetEffect[], around: FleetSurroundings): void {
  const { target } = work;
  if (target === state.desired && around.served() !== target.digest) {
    refuse(state, "apply", `the gateway serves ${around.served() ?? "nothing"} after it`, effects, around);
    return;
  }
  state.work = undefined;
  effects.push({
    type: "log",
    level: "info",
    message: "an artifact of the fleet is served",
    fields: { generation: target.generation, digest: target.digest },
  });
  pursue(state, effects, around);
}

export function onApplyFailed(
  state: FleetState,
  work: FleetWork,
  reason: string,
  effects: FleetEffect[],
  around: FleetSurroundings,
): void {
  if (work.target === state.desired) {
    refuse(state, "apply", reason, effects, around);
    return;
  }
  // It was overtaken while the gateway looked at it; what matters is the newer one. That it was refused is said all the same.
  state.work = undefined;
  tell(state, work.target.generation, reason, effects);
  pursue(state, effects, around);
}

/** Nothing that is on its way is wanted any more. */
export function abandon(state: FleetState, effects: FleetEffect[]): void {
  state.holding = false;
  effects.push({ type: "clearTimer", timer: "again" });
  if (state.work?.stage === "downloading") cancel(state.work, effects);
}

function cancel(work: FleetWork, effects: FleetEffect[]): void {
  work.stage = "cancelled";
  effects.push({ type: "cancelDownload", download: work.download });
}

/** A cancelled download is over, however it ended. */
function endDownload(state: FleetState, work: FleetWork, effects: FleetEffect[], around: FleetSurroundings): void {
  state.work = undefined;
  effects.push({ type: "drop", download: work.download });
  pursue(state, effects, around);
}

function reached(state: FleetState, desired: WantedArtifact, effects: FleetEffect[]): void {
  state.lastRefusal = undefined;
  state.downloadFailures = 0;
  if (state.holding) {
    state.holding = false;
    effects.push({ type: "clearTimer", timer: "again" });
  }
  // Without a connection it is told when the control plane next speaks of it.
  if (state.reported === desired.generation || state.phase !== "registered") return;
  state.reported = desired.generation;
  tell(state, desired.generation, undefined, effects);
}

/** The desired artifact is not served, for this reason; later is the next attempt. */
function refuse(
  state: FleetState,
  stage: ArtifactRefusal["stage"],
  why: string,
  effects: FleetEffect[],
  around: FleetSurroundings,
): void {
  const { generation, digest } = state.work!.target;
  const reason = why.slice(0, REASON_CHARACTERS_MAX);
  const isNews = state.lastRefusal?.stage !== stage || state.lastRefusal.reason !== reason;
  state.work = undefined;
  state.holding = true;
  state.lastRefusal = { generation, digest, stage, reason, at_ms: around.now() };
  const delayMs =
    stage === "download"
      ? fleetBackoffMs(state.downloadFailures++, around.float())
      : Math.floor(REFUSED_AGAIN_MS * (1 + around.float()));
  effects.push({ type: "setTimer", timer: "again", delayMs });
  // A download that fails is no verdict on the artifact: heartbeats tell of it.
  if (stage !== "download") tell(state, generation, reason, effects);
  if (!isNews) return;
  const message =
    stage === "download" ? "an artifact of the fleet cannot be fetched" : "an artifact of the fleet is refused";
  effects.push({ type: "log", level: "warn", message, fields: { generation, digest, stage, reason } });
}

/** Says how a generation went, if somebody listens, followed by a heartbeat with the state that it led to. */
function tell(state: FleetState, generation: number, error: string | undefined, effects: FleetEffect[]): void {
  if (state.phase !== "registered") return;
  effects.push(
    { type: "reportApplied", generation, error: error?.slice(0, REASON_CHARACTERS_MAX) },
    { type: "heartbeat", lastRefusal: state.lastRefusal },
  );
}
