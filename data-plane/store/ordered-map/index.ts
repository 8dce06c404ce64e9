/**
 * A map in the order of its keys, with snapshots that cost nothing until one side writes: then each write copies the few nodes on its path.
 *
 * @example
 * const map = new OrderedMap<string>();
 * map.set(Uint8Array.of(1), "one");
 * const before = map.snapshot();
 * map.clearRange(Uint8Array.of(0), Uint8Array.of(9));
 * before.get(Uint8Array.of(1)); // "one"
 */
import { compareKeys, type KeyRange, keyAfter } from "../keys/index.ts";
import { type Floor, insertAtRoot, type Leaf, leafOf, type Node, type Owner, removeRange, sweepLeaf } from "./node.ts";

export type Entry<V> = readonly [key: Uint8Array, value: V];

/** Where an iteration stands between its bounds; either may be left out. */
export type Bounds = Partial<KeyRange>;

/** The map keeps the very keys it is given: who changes the bytes of one later breaks its order. */
export class OrderedMap<V> {
  private root: Node<V> | undefined;
  private owner: Owner = {};

  get isEmpty(): boolean {
    return this.root === undefined;
  }

  get(key: Uint8Array): V | undefined {
    let node = this.root;
    if (node === undefined) return undefined;
    while (!node.leaf) node = node.children[node.keys.countAtMost(key)]!;
    const at = node.keys.countBefore(key);
    return node.keys.isAt(at, key) ? node.values[at] : undefined;
  }

  /** The last entry whose key is not after `key`. */
  floor(key: Uint8Array): Entry<V> | undefined {
    return this.root === undefined ? undefined : floorOf(this.root, key);
  }

  set(key: Uint8Array, value: V): void {
    const { root, owner } = this;
    this.root = root === undefined ? leafOf(owner, key, value) : insertAtRoot(root, key, value, owner, undefined);
  }

  /** As `set`, and says what `floor` of the key was before. */
  replace(key: Uint8Array, value: V): Entry<V> | undefined {
    const { root, owner } = this;
    if (root === undefined) {
      this.root = leafOf(owner, key, value);
      return undefined;
    }
    const floor: Floor<V> = { entry: undefined, elsewhere: false };
    this.root = insertAtRoot(root, key, value, owner, floor);
    return floor.elsewhere ? lastBefore(this.root, key) : floor.entry;
  }

  /** The entry at `key`, or else the first after it. */
  firstFrom(key: Uint8Array): Entry<V> | undefined {
    return this.root === undefined ? undefined : firstFrom(this.root, key);
  }

  /** The last entry before `key`. */
  lastBefore(key: Uint8Array): Entry<V> | undefined {
    return this.root === undefined ? undefined : lastBefore(this.root, key);
  }

  /** Removes the key, if it is there. */
  delete(key: Uint8Array): void {
    this.clearRange(key, keyAfter(key));
  }

  /** Removes the keys from `begin` on and before `end`; none when `end` is not after `begin`. */
  clearRange(begin: Uint8Array, end: Uint8Array): void {
    if (this.root === undefined || compareKeys(begin, end) >= 0) return;
    this.root = withoutIdleBranches(removeRange(this.root, begin, end, this.owner));
  }

  /**
   * Removes those of a few neighbours, from `from` on, whose values are to be dropped: with one call after the other, all of the map.
   *
   * @returns where to go on; undefined after the last
   */
  sweep(from: Uint8Array, drop: (value: V) => boolean): Uint8Array | undefined {
    if (this.root === undefined) return undefined;
    const { node, next } = sweepLeaf(this.root, from, drop, this.owner);
    this.root = withoutIdleBranches(node);
    return next;
  }

  /** A map of the same entries; neither sees what is written to the other afterwards. */
  snapshot(): OrderedMap<V> {
    const copy = new OrderedMap<V>();
    copy.root = this.root;
    // No node belongs to either any more.
    this.owner = {};
    return copy;
  }

  /** The entries within the bounds as they are now, in order: what is written while they are walked is not seen. */
  entries(bounds: Bounds = {}): IterableIterator<Entry<V>> {
    this.owner = {};
    return this.root === undefined ? [].values() : walk(this.root, bounds);
  }

  /** As `entries`, from the last to the first. */
  reversed(bounds: Bounds = {}): IterableIterator<Entry<V>> {
    this.owner = {};
    return this.root === undefined ? [].values() : walkBack(this.root, bounds);
  }
}

/** A root that has a choice of children, or is a leaf. */
function withoutIdleBranches<V>(root: Node<V> | undefined): Node<V> | undefined {
  let node = root;
  while (node !== undefined && !node.leaf && node.children.length === 1) node = node.children[0]!;
  return node;
}

function floorOf<V>(root: Node<V>, key: Uint8Array): Entry<V> | undefined {
  let node = root;
  while (!node.leaf) node = node.children[node.keys.countAtMost(key)]!;
  const found = node.keys.countAtMost(key) - 1;
  if (found >= 0) return entryOf(node, found);
  // The first keys of a leaf may have been removed: the entry is then in one before it.
  return lastBefore(root, key);
}

function lastBefore<V>(node: Node<V>, key: Uint8Array): Entry<V> | undefined {
  if (node.leaf) {
    const at = node.keys.countBefore(key) - 1;
    return at < 0 ? undefined : entryOf(node, at);
  }
  for (let i = node.keys.countAtMost(key); i >= 0; i--) {
    const found = lastBefore(node.children[i]!, key);
    if (found !== undefined) return found;
  }
  return undefined;
}

function firstFrom<V>(node: Node<V>, key: Uint8Array): Entry<V> | undefined {
  if (node.leaf) {
    const at = node.keys.countBefore(key);
    return at < node.keys.length ? entryOf(node, at) : undefined;
  }
  // The child where the key belongs may end before it: then it is the first of the next.
  for (let i = node.keys.countAtMost(key); i < node.children.length; i++) {
    const found = firstFrom(node.children[i]!, key);
    if (found !== undefined) return found;
  }
  return undefined;
}

function* walk<V>(node: Node<V>, { begin, end }: Bounds): Generator<Entry<V>, void> {
  const { keys } = node;
  if (node.leaf) {
    const stop = end === undefined ? keys.length : keys.countBefore(end);
    for (let i = begin === undefined ? 0 : keys.countBefore(begin); i < stop; i++) yield entryOf(node, i);
    return;
  }
  const last = end === undefined ? node.children.length - 1 : keys.countAtMost(end);
  for (let i = begin === undefined ? 0 : keys.countAtMost(begin); i <= last; i++) {
    yield* walk(node.children[i]!, { begin, end });
  }
}

function* walkBack<V>(node: Node<V>, { begin, end }: Bounds): Generator<Entry<V>, void> {
  const { keys } = node;
  if (node.leaf) {
    const stop = begin === undefined ? 0 : keys.countBefore(begin);
    for (let i = (end === undefined ? keys.length : keys.countBefore(end)) - 1; i >= stop; i--) yield entryOf(node, i);
    return;
  }
  const last = begin === undefined ? 0 : keys.countAtMost(begin);
  for (let i = end === undefined ? node.children.length - 1 : keys.countAtMost(end); i >= last; i--) {
    yield* walkBack(node.children[i]!, { begin, end });
  }
}

function entryOf<V>(leaf: Leaf<V>, at: number): Entry<V> {
  return [leaf.keys.at(at), leaf.values[at]!];
}
