/** ExecuteTransaction: up to 100 statements, all reads or all writes, all or none. */
import type { CallContext } from "#data-plane/service";
import {
  type BoundStatement,
  bindStatement,
  type Column,
  KeyNotNamed,
  KeyTypeMismatch,
  planSelect,
  planWrite,
  readParameters,
  type WritePlan,
} from "#data-plane/tables/partiql";
import { inTurns, takeTurns } from "#data-plane/tables/turns";
import { type Item, itemSize, TableValidation } from "#data-plane/tables/values";
import { AwsError, type DynamoDB } from "#foundation/aws";
import { validationError } from "../../errors.ts";
import type { TableOperations } from "../../service/define.ts";
import type { TableView } from "../../service/table-view.ts";
import type { Toolbox } from "../../service/toolbox.ts";
import {
  type CancellationReason,
  ConsumedUnits,
  checkKey,
  keyIdentity,
  mistakeOf,
  type PlannedAction,
  readUnits,
  runTransaction,
  TRANSACTION_BYTES_MAX,
  transactionCancelled,
  transactToken,
  validationReason,
} from "../items/internals.ts";
import { selectedItem } from "./run-select.ts";
import { actionOf, duplicateReason, type WireItem } from "./run-write.ts";
import { keyOfPlan } from "./single-item.ts";
import { findTable, sourceOf, statementQuestion } from "./statement-tables.ts";

type Input = DynamoDB.ExecuteTransactionInput;
type Output = DynamoDB.ExecuteTransactionOutput;

const MISMATCH = "The provided key element does not match the schema";

export function executeTransaction(tools: Toolbox): NonNullable<TableOperations["ExecuteTransaction"]> {
  /** What was bound to ask the policies is not bound again. */
  const bound = new WeakMap<Input, readonly BoundStatement[]>();
  return {
    async access(input, context) {
      const all = await bindAll(tools, input);
      bound.set(input, all);
      return all.map((one) =>
        statementQuestion(tools, one, context, {
          enclosingOperation: "ExecuteTransaction",
          returnConsumedCapacity: input.ReturnConsumedCapacity,
        }),
      );
    },
    async handle(input, context) {
      const all = bound.get(input) ?? (await bindAll(tools, input));
      const reads = all.filter(({ statement }) => statement.kind === "select").length;
      if (reads > 0 && reads < all.length) {
        throw validationError(
          "ExecuteTransaction API does not support both read and write operations in the same request.",
        );
      }
      return reads > 0 ? read(tools, input, all, context) : write(tools, input, all, context);
    },
  };
}

/** Parameters of all statements come before any statement. @throws TableValidation */
async function bindAll({ clock }: Toolbox, input: Input): Promise<readonly BoundStatement[]> {
  const parameters = await inTurns(takeTurns(clock), input.TransactStatements, (one) => readParameters(one.Parameters));
  return input.TransactStatements.map(({ Statement }, at) =>
    inStatement(at, () => bindStatement(Statement, parameters[at]!)),
  );
}

/** Says which statement is at fault. Mistakes about its key are reasons to cancel, see {@link planAll}. */
function inStatement<Result>(at: number, run: () => Result): Result {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof TableValidation) || isKeyMistake(error)) throw error;
    throw new TableValidation(`Validation failed in TransactStatements[${at}]: ${error.message}`);
  }
}

function isKeyMistake(error: unknown): boolean {
  return error instanceof KeyNotNamed || error instanceof KeyTypeMismatch;
}

/** A statement that is planned, or the reason why the transaction is cancelled for it. */
type Planned<Plan> =
  | { readonly plan: Plan; readonly tableName: string; readonly view: TableView; readonly reason?: undefined }
  | { readonly reason: CancellationReason };

type Ready<Plan> = Extract<Planned<Plan>, { readonly reason?: undefined }>;

/**
 * Plans all statements, and looks for mistakes in their keys.
 *
 * @param check what else may be wrong with a single statement
 * @throws TableValidation for the first statement that cannot be planned; AwsError TransactionCanceledException
 */
async function planAll<Plan>(
  tools: Toolbox,
  all: readonly BoundStatement[],
  context: CallContext,
  plan: (bound: BoundStatement, view: TableView) => Plan,
  check: (ready: Ready<Plan>) => void,
): Promise<readonly Ready<Plan>[]> {
  const turn = takeTurns(tools.clock);
  const planned = await inTurns(turn, all, (bound, at): Planned<Plan> => {
    const { table: tableName } = sourceOf(bound.statement);
    const view = findTable(tools, tableName, context);
    if (view === undefined) return { reason: { Code: "ResourceNotFound", Message: "Requested resource not found" } };
    try {
      return { plan: inStatement(at, () => plan(bound, view)), tableName, view };
    } catch (error) {
      if (isKeyMistake(error)) return { reason: validationReason(MISMATCH) };
      throw error;
    }
  });
  const reasons = await inTurns(turn, planned, (one) => one.reason ?? mistakeOf(() => check(one as Ready<Plan>)));
  if (reasons.some((reason) => reason !== undefined)) throw transactionCancelled(reasons);
  return planned as readonly Ready<Plan>[];
}

interface PlannedRead {
  readonly key: Item;
  readonly columns: readonly Column[] | undefined;
}

