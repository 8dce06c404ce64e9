/**
 * How directories are kept (FoundationDB's layout, version 1.0.0): a node per directory, by the prefix of its contents, in a subspace of nodes.
 *
 * ```
 * nodes / prefix / 0 / name  → prefix of that subdirectory
 * nodes / prefix / "layer"   → its layer
 * ```
 * The node of the root has the subspace of nodes itself for a prefix, and "version" and "hca" beside.
 */
import type { ReadTransaction, StoreTransaction } from "../../client/index.ts";
import { keyAfter, prefixRange, strinc } from "../../keys/index.ts";
import { type Subspace, startsWith } from "../subspace/index.ts";

const SUBDIRECTORIES = 0;

export const bytes = (text: string) => new TextEncoder().encode(text);
const LAYER = bytes("layer");

export class Nodes {
  readonly root: Subspace;

  constructor(private readonly all: Subspace) {
    this.root = this.withPrefix(all.prefix);
  }

  withPrefix(prefix: Uint8Array): Subspace {
    return this.all.subspace([prefix]);
  }

  prefixOf(node: Subspace): Uint8Array {
    return this.all.unpack(node.prefix)[0] as Uint8Array;
  }

  async child(tx: ReadTransaction, node: Subspace, name: string): Promise<Subspace | undefined> {
    const prefix = await tx.get(childKey(node, name));
    return prefix === undefined ? undefined : this.withPrefix(prefix);
  }

  async children(tx: ReadTransaction, node: Subspace): Promise<{ readonly name: string; readonly node: Subspace }[]> {
    const list = node.subspace([SUBDIRECTORIES]);
    const { begin, end } = list.range();
    const pairs = await tx.getRangeAll(begin, end);
    return pairs.map(({ key, value }) => ({ name: list.unpack(key)[0] as string, node: this.withPrefix(value) }));
  }

  async layer(tx: ReadTransaction, node: Subspace): Promise<Uint8Array> {
    return (await tx.get(node.pack([LAYER]))) ?? new Uint8Array(0);
  }

  link(tx: StoreTransaction, parent: Subspace, name: string, prefix: Uint8Array): void {
    tx.set(childKey(parent, name), prefix);
  }

  unlink(tx: StoreTransaction, parent: Subspace, name: string): void {
    tx.clear(childKey(parent, name));
  }

  setLayer(tx: StoreTransaction, node: Subspace, layer: Uint8Array): void {
    tx.set(node.pack([LAYER]), layer);
  }

  /** Clears the node, its contents, and all below it. */
  async remove(tx: StoreTransaction, node: Subspace): Promise<void> {
    for (const child of await this.children(tx, node)) await this.remove(tx, child.node);
    const contents = prefixRange(this.prefixOf(node));
    tx.clearRange(contents.begin, contents.end);
    const own = node.range();
    tx.clearRange(own.begin, own.end);
  }

  /** Whether a prefix is neither within that of a node nor the other way around. @throws RangeError for a prefix of 0xFF alone */
  async isFree(tx: ReadTransaction, prefix: Uint8Array): Promise<boolean> {
    if (prefix.length === 0 || (await this.containsKey(tx, prefix))) return false;
    const within = await tx.getRangeAll(this.all.pack([prefix]), this.all.pack([strinc(prefix)]), { limit: 1 });
    return within.length === 0;
  }

  /** Whether the key is within the contents of a node, or is of the nodes themselves. */
  private async containsKey(tx: ReadTransaction, key: Uint8Array): Promise<boolean> {
    if (startsWith(key, this.all.prefix)) return true;
    const end = keyAfter(this.all.pack([key]));
    const [before] = await tx.getRangeAll(this.all.range().begin, end, { limit: 1, reverse: true });
    return before !== undefined && startsWith(key, this.all.unpack(before.key)[0] as Uint8Array);
  }
}

function childKey(node: Subspace, name: string): Uint8Array {
  return node.pack([SUBDIRECTORIES, name]);
}
