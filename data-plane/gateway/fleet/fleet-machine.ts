/**
 * A gateway's link to the control plane of its fleet as a step machine: `step(state, event)` changes the state and says what is to be done.
 *
 * No promises, clocks, disks or sockets here; the shell in `open-fleet-link.ts` provides them, the simulation plays them. What holds at every step:
 *
 * - nothing here ever takes an artifact away from the gateway: without a control plane, or let in no more, it serves on;
 * - there is one download or application at a time, and after a generation was begun no older one is begun;
 * - what the control plane wants is in every answer to a heartbeat, so that no single message matters.
 */
import type { MessageToGateway } from "#contracts";
import {
  fleetBackoffMs,
  HANDSHAKE_TIMEOUT_MS,
  HEARTBEAT_MS_MAX,
  HEARTBEAT_MS_MIN,
  UNANSWERED_HEARTBEATS_MAX,
} from "./fleet-limits.ts";
import type { FleetEffect, FleetEvent, FleetState, FleetSurroundings, FleetTimer } from "./fleet-machine-types.ts";
import { abandon, onApplied, onApplyFailed, onDownloaded, onDownloadFailed, pursue, wish } from "./pursue-desired.ts";

export function initialFleetState(): FleetState {
  return {
    phase: "waiting",
    connection: 0,
    download: 0,
    failures: 0,
    dataPlaneId: undefined,
    heartbeatMs: HEARTBEAT_MS_MIN,
    unanswered: 0,
    desired: undefined,
    reported: undefined,
    work: undefined,
    downloadFailures: 0,
    holding: false,
    lastRefusal: undefined,
    lastFailure: undefined,
  };
}

/** Advances the machine by one event. */
export function step(state: FleetState, event: FleetEvent, around: FleetSurroundings): readonly FleetEffect[] {
  const effects: FleetEffect[] = [];
  if (state.phase === "stopped") {
    if (event.type === "downloaded") effects.push({ type: "drop", download: event.download });
    return effects;
  }
  const ended = handle(state, event, effects, around);
  if (ended !== undefined) retryLater(state, ended, effects, around);
  return effects;
}

/** Does what the event asks for; the answer, if any, is the reason for which the connection has to end. */
function handle(
  state: FleetState,
  event: FleetEvent,
  effects: FleetEffect[],
  around: FleetSurroundings,
): string | undefined {
  switch (event.type) {
    case "start":
      connect(state, effects);
      return undefined;
    case "opened":
      if (event.connection !== state.connection || state.phase !== "connecting") return undefined;
      state.phase = "registering";
      effects.push({ type: "register" }, { type: "setTimer", timer: "handshake", delayMs: HANDSHAKE_TIMEOUT_MS });
      return undefined;
    case "message":
      if (event.connection !== state.connection) return undefined;
      if (state.phase === "registering") return onAnswer(state, event.message, effects);
      return state.phase === "registered" ? onMessage(state, event.message, effects, around) : undefined;
    case "closed":
      return event.connection === state.connection && state.phase !== "waiting" ? event.reason : undefined;
    case "timer":
      return onTimer(state, event.timer, effects, around);
    case "stop":
      stop(state, effects);
      return undefined;
    default:
      onWork(state, event, effects, around);
      return undefined;
  }
}

function connect(state: FleetState, effects: FleetEffect[]): void {
  state.phase = "connecting";
  state.connection++;
  effects.push(
    { type: "connect", connection: state.connection },
    { type: "setTimer", timer: "handshake", delayMs: HANDSHAKE_TIMEOUT_MS },
  );
}

/** The first message of a connection. */
function onAnswer(state: FleetState, message: MessageToGateway, effects: FleetEffect[]): string | undefined {
  switch (message.type) {
    case "registered": {
      state.phase = "registered";
      state.dataPlaneId = message.data_plane_id;
      state.heartbeatMs = Math.min(
        Math.max(message.heartbeat_interval_secs * 1000, HEARTBEAT_MS_MIN),
        HEARTBEAT_MS_MAX,
      );
      state.unanswered = 0;
      state.lastFailure = undefined;
      effects.push(
        { type: "clearTimer", timer: "handshake" },
        {
          type: "log",
          level: "info",
          message: "this gateway is registered with its fleet",
          fields: { dataPlaneId: message.data_plane_id },
        },
      );
      beat(state, effects);
      return undefined;
    }
    case "registration_failed":
      return letGo(state, `registration failed: ${textOf(message)}`, message.retry, effects);
    case "disconnect":
      return letGo(state, `disconnected: ${textOf(message)}`, message.retry, effects);
    default:
      return `${message.type} came before this gateway was registered`;
  }
}

