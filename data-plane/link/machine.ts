/**
 * The link as a step machine: `step(state, event)` changes the state and says what is to be done.
 *
 * No promises, clocks, disks or sockets here; the shell in `open-link.ts` provides them, the simulation in `machine.simulation.test.ts` plays
 * them. What holds at every step:
 *
 * - `changes` are applied only where they follow on exactly what was received before; a gap ends the connection, and the next one resumes;
 * - a snapshot replaces the catalog only when its last part is here;
 * - every command is settled or failed exactly once.
 */
import type { EventId } from "#contracts";
import { CHANGE_STREAM_PROTOCOL } from "#contracts";
import { backoffMs } from "./backoff.ts";
import {
  COMMAND_TIMEOUT_MS,
  COMMANDS_PENDING_MAX,
  HANDSHAKE_TIMEOUT_MS,
  HEARTBEAT_AFTER_CHANGE_MS,
  HEARTBEAT_MS_DEFAULT,
} from "./limits.ts";
import type {
  CatalogPosition,
  LinkChance,
  LinkEffect,
  LinkEvent,
  LinkIdentity,
  LinkState,
  LinkTimer,
} from "./machine-types.ts";
import { heartbeat, receive, shows } from "./receive.ts";

/** @param applied what stands on disk; undefined before the first snapshot */
export function initialLinkState(identity: LinkIdentity, applied: CatalogPosition | undefined): LinkState {
  return {
    identity,
    phase: "waiting",
    connection: 0,
    failures: 0,
    applied,
    received: applied,
    peer: undefined,
    peerRun: undefined,
    heartbeatMs: HEARTBEAT_MS_DEFAULT,
    heartbeatSoon: false,
    delivery: "nothing",
    snapshotCursor: 0 as EventId,
    snapshotRecords: [],
    pending: new Map(),
    lastFailure: undefined,
  };
}

/** Advances the machine by one event. */
export function step(state: LinkState, event: LinkEvent, chance: LinkChance): readonly LinkEffect[] {
  const effects: LinkEffect[] = [];
  if (state.phase === "stopped") {
    if (event.type === "execute") effects.push(unavailable(event.correlation, "the data plane is stopping"));
    return effects;
  }
  const ended = handle(state, event, effects);
  if (ended !== undefined) retryLater(state, ended, effects, chance);
  return effects;
}

/** Does what the event asks for; the answer, if any, is the reason for which the connection has to end. */
function handle(state: LinkState, event: LinkEvent, effects: LinkEffect[]): string | undefined {
  switch (event.type) {
    case "start":
      connect(state, effects);
      return undefined;
    case "opened":
      if (event.connection === state.connection && state.phase === "connecting") register(state, effects);
      return undefined;
    case "message":
      return event.connection === state.connection && state.phase !== "waiting"
        ? receive(state, event.message, effects)
        : undefined;
    case "closed":
      return event.connection === state.connection && state.phase !== "waiting" ? event.reason : undefined;
    case "timer":
      return onTimer(state, event.timer, effects);
    case "execute":
      execute(state, event, effects);
      return undefined;
    case "commandTimeout":
      if (state.pending.delete(event.correlation)) {
        effects.push(unavailable(event.correlation, "it did not answer in time"));
      }
      return undefined;
    case "applied":
      onApplied(
        state,
        { controlPlaneId: event.controlPlaneId, cursor: event.through, run: event.run, resumable: true },
        effects,
      );
      return undefined;
    case "applyFailed":
      state.received = state.applied;
      effects.push({ type: "log", level: "error", message: "the catalog could not be written", reason: event.reason });
      return state.phase === "waiting" ? undefined : "the catalog could not be written";
    case "stop":
      stop(state, effects);
      return undefined;
  }
}

function connect(state: LinkState, effects: LinkEffect[]): void {
  state.phase = "connecting";
  state.connection++;
  state.peer = undefined;
  state.delivery = "nothing";
  state.snapshotRecords = [];
  effects.push(
    { type: "connect", connection: state.connection },
    { type: "setTimer", timer: "handshake", delayMs: HANDSHAKE_TIMEOUT_MS },
  );
}

