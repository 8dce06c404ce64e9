/**
 * The nodes of the ordered map: a B+tree whose leaves are all equally deep. A node is changed in place by the owner it carries only; every
 * other owner copies it first, which is what makes snapshots cheap.
 */
import { SortedKeys } from "../keys/index.ts";

/** Most entries of a leaf and most children of a branch: some cache lines of references, and four levels for a million keys. */
export const WIDTH_MAX = 32;
/** A node narrower than this is joined with a neighbour where both fit into one. */
const WIDTH_MIN = WIDTH_MAX / 4;

/** Compared by identity. */
export type Owner = object;

/** Keys have an owner of their own: a value that is replaced, and a child that was copied, leave them as they are. */
interface Keys {
  keys: SortedKeys;
  keysOwner: Owner;
}

export interface Leaf<V> extends Keys {
  readonly leaf: true;
  readonly owner: Owner;
  readonly values: V[];
}

/** Child `i` holds the keys before `keys.at(i)`, and from the key before that on. A child need not have the key that it begins with. */
export interface Branch<V> extends Keys {
  readonly leaf: false;
  readonly owner: Owner;
  readonly children: Node<V>[];
}

export type Node<V> = Leaf<V> | Branch<V>;

/** What was at a key, or before it, when something was put there. */
export interface Floor<V> {
  entry: readonly [key: Uint8Array, value: V] | undefined;
  /** It is in another leaf, if there is one. */
  elsewhere: boolean;
}

export function leafOf<V>(owner: Owner, key: Uint8Array, value: V): Leaf<V> {
  return { leaf: true, owner, keys: new SortedKeys([key]), keysOwner: owner, values: [value] };
}

/** The node itself where `owner` owns it, otherwise a copy that it does. */
function owned<V>(node: Leaf<V>, owner: Owner): Leaf<V>;
function owned<V>(node: Branch<V>, owner: Owner): Branch<V>;
function owned<V>(node: Node<V>, owner: Owner): Node<V> {
  if (node.owner === owner) return node;
  const { keys, keysOwner } = node;
  if (node.leaf) return { leaf: true, owner, keys, keysOwner, values: node.values.slice() };
  return { leaf: false, owner, keys, keysOwner, children: node.children.slice() };
}

/** The keys of a node that is owned, to be changed. */
function ownKeys(node: Node<unknown>): SortedKeys {
  if (node.keysOwner !== node.owner) {
    node.keys = node.keys.copy();
    node.keysOwner = node.owner;
  }
  return node.keys;
}

/** A tree with the entry in it. */
export function insertAtRoot<V>(
  root: Node<V>,
  key: Uint8Array,
  value: V,
  owner: Owner,
  floor: Floor<V> | undefined,
): Node<V> {
  const left = insert(root, key, value, owner, floor);
  if (!isTooWide(left)) return left;
  const { separator, right } = split(left);
  return { leaf: false, owner, keys: new SortedKeys([separator]), keysOwner: owner, children: [left, right] };
}

/** The node with the entry in it; it may have become too wide. */
function insert<V>(node: Node<V>, key: Uint8Array, value: V, owner: Owner, floor: Floor<V> | undefined): Node<V> {
  if (node.leaf) {
    const leaf = owned(node, owner);
    const { keys, values } = leaf;
    const at = keys.countBefore(key);
    const there = keys.isAt(at, key);
    if (floor !== undefined) {
      if (there) floor.entry = [keys.at(at), values[at]!];
      else if (at > 0) floor.entry = [keys.at(at - 1), values[at - 1]!];
      else floor.elsewhere = true;
    }
    if (there) {
      values[at] = value;
    } else {
      ownKeys(leaf).insert(at, key);
      values.splice(at, 0, value);
    }
    return leaf;
  }
  const branch = owned(node, owner);
  const at = branch.keys.countAtMost(key);
  const child = insert(branch.children[at]!, key, value, owner, floor);
  branch.children[at] = child;
  if (isTooWide(child)) {
    const { separator, right } = split(child);
    ownKeys(branch).insert(at, separator);
    branch.children.splice(at + 1, 0, right);
  }
  return branch;
}

function widthOf(node: Node<unknown>): number {
  return node.leaf ? node.values.length : node.children.length;
}

function isTooWide(node: Node<unknown>): boolean {
  return widthOf(node) > WIDTH_MAX;
}

/** Takes the right half off a node that is owned. */
function split<V>(node: Node<V>): { readonly separator: Uint8Array; readonly right: Node<V> } {
  const { owner } = node;
  const half = widthOf(node) >>> 1;
  if (node.leaf) {
    const keys = ownKeys(node).cut(half);
    return {
      separator: keys.at(0),
      right: { leaf: true, owner, keys, keysOwner: owner, values: node.values.splice(half) },
    };
  }
  const keys = ownKeys(node).cut(half - 1);
  const separator = keys.at(0);
  keys.remove(0, 1);
  return { separator, right: { leaf: false, owner, keys, keysOwner: owner, children: node.children.splice(half) } };
}

