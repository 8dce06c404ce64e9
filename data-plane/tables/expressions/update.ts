/** Updates ready to be applied: plain data without placeholders, which may be cloned into another thread. */

import { type AttributeValue, TableValidation } from "../values/index.ts";
import type { Path } from "./bindings.ts";
import type { Mentions } from "./condition.ts";
import type { PathNode } from "./path-tree.ts";

/** What SET assigns, computed from the item as it was. */
export type SetValue =
  | { readonly kind: "value"; readonly value: AttributeValue }
  | { readonly kind: "path"; readonly path: Path }
  | { readonly kind: "if-not-exists"; readonly path: Path; readonly otherwise: SetValue }
  | { readonly kind: "list-append"; readonly first: SetValue; readonly second: SetValue }
  | { readonly kind: "add" | "subtract"; readonly left: SetValue; readonly right: SetValue };

/** One change. No two changes of an update touch the same place. */
export type UpdateAction =
  | { readonly kind: "set"; readonly path: Path; readonly value: SetValue }
  | { readonly kind: "remove"; readonly path: Path }
  | { readonly kind: "add" | "delete"; readonly path: Path; readonly value: AttributeValue };

/** Changes to one item. Made by `compileUpdate` and `lowerAttributeUpdates`; applied by `applyUpdate`. */
export interface Update extends Mentions {
  readonly actions: readonly UpdateAction[];
  /** The paths of the actions as a tree; a node's `path` is the number of the action. */
  readonly tree: readonly PathNode[];
  /** The paths of the actions. */
  readonly touched: readonly Path[];
  /** Whether there are actions, and all only remove: such an update does not bring an item into being. */
  readonly onlyTakesAway: boolean;
  /** Names of the top-level attributes that are changed, wholly or inside. */
  readonly updated: readonly string[];
  /** Which wording AWS has for values of the wrong type: that of UpdateExpression or that of AttributeUpdates. */
  readonly origin: "UpdateExpression" | "AttributeUpdates";
}

/** Puts an update together. @param tree of the actions' paths, in their order */
export function updateOf(
  actions: readonly UpdateAction[],
  tree: readonly PathNode[],
  { attributes, documents }: Mentions,
  origin: Update["origin"],
): Update {
  const touched = actions.map((action) => action.path);
  const updated = tree.map((node) => node.part as string);
  const onlyTakesAway =
    actions.length > 0 && actions.every((action) => action.kind === "remove" || action.kind === "delete");
  return { actions, tree, attributes, documents, touched, updated, onlyTakesAway, origin };
}

/**
 * Checks that an update leaves the key alone.
 *
 * @param keys names of the table's key attributes
 * @throws TableValidation
 */
export function assertKeysNotUpdated(update: Update, keys: readonly string[]): void {
  const key = keys.find((name) => update.updated.includes(name));
  if (key === undefined) return;
  throw new TableValidation(
    `One or more parameter values were invalid: Cannot update attribute ${key}. This attribute is part of the key`,
  );
}
