/**
 * Step 4: fills the new logs with what storage servers still need of the old ones.
 */
import { LOG } from "#foundation/store-protocol";
import type { Attempt, Placed } from "../attempt.ts";
import { callAll, causeOf, replies } from "../calls.ts";
import { pairSources } from "../plan/replay-pairing.ts";
import { Stalled } from "../stalls.ts";
import type { Basis } from "./lock-old.ts";

/** Afterwards every log has the same entries, from `replayFrom` to R; they are locked still. */
export async function replay(attempt: Attempt, logs: readonly Placed[], basis: Basis): Promise<void> {
  const { scope, options, clientOf, epoch, memory } = attempt;
  const pairs = pairSources(logs.length, basis.sources).map((sources, place) => ({ ...logs[place]!, sources }));
  const outcomes = await callAll(scope, pairs, { timeoutMs: options.replayMs }, ({ ref, sources }, call) =>
    clientOf(LOG, ref).recoverFrom({ epoch, sources, from: basis.replayFrom, to: basis.recoveryVersion }, call),
  );
  const failed: Record<string, string> = {};
  for (const outcome of outcomes) if (!outcome.ok) failed[outcome.item.ref.id] = causeOf(outcome.error);
  // A source that has a hole would otherwise pass for one that has nothing to give.
  const copies = replies(outcomes);
  for (const { item, reply } of copies) {
    const first = copies[0]!.reply;
    if (reply.entries !== first.entries || reply.checksum !== first.checksum) failed[item.ref.id] = "another content";
  }
  if (Object.keys(failed).length === 0) return;
  if (basis.keepsForDown && outcomes.some((outcome) => !outcome.ok && outcome.error.code === "timed_out")) {
    memory.slowReplays++;
  }
  throw new Stalled({ reason: "replay_failed", logs: failed });
}
