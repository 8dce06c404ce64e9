/**
 * A step function over the keys: which version wrote each key last. A B+ tree of boundaries in which every node knows the highest version below it,
 * so that a range of any width is answered along its two edges.
 *
 * Versions are numbers here (see `ConflictHistory`). What is assigned is never below what was assigned before.
 */
import { SortedKeys } from "../keys/index.ts";

/** Boundaries of a leaf, and children of a branch, before it is cut in two. */
const NODE_MAX = 64;
/** Neighbours that have no more than this together become one. */
const MERGE_MAX = NODE_MAX / 2;

interface Leaf {
  readonly leaf: true;
  /** Where steps begin. Never empty, but for a moment within a removal. */
  keys: SortedKeys;
  /** The version from the key of the same place up to the next boundary. */
  versions: number[];
  max: number;
}

interface Branch {
  readonly leaf: false;
  /** The first boundary of each child. */
  keys: SortedKeys;
  children: Node[];
  max: number;
}

type Node = Leaf | Branch;

/** Branches from the root down, and the place of the child taken in each. */
type Path = { readonly branch: Branch; readonly at: number }[];

export class Boundaries {
  private root: Node;
  private count = 1;
  /** Where the next slice of a sweep begins: at the leaf that holds this key. */
  private swept: Uint8Array = new Uint8Array(0);

  /** @param version what every key was written at. The first boundary is the empty key, so that every key has a step. */
  constructor(version: number) {
    this.root = { leaf: true, keys: new SortedKeys([this.swept]), versions: [version], max: version };
  }

  get size(): number {
    return this.count;
  }

  /** Whether a key of `[begin, end)` has a version above `version`. The range holds at least one key. */
  anyAbove(begin: Uint8Array, end: Uint8Array, version: number): boolean {
    return anyAbove(this.root, begin, end, version);
  }

  /** Gives all keys of `[begin, end)` this version, which is at least as high as any so far. The range holds at least one key. */
  assign(begin: Uint8Array, end: Uint8Array, version: number): void {
    if (renew(this.root, begin, end, version)) return;
    const after = versionAt(this.root, end);
    this.count -= removeBetween(this.root, begin, end);
    while (!this.root.leaf && this.root.children.length === 1) this.root = this.root.children[0]!;
    this.put(begin, version, true);
    this.put(end, after, false);
  }

  /**
   * Merges neighbours that are both below `horizon`, as nobody asks about them apart any more. Looks at about `budget` boundaries, going on where
   * the last call stopped, round and round.
   */
  sweep(horizon: number, budget: number): void {
    for (let looked = 0; looked < budget; ) {
      looked += this.sweepLeaf(horizon);
      if (this.swept.length === 0) return;
    }
  }

  /** One leaf; says how many boundaries it had. */
  private sweepLeaf(horizon: number): number {
    const path: Path = [];
    let node = this.root;
    while (!node.leaf) {
      const at = lastAtMost(node.keys, this.swept);
      path.push({ branch: node, at });
      node = node.children[at]!;
    }
    const looked = node.keys.length;
    const keys: Uint8Array[] = [];
    const versions: number[] = [];
    let before = versionBefore(path) ?? horizon;
    for (let i = 0; i < looked; i++) {
      const version = node.versions[i]!;
      if (version < horizon && before < horizon) continue;
      before = version;
      keys.push(node.keys.at(i));
      versions.push(version);
    }
    this.swept = firstAfter(path) ?? new Uint8Array(0);
    const kept = keys.length;
    if (kept === looked) return looked;
    node.keys = new SortedKeys(keys);
    node.versions = versions;
    this.count -= looked - kept;
    node.max = highest(node.versions);
    for (let depth = path.length - 1; depth >= 0; depth--) {
      const { branch, at } = path[depth]!;
      tidy(branch, at, at);
    }
    while (!this.root.leaf && this.root.children.length === 1) this.root = this.root.children[0]!;
    return looked;
  }

  /** A boundary at `key`; one that is there already keeps its version unless told otherwise. */
  private put(key: Uint8Array, version: number, overwrite: boolean): void {
    const { added, right } = insert(this.root, key, version, overwrite);
    if (added) this.count++;
    if (right === undefined) return;
    const left = this.root;
    this.root = {
      leaf: false,
      keys: new SortedKeys([left.keys.at(0), right.keys.at(0)]),
      children: [left, right],
      max: Math.max(left.max, right.max),
    };
  }
}

function anyAbove(node: Node, begin: Uint8Array, end: Uint8Array, version: number): boolean {
  if (node.max <= version) return false;
  const { keys } = node;
  const from = lastAtMost(keys, begin);
  const stop = keys.countBefore(end);
  for (let i = from; i < stop; i++) {
    if (node.leaf) {
      if (node.versions[i]! > version) return true;
      continue;
    }
    const child = node.children[i]!;
    if (child.max <= version) continue;
    // All of the child is within the range.
    if (i + 1 < stop && (i > from || keys.isAt(i, begin))) return true;
    if (anyAbove(child, begin, end, version)) return true;
  }
  return false;
}

function versionAt(root: Node, key: Uint8Array): number {
  let node = root;
  while (!node.leaf) node = node.children[lastAtMost(node.keys, key)]!;
  return node.versions[lastAtMost(node.keys, key)]!;
}

