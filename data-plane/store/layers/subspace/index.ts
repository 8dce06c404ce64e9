/**
 * Subspaces: all keys that begin with one prefix, and tuples after it.
 */
import { compareKeys, type KeyRange } from "../../keys/index.ts";
import { pack, packWithVersionstamp, type Tuple, TupleError, tupleRange, unpack } from "../../tuple/index.ts";

/**
 * @example
 * const users = new Subspace().subspace(["users"]);
 * tx.set(users.pack([42]), name);
 * for await (const { key } of tx.getRange(users.range().begin, users.range().end)) users.unpack(key); // [42]
 */
export class Subspace {
  /** What all keys of the subspace begin with. */
  readonly prefix: Uint8Array;

  constructor(prefix: Uint8Array = new Uint8Array(0)) {
    this.prefix = new Uint8Array(prefix);
  }

  /** The subspace of the keys that begin with `tuple` in this one. */
  subspace(tuple: Tuple): Subspace {
    return new Subspace(this.pack(tuple));
  }

  /** @throws TupleError as `pack` of the tuple layer does */
  pack(tuple: Tuple): Uint8Array {
    return pack(tuple, this.prefix);
  }

  /** The operand of a versionstamped key. @throws TupleError as `packWithVersionstamp` of the tuple layer does */
  packWithVersionstamp(tuple: Tuple): Uint8Array {
    return packWithVersionstamp(tuple, this.prefix);
  }

  /** @throws TupleError for keys that are not of this subspace, or hold no tuple after the prefix */
  unpack(key: Uint8Array): Tuple {
    if (!this.contains(key)) throw new TupleError("The key is not of this subspace.");
    return unpack(key.subarray(this.prefix.length));
  }

  /** All tuples of this subspace that begin with `tuple` and go on. */
  range(tuple: Tuple = []): KeyRange {
    return tupleRange(tuple, this.prefix);
  }

  contains(key: Uint8Array): boolean {
    return startsWith(key, this.prefix);
  }
}

export function startsWith(key: Uint8Array, prefix: Uint8Array): boolean {
  return key.length >= prefix.length && compareKeys(key.subarray(0, prefix.length), prefix) === 0;
}
