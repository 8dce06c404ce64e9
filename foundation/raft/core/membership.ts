/**
 * Membership changes as pure functions: one voter at a time (§4.1), or through a joint configuration (§4.3).
 */

import type { ConfigChange, MemberChange, Membership, NodeId } from "./types.ts";

/** Nobody yet. */
export const NO_MEMBERS: Membership = Object.freeze({
  voters: [],
  outgoing: [],
  learners: [],
  learnersNext: [],
  autoLeave: false,
});

/** A membership, or why the change is impossible. */
export type MembershipResult =
  | { readonly ok: true; readonly membership: Membership }
  | { readonly ok: false; readonly reason: string };

/** Whether both majorities are needed at present. */
export function isJoint(membership: Membership): boolean {
  return membership.outgoing.length > 0;
}

/** Everybody that is sent entries, in ascending order. */
export function allMembers({ voters, outgoing, learners, learnersNext }: Membership): readonly NodeId[] {
  return sorted(new Set([...voters, ...outgoing, ...learners, ...learnersNext]));
}

/** Whether the node decides in one of the majorities. */
export function isVoter(membership: Membership, node: NodeId): boolean {
  return membership.voters.includes(node) || membership.outgoing.includes(node);
}

/** A group of these voters and learners. */
export function membershipOf(voters: readonly NodeId[], learners: readonly NodeId[] = []): Membership {
  return { ...NO_MEMBERS, voters: sorted(new Set(voters)), learners: sorted(new Set(learners)) };
}

/** Carries a change out, by the way its transition names. */
export function changeMembership(membership: Membership, change: ConfigChange): MembershipResult {
  if (change.changes.length === 0) return leaveJoint(membership);
  const joint = change.transition !== "auto" || change.changes.length > 1;
  return joint
    ? enterJoint(membership, change.changes, change.transition !== "joint-explicit")
    : changeSimply(membership, change.changes);
}

/** Changes at most one voter, at once: the old majority and the new one always share a member (§4.1). */
export function changeSimply(membership: Membership, changes: readonly MemberChange[]): MembershipResult {
  if (isJoint(membership)) return refuse("can't apply simple config change in joint config");
  const next = applyChanges(membership, changes);
  if (next === undefined) return refuse("removed all voters");
  const before = new Set(membership.voters);
  const after = new Set(next.voters);
  const difference =
    [...before].filter((node) => !after.has(node)).length + [...after].filter((node) => !before.has(node)).length;
  if (difference > 1) return refuse("more than one voter changed without entering joint config");
  return { ok: true, membership: next };
}

/** Keeps the present voters as a second majority beside the changed ones (§4.3). */
export function enterJoint(
  membership: Membership,
  changes: readonly MemberChange[],
  autoLeave: boolean,
): MembershipResult {
  if (isJoint(membership)) return refuse("config is already joint");
  if (membership.voters.length === 0) return refuse("can't make a zero-voter config joint");
  const next = applyChanges({ ...membership, outgoing: membership.voters }, changes);
  if (next === undefined) return refuse("removed all voters");
  return { ok: true, membership: { ...next, autoLeave } };
}

/** Drops the old majority; what were its voters become learners where that was wished. */
export function leaveJoint(membership: Membership): MembershipResult {
  if (!isJoint(membership)) return refuse("can't leave a non-joint config");
  const learners = sorted(new Set([...membership.learners, ...membership.learnersNext]));
  return { ok: true, membership: { ...membership, outgoing: [], learners, learnersNext: [], autoLeave: false } };
}

function refuse(reason: string): MembershipResult {
  return { ok: false, reason };
}

/** Undefined when no voter would be left. */
function applyChanges(membership: Membership, changes: readonly MemberChange[]): Membership | undefined {
  const voters = new Set(membership.voters);
  const learners = new Set(membership.learners);
  const learnersNext = new Set(membership.learnersNext);
  const outgoing = new Set(membership.outgoing);
  for (const { kind, node } of changes) {
    if (node === 0) continue;
    voters.delete(node);
    learners.delete(node);
    learnersNext.delete(node);
    if (kind === "add-voter") voters.add(node);
    // A voter of the old majority must not be a learner at the same time: it becomes one when the joint configuration is left.
    if (kind === "add-learner") (outgoing.has(node) ? learnersNext : learners).add(node);
  }
  if (voters.size === 0) return undefined;
  return {
    ...membership,
    voters: sorted(voters),
    learners: sorted(learners),
    learnersNext: sorted(learnersNext),
  };
}

function sorted(nodes: ReadonlySet<NodeId>): readonly NodeId[] {
  return [...nodes].sort((left, right) => left - right);
}
