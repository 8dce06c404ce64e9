/** Applying updates to items. Every right side is computed from the item as it was; nothing of the old item is written to. */

import {
  type AttributeValue,
  addNumbers,
  attributeOf,
  copyItem,
  type Item,
  type MutableItem,
  nestingMax,
  setAttribute,
  subtractNumbers,
  TableValidation,
} from "../values/index.ts";
import type { Path } from "./bindings.ts";
import { valueAt } from "./evaluate.ts";
import type { PathNode } from "./path-tree.ts";
import { projectTopLevel, projectTree } from "./projection.ts";
import type { SetValue, Update, UpdateAction } from "./update.ts";

const NO_SUCH_PATH = "The document path provided in the update expression is invalid for update";
const NO_SUCH_ATTRIBUTE = "The provided expression refers to an attribute that does not exist in the item";
const TOO_DEEP = "Nesting Levels have exceeded supported limits";
const WRONG_TYPE = {
  UpdateExpression: "An operand in the update expression has an incorrect data type",
  AttributeUpdates: "Type mismatch for attribute to update",
} as const;

/** What an update makes of an item. */
export interface UpdateOutcome {
  /** A new object. Undefined when there was no item and the update only takes things away: then none comes into being. */
  readonly item: Item | undefined;
  /** The paths of the actions. */
  readonly touched: readonly Path[];
}

/**
 * Applies an update.
 *
 * Positions in lists are those of the old list, in whatever order the actions are written; elements set beyond the end are appended in the order
 * of their positions.
 *
 * @param item the item as it is, in canonical form, or undefined
 * @param key the key attributes, with which a new item begins
 * @throws TableValidation for what the item does not allow: types that do not fit, paths that lead nowhere, numbers out of range
 */
export function applyUpdate(update: Update, item: Item | undefined, key: Item): UpdateOutcome {
  const { touched } = update;
  if (item === undefined && update.onlyTakesAway) return { item: undefined, touched };
  const base = item ?? key;
  const edits = update.actions.map((action) => editOf(action, base, update.origin));
  const result = copyItem(base);
  for (const node of update.tree) {
    const name = node.part as string;
    if (node.path !== undefined) applyToMap(result, name, edits[node.path]!);
    else setAttribute(result, name, editInside(attributeOf(base, name), node, edits));
  }
  return { item: result, touched };
}

/**
 * The attributes that ReturnValues UPDATED_OLD or UPDATED_NEW return: of an item, what the update's paths lead to.
 *
 * Paths are taken literally, as AWS does: an element that was appended behind the end of a list is not found where SET named it.
 *
 * @param item before or after the update
 * @returns undefined when there is nothing to return
 */
export function updatedAttributes(update: Update, item: Item | undefined): Item | undefined {
  if (item === undefined) return undefined;
  const isFlat = update.touched.every((path) => path.length === 1);
  const result = isFlat ? projectTopLevel(update.updated, item) : projectTree(update.tree, item);
  for (const _ in result) return result;
  return undefined;
}

/** A new value, or what else happens to the place at the end of a path. */
type Edit = AttributeValue | "remove" | "keep";

function editOf(action: UpdateAction, base: Item, origin: Update["origin"]): Edit {
  switch (action.kind) {
    case "set": {
      const value = setValue(action.value, base);
      // A whole attribute cannot be too deep: values in requests and items are not.
      if (action.path.length > 1 && action.path.length - 1 + depthOf(value) > nestingMax) {
        throw new TableValidation(TOO_DEEP);
      }
      return value;
    }
    case "remove":
      return "remove";
    case "add":
      return added(valueAt(base, action.path), action.value, origin);
    case "delete":
      return deleted(valueAt(base, action.path), action.value, origin);
  }
}

function setValue(value: SetValue, base: Item): AttributeValue {
  switch (value.kind) {
    case "value":
      return value.value;
    case "path": {
      const found = valueAt(base, value.path);
      if (found === undefined) throw new TableValidation(NO_SUCH_ATTRIBUTE);
      return found;
    }
    case "if-not-exists":
      return valueAt(base, value.path) ?? setValue(value.otherwise, base);
    case "list-append": {
      const first = setValue(value.first, base);
      const second = setValue(value.second, base);
      if (!("L" in first && "L" in second)) throw new TableValidation(WRONG_TYPE.UpdateExpression);
      return { L: [...first.L, ...second.L] };
    }
    case "add":
    case "subtract": {
      const left = setValue(value.left, base);
      const right = setValue(value.right, base);
      if (!("N" in left && "N" in right)) throw new TableValidation(WRONG_TYPE.UpdateExpression);
      return { N: value.kind === "add" ? addNumbers(left.N, right.N) : subtractNumbers(left.N, right.N) };
    }
  }
}

