/**
 * Step 9: a transaction of the system itself takes the way of all others, and is read back. Nobody but the director can reach the proxies yet.
 */
import { encode, u64 } from "#foundation/binary";
import { RpcError } from "#foundation/rpc";
import { sleep } from "#foundation/runtime";
import { COMMIT_PROXY, type Layout, STORAGE, SYSTEM_KEYS, type Version } from "#foundation/store-protocol";
import type { Attempt } from "../attempt.ts";
import { callOne, causeOf } from "../calls.ts";
import { compareKeys } from "../plan/key-order.ts";
import { Stalled } from "../stalls.ts";
import type { Components } from "./start-components.ts";

/** Between two tries to read. */
const PAUSE_MS = 20;

export async function verify(attempt: Attempt, layout: Layout, { token }: Components): Promise<void> {
  const { scope, options, clientOf, epoch } = attempt;
  const { clock } = attempt.runtime;
  const deadlineMs = clock.monotonicMs() + options.verifyMs;
  let version: Version;
  try {
    const proxy = clientOf(COMMIT_PROXY, layout.proxies[0]!);
    ({ version } = await callOne(scope, options.verifyMs, (call) => proxy.writeLayout({ epoch, token }, call)));
  } catch (error) {
    throw asStall(error);
  }
  const readers = readersOf(SYSTEM_KEYS.epoch, layout);
  // Storage servers come to a version a little after it is committed; any of them will do.
  for (let turn = 0; ; turn++) {
    const storage = clientOf(STORAGE, readers[turn % readers.length]!);
    const leftMs = deadlineMs - clock.monotonicMs();
    try {
      const { value } = await callOne(scope, Math.max(1, leftMs), (call) =>
        storage.get({ epoch, key: SYSTEM_KEYS.epoch, version }, call),
      );
      if (value !== undefined && compareKeys(value, encode(u64, epoch)) === 0) return;
      throw new Stalled({ reason: "system_tx_failed", cause: "what was written is not what is read" });
    } catch (error) {
      if (!(error instanceof RpcError) || clock.monotonicMs() + PAUSE_MS >= deadlineMs) throw asStall(error);
    }
    await sleep(attempt.runtime.timers, PAUSE_MS, scope.signal);
  }
}

function readersOf(key: Uint8Array, { teams }: Layout) {
  const team = teams.find(({ begin, end }) => compareKeys(begin, key) <= 0 && compareKeys(key, end) < 0)!;
  return team.members.flatMap(({ storage, status }) => (status === "up" ? [storage] : []));
}

function asStall(error: unknown): unknown {
  return error instanceof RpcError ? new Stalled({ reason: "system_tx_failed", cause: causeOf(error) }) : error;
}
