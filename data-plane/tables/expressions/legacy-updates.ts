/** AttributeUpdates and AttributesToGet, as what expressions would have given. */

import { type AttributeValue, normalizeValue, TableValidation, typeOf } from "../values/index.ts";
import type { Path } from "./bindings.ts";
import { buildPathTree } from "./path-tree.ts";
import { type Projection, projectionOf } from "./projection.ts";
import { type Update, type UpdateAction, updateOf } from "./update.ts";

/** A member of AttributeUpdates, as sent. */
export interface AttributeUpdate {
  readonly Value?: unknown;
  /** PUT when absent. */
  readonly Action?: unknown;
}

const INVALID = "One or more parameter values were invalid: ";

/**
 * Lowers AttributeUpdates of UpdateItem. No updates at all still bring an item into being.
 * @throws TableValidation
 */
export function lowerAttributeUpdates(updates: { readonly [attribute: string]: AttributeUpdate }): Update {
  const names = Object.keys(updates);
  const actions = names.map((name) => actionOf([name], updates[name] ?? null));
  const tree = buildPathTree(
    actions.map((action) => action.path),
    "UpdateExpression",
  );
  return updateOf(actions, tree, { attributes: names, documents: [] }, "AttributeUpdates");
}

function actionOf(path: Path, update: AttributeUpdate | null): UpdateAction {
  if (update === null) {
    throw new TableValidation(
      `Supplied AttributeValueUpdate is empty, must contain one of the supported actions: ${path[0]} is null`,
    );
  }
  const { Value: sent, Action: action } = update;
  const value: AttributeValue | undefined = sent === undefined || sent === null ? undefined : normalizeValue(sent);
  if (value === undefined) {
    if (action === "DELETE") return { kind: "remove", path };
    throw new TableValidation(`${INVALID}Only DELETE action is allowed when no attribute value is specified`);
  }
  const type = typeOf(value);
  const isSet = type === "SS" || type === "NS" || type === "BS";
  switch (action) {
    case undefined:
    case null:
    case "PUT":
      return { kind: "set", path, value: { kind: "value", value } };
    case "ADD":
      // Lists are not documented, but appended to.
      if (isSet || type === "N" || type === "L") return { kind: "add", path, value };
      throw new TableValidation(`${INVALID}ADD action is not supported for the type ${type}`);
    case "DELETE":
      if (isSet) return { kind: "delete", path, value };
      throw new TableValidation(`${INVALID}DELETE action with value is not supported for the type ${type}`);
    default:
      throw new TableValidation(
        `1 validation error detected: Value '${String(action)}' at 'attributeUpdates.${path[0]}.member.action' failed to satisfy ` +
          "constraint: Member must satisfy enum value set: [ADD, DELETE, PUT]",
      );
  }
}

/**
 * Lowers AttributesToGet: names are taken as they are, dots and all.
 * @throws TableValidation for a name that appears twice
 */
export function lowerAttributesToGet(names: readonly string[]): Projection {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) throw new TableValidation(`${INVALID}Duplicate value in attribute name: ${name}`);
    seen.add(name);
  }
  return projectionOf(names.map((name) => [name]));
}