/** ADD: a sum, a union, or (only AttributeUpdates knows it) a longer list. What was not there begins as zero or empty. */
function added(existing: AttributeValue | undefined, value: AttributeValue, origin: Update["origin"]): AttributeValue {
  if (existing === undefined) return value;
  if ("N" in value && "N" in existing) return { N: addNumbers(existing.N, value.N) };
  if ("SS" in value && "SS" in existing) return { SS: union(existing.SS, value.SS) };
  if ("NS" in value && "NS" in existing) return { NS: union(existing.NS, value.NS) };
  if ("BS" in value && "BS" in existing) return { BS: union(existing.BS, value.BS) };
  if ("L" in value && "L" in existing) return { L: [...existing.L, ...value.L] };
  throw new TableValidation(WRONG_TYPE[origin]);
}

/** DELETE: a difference; an empty set is none. */
function deleted(existing: AttributeValue | undefined, value: AttributeValue, origin: Update["origin"]): Edit {
  if (existing === undefined) return "keep";
  if ("SS" in value && "SS" in existing) return setOrNothing("SS", difference(existing.SS, value.SS));
  if ("NS" in value && "NS" in existing) return setOrNothing("NS", difference(existing.NS, value.NS));
  if ("BS" in value && "BS" in existing) return setOrNothing("BS", difference(existing.BS, value.BS));
  throw new TableValidation(WRONG_TYPE[origin]);
}

function setOrNothing(type: "SS" | "NS" | "BS", elements: readonly string[]): Edit {
  return elements.length === 0 ? "remove" : ({ [type]: elements } as unknown as AttributeValue);
}

function union(a: readonly string[], b: readonly string[]): readonly string[] {
  return [...new Set([...a, ...b])];
}

function difference(a: readonly string[], b: readonly string[]): readonly string[] {
  const gone = new Set(b);
  return a.filter((element) => !gone.has(element));
}

/** Levels of a document, itself included. */
function depthOf(value: AttributeValue): number {
  const inner = "M" in value ? Object.values(value.M) : "L" in value ? value.L : [];
  let deepest = 0;
  for (const element of inner) deepest = Math.max(deepest, depthOf(element));
  return 1 + deepest;
}

/** A copy of a document in which the edits below a node are made. */
function editInside(value: AttributeValue | undefined, node: PathNode, edits: readonly Edit[]): AttributeValue {
  if (value !== undefined && typeof node.children[0]!.part === "string") {
    if ("M" in value) return { M: editMap(value.M, node.children, edits) };
  } else if (value !== undefined && "L" in value) {
    return { L: editList(value.L, node.children, edits) };
  }
  throw new TableValidation(NO_SUCH_PATH);
}

function editMap(map: Item, nodes: readonly PathNode[], edits: readonly Edit[]): Item {
  const result = copyItem(map);
  for (const node of nodes) {
    const name = node.part as string;
    if (node.path !== undefined) applyToMap(result, name, edits[node.path]!);
    else setAttribute(result, name, editInside(attributeOf(map, name), node, edits));
  }
  return result;
}

function applyToMap(map: MutableItem, name: string, edit: Edit): void {
  if (edit === "remove") delete map[name];
  else if (edit !== "keep") setAttribute(map, name, edit);
}

/** Nodes come in ascending order of their positions, so what is beyond the end is appended in that order. */
function editList(
  list: readonly AttributeValue[],
  nodes: readonly PathNode[],
  edits: readonly Edit[],
): readonly AttributeValue[] {
  const result: (AttributeValue | undefined)[] = [...list];
  for (const node of nodes) {
    const index = node.part as number;
    const edit = node.path === undefined ? editInside(list[index], node, edits) : edits[node.path]!;
    if (edit === "keep") continue;
    if (index < list.length) result[index] = edit === "remove" ? undefined : edit;
    else if (edit !== "remove") result.push(edit);
  }
  return result.filter((element) => element !== undefined);
}
