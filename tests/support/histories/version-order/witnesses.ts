/**
 * How to know afterwards whether and where a transaction was applied, also when its commit was not answered: it writes a key that the store completes with
 * the place of the commit. Applied twice, it leaves two keys.
 */
import type { CommitPlace } from "#data-plane/store/backend";
import type { Mutation } from "#data-plane/store/transactions";

const STAMP_BYTES = 10;
const OFFSET_BYTES = 4;

/** The mutation that leaves a witness of `name` below `prefix`. Its value is empty. */
export function witnessMutation(prefix: Uint8Array, name: string): Mutation {
  const head = Buffer.concat([prefix, Buffer.from(name)]);
  const key = Buffer.concat([head, Buffer.alloc(STAMP_BYTES + OFFSET_BYTES)]);
  key.writeUInt32LE(head.length, head.length + STAMP_BYTES);
  return { type: "set_versionstamped_key", key: new Uint8Array(key), value: new Uint8Array(0) };
}

/** @param pairs all that is below `prefix` */
export function readWitnesses(
  prefix: Uint8Array,
  pairs: readonly { readonly key: Uint8Array }[],
): ReadonlyMap<string, readonly CommitPlace[]> {
  const places = new Map<string, CommitPlace[]>();
  for (const { key } of pairs) {
    const bytes = Buffer.from(key);
    const name = bytes.toString("utf8", prefix.length, bytes.length - STAMP_BYTES);
    const stamp = bytes.subarray(bytes.length - STAMP_BYTES);
    const place = { version: stamp.readBigUInt64BE(), index: stamp.readUInt16BE(8) };
    places.set(name, [...(places.get(name) ?? []), place]);
  }
  return places;
}
