/** BatchExecuteStatement: up to 25 statements, each with an answer or an error of its own. */
import type { CallContext } from "#data-plane/service";
import { type BoundStatement, bindStatement, planSelect, planWrite, readParameters } from "#data-plane/tables/partiql";
import { inTurns, startInTurns, takeTurns } from "#data-plane/tables/turns";
import { TableValidation } from "#data-plane/tables/values";
import { AwsError, type DynamoDB } from "#foundation/aws";
import { resourceNotFound, validationError } from "../../errors.ts";
import type { TableOperations } from "../../service/define.ts";
import { toAwsError } from "../../service/failures.ts";
import type { TableView } from "../../service/table-view.ts";
import type { Toolbox } from "../../service/toolbox.ts";
import { type ConsumedUnits, checkKey, consumedByRead, consumedByWrite, readItem } from "../items/internals.ts";
import { selectedItem } from "./run-select.ts";
import { runWrite, type WireItem } from "./run-write.ts";
import { keyOfPlan } from "./single-item.ts";
import { findTable, sourceOf, statementQuestion } from "./statement-tables.ts";

type Input = DynamoDB.BatchExecuteStatementInput;
type Member = DynamoDB.BatchStatementRequest;
type Answer = DynamoDB.BatchStatementResponse;

/** What one statement came to. */
interface Outcome {
  readonly answer: Answer;
  readonly consumed?: { readonly tableName: string; readonly units: ConsumedUnits };
}

export function batchExecuteStatement(tools: Toolbox): NonNullable<TableOperations["BatchExecuteStatement"]> {
  return {
    // Each statement is asked about when its turn comes: one that is not allowed is an error of its own.
    access: () => [],
    async handle(input, context) {
      const turn = takeTurns(tools.clock);
      const members = await inTurns(turn, input.Statements, bind);
      assertOneKind(members);
      const outcomes = await startInTurns(turn, members, (member, at) =>
        runMember(tools, input, input.Statements[at]!, member, context),
      );
      const consumed = consumedByTable(outcomes);
      const { ReturnConsumedCapacity: wanted } = input;
      return {
        Responses: outcomes.map(({ answer }) => answer),
        ...((wanted === "TOTAL" || wanted === "INDEXES") &&
          consumed.size > 0 && {
            ConsumedCapacity: [...consumed].map(([tableName, units]) => units.describe(tableName, wanted, false)),
          }),
      };
    },
  };
}

type Bound = BoundStatement | { readonly failed: unknown };

function bind(member: Member): Bound {
  try {
    return bindStatement(member.Statement, readParameters(member.Parameters));
  } catch (failed) {
    return { failed };
  }
}

function assertOneKind(members: readonly Bound[]): void {
  const kinds = new Set(members.flatMap((one) => ("failed" in one ? [] : [one.statement.kind === "select"])));
  if (kinds.size < 2) return;
  throw validationError(
    "BatchExecuteStatement API does not support both read and write operations in the same request.",
  );
}

async function runMember(
  tools: Toolbox,
  input: Input,
  member: Member,
  bound: Bound,
  context: CallContext,
): Promise<Outcome> {
  let tableName: string | undefined;
  try {
    if ("failed" in bound) throw bound.failed;
    if (bound.statement.kind === "exists") {
      throw new TableValidation("EXISTS can only be used in ExecuteTransaction write requests.");
    }
    const { table } = sourceOf(bound.statement);
    context.authorize(
      statementQuestion(tools, bound, context, {
        enclosingOperation: "BatchExecuteStatement",
        returnConsumedCapacity: input.ReturnConsumedCapacity,
      }),
    );
    const view = findTable(tools, table, context);
    if (view === undefined) throw resourceNotFound();
    tableName = table;
    return bound.statement.kind === "select"
      ? await readMember(tools, view, table, member, bound)
      : await writeMember(tools, view, table, member, input, bound);
  } catch (error) {
    const answer = { Error: memberError(error), ...(tableName !== undefined && { TableName: tableName }) };
    return { answer };
  }
}

async function readMember(
  tools: Toolbox,
  view: TableView,
  tableName: string,
  member: Member,
  bound: BoundStatement,
): Promise<Outcome> {
  if (bound.statement.kind !== "select") throw new TypeError("no SELECT");
  const plan = planSelect(bound, bound.statement, view.definition);
  const key = keyOfPlan(plan, view.keys);
  if (key === undefined) {
    throw new TableValidation(
      "Select statements within BatchExecuteStatement must specify the primary key in the where clause.",
    );
  }
  checkKey(view.keys, key);
  if (!view.ready) await tools.tables.ensure(view);
  const mode = member.ConsistentRead === true ? "strong" : "eventual";
  const stored = readItem(tools, view, key, mode);
  const item = stored === undefined ? undefined : selectedItem<WireItem>(stored, plan.columns);
  return {
    answer: { TableName: tableName, ...(item !== undefined && { Item: item }) },
    consumed: { tableName, units: consumedByRead(stored, mode) },
  };
}

async function writeMember(
  tools: Toolbox,
  view: TableView,
  tableName: string,
  member: Member,
  input: Input,
  bound: BoundStatement,
): Promise<Outcome> {
  if (bound.statement.kind === "select") throw new TypeError("no write");
  const plan = planWrite(bound, bound.statement, view.definition);
  if (plan.kind === "check") throw new TypeError("no write");
  const { done, returned } = await runWrite(tools, view, {
    plan,
    oldOnFailure: member.ReturnValuesOnConditionCheckFailure === "ALL_OLD",
    ReturnConsumedCapacity: input.ReturnConsumedCapacity,
  });
  return {
    answer: { TableName: tableName, ...(returned !== undefined && { Item: returned }) },
    consumed: { tableName, units: consumedByWrite(view, done) },
  };
}

/** Codes of errors by those that an operation would have answered. */
const CODES: Readonly<Record<string, DynamoDB.BatchStatementErrorCodeEnum>> = {
  ValidationException: "ValidationError",
  ResourceNotFoundException: "ResourceNotFound",
  ConditionalCheckFailedException: "ConditionalCheckFailed",
  DuplicateItemException: "DuplicateItem",
  AccessDenied: "AccessDenied",
  ItemCollectionSizeLimitExceededException: "ItemCollectionSizeLimitExceeded",
  ProvisionedThroughputExceededException: "ProvisionedThroughputExceeded",
  RequestLimitExceeded: "RequestLimitExceeded",
  TransactionConflictException: "TransactionConflict",
};

/** What is nobody's fault but ours is an error of the whole request, so that it is logged and counted. */
function memberError(thrown: unknown): DynamoDB.BatchStatementError {
  const error = toAwsError(thrown);
  const code = error instanceof AwsError ? CODES[error.code] : undefined;
  if (code === undefined || !(error instanceof AwsError)) throw error;
  const item = error.fields.Item as DynamoDB.BatchStatementError["Item"];
  return { Code: code, Message: error.message, ...(item !== undefined && { Item: item }) };
}

function consumedByTable(outcomes: readonly Outcome[]): ReadonlyMap<string, ConsumedUnits> {
  const sums = new Map<string, ConsumedUnits>();
  for (const { consumed } of outcomes) {
    if (consumed === undefined) continue;
    const known = sums.get(consumed.tableName);
    if (known === undefined) sums.set(consumed.tableName, consumed.units);
    else known.add(consumed.units);
  }
  return sums;
}
