/**
 * Forgetting idempotency ids when they are old: no client asks again after so long.
 */
import type { StoreBackend, Version } from "../backend/index.ts";
import { keyAfter } from "../keys/index.ts";
import { idempotencyKey, idempotencyRecordsBefore, readIdempotencyIndexKey } from "../mutations/index.ts";
import type { Mutation } from "../transactions/index.ts";

/** How long an id is known: ten minutes of microseconds. */
export const IDS_KEPT_VERSIONS: Version = 600_000_000n;

const IDS_AT_ONCE = 1_000;
const EMPTY = new Uint8Array(0);

/**
 * Forgets the oldest ids of those that are older than `IDS_KEPT_VERSIONS`, a thousand at most. Nothing conflicts with it: nobody writes a key of an id
 * again that is there.
 *
 * @returns how many
 */
export async function forgetOldIds(store: StoreBackend): Promise<number> {
  const version = await store.getReadVersion();
  if (version <= IDS_KEPT_VERSIONS) return 0;
  const { begin, end } = idempotencyRecordsBefore(version - IDS_KEPT_VERSIONS);
  const limits = { limit: IDS_AT_ONCE, bytesMax: 1_000_000, reverse: false };
  const { pairs } = await store.getRange(begin, end, version, limits);
  const last = pairs.at(-1);
  if (last === undefined) return 0;
  const mutations: Mutation[] = pairs.map(({ key }) => ({
    type: "clear",
    key: idempotencyKey(readIdempotencyIndexKey(key).id),
  }));
  mutations.push({ type: "clear_range", begin, end: keyAfter(last.key) });
  await store.commit({ readVersion: undefined, reads: [], writes: [], mutations, idempotencyId: EMPTY });
  return pairs.length;
}
