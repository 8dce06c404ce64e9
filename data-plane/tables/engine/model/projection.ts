/** What an index shows of an item. */
import { attributeOf, type Item, type MutableItem, setAttribute, textSize, valueSize } from "#data-plane/tables/values";
import type { IndexDefinition, KeyDefinition } from "../port.ts";

/** The projection of one index. */
export interface Projector {
  /** Everything is shown: items can be passed on as they are. */
  readonly all: boolean;
  project(item: Item): Item;
  /** Bytes of what is shown. @param whole the size of the whole item */
  sizeOf(item: Item, whole: number): number;
  shows(attribute: string): boolean;
}

export const SHOWS_ALL: Projector = {
  all: true,
  project: (item) => item,
  sizeOf: (_, whole) => whole,
  shows: () => true,
};

/** @param tableKeys shown by every index of the table */
export function createProjector(tableKeys: KeyDefinition, { keys, projection }: IndexDefinition): Projector {
  if (projection.type === "ALL") return SHOWS_ALL;
  const named = [...tableKeys.hash, ...tableKeys.range, ...keys.hash, ...keys.range].map(({ name }) => name);
  const shown = new Set(projection.type === "INCLUDE" ? [...named, ...projection.attributes] : named);
  return {
    all: false,
    project(item) {
      const result: MutableItem = {};
      for (const name in item) if (shown.has(name)) setAttribute(result, name, item[name]!);
      return result;
    },
    sizeOf(item) {
      let size = 0;
      for (const name of shown) {
        const value = attributeOf(item, name);
        if (value !== undefined) size += textSize(name) + valueSize(value);
      }
      return size;
    },
    shows: (attribute) => shown.has(attribute),
  };
}
