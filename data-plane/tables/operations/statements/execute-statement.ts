/** ExecuteStatement. */
import { type BoundStatement, bindStatement, planSelect, planWrite, readParameters } from "#data-plane/tables/partiql";
import { TableValidation } from "#data-plane/tables/values";
import type { DynamoDB } from "#foundation/aws";
import { resourceNotFound } from "../../errors.ts";
import type { TableOperations } from "../../service/define.ts";
import type { TableView } from "../../service/table-view.ts";
import type { Toolbox } from "../../service/toolbox.ts";
import { consumedByWrite } from "../items/internals.ts";
import { readToken, tokenScope, writeToken } from "./next-token.ts";
import { runSelect } from "./run-select.ts";
import { runWrite } from "./run-write.ts";
import { findTable, sourceOf, statementQuestion } from "./statement-tables.ts";

type Input = DynamoDB.ExecuteStatementInput;
type Output = DynamoDB.ExecuteStatementOutput;

export function executeStatement(tools: Toolbox): NonNullable<TableOperations["ExecuteStatement"]> {
  return {
    access(input, context) {
      return [statementQuestion(tools, bind(input), context, { returnConsumedCapacity: input.ReturnConsumedCapacity })];
    },
    handle(input, context) {
      const bound = bind(input);
      const { statement } = bound;
      if (statement.kind === "exists") {
        throw new TableValidation("EXISTS can only be used in ExecuteTransaction write requests.");
      }
      const { table } = sourceOf(statement);
      const view = findTable(tools, table, context);
      if (view === undefined) throw resourceNotFound();
      return statement.kind === "select" ? select(tools, view, input, bound) : write(tools, view, input, bound);
    },
  };
}

function bind(input: Input): BoundStatement {
  return bindStatement(input.Statement, readParameters(input.Parameters));
}

async function select(tools: Toolbox, view: TableView, input: Input, bound: BoundStatement): Promise<Output> {
  if (bound.statement.kind !== "select") throw new TypeError("no SELECT");
  const { table: tableName } = bound.statement.from;
  const plan = planSelect(bound, bound.statement, view.definition);
  const scope = tokenScope(input.Statement, bound.parameters, view.record.resourceId);
  const { items, consumed, next } = await runSelect<NonNullable<Output["Items"]>>(tools, view, {
    tableName,
    plan,
    consistent: input.ConsistentRead === true,
    ...(input.Limit !== undefined && { limit: input.Limit }),
    ...(input.NextToken !== undefined && { from: readToken(scope, input.NextToken) }),
  });
  const { ReturnConsumedCapacity: wanted } = input;
  return {
    Items: items,
    ...(next !== undefined && { NextToken: writeToken(scope, next) }),
    ...(next?.start !== undefined && { LastEvaluatedKey: next.start as NonNullable<Output["LastEvaluatedKey"]> }),
    ...((wanted === "TOTAL" || wanted === "INDEXES") && {
      ConsumedCapacity: consumed.describe(tableName, wanted, false),
    }),
  };
}

async function write(tools: Toolbox, view: TableView, input: Input, bound: BoundStatement): Promise<Output> {
  const { statement } = bound;
  if (statement.kind === "select") throw new TypeError("no write");
  const plan = planWrite(bound, statement, view.definition);
  if (plan.kind === "check") throw new TypeError("no write");
  const { ReturnConsumedCapacity: wanted } = input;
  const { done, returned } = await runWrite(tools, view, {
    plan,
    oldOnFailure: input.ReturnValuesOnConditionCheckFailure === "ALL_OLD",
    ReturnConsumedCapacity: wanted,
  });
  return {
    Items: returned === undefined ? [] : [returned],
    ...((wanted === "TOTAL" || wanted === "INDEXES") && {
      ConsumedCapacity: consumedByWrite(view, done).describe(sourceOf(statement).table, wanted, false),
    }),
  };
}
