/**
 * Membership changes as they are proposed and applied (§4).
 *
 * A change takes effect at each member when it applies the entry. A leader lets only one be on its way, and proposes the next after it has applied
 * the last: whoever has the entry of the next has therefore heard that the last is committed, and two members are never more than one
 * change apart, so that their majorities always meet. What was heard must not be forgotten while the entry is remembered: both are saved in one write.
 */

import { allMembers, changeMembership, isJoint } from "./membership.ts";
import type { FlightLimits } from "./progress.ts";
import { Progress } from "./progress.ts";
import { broadcastAppend, commitWhatIsHeld, mayLead, others, sendAppend } from "./replication.ts";
import { appendOwn, becomeFollower, type Core } from "./state.ts";
import {
  type ConfigChange,
  type Entry,
  type LogIndex,
  type Membership,
  NOBODY,
  type NodeId,
  type Refusal,
} from "./types.ts";

/** Why a change may not be proposed now; undefined when it may. */
export function refuseChange(core: Core, change: ConfigChange): Refusal | undefined {
  if (core.pendingChangeIndex > core.log.applied) return "change-pending";
  const joint = isJoint(core.membership);
  if (joint && change.changes.length > 0) return "joint";
  if (!joint && change.changes.length === 0) return "not-joint";
  return changeMembership(core.membership, change).ok ? undefined : "invalid-change";
}

/** Carries out what has been committed. An entry that an arrived snapshot already covers changes nothing. */
export function applyChange(core: Core, entry: Entry & { readonly kind: "config" }): void {
  if (entry.index <= core.membershipIndex) return;
  const result = changeMembership(core.membership, entry.change);
  // The leader has checked it against the same membership; should it be impossible all the same, it is so for everybody.
  if (result.ok) switchTo(core, result.membership, entry.index);
}

/** Makes a membership the present one. */
export function switchTo(core: Core, membership: Membership, index: LogIndex): void {
  core.membership = membership;
  core.membershipIndex = index;
  if (core.role !== "leader") return;
  core.progress = progressFor(membership, core.progress, core.log.lastIndex, core.options.flights);
  if (!mayLead(core)) {
    // §4.2.2: it has led the group to the end of the change, and belongs to it no more.
    becomeFollower(core, core.term, NOBODY);
    return;
  }
  // A smaller majority may already hold more.
  if (commitWhatIsHeld(core)) broadcastAppend(core);
  else for (const node of others(core)) sendAppend(core, node, false);
  if (core.transferTo !== NOBODY && !core.progress.has(core.transferTo)) core.transferTo = NOBODY;
}

/** The progress of everybody in `membership`: what was known is kept, newcomers are probed from the end of the log. */
export function progressFor(
  membership: Membership,
  known: ReadonlyMap<NodeId, Progress>,
  lastIndex: LogIndex,
  limits: FlightLimits,
): Map<NodeId, Progress> {
  const next = new Map<NodeId, Progress>();
  for (const node of allMembers(membership)) {
    let progress = known.get(node);
    if (progress === undefined) {
      progress = new Progress(node, 0, Math.max(lastIndex, 1), limits);
      // It has had no time to answer; the leader must not step down for it.
      progress.recentlyActive = true;
    }
    next.set(node, progress);
  }
  return next;
}

/** Ends a joint configuration that ends by itself, once the change that began it is applied (§4.3). */
export function leaveJointByItself(core: Core): void {
  if (core.role !== "leader" || !core.membership.autoLeave || core.log.applied < core.pendingChangeIndex) return;
  core.pendingChangeIndex = appendOwn(core, [{ kind: "config", change: { changes: [], transition: "auto" } }]);
  broadcastAppend(core);
}
