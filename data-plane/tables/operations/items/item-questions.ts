/** Questions to the policy evaluator about operations on items. */
import type { AccessRequest, CallContext } from "#data-plane/service";
import {
  type Bindings,
  compileCondition,
  compileProjection,
  compileUpdate,
  type Mentions,
} from "#data-plane/tables/expressions";
import type { Item } from "#data-plane/tables/values";
import { type AccessFacts, leadingKeys, placeQuestion, tableQuestion } from "../../service/access.ts";
import type { TableView } from "../../service/table-view.ts";
import type { Toolbox } from "../../service/toolbox.ts";
import { bindingsOf } from "./conditions.ts";

/** The members of all inputs that say which attributes a request is about. */
export interface NamingInput {
  readonly ConditionExpression?: string;
  readonly UpdateExpression?: string;
  readonly ProjectionExpression?: string;
  readonly FilterExpression?: string;
  readonly ExpressionAttributeNames?: { readonly [name: string]: string };
  readonly ExpressionAttributeValues?: { readonly [name: string]: unknown };
  readonly Expected?: object;
  readonly AttributeUpdates?: object;
  readonly AttributesToGet?: readonly string[];
  readonly QueryFilter?: object;
  readonly ScanFilter?: object;
  readonly KeyConditions?: object;
  readonly ReturnValues?: string;
  readonly ReturnConsumedCapacity?: string;
}

/**
 * A question about one item, or several of one table.
 *
 * @param items keys or items, as sent
 */
export function itemQuestion(
  tools: Toolbox,
  action: string,
  tableName: string,
  input: NamingInput,
  items: () => readonly Item[],
  context: CallContext,
  more?: AccessFacts,
): AccessRequest {
  const view = tools.tables.find(tableName, context);
  const facts = (): AccessFacts => ({
    leadingKeys: view === undefined ? undefined : leadingKeys(view, items()),
    attributes: namedAttributes(input, items()),
    returnValues: input.ReturnValues,
    returnConsumedCapacity: input.ReturnConsumedCapacity,
    ...more,
  });
  if (view !== undefined) return tableQuestion(action, view, facts);
  return placeQuestion(action, tools.tables.placeOf(tableName, context), undefined, facts);
}

/** As {@link itemQuestion}, about an index of the table when one is read. */
export function readQuestion(
  tools: Toolbox,
  action: string,
  tableName: string,
  index: string | undefined,
  facts: (view: TableView | undefined) => AccessFacts,
  context: CallContext,
): AccessRequest {
  const view = tools.tables.find(tableName, context);
  if (view !== undefined) return tableQuestion(action, view, () => facts(view), index);
  return placeQuestion(action, tools.tables.placeOf(tableName, context), undefined, () => facts(undefined));
}

/**
 * Top-level attributes that a request names, in keys, items and expressions. A request whose expressions cannot be read is refused for that anyway, once it is
 * known that the caller may make it: here it counts as naming everything that policies could forbid.
 */
export function namedAttributes(input: NamingInput, items: readonly Item[]): readonly string[] {
  const names = new Set<string>();
  const add = (more: Iterable<string>): void => {
    for (const name of more) names.add(name);
  };
  for (const item of items) add(Object.keys(item));
  for (const older of [
    input.Expected,
    input.AttributeUpdates,
    input.QueryFilter,
    input.ScanFilter,
    input.KeyConditions,
  ]) {
    if (older !== undefined) add(Object.keys(older));
  }
  add(input.AttributesToGet ?? []);
  try {
    for (const mentions of mentionsOf(input)) add(mentions.attributes);
  } catch {
    add(Object.values(input.ExpressionAttributeNames ?? {}));
    add(["*"]);
  }
  return [...names];
}

function* mentionsOf(input: NamingInput): Generator<Mentions> {
  const { ConditionExpression, UpdateExpression, ProjectionExpression, FilterExpression } = input;
  if ((ConditionExpression ?? UpdateExpression ?? ProjectionExpression ?? FilterExpression) === undefined) return;
  const bindings: Bindings = bindingsOf(input);
  if (ConditionExpression !== undefined) yield compileCondition(ConditionExpression, bindings, "ConditionExpression");
  if (FilterExpression !== undefined) yield compileCondition(FilterExpression, bindings, "FilterExpression");
  if (UpdateExpression !== undefined) yield compileUpdate(UpdateExpression, bindings);
  if (ProjectionExpression !== undefined) yield compileProjection(ProjectionExpression, bindings);
}