function onMessage(
  state: FleetState,
  message: MessageToGateway,
  effects: FleetEffect[],
  around: FleetSurroundings,
): string | undefined {
  switch (message.type) {
    case "heartbeat_ack":
      // Only now the connection has proved useful: a control plane that takes gateways in and then fails is not to be hurried.
      state.failures = 0;
      state.unanswered = 0;
      if (message.desired !== undefined) wish(state, { ...message.desired, downloadPath: undefined }, effects, around);
      return undefined;
    case "artifact_available": {
      const { artifact_id, digest, generation, download_path } = message;
      wish(state, { artifact_id, digest, generation, downloadPath: download_path }, effects, around);
      return undefined;
    }
    case "disconnect":
      return letGo(state, `disconnected: ${textOf(message)}`, message.retry, effects);
    // Said once too often.
    case "registered":
    case "registration_failed":
      return undefined;
  }
}

function textOf({ reason, message }: { readonly reason: string; readonly message?: string }): string {
  return message === undefined ? reason : `${reason}: ${message}`;
}

/** The control plane ends the connection: for now, or for good. */
function letGo(state: FleetState, reason: string, retry: boolean, effects: FleetEffect[]): string | undefined {
  if (retry) return reason;
  state.lastFailure = reason;
  stop(state, effects);
  effects.push({
    type: "log",
    level: "error",
    message: "this gateway is let in no more; it serves on what it has and asks no further",
    fields: { reason },
  });
  return undefined;
}

function onTimer(
  state: FleetState,
  timer: FleetTimer,
  effects: FleetEffect[],
  around: FleetSurroundings,
): string | undefined {
  switch (timer) {
    case "retry":
      if (state.phase === "waiting") connect(state, effects);
      return undefined;
    case "handshake":
      if (state.phase === "connecting") return "the connection could not be opened in time";
      return state.phase === "registering" ? "the registration was not answered in time" : undefined;
    case "heartbeat":
      if (state.phase !== "registered") return undefined;
      if (state.unanswered >= UNANSWERED_HEARTBEATS_MAX) return "heartbeats are not answered";
      beat(state, effects);
      return undefined;
    case "again":
      state.holding = false;
      pursue(state, effects, around);
      return undefined;
  }
}

function beat(state: FleetState, effects: FleetEffect[]): void {
  state.unanswered++;
  effects.push(
    { type: "heartbeat", lastRefusal: state.lastRefusal },
    { type: "setTimer", timer: "heartbeat", delayMs: state.heartbeatMs },
  );
}

type WorkEvent = Extract<FleetEvent, { readonly download: number }>;

/** What the download or application reports that is going on; others are of the past. */
function onWork(state: FleetState, event: WorkEvent, effects: FleetEffect[], around: FleetSurroundings): void {
  const { work } = state;
  if (work === undefined || work.download !== event.download) return;
  const isApplying = work.stage === "applying";
  if (event.type === "downloaded" && !isApplying) onDownloaded(state, work, event.digest, effects, around);
  else if (event.type === "downloadFailed" && !isApplying)
    onDownloadFailed(state, work, event.stage, event.reason, effects, around);
  else if (event.type === "applied" && isApplying) onApplied(state, work, effects, around);
  else if (event.type === "applyFailed" && isApplying) onApplyFailed(state, work, event.reason, effects, around);
}

/** Ends the connection and tries again later. What is being fetched or applied goes on. */
function retryLater(state: FleetState, reason: string, effects: FleetEffect[], around: FleetSurroundings): void {
  // The first failure is news; the same failure every minute is not.
  const isNews = state.phase === "registered" || state.lastFailure !== reason;
  state.phase = "waiting";
  state.lastFailure = reason;
  const delayMs = fleetBackoffMs(state.failures, around.float());
  state.failures++;
  effects.push(
    { type: "disconnect", connection: state.connection },
    { type: "clearTimer", timer: "handshake" },
    { type: "clearTimer", timer: "heartbeat" },
    { type: "setTimer", timer: "retry", delayMs },
  );
  if (isNews)
    effects.push({
      type: "log",
      level: "warn",
      message: "no connection to the control plane; trying again",
      fields: { reason },
    });
}

function stop(state: FleetState, effects: FleetEffect[]): void {
  state.phase = "stopped";
  abandon(state, effects);
  effects.push(
    { type: "disconnect", connection: state.connection },
    { type: "clearTimer", timer: "handshake" },
    { type: "clearTimer", timer: "heartbeat" },
    { type: "clearTimer", timer: "retry" },
  );
}