/** Where a step is exactly this range, as when a key is written again: gives it the version. @returns whether it is */
function renew(node: Node, begin: Uint8Array, end: Uint8Array, version: number): boolean {
  const { keys } = node;
  const at = lastAtMost(keys, begin);
  if (!node.leaf) {
    if (!renew(node.children[at]!, begin, end, version)) return false;
  } else {
    // The step after the last one of a leaf is in another leaf: that is left to the long way.
    if (!keys.isAt(at, begin) || !keys.isAt(at + 1, end)) return false;
    node.versions[at] = version;
  }
  node.max = Math.max(node.max, version);
  return true;
}

/** Removes the boundaries after `begin` and before `end`; says how many. The node may be empty afterwards. */
function removeBetween(node: Node, begin: Uint8Array, end: Uint8Array): number {
  const { keys } = node;
  if (node.leaf) {
    const from = keys.countAtMost(begin);
    const count = keys.countBefore(end) - from;
    if (count <= 0) return 0;
    keys.remove(from, count);
    node.versions.splice(from, count);
    node.max = highest(node.versions);
    return count;
  }
  const first = lastAtMost(keys, begin);
  const last = Math.max(first, keys.countBefore(end) - 1);
  let removed = 0;
  for (let i = first; i <= last; i++) removed += removeBetween(node.children[i]!, begin, end);
  if (removed > 0) tidy(node, first, last);
  return removed;
}

/** Makes a branch right again after boundaries were removed below its children from `first` to `last`. */
function tidy(branch: Branch, first: number, last: number): void {
  const { keys, children } = branch;
  for (let i = last; i >= first; i--) {
    const child = children[i]!;
    if (child.keys.length === 0) {
      keys.remove(i, 1);
      children.splice(i, 1);
      continue;
    }
    keys.replace(i, child.keys.at(0));
    if (i + 1 < children.length && merge(child, children[i + 1]!)) {
      keys.remove(i + 1, 1);
      children.splice(i + 1, 1);
    }
  }
  if (first > 0 && first < children.length && merge(children[first - 1]!, children[first]!)) {
    keys.remove(first, 1);
    children.splice(first, 1);
  }
  branch.max = highest(children.map((child) => child.max));
}

/** Adds the right one to the left one when both are small. */
function merge(left: Node, right: Node): boolean {
  if (left.keys.length + right.keys.length > MERGE_MAX) return false;
  left.keys.append(right.keys);
  if (left.leaf && right.leaf) for (const version of right.versions) left.versions.push(version);
  else if (!left.leaf && !right.leaf) for (const child of right.children) left.children.push(child);
  left.max = Math.max(left.max, right.max);
  return true;
}

interface Inserted {
  readonly added: boolean;
  /** The right half of a node that became too large. */
  readonly right: Node | undefined;
}

const ADDED: Inserted = { added: true, right: undefined };
const THERE: Inserted = { added: false, right: undefined };

function insert(node: Node, key: Uint8Array, version: number, overwrite: boolean): Inserted {
  const at = lastAtMost(node.keys, key);
  if (node.leaf) {
    if (node.keys.isAt(at, key)) {
      if (!overwrite) return THERE;
      node.versions[at] = version;
      // No maximum falls by it: what is assigned is at least as high as all there is.
      node.max = Math.max(node.max, version);
      return THERE;
    }
    // A copy: the caller's memory may change.
    node.keys.insert(at + 1, new Uint8Array(key));
    node.versions.splice(at + 1, 0, version);
    node.max = Math.max(node.max, version);
    return node.keys.length <= NODE_MAX ? ADDED : { added: true, right: cut(node) };
  }
  const { added, right } = insert(node.children[at]!, key, version, overwrite);
  node.max = Math.max(node.max, node.children[at]!.max);
  if (right === undefined) return added ? ADDED : THERE;
  node.keys.insert(at + 1, right.keys.at(0));
  node.children.splice(at + 1, 0, right);
  node.max = Math.max(node.max, right.max);
  return node.keys.length <= NODE_MAX ? ADDED : { added, right: cut(node) };
}

/** Takes the right half off. */
function cut(node: Node): Node {
  const keys = node.keys.cut(NODE_MAX / 2);
  if (node.leaf) {
    const versions = node.versions.splice(NODE_MAX / 2);
    node.max = highest(node.versions);
    return { leaf: true, keys, versions, max: highest(versions) };
  }
  const children = node.children.splice(NODE_MAX / 2);
  node.max = highest(node.children.map((child) => child.max));
  return { leaf: false, keys, children, max: highest(children.map((child) => child.max)) };
}

/** The version of the last boundary before the leaf that the path leads to. */
function versionBefore(path: Path): number | undefined {
  for (let depth = path.length - 1; depth >= 0; depth--) {
    const { branch, at } = path[depth]!;
    if (at === 0) continue;
    let node = branch.children[at - 1]!;
    while (!node.leaf) node = node.children[node.children.length - 1]!;
    return node.versions[node.versions.length - 1];
  }
  return undefined;
}

/** The first boundary after the leaf that the path leads to. */
function firstAfter(path: Path): Uint8Array | undefined {
  for (let depth = path.length - 1; depth >= 0; depth--) {
    const { branch, at } = path[depth]!;
    if (at + 1 < branch.keys.length) return branch.keys.at(at + 1);
  }
  return undefined;
}

/** The place of the last of `keys` that is at most `key`; the first, when none is. */
function lastAtMost(keys: SortedKeys, key: Uint8Array): number {
  return Math.max(0, keys.countAtMost(key) - 1);
}

function highest(versions: readonly number[]): number {
  let max = Number.NEGATIVE_INFINITY;
  for (const version of versions) if (version > max) max = version;
  return max;
}