function register(state: LinkState, effects: LinkEffect[]): void {
  const { dataPlaneId, name, version, wants } = state.identity;
  // What is on its way to the disk will be there before anything that this connection delivers, so the cursor is that of `received`.
  const { received } = state;
  const resume =
    received?.resumable === true
      ? {
          controlPlaneId: received.controlPlaneId,
          cursor: received.cursor,
          ...(received.run === undefined ? {} : { run: received.run }),
        }
      : null;
  state.phase = "registering";
  effects.push(
    {
      type: "send",
      message: {
        type: "register",
        protocol: CHANGE_STREAM_PROTOCOL,
        dataPlaneId,
        kind: "services",
        name,
        version,
        resume,
        wants,
      },
    },
    { type: "setTimer", timer: "handshake", delayMs: HANDSHAKE_TIMEOUT_MS },
  );
}

/** Ends the connection, fails what depended on it, and tries again later. */
function retryLater(state: LinkState, reason: string, effects: LinkEffect[], chance: LinkChance): void {
  // The first failure is news; the same failure every ten seconds is not.
  const isNews = state.phase === "streaming" || state.lastFailure !== reason;
  state.phase = "waiting";
  state.peer = undefined;
  state.snapshotRecords = [];
  state.lastFailure = reason;
  const delayMs = backoffMs(state.failures, chance.float());
  state.failures++;
  for (const [correlation, command] of state.pending) {
    // A decided command only waits for the catalog, which the next connection will bring up to date.
    if (command.stage === "decided") continue;
    state.pending.delete(correlation);
    effects.push(unavailable(correlation, `the change stream ended (${reason})`));
  }
  effects.push(
    { type: "disconnect", connection: state.connection },
    { type: "clearTimer", timer: "handshake" },
    { type: "clearTimer", timer: "heartbeat" },
    { type: "setTimer", timer: "retry", delayMs },
  );
  if (isNews) effects.push({ type: "log", level: "warn", message: "no change stream; trying again", reason });
}

function onTimer(state: LinkState, timer: LinkTimer, effects: LinkEffect[]): string | undefined {
  switch (timer) {
    case "retry":
      if (state.phase === "waiting") connect(state, effects);
      return undefined;
    case "handshake":
      if (state.phase === "connecting") return "the connection could not be opened in time";
      return state.phase === "registering" ? "no welcome came in time" : undefined;
    case "heartbeat":
      if (state.phase !== "streaming") return undefined;
      // A stream that has lived for a whole heartbeat was worth having, even if nothing happened on it.
      state.failures = 0;
      heartbeat(state, effects);
      return undefined;
  }
}

function execute(
  state: LinkState,
  event: Extract<LinkEvent, { readonly type: "execute" }>,
  effects: LinkEffect[],
): void {
  const { correlation, command, origin } = event;
  if (state.phase !== "streaming") {
    effects.push(unavailable(correlation, "no change stream is open"));
    return;
  }
  if (state.pending.size >= COMMANDS_PENDING_MAX) {
    effects.push(unavailable(correlation, `${COMMANDS_PENDING_MAX} commands are waiting already`));
    return;
  }
  state.pending.set(correlation, { stage: "asked" });
  effects.push(
    { type: "setCommandTimeout", correlation, delayMs: COMMAND_TIMEOUT_MS },
    { type: "send", message: { type: "command", correlation, command, origin } },
  );
}

function onApplied(state: LinkState, position: CatalogPosition, effects: LinkEffect[]): void {
  state.applied = position;
  if (state.phase === "streaming" && !state.heartbeatSoon && state.heartbeatMs > HEARTBEAT_AFTER_CHANGE_MS) {
    state.heartbeatSoon = true;
    effects.push({ type: "setTimer", timer: "heartbeat", delayMs: HEARTBEAT_AFTER_CHANGE_MS });
  }
  for (const [correlation, command] of state.pending) {
    if (command.stage !== "decided" || !shows(position, command.controlPlaneId, command.eventId)) continue;
    state.pending.delete(correlation);
    effects.push({ type: "settle", correlation, outcome: command.outcome });
  }
}

function stop(state: LinkState, effects: LinkEffect[]): void {
  for (const correlation of state.pending.keys()) effects.push(unavailable(correlation, "the data plane is stopping"));
  state.pending.clear();
  state.phase = "stopped";
  effects.push(
    { type: "disconnect", connection: state.connection },
    { type: "clearTimer", timer: "handshake" },
    { type: "clearTimer", timer: "heartbeat" },
    { type: "clearTimer", timer: "retry" },
  );
}

function unavailable(correlation: number, reason: string): LinkEffect {
  return { type: "fail", correlation, reason };
}
