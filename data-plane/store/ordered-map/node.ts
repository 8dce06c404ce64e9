/**
 * The nodes of the ordered map: a B+tree whose leaves are all equally deep. A node is changed in place by the owner it carries only; every
 * other owner copies it first, which is what makes snapshots cheap.
 */
import { compareKeys } from "../keys/index.ts";

/** Most entries of a leaf and most children of a branch: some cache lines of references, and four levels for a million keys. */
export const WIDTH_MAX = 32;
/** A node narrower than this is joined with a neighbour where both fit into one. */
const WIDTH_MIN = WIDTH_MAX / 4;

/** Compared by identity. */
export type Owner = object;

export interface Leaf<V> {
  readonly leaf: true;
  readonly owner: Owner;
  readonly keys: Uint8Array[];
  readonly values: V[];
}

export interface Branch<V> {
  readonly leaf: false;
  readonly owner: Owner;
  /** Child `i` holds the keys from `keys[i]` on and before `keys[i + 1]`; `keys[0]` is never looked at: the first child has no bound below. */
  readonly keys: Uint8Array[];
  readonly children: Node<V>[];
}

export type Node<V> = Leaf<V> | Branch<V>;

/** How many of the sorted keys are before `key`. */
export function countBefore(keys: readonly Uint8Array[], key: Uint8Array): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareKeys(keys[middle]!, key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The place of the child that `key` belongs to. */
export function childOf(branch: Branch<unknown>, key: Uint8Array): number {
  let low = 0;
  let high = branch.keys.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (compareKeys(branch.keys[middle]!, key) <= 0) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The node itself where `owner` owns it, otherwise a copy that it does. */
export function owned<V>(node: Leaf<V>, owner: Owner): Leaf<V>;
export function owned<V>(node: Branch<V>, owner: Owner): Branch<V>;
export function owned<V>(node: Node<V>, owner: Owner): Node<V> {
  if (node.owner === owner) return node;
  if (node.leaf) return { leaf: true, owner, keys: [...node.keys], values: [...node.values] };
  return { leaf: false, owner, keys: [...node.keys], children: [...node.children] };
}

/** The node with the entry in it, and what was split off to its right, if it became too wide. */
export function insert<V>(node: Node<V>, key: Uint8Array, value: V, owner: Owner): [Node<V>, Node<V>?] {
  if (node.leaf) {
    const leaf = owned(node, owner);
    const at = countBefore(leaf.keys, key);
    if (at < leaf.keys.length && compareKeys(leaf.keys[at]!, key) === 0) {
      leaf.values[at] = value;
    } else {
      leaf.keys.splice(at, 0, key);
      leaf.values.splice(at, 0, value);
    }
    return splitIfWide(leaf);
  }
  const branch = owned(node, owner);
  const at = childOf(branch, key);
  const [child, right] = insert(branch.children[at]!, key, value, owner);
  branch.children[at] = child;
  if (right !== undefined) {
    branch.keys.splice(at + 1, 0, right.keys[0]!);
    branch.children.splice(at + 1, 0, right);
  }
  return splitIfWide(branch);
}

function splitIfWide<V>(node: Node<V>): [Node<V>, Node<V>?] {
  if (node.keys.length <= WIDTH_MAX) return [node];
  const half = node.keys.length >>> 1;
  const { owner } = node;
  const keys = node.keys.splice(half);
  if (node.leaf) return [node, { leaf: true, owner, keys, values: node.values.splice(half) }];
  return [node, { leaf: false, owner, keys, children: node.children.splice(half) }];
}

/** The node without the keys of `[begin, end)`: the same node when it holds none of them, undefined when nothing is left. */
export function removeRange<V>(node: Node<V>, begin: Uint8Array, end: Uint8Array, owner: Owner): Node<V> | undefined {
  if (node.leaf) {
    const from = countBefore(node.keys, begin);
    const count = countBefore(node.keys, end) - from;
    if (count <= 0) return node;
    if (count === node.keys.length) return undefined;
    const leaf = owned(node, owner);
    leaf.keys.splice(from, count);
    leaf.values.splice(from, count);
    return leaf;
  }
  const from = childOf(node, begin);
  const to = childOf(node, end);
  // Widths tell of a change where a child was changed in place and is still the same object.
  const widthFrom = node.children[from]!.keys.length;
  const widthTo = node.children[to]!.keys.length;
  const first = removeRange(node.children[from]!, begin, end, owner);
  const last = from === to ? undefined : removeRange(node.children[to]!, begin, end, owner);
  const firstSame = first === node.children[from] && first?.keys.length === widthFrom;
  const lastSame = from === to || (last === node.children[to] && last?.keys.length === widthTo);
  if (firstSame && lastSame && to - from <= 1) return node;
  const branch = owned(node, owner);
  const keys: Uint8Array[] = [];
  const children: Node<V>[] = [];
  if (first !== undefined) {
    keys.push(branch.keys[from]!);
    children.push(first);
  }
  if (last !== undefined) {
    keys.push(branch.keys[to]!);
    children.push(last);
  }
  branch.keys.splice(from, to - from + 1, ...keys);
  branch.children.splice(from, to - from + 1, ...children);
  for (let at = from + 1; at >= from - 1; at--) joinIfNarrow(branch, at, owner);
  return branch.children.length === 0 ? undefined : branch;
}

/** Joins child `at` with the next one when one of them is narrow and both fit into one node. */
function joinIfNarrow<V>(branch: Branch<V>, at: number, owner: Owner): void {
  const left = branch.children[at];
  const right = branch.children[at + 1];
  if (left === undefined || right === undefined) return;
  const width = left.keys.length + right.keys.length;
  if (Math.min(left.keys.length, right.keys.length) >= WIDTH_MIN || width > WIDTH_MAX) return;
  branch.children[at] = joined(left, right, branch.keys[at + 1]!, owner);
  branch.keys.splice(at + 1, 1);
  branch.children.splice(at + 1, 1);
}

function joined<V>(left: Node<V>, right: Node<V>, rightFrom: Uint8Array, owner: Owner): Node<V> {
  if (left.leaf && right.leaf) {
    const leaf = owned(left, owner);
    leaf.keys.push(...right.keys);
    leaf.values.push(...right.values);
    return leaf;
  }
  if (left.leaf || right.leaf) throw new Error("Leaves of the ordered map are not equally deep.");
  const branch = owned(left, owner);
  // The first key of a branch means nothing; what bounds its first child is what the parent knows.
  branch.keys.push(rightFrom, ...right.keys.slice(1));
  branch.children.push(...right.children);
  return branch;
}
