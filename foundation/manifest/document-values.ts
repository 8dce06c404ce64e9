/** What a document says, without how it says it: plain values, and the place of each. Pure. */
import type { DocumentNode, TomlDocument } from "./document.ts";
import { child, type Place } from "./problem.ts";

export interface DocumentValues {
  /** Tables are objects without prototype, so that a key named `__proto__` is a key. */
  readonly value: unknown;
  /** Places of values by path. */
  readonly values: ReadonlyMap<string, Place>;
  /** Places of keys by path. */
  readonly keys: ReadonlyMap<string, Place>;
}

export function documentValues({ root }: TomlDocument): DocumentValues {
  const values = new Map<string, Place>();
  const keys = new Map<string, Place>();
  const walk = (node: DocumentNode, path: string): unknown => {
    values.set(path, node.at);
    if (node.kind === "scalar") return node.value;
    if (node.kind === "list") return node.items.map((item, index) => walk(item, child(path, index)));
    const table: Record<string, unknown> = Object.create(null);
    for (const [key, entry] of node.entries) {
      const inner = child(path, key);
      keys.set(inner, entry.keyAt);
      table[key] = walk(entry.node, inner);
    }
    return table;
  };
  return { value: walk(root, ""), values, keys };
}
