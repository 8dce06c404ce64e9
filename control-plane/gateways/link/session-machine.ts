/**
 * One connection of a gateway as a step machine: `stepSession(state, event, around)` changes the state and says what is to be done.
 *
 * No promises, clocks or sockets here; the shell in `gateway-link.ts` provides them. What holds at every step:
 *
 * - nobody counts as connected before `admitted`, and everybody who joins leaves exactly once;
 * - every heartbeat is answered with what is desired at that moment, so that no single notification matters;
 * - after the end nothing is sent, and nothing that comes counts.
 */
import type { ArtifactRefusal, DesiredArtifact, GatewayMessage, RegistrationFailure, ServedArtifact } from "#contracts";
import { GATEWAY_FLEET_PROTOCOL } from "#contracts";
import {
  HEARTBEAT_SECS,
  MESSAGES_BURST,
  MESSAGES_PER_SECOND,
  RECHECK_MS_MAX,
  REGISTER_TIMEOUT_MS,
  SILENCE_INTERVALS,
} from "./link-limits.ts";
import type {
  Registration,
  SessionEffect,
  SessionEvent,
  SessionState,
  SessionSurroundings,
} from "./session-machine-types.ts";

const silenceMs = ({ heartbeatSecs = HEARTBEAT_SECS }: SessionSurroundings): number =>
  heartbeatSecs * SILENCE_INTERVALS * 1000;

export function initialSession(now: number): SessionState {
  return {
    phase: "waiting",
    registration: undefined,
    gatewayId: undefined,
    told: undefined,
    reported: undefined,
    allowance: MESSAGES_BURST,
    allowanceAt: now,
  };
}

/** Advances the machine by one event. */
export function stepSession(
  state: SessionState,
  event: SessionEvent,
  around: SessionSurroundings,
): readonly SessionEffect[] {
  const effects: SessionEffect[] = [];
  if (state.phase !== "ended") handle(state, event, effects, around);
  return effects;
}

function handle(state: SessionState, event: SessionEvent, effects: SessionEffect[], around: SessionSurroundings): void {
  switch (event.type) {
    case "start":
      effects.push({ type: "setTimer", timer: "register", delayMs: REGISTER_TIMEOUT_MS });
      return;
    case "message":
      if (!isAllowed(state, around.now())) turnAway(state, "more messages than a gateway has reason to send", effects);
      else onMessage(state, event.message, effects, around);
      return;
    case "malformed":
      turnAway(state, "not a message of this protocol", effects);
      return;
    case "admitted":
      if (state.phase === "admitting") welcome(state, event.gatewayId, effects, around);
      return;
    case "refused":
      if (state.phase === "admitting") refuse(state, event.reason, event.message, event.retry, effects);
      return;
    case "timer":
      onTimer(state, event.timer, effects, around);
      return;
    case "keyChanged":
      if (state.phase === "registered") checkKey(state, effects, around);
      return;
    case "desired":
      if (state.phase === "registered") notify(state, event.desired, effects);
      return;
    case "reportFailed":
      state.reported = undefined;
      return;
    case "end":
      if (state.phase === "registered") disconnect(state, event.reason, event.message, event.retry, effects);
      else
        refuse(
          state,
          event.reason === "shutting_down" ? "unavailable" : event.reason,
          event.message,
          event.retry,
          effects,
        );
      return;
    case "closed":
      end(state, effects);
      return;
  }
}

function onMessage(
  state: SessionState,
  message: GatewayMessage,
  effects: SessionEffect[],
  around: SessionSurroundings,
): void {
  if (message.type === "register") {
    if (state.phase === "waiting") admit(state, message, effects);
    else turnAway(state, "registered already", effects);
    return;
  }
  if (state.phase !== "registered") {
    turnAway(state, `${message.type} before this gateway was registered`, effects);
    return;
  }
  effects.push({ type: "setTimer", timer: "silence", delayMs: silenceMs(around) });
  if (message.type === "heartbeat") {
    const { artifact_digest: servedDigest, uptime_secs: uptimeSeconds, health, last_refusal: refusal } = message;
    effects.push({ type: "heard", servedDigest, uptimeSeconds, health, refusal });
    report(state, servedDigest === null ? null : { digest: servedDigest }, refusal ?? null, effects);
    const desired = around.desired();
    state.told = desired;
    effects.push({
      type: "send",
      message: { type: "heartbeat_ack", ...(desired === undefined ? {} : { desired }) },
    });
    return;
  }
  // A failure is in the heartbeat that follows. Of a success only this message says the generation.
  const { told } = state;
  if (message.success && told?.generation === message.generation)
    report(state, { digest: told.digest, generation: told.generation }, null, effects);
}