/** The node without the keys of `[begin, end)`: the same node when it holds none of them, undefined when nothing is left. */
export function removeRange<V>(node: Node<V>, begin: Uint8Array, end: Uint8Array, owner: Owner): Node<V> | undefined {
  if (node.leaf) {
    const from = node.keys.countBefore(begin);
    const count = node.keys.countBefore(end) - from;
    if (count <= 0) return node;
    if (count === node.values.length) return undefined;
    const leaf = owned(node, owner);
    ownKeys(leaf).remove(from, count);
    leaf.values.splice(from, count);
    return leaf;
  }
  const from = node.keys.countAtMost(begin);
  const to = node.keys.countAtMost(end);
  // Widths tell of a change where a child was changed in place and is still the same object.
  const widthFrom = widthOf(node.children[from]!);
  const widthTo = widthOf(node.children[to]!);
  const first = removeRange(node.children[from]!, begin, end, owner);
  const last = from === to ? undefined : removeRange(node.children[to]!, begin, end, owner);
  const firstSame = first !== undefined && first === node.children[from] && widthOf(first) === widthFrom;
  const lastSame = from === to || (last !== undefined && last === node.children[to] && widthOf(last) === widthTo);
  if (firstSame && lastSame && to - from <= 1) return node;
  const left = [first, last].filter((child) => child !== undefined);
  if (left.length === 0 && to - from + 1 === node.children.length) return undefined;
  const branch = owned(node, owner);
  branch.children.splice(from, to - from + 1, ...left);
  // With both there the key between them stays; with none of them one more goes, that before them or else that after them.
  const separators = to - from + 1 - left.length;
  ownKeys(branch).remove(left.length === 0 && from > 0 ? from - 1 : from, separators);
  for (let at = from + 1; at >= from - 1; at--) joinIfNarrow(branch, at, owner);
  return branch;
}

export interface Swept<V> {
  /** Undefined when nothing is left. */
  readonly node: Node<V> | undefined;
  readonly changed: boolean;
  /** Where the leaf after the one that was swept begins; undefined after the last. */
  readonly next: Uint8Array | undefined;
}

/** The node without those values of one leaf, where `key` belongs, that are to be dropped. */
export function sweepLeaf<V>(node: Node<V>, key: Uint8Array, drop: (value: V) => boolean, owner: Owner): Swept<V> {
  if (node.leaf) {
    const keys: Uint8Array[] = [];
    const values: V[] = [];
    for (const [at, value] of node.values.entries()) {
      if (drop(value)) continue;
      keys.push(node.keys.at(at));
      values.push(value);
    }
    if (values.length === node.values.length) return { node, changed: false, next: undefined };
    const left: Leaf<V> = { leaf: true, owner, keys: new SortedKeys(keys), keysOwner: owner, values };
    return { node: values.length === 0 ? undefined : left, changed: true, next: undefined };
  }
  const at = node.keys.countAtMost(key);
  const child = sweepLeaf(node.children[at]!, key, drop, owner);
  const next = child.next ?? (at < node.keys.length ? node.keys.at(at) : undefined);
  if (!child.changed) return { node, changed: false, next };
  if (child.node === undefined && node.children.length === 1) return { node: undefined, changed: true, next };
  const branch = owned(node, owner);
  if (child.node === undefined) {
    branch.children.splice(at, 1);
    ownKeys(branch).remove(Math.max(0, at - 1), 1);
  } else {
    branch.children[at] = child.node;
    joinIfNarrow(branch, at, owner);
  }
  joinIfNarrow(branch, at - 1, owner);
  return { node: branch, changed: true, next };
}

/** Joins child `at` with the next one when one of them is narrow and both fit into one node. */
function joinIfNarrow<V>(branch: Branch<V>, at: number, owner: Owner): void {
  const left = branch.children[at];
  const right = branch.children[at + 1];
  if (left === undefined || right === undefined) return;
  const width = widthOf(left) + widthOf(right);
  if (Math.min(widthOf(left), widthOf(right)) >= WIDTH_MIN || width > WIDTH_MAX) return;
  branch.children[at] = joined(left, right, branch.keys.at(at), owner);
  ownKeys(branch).remove(at, 1);
  branch.children.splice(at + 1, 1);
}

function joined<V>(left: Node<V>, right: Node<V>, separator: Uint8Array, owner: Owner): Node<V> {
  if (left.leaf && right.leaf) {
    const leaf = owned(left, owner);
    ownKeys(leaf).append(right.keys);
    leaf.values.push(...right.values);
    return leaf;
  }
  if (left.leaf || right.leaf) throw new Error("Leaves of the ordered map are not equally deep.");
  const branch = owned(left, owner);
  const keys = ownKeys(branch);
  keys.insert(keys.length, separator);
  keys.append(right.keys);
  branch.children.push(...right.children);
  return branch;
}
