/** What the machine does with each message of the control plane. */
import type { ControlPlaneId, ControlPlaneMessage, EventId } from "#contracts";
import { CHANGE_STREAM_PROTOCOL } from "#contracts";
import { HEARTBEAT_MS_MAX, HEARTBEAT_MS_MIN, SNAPSHOT_RECORDS_MAX } from "./limits.ts";
import type { CatalogPosition, LinkEffect, LinkState } from "./machine-types.ts";

type Message<Type extends ControlPlaneMessage["type"]> = Extract<ControlPlaneMessage, { readonly type: Type }>;

/** Failures that a refusal counts for: nothing will change by asking again soon, so the longest wait comes at once. */
const FAILURES_OF_A_REFUSAL = 10;

/** Takes one message of the current connection; the answer, if any, is the reason for which the connection has to end. */
export function receive(state: LinkState, message: ControlPlaneMessage, effects: LinkEffect[]): string | undefined {
  if (message.type === "refused") {
    state.failures = Math.max(state.failures, FAILURES_OF_A_REFUSAL);
    if (message.code === "AnotherDataPlane") effects.push({ type: "notLetIn", message: message.message });
    return `refused: ${message.code}: ${message.message}`;
  }
  if (message.type === "welcome") return state.phase === "streaming" ? undefined : welcome(state, message, effects);
  if (state.phase !== "streaming") return `${message.type} before the welcome`;
  switch (message.type) {
    case "snapshot":
      return receiveSnapshot(state, message, effects);
    case "changes":
      return receiveChanges(state, message, effects);
    case "commandResult":
      receiveOutcome(state, message, effects);
      return undefined;
  }
}

/** Sends a heartbeat and sees to the next one. */
export function heartbeat(state: LinkState, effects: LinkEffect[]): void {
  state.heartbeatSoon = false;
  effects.push(
    { type: "heartbeat", appliedThrough: state.applied?.cursor ?? (0 as EventId) },
    { type: "setTimer", timer: "heartbeat", delayMs: state.heartbeatMs },
  );
}

/** Whether a catalog at `position` shows the effects of an event. */
export function shows(
  position: CatalogPosition | undefined,
  controlPlaneId: ControlPlaneId,
  eventId: EventId,
): boolean {
  return position !== undefined && position.controlPlaneId === controlPlaneId && position.cursor >= eventId;
}

function welcome(state: LinkState, message: Message<"welcome">, effects: LinkEffect[]): string | undefined {
  if (state.phase !== "registering") return "a welcome before registering";
  if (message.protocol !== CHANGE_STREAM_PROTOCOL) return `the control plane speaks protocol ${message.protocol}`;
  const { received, applied } = state;
  if (received?.resumable === true && received.controlPlaneId === message.controlPlaneId) {
    if (message.head < received.cursor) {
      // Its log was put back to an older state: what we know and it does not has never happened. Register again, for a snapshot.
      state.received = { ...received, resumable: false };
      if (applied !== undefined) state.applied = { ...applied, resumable: false };
      return "the control plane's log is older than the catalog";
    }
  }
  state.phase = "streaming";
  state.peer = message.controlPlaneId;
  state.peerRun = message.run;
  state.heartbeatMs = Math.min(Math.max(message.heartbeatMs, HEARTBEAT_MS_MIN), HEARTBEAT_MS_MAX);
  effects.push(
    { type: "clearTimer", timer: "handshake" },
    { type: "keepSealingKey", controlPlaneId: message.controlPlaneId, sealingKey: message.sealingKey },
    { type: "log", level: "info", message: "the change stream is open" },
  );
  heartbeat(state, effects);
  return undefined;
}

function receiveSnapshot(state: LinkState, message: Message<"snapshot">, effects: LinkEffect[]): string | undefined {
  // Only the first delivery of a connection can be a snapshot. A part that came later would replace the catalog by a fragment.
  if (state.delivery === "changes") return "a snapshot in the middle of the stream";
  if (state.delivery === "snapshot" && message.cursor !== state.snapshotCursor) return "two snapshots were mixed";
  if (state.snapshotRecords.length + message.records.length > SNAPSHOT_RECORDS_MAX) {
    return "the snapshot is larger than a catalog may be";
  }
  state.delivery = "snapshot";
  state.snapshotCursor = message.cursor;
  for (const record of message.records) state.snapshotRecords.push(record);
  if (!message.last) return undefined;
  const records = state.snapshotRecords;
  const controlPlaneId = state.peer!;
  const { peerRun: run } = state;
  state.snapshotRecords = [];
  state.delivery = "changes";
  state.received = { controlPlaneId, cursor: message.cursor, run, resumable: true };
  state.failures = 0;
  effects.push({ type: "replace", controlPlaneId, cursor: message.cursor, run, records });
  return undefined;
}

function receiveChanges(state: LinkState, message: Message<"changes">, effects: LinkEffect[]): string | undefined {
  const { received, peer, peerRun: run } = state;
  if (state.delivery === "snapshot") return "changes inside a snapshot";
  if (received === undefined || !received.resumable || received.controlPlaneId !== peer) {
    return "changes where a snapshot is due";
  }
  state.delivery = "changes";
  if (message.through <= received.cursor) return undefined;
  if (message.after !== received.cursor) return `changes after ${message.after} where ${received.cursor} stands`;
  state.received = { controlPlaneId: peer, cursor: message.through, run, resumable: true };
  state.failures = 0;
  effects.push({ type: "apply", controlPlaneId: peer, through: message.through, run, changes: message.changes });
  return undefined;
}

function receiveOutcome(state: LinkState, message: Message<"commandResult">, effects: LinkEffect[]): void {
  const { correlation, outcome } = message;
  // An answer that nobody waits for any more (its timeout passed), or the second copy of one.
  if (state.pending.get(correlation)?.stage !== "asked") return;
  const controlPlaneId = state.peer!;
  if (!outcome.ok || shows(state.applied, controlPlaneId, outcome.eventId)) {
    state.pending.delete(correlation);
    effects.push({ type: "settle", correlation, outcome });
    return;
  }
  state.pending.set(correlation, { stage: "decided", controlPlaneId, eventId: outcome.eventId, outcome });
}
