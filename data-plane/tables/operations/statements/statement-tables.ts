/** The tables that statements are about, and the questions to the policy evaluator (Developer Guide, "IAM security policies with PartiQL for DynamoDB"). */
import type { AccessRequest, CallContext } from "#data-plane/service";
import {
  type BoundStatement,
  planSelect,
  planWrite,
  type SelectPlan,
  type Source,
  type Statement,
  type WritePlan,
} from "#data-plane/tables/partiql";
import { type AttributeValue, type Item, TableValidation } from "#data-plane/tables/values";
import { validationError } from "../../errors.ts";
import { tableNameProblem } from "../../rules/table-name.ts";
import { type AccessFacts, leadingKeys, placeQuestion, tableQuestion } from "../../service/access.ts";
import type { TableView } from "../../service/table-view.ts";
import type { Toolbox } from "../../service/toolbox.ts";

/** What a statement reads or writes. */
export function sourceOf(statement: Statement): Source {
  switch (statement.kind) {
    case "select":
    case "delete":
      return statement.from;
    case "insert":
      return statement.into;
    case "update":
      return statement.table;
    case "exists":
      return statement.select.from;
  }
}

const ACTIONS = {
  select: "PartiQLSelect",
  // A condition reads.
  exists: "PartiQLSelect",
  insert: "PartiQLInsert",
  update: "PartiQLUpdate",
  delete: "PartiQLDelete",
} as const;

/**
 * Asks whether the caller may have a statement carried out.
 * @throws AwsError ValidationException for a name that no table can have
 */
export function statementQuestion(
  tools: Toolbox,
  bound: BoundStatement,
  context: CallContext,
  more: AccessFacts,
): AccessRequest {
  const { table, index } = sourceOf(bound.statement);
  const view = findTable(tools, table, context);
  const action = ACTIONS[bound.statement.kind];
  const facts = (): AccessFacts => ({ ...(view === undefined ? {} : factsOf(bound, view)), ...more });
  if (view !== undefined) return tableQuestion(action, view, facts, index);
  return placeQuestion(action, tools.tables.placeOf(table, context), undefined, facts);
}

/** Undefined where there is no such table. @throws AwsError ValidationException for a name that no table can have */
export function findTable(tools: Toolbox, name: string, context: CallContext): TableView | undefined {
  const problem = tableNameProblem(name, 1);
  if (problem !== undefined) throw validationError(problem);
  return tools.tables.find(name, context);
}

/** A statement that cannot be planned is refused for that, once it is known that the caller may ask: here it counts as naming everything. */
function factsOf(bound: BoundStatement, view: TableView): AccessFacts {
  try {
    const { statement } = bound;
    return statement.kind === "select"
      ? selectFacts(planSelect(bound, statement, view.definition), view)
      : writeFacts(planWrite(bound, statement, view.definition), view);
  } catch (error) {
    if (error instanceof TableValidation) return { attributes: ["*"], leadingKeys: [] };
    throw error;
  }
}

/**
 * A scan touches every key. A policy that lists keys must not let it through for want of one to compare: it gets one that no item has, for keys are never
 * empty.
 */
const ANY_KEY: readonly AttributeValue[] = [{ S: "" }];

function selectFacts({ queries, filter, columns }: SelectPlan, view: TableView): AccessFacts {
  const names = new Set<string>();
  for (const { path } of columns ?? []) names.add(path[0]);
  for (const condition of [filter, ...(queries ?? []).map((query) => query.filter)]) {
    for (const name of condition?.attributes ?? []) names.add(name);
  }
  const hashes: readonly AttributeValue[] = queries?.map(({ hash }) => hash) ?? ANY_KEY;
  if (queries !== undefined) for (const name of view.keys.names) names.add(name);
  return {
    attributes: names,
    select: columns === undefined ? "ALL_ATTRIBUTES" : "SPECIFIC_ATTRIBUTES",
    fullTableScan: queries === undefined,
    leadingKeys: hashes,
  };
}

function writeFacts(plan: WritePlan, view: TableView): AccessFacts {
  const item: Item = plan.kind === "put" ? plan.item : plan.key;
  const names = new Set(Object.keys(item));
  for (const name of plan.condition?.attributes ?? []) names.add(name);
  if (plan.kind === "update") for (const name of plan.update.attributes) names.add(name);
  return { attributes: names, leadingKeys: leadingKeys(view, [item]) };
}