/** Says what is new, once. */
function report(
  state: SessionState,
  served: ServedArtifact | null,
  refusal: ArtifactRefusal | null,
  effects: SessionEffect[],
): void {
  const before = state.reported;
  const isSame =
    before !== undefined &&
    before.served?.digest === served?.digest &&
    // Heartbeats say no generation.
    (served?.generation === undefined || before.served?.generation === served.generation) &&
    before.refusal?.generation === refusal?.generation &&
    before.refusal?.stage === refusal?.stage;
  if (isSame) return;
  state.reported = { served, refusal };
  effects.push({ type: "report", served, refusal });
}

function admit(state: SessionState, registration: Registration, effects: SessionEffect[]): void {
  state.registration = registration;
  state.phase = "admitting";
  if (registration.protocol === GATEWAY_FLEET_PROTOCOL) {
    effects.push({ type: "admit", registration });
    return;
  }
  const message = `this control plane speaks protocol ${GATEWAY_FLEET_PROTOCOL}, not ${registration.protocol}`;
  // One of the two may be upgraded while the other waits.
  refuse(state, "protocol_mismatch", message, true, effects);
}

function welcome(state: SessionState, gatewayId: string, effects: SessionEffect[], around: SessionSurroundings): void {
  state.phase = "registered";
  state.gatewayId = gatewayId;
  effects.push(
    { type: "clearTimer", timer: "register" },
    { type: "join", gatewayId, servedDigest: state.registration!.artifact_digest },
    {
      type: "send",
      message: {
        type: "registered",
        data_plane_id: gatewayId,
        heartbeat_interval_secs: around.heartbeatSecs ?? HEARTBEAT_SECS,
      },
    },
    { type: "setTimer", timer: "silence", delayMs: silenceMs(around) },
  );
  // It may have been revoked while the gateway was noted.
  checkKey(state, effects, around);
}

function checkKey(state: SessionState, effects: SessionEffect[], around: SessionSurroundings): void {
  const problem = around.keyProblem();
  if (problem !== undefined) {
    const isExpired = problem === "expired_key";
    const message = isExpired
      ? "the key that this gateway uses has expired"
      : "the key that this gateway uses was revoked";
    disconnect(state, isExpired ? "expired_key" : "revoked_key", message, false, effects);
    return;
  }
  const until = around.keyValidUntil();
  if (until === undefined) effects.push({ type: "clearTimer", timer: "key" });
  else {
    const delayMs = Math.min(Math.max(until - around.now(), 1), RECHECK_MS_MAX);
    effects.push({ type: "setTimer", timer: "key", delayMs });
  }
}

function notify(state: SessionState, desired: DesiredArtifact | undefined, effects: SessionEffect[]): void {
  if (desired === undefined || desired.generation === state.told?.generation) return;
  state.told = desired;
  const download_path = `/v1/artifacts/${encodeURIComponent(desired.artifact_id)}/download`;
  effects.push({ type: "send", message: { type: "artifact_available", ...desired, download_path } });
}

function onTimer(
  state: SessionState,
  timer: Extract<SessionEvent, { readonly type: "timer" }>["timer"],
  effects: SessionEffect[],
  around: SessionSurroundings,
): void {
  if (timer === "register") turnAway(state, "no registration came in time", effects);
  else if (state.phase !== "registered") return;
  else if (timer === "key") checkKey(state, effects, around);
  else {
    end(state, effects);
    effects.push({ type: "close", reason: "no heartbeat came for too long" });
  }
}

/** Refills with time; see `MESSAGES_BURST`. */
function isAllowed(state: SessionState, now: number): boolean {
  const gained = (Math.max(now - state.allowanceAt, 0) * MESSAGES_PER_SECOND) / 1000;
  state.allowance = Math.min(state.allowance + gained, MESSAGES_BURST) - 1;
  state.allowanceAt = now;
  return state.allowance >= 0;
}

/** What comes is not as agreed. A later version of the gateway, or of this program, may do better. */
function turnAway(state: SessionState, message: string, effects: SessionEffect[]): void {
  if (state.phase === "registered") disconnect(state, "bad_message", message, true, effects);
  else refuse(state, "bad_message", message, true, effects);
}

function refuse(
  state: SessionState,
  reason: RegistrationFailure,
  message: string,
  retry: boolean,
  effects: SessionEffect[],
): void {
  effects.push({ type: "send", message: { type: "registration_failed", reason, message, retry } });
  end(state, effects);
  effects.push({ type: "close", reason });
}

function disconnect(
  state: SessionState,
  reason: string,
  message: string,
  retry: boolean,
  effects: SessionEffect[],
): void {
  effects.push({ type: "send", message: { type: "disconnect", reason, message, retry } });
  end(state, effects);
  effects.push({ type: "close", reason });
}

function end(state: SessionState, effects: SessionEffect[]): void {
  if (state.phase === "registered") effects.push({ type: "leave" });
  state.phase = "ended";
  for (const timer of ["register", "silence", "key"] as const) effects.push({ type: "clearTimer", timer });
}
