/**
 * What is to be done now.
 */

import { type Core, hardStateOf } from "./state.ts";
import type { Effects, HardState } from "./types.ts";

/** The next effects; undefined when there is nothing to do, or when those taken before are not carried out yet. */
export function takeEffects(core: Core): Effects | undefined {
  if (core.inFlight !== undefined || !hasWork(core)) return undefined;
  const { log } = core;
  const { id } = core.options;
  const hardState = hardStateOf(core);
  const changed = !sameHardState(hardState, core.savedHardState);
  const votesOrTerm = hardState.term !== core.savedHardState.term || hardState.vote !== core.savedHardState.vote;
  const snapshot = log.arrivedSnapshot;
  const entries = log.takeUnsaved();
  // Behind an arrived snapshot nothing can be applied before it is.
  const committed =
    snapshot === undefined ? (log.slice(log.applied + 1, log.committed, core.options.committedBytesMax) ?? []) : [];
  const after = core.outboxAfter;
  core.inFlight = { toSelf: after.filter((message) => message.to === id), committed, snapshot };
  const effects: Effects = {
    messages: core.outbox,
    snapshot,
    hardState,
    hardStateChanged: changed,
    entries,
    mustSync: votesOrTerm || entries.length > 0 || snapshot !== undefined,
    messagesAfter: after.filter((message) => message.to !== id),
    committed,
    reads: core.reads,
  };
  core.savedHardState = hardState;
  core.outbox = [];
  core.outboxAfter = [];
  core.reads = [];
  return effects;
}

function hasWork(core: Core): boolean {
  const { log } = core;
  return (
    core.outbox.length > 0 ||
    core.outboxAfter.length > 0 ||
    core.reads.length > 0 ||
    log.hasUnsaved ||
    log.arrivedSnapshot !== undefined ||
    log.committed > log.applied ||
    !sameHardState(hardStateOf(core), core.savedHardState)
  );
}

function sameHardState(left: HardState, right: HardState): boolean {
  return left.term === right.term && left.vote === right.vote && left.commit === right.commit;
}
