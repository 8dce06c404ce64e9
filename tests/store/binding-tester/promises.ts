/**
 * What must hold of any outcome of a program, whatever its versions and its random numbers were.
 */
import type { KeyValue } from "#data-plane/store/backend";
import { compareKeys } from "#data-plane/store/keys";
import { Subspace } from "#data-plane/store/layers";

const OUTPUT = new Subspace().subspace(["tester_output"]);
const SCRATCH = OUTPUT.subspace(["scratch"]);
const STAMP_BYTES = 10;
/** What stands where a stamp is to come. */
const UNSET = "\xff".repeat(STAMP_BYTES);
const EMPTY_BYTES = Uint8Array.of(0x01, 0x00);

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

/**
 * The prefixes that directories were given: each is written down as a key of the directory for a tuple of empty bytes.
 */
export function allocatedPrefixes(contents: readonly KeyValue[]): Uint8Array[] {
  const log = OUTPUT.subspace(["prefix_log", 0]);
  const logged = contents.filter(({ key }) => log.contains(key)).map(({ key }) => log.unpack(key)[0] as Uint8Array);
  // A directory that could not be made is logged as well, as the words for it.
  return logged
    .filter((key) => compareKeys(key.subarray(-EMPTY_BYTES.length), EMPTY_BYTES) === 0)
    .map((key) => key.subarray(0, -EMPTY_BYTES.length));
}

/** Pairs of prefixes that are equal, or of which one is within the other. */
export function collisions(prefixes: readonly Uint8Array[]): string[] {
  const sorted = [...prefixes].sort(compareKeys).map(hex);
  return sorted.filter((prefix, i) => i > 0 && prefix.startsWith(sorted[i - 1]!));
}

/**
 * Every versionstamp is the same in the three places where a program has written it: at the head of a value, within a key, within another value.
 * @returns what is wrong, and how many were looked at
 */
export function checkVersionstamps(contents: readonly KeyValue[]): {
  readonly wrong: string[];
  readonly checked: number;
} {
  const values = SCRATCH.subspace(["versionstamped_values"]);
  const others = SCRATCH.subspace(["versionstamped_values_2"]);
  const keys = SCRATCH.subspace(["versionstamped_keys"]);
  const byKey = new Map(contents.map(({ key, value }) => [hex(key), value]));
  const wrong: string[] = [];
  let checked = 0;
  for (const { key, value } of contents) {
    if (!values.contains(key)) continue;
    const id = values.unpack(key)[0] as Uint8Array;
    const stamp = hex(value.subarray(0, STAMP_BYTES));
    // Latin-1: a character a byte, so that nothing is found between two of them.
    const unstamped = Buffer.from(value.subarray(STAMP_BYTES)).toString("latin1");
    const stamped = hex(
      Buffer.from(
        unstamped.replace(UNSET, () => Buffer.from(stamp, "hex").toString("latin1")),
        "latin1",
      ),
    );
    const found = byKey.get(hex(keys.prefix) + stamped);
    if (found === undefined || compareKeys(found, id) !== 0) wrong.push(`the key of ${hex(id)}`);
    if (hex(byKey.get(hex(others.pack([id]))) ?? new Uint8Array(0)) !== stamped) wrong.push(`the value of ${hex(id)}`);
    checked++;
  }
  return { wrong, checked };
}