function planRead(bound: BoundStatement, view: TableView): PlannedRead {
  const { statement } = bound;
  if (statement.kind !== "select") throw new TypeError("no SELECT");
  if (statement.from.index !== undefined) {
    throw new TableValidation("Reads on indices are not supported within transactions.");
  }
  const plan = planSelect(bound, statement, view.definition);
  const key = keyOfPlan(plan, view.keys);
  if (key === undefined) {
    throw new TableValidation(
      "Select statements within ExecuteTransaction must specify the primary key in the where clause.",
    );
  }
  return { key, columns: plan.columns };
}

async function read(
  tools: Toolbox,
  input: Input,
  all: readonly BoundStatement[],
  context: CallContext,
): Promise<Output> {
  const planned = await planAll(tools, all, context, planRead, ({ plan, view }) => checkKey(view.keys, plan.key));
  const identities = new Set(
    planned.map(({ view, plan }) => `${view.record.resourceId} ${keyIdentity(view.keys, plan.key)}`),
  );
  if (identities.size < planned.length) {
    throw validationError("Transaction request cannot include multiple operations on one item");
  }
  for (const { view } of planned) if (!view.ready) await tools.tables.ensure(view);
  for (const { view } of planned) tools.throttle?.admit(view, "read");
  const items = tools.engine.getMany(
    planned.map(({ view, plan }) => ({ tableId: view.record.resourceId, key: plan.key })),
    TRANSACTION_BYTES_MAX,
  );
  const consumed = new Map<string, { readonly view: TableView; readonly units: ConsumedUnits }>();
  let bytes = 0;
  for (const [at, { tableName, view }] of planned.entries()) {
    const known = consumed.get(tableName) ?? { view, units: new ConsumedUnits("read") };
    consumed.set(tableName, known);
    const size = items[at]?.size ?? 0;
    known.units.addTable(readUnits(size, "transaction"));
    bytes += size;
  }
  for (const { view, units } of consumed.values()) tools.throttle?.charge(view, "read", units);
  if (bytes > TRANSACTION_BYTES_MAX) {
    throw validationError("Aggregate size of the items in the transaction exceeds the limit of 4 MB");
  }
  const { ReturnConsumedCapacity: wanted } = input;
  return {
    Responses: await inTurns(takeTurns(tools.clock), items, (stored, at) => {
      if (stored === undefined) return {};
      return { Item: selectedItem<WireItem>(stored, planned[at]!.plan.columns) };
    }),
    ...((wanted === "TOTAL" || wanted === "INDEXES") && {
      ConsumedCapacity: [...consumed].map(([tableName, { units }]) => units.describe(tableName, wanted, true)),
    }),
  };
}

function planChange(bound: BoundStatement, view: TableView): WritePlan {
  const { statement } = bound;
  if (statement.kind === "select") throw new TypeError("no write");
  if ((statement.kind === "update" || statement.kind === "delete") && statement.returning !== undefined) {
    throw new TableValidation("RETURNING clause is not supported in ExecuteTransaction.");
  }
  return planWrite(bound, statement, view.definition);
}

function engineAction(view: TableView, plan: WritePlan) {
  if (plan.kind !== "check") return actionOf(view, plan);
  checkKey(view.keys, plan.key);
  return { kind: "check", key: plan.key } as const;
}

async function write(
  tools: Toolbox,
  input: Input,
  all: readonly BoundStatement[],
  context: CallContext,
): Promise<Output> {
  const planned = await planAll(tools, all, context, planChange, ({ plan, view }) => void engineAction(view, plan));
  const actions = planned.map(({ plan, view, tableName }, at): PlannedAction => {
    const item = plan.kind === "put" ? plan.item : plan.key;
    const wished = input.TransactStatements[at]!.ReturnValuesOnConditionCheckFailure;
    return {
      tableName,
      view,
      item,
      size: itemSize(item),
      condition: plan.condition,
      plan: (of) => engineAction(of, plan),
      oldOnFailure: plan.kind !== "put" && wished === "ALL_OLD",
    };
  });
  const { ReturnConsumedCapacity: wanted } = input;
  try {
    const { ConsumedCapacity: consumed } = await runTransaction(
      tools,
      actions,
      wanted === undefined ? {} : { ReturnConsumedCapacity: wanted },
      await transactToken(input.ClientRequestToken, input.TransactStatements, context, takeTurns(tools.clock)),
    );
    return { Responses: [], ...(consumed !== undefined && { ConsumedCapacity: consumed }) };
  } catch (error) {
    throw duplicatesNamed(
      error,
      planned.map(({ plan }) => plan),
    );
  }
}

/** The only condition of an INSERT is that there is no such item: when it fails, the reason has a name of its own. */
function duplicatesNamed(error: unknown, plans: readonly WritePlan[]): unknown {
  if (!(error instanceof AwsError) || error.code !== "TransactionCanceledException") return error;
  const reasons = error.fields.CancellationReasons as readonly CancellationReason[];
  return transactionCancelled(
    reasons.map((reason, at) => {
      if (reason.Code === "None") return undefined;
      return plans[at]?.kind === "put" && reason.Code === "ConditionalCheckFailed" ? duplicateReason() : reason;
    }),
  );
}
