/**
 * The follower's side of replication (§3.5) and of snapshots (§5.3).
 */

import { switchTo } from "./configuration.ts";
import { type Core, send, sendAfterSave } from "./state.ts";
import type { Message, Snapshot } from "./types.ts";

/** Takes entries that follow on what is here, or says where to try next. */
export function handleAppend(core: Core, message: Message & { readonly type: "append" }): void {
  const { log, options } = core;
  const { prevIndex, prevTerm, entries } = message;
  const head = { type: "append-answer", from: options.id, to: message.from, term: core.term } as const;
  if (prevIndex < log.committed) {
    // A late message; what is committed stays.
    sendAfterSave(core, { ...head, rejected: false, index: log.committed });
    return;
  }
  if (!log.matches(prevIndex, prevTerm)) {
    const hint = log.findMatch(Math.min(prevIndex, log.lastIndex), prevTerm);
    sendAfterSave(core, { ...head, rejected: true, index: prevIndex, hintIndex: hint.index, hintTerm: hint.term });
    return;
  }
  log.merge(entries);
  const last = prevIndex + entries.length;
  // Beyond what this message has shown to match, our log may be another leader's.
  log.commitTo(Math.min(message.commit, last));
  sendAfterSave(core, { ...head, rejected: false, index: last });
}

/** Takes note of the commit index, and confirms that we follow. */
export function handleHeartbeat(core: Core, message: Message & { readonly type: "heartbeat" }): void {
  core.log.commitTo(message.commit);
  send(core, {
    type: "heartbeat-answer",
    from: core.options.id,
    to: message.from,
    term: core.term,
    readRound: message.readRound,
  });
}

/**
 * Begins anew behind a snapshot, unless we know as much already. It need not name us: one who is being added may be sent a snapshot from before, and
 * the entry that adds it afterwards.
 */
export function handleSnapshot(core: Core, message: Message & { readonly type: "snapshot" }): void {
  const restored = restore(core, message.snapshot);
  sendAfterSave(core, {
    type: "append-answer",
    from: core.options.id,
    to: message.from,
    term: core.term,
    rejected: false,
    index: restored ? core.log.lastIndex : core.log.committed,
  });
}

function restore(core: Core, snapshot: Snapshot): boolean {
  const { log } = core;
  const { meta } = snapshot;
  if (meta.index <= log.committed) return false;
  if (log.matches(meta.index, meta.term)) {
    // Everything is in our log already; it only was not known to be committed.
    log.commitTo(meta.index);
    return false;
  }
  log.restore(snapshot);
  core.snapshot = snapshot;
  switchTo(core, meta.membership, meta.index);
  return true;
}
