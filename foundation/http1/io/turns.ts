/**
 * What one turn of the loop brings is handled together: first everything is received, then everything is looked at, then everything that was written leaves.
 *
 * Left to itself, the loop calls for each socket: a read, our work, a write, and each of these pushes the others out of the processor's caches. With many connections a request that passes
 * through a gateway takes a quarter less of its time this way, with one connection as much as before (docs/decisions/0027-turns.md).
 */

/** Who takes part in a turn. */
export interface Member {
  /** What it has received is looked at. Does not throw. */
  deliver(): void;
  /** What it has in the outbox leaves. Does not throw. */
  release(): void;
}

/** After so many have looked at what they have received, what they have written leaves: the first do not wait for a thousand others. */
const TOGETHER = 64;
/** So much is received before it is looked at: bodies that arrive from everywhere are not to fill the memory. */
const ARRIVED_BYTES_MAX = 256 * 1024;
/** What is longer is not copied: it leaves at once. */
const COPIED_BYTES_MAX = 16 * 1024;
const OUTBOX_BYTES = 256 * 1024;

/** Where what is written waits for the end of the turn. */
export const outbox: Buffer = Buffer.allocUnsafeSlow(OUTBOX_BYTES);

// One of each for all sockets of the thread, as the loop is.
let arrived: Member[] = [];
let arrivedBytes = 0;
let leaving: Member[] = [];
let outboxAt = 0;
let isLooking = false;

/** The member has received something: it is called to `deliver` in this turn. Said once until then; of what it receives besides, {@link arriveMore} is told. */
export function arrive(member: Member, bytes: number): void {
  if (arrived.length === 0) setImmediate(look);
  arrived.push(member);
  arriveMore(bytes);
}

/** A member that is to be called has received more. May call it at once. */
export function arriveMore(bytes: number): void {
  arrivedBytes += bytes;
  if (arrivedBytes > ARRIVED_BYTES_MAX && !isLooking) look();
}

/**
 * A place in the outbox for what the member writes: it is called to `release` it at the end of the turn.
 *
 * @param behind where in the outbox the octets end that it has there already; -1: it has none
 * @returns -1: it is to be written at once, behind what is there already, for this is no turn, or it is too long
 */
export function placeInOutbox(member: Member, length: number, behind: number): number {
  if (!isLooking || length > COPIED_BYTES_MAX || (behind !== -1 && behind !== outboxAt)) return -1;
  if (outboxAt + length > OUTBOX_BYTES) {
    if (behind !== -1) return -1;
    release();
  }
  if (behind === -1) leaving.push(member);
  const at = outboxAt;
  outboxAt += length;
  return at;
}

/** What has arrived is looked at now: before anybody is told that it came too late, for timers ring between the loop's look at its sockets and ours. */
export function lookNow(): void {
  if (arrived.length > 0 && !isLooking) look();
}

function look(): void {
  const members = arrived;
  arrived = [];
  arrivedBytes = 0;
  isLooking = true;
  let at = 0;
  try {
    while (at < members.length) {
      members[at++]!.deliver();
      if (at % TOGETHER === 0) release();
    }
  } finally {
    // A defect of one, against what is said of members, must not leave the others unheard, nor what they have written here.
    for (; at < members.length; at++) arrive(members[at]!, 0);
    release();
    isLooking = false;
  }
}

function release(): void {
  const members = leaving;
  leaving = [];
  for (let i = 0; i < members.length; i++) members[i]!.release();
  outboxAt = 0;
}
