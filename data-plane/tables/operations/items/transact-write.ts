/** TransactWriteItems: up to 100 actions on as many items, all or none. */

import type { CallContext } from "#data-plane/service";
import type { Condition } from "#data-plane/tables/expressions";
import { inTurns, type Turn, takeTurns } from "#data-plane/tables/turns";
import { type Item, itemSize, normalizeItem } from "#data-plane/tables/values";
import { AwsError, type DynamoDB, jsonText } from "#foundation/aws";
import type { ItemAction, TransactAction, TransactResult, TransactToken, WriteRefused } from "../../engine/port.ts";
import { validationError } from "../../errors.ts";
import { ConsumedUnits, readUnits } from "../../rules/capacity.ts";
import { checkParameterStyles, PUT_STYLES, UPDATE_STYLES } from "../../rules/expression-parameters.ts";
import { checkedItemSize } from "../../rules/item-size.ts";
import { checkKey, keyIdentity } from "../../rules/keys.ts";
import type { TableOperations } from "../../service/define.ts";
import type { TableView } from "../../service/table-view.ts";
import { accountOf } from "../../service/tables.ts";
import type { Toolbox } from "../../service/toolbox.ts";
import { checkCondition, deleteAction, putAction, updateAction } from "./actions.ts";
import {
  type CancellationReason,
  collectionTooLarge,
  conditionalCheckFailed,
  transactionCancelled,
  validationReason,
} from "./cancellation.ts";
import { conditionOf } from "./conditions.ts";
import { itemQuestion } from "./item-questions.ts";
import { updateOf } from "./single-writes.ts";
import { mistakeOf, TRANSACTION_BYTES_MAX } from "./transact-get.ts";
import {
  addWrite,
  collectionMetrics,
  hashOf,
  refusalError,
  refusalMessage,
  wantsCapacity,
  wantsCollection,
  wishesOf,
} from "./write-item.ts";

/** One action as it was sent, with its parameters read. */
export interface ReadAction {
  readonly tableName: string;
  /** The key, or the item of a put. */
  readonly item: Item;
  /** Of that. */
  readonly size: number;
  readonly condition: Condition | undefined;
  /** Makes the engine's action of it. @throws TableValidation */
  readonly plan: (view: TableView) => TransactAction["action"];
  readonly oldOnFailure: boolean;
}

/** An action on a table that exists. */
export interface PlannedAction extends ReadAction {
  readonly view: TableView;
}

/** The four kinds of actions and what policies call them. */
const ACTIONS = {
  ConditionCheck: "ConditionCheckItem",
  Put: "PutItem",
  Update: "UpdateItem",
  Delete: "DeleteItem",
} as const;

export function transactWriteItems(tools: Toolbox): NonNullable<TableOperations["TransactWriteItems"]> {
  return {
    access: (input, context) =>
      input.TransactItems.flatMap((each) => {
        const [kind, action] = onlyAction(each);
        const items = () => [("Item" in action ? action.Item : action.Key) as Item];
        return itemQuestion(tools, ACTIONS[kind], action.TableName, action, items, context, {
          enclosingOperation: "TransactWriteItems",
          returnConsumedCapacity: input.ReturnConsumedCapacity,
        });
      }),
    async handle(input, context) {
      const turn = takeTurns(tools.clock);
      const read = await inTurns(turn, input.TransactItems, readAction);
      const planned = read.map(
        (action): PlannedAction => ({
          ...action,
          view: tools.tables.forItems(action.tableName, context),
        }),
      );
      // Whether capacity is reported does not make another request of it.
      const token = await transactToken(input.ClientRequestToken, input.TransactItems, context, turn);
      return runTransaction(tools, planned, input, token);
    },
  };
}

type Given = {
  readonly [Kind in keyof typeof ACTIONS]: readonly [Kind, NonNullable<DynamoDB.TransactWriteItem[Kind]>];
}[keyof typeof ACTIONS];

/** @throws AwsError ValidationException when there is none, or more than one */
function onlyAction(each: DynamoDB.TransactWriteItem): Given {
  const given = (Object.keys(ACTIONS) as (keyof typeof ACTIONS)[]).filter((kind) => each[kind] !== undefined);
  const [kind] = given;
  if (kind === undefined || given.length > 1) {
    throw validationError("TransactItems can only contain one of Check, Put, Update or Delete");
  }
  return [kind, each[kind]] as Given;
}

/** @throws TableValidation */
function readAction(each: DynamoDB.TransactWriteItem): ReadAction {
  const [kind, action] = onlyAction(each);
  const { TableName: tableName } = action;
  const oldOnFailure = action.ReturnValuesOnConditionCheckFailure === "ALL_OLD";
  checkParameterStyles(action, kind === "Update" ? UPDATE_STYLES : PUT_STYLES);
  switch (kind) {
    case "Put": {
      const item = normalizeItem(action.Item);
      const size = checkedItemSize(item);
      return {
        tableName,
        oldOnFailure,
        item,
        size,
        condition: conditionOf(action),
        plan: (view) => putAction(view, item, size),
      };
    }
    case "Update": {
      const item = normalizeItem(action.Key);
      const { update, condition } = updateOf(action);
      const size = itemSize(item);
      return { tableName, oldOnFailure, item, size, condition, plan: (view) => updateAction(view, item, update) };
    }
    case "Delete": {
      const item = normalizeItem(action.Key);
      return {
        tableName,
        oldOnFailure,
        item,
        size: itemSize(item),
        condition: conditionOf(action),
        plan: (view) => deleteAction(view, item),
      };
    }
    case "ConditionCheck": {
      const item = normalizeItem(action.Key);
      const plan = (view: TableView) => {
        checkKey(view.keys, item);
        return { kind: "check", key: item } as const;
      };
      return { tableName, oldOnFailure, item, size: itemSize(item), condition: conditionOf(action), plan };
    }
  }
}

/** What a request says of the transaction as a whole. */
export type TransactionReport = Pick<
  DynamoDB.TransactWriteItemsInput,
  "ReturnConsumedCapacity" | "ReturnItemCollectionMetrics"
>;

/**
 * Does all actions or none.
 *
 * @throws AwsError TransactionCanceledException, IdempotentParameterMismatchException, ValidationException
 */
export async function runTransaction(
  tools: Toolbox,
  planned: readonly PlannedAction[],
  report: TransactionReport,
  token: TransactToken | undefined,
): Promise<DynamoDB.TransactWriteItemsOutput> {
  const actions = await engineActions(tools, planned, report);
  for (const { view } of planned) if (!view.ready) await tools.tables.ensure(view);
  if (tools.throttle !== undefined) for (const { view } of planned) tools.throttle.admit(view, "write");
  const result = await tools.engine.transact(actions, token);
  switch (result.outcome) {
    case "done":
      return answer(tools, planned, result, report);
    case "cancelled":
      for (const [at, refused] of result.reasons.entries()) {
        // As before the engine was asked: this one is said of the request.
        if (refused?.refused === "IndexKeyInvalid" && refused.problem === "empty") {
          throw refusalError(planned[at]!.view, { action: actions[at]!.action as ItemAction }, refused);
        }
      }
      throw transactionCancelled(result.reasons.map((refused, at) => reasonOf(planned[at]!, actions[at]!, refused)));
    case "tokenMismatch":
      throw new AwsError(
        "IdempotentParameterMismatchException",
        "The provided client token was used for another transaction with other parameters.",
      );
  }
}

/** @throws AwsError TransactionCanceledException for mistakes of single actions, ValidationException for those of the whole */
async function engineActions(
  tools: Toolbox,
  planned: readonly PlannedAction[],
  report: TransactionReport,
): Promise<readonly TransactAction[]> {
  const actions: TransactAction[] = [];
  const reasons = await inTurns(takeTurns(tools.clock), planned, ({ view, condition, plan, oldOnFailure }) =>
    mistakeOf(() => {
      const action = plan(view);
      checkCondition(view, condition);
      actions.push({
        tableId: view.record.resourceId,
        action,
        condition,
        wishes: wishesOf(tools, view, report, { oldOnFailure }),
      });
    }),
  );
  const identities = new Set(
    planned.map(({ view, item }) => `${view.record.resourceId} ${keyIdentity(view.keys, item)}`),
  );
  if (reasons.some((reason) => reason !== undefined)) throw transactionCancelled(reasons);
  if (identities.size < planned.length) {
    throw validationError("Transaction request cannot include multiple operations on one item");
  }
  if (planned.reduce((sum, { size }) => sum + size, 0) > TRANSACTION_BYTES_MAX) {
    throw validationError("Aggregate size of the items in the transaction exceeds the limit of 4 MB");
  }
  return actions;
}

function reasonOf(
  { view }: PlannedAction,
  { action }: TransactAction,
  refused: WriteRefused | undefined,
): CancellationReason | undefined {
  if (refused === undefined) return undefined;
  switch (refused.refused) {
    case "ConditionFailed":
      return conditionalCheckFailed(refused.old === undefined ? undefined : jsonText(refused.old));
    case "CollectionTooLarge":
      return collectionTooLarge();
    default:
      return validationReason(refusalMessage(view, { action: action as ItemAction }, refused));
  }
}

/** A token is unique in its account and region. @param parts what the request consists of besides */
export async function transactToken(
  token: string | undefined,
  parts: readonly object[],
  context: CallContext,
  turn: Turn,
): Promise<TransactToken | undefined> {
  if (token === undefined) return undefined;
  const hasher = new Bun.CryptoHasher("sha256");
  // JSON has no raw line breaks, so that parts cannot run into each other.
  await inTurns(turn, parts, (part) => void hasher.update(`${JSON.stringify(part)}\n`));
  return { scope: `${accountOf(context)}/${context.region}`, token, digest: hasher.digest("hex") };
}

function answer(
  tools: Toolbox,
  planned: readonly PlannedAction[],
  { results, repeated }: Extract<TransactResult, { readonly outcome: "done" }>,
  report: TransactionReport,
): DynamoDB.TransactWriteItemsOutput {
  const consumed = new Map<string, { readonly view: TableView; readonly units: ConsumedUnits }>();
  const metrics = new Map<string, DynamoDB.ItemCollectionMetrics[]>();
  for (const [at, { tableName, view, item }] of planned.entries()) {
    const done = results[at]!;
    const known = consumed.get(tableName) ?? { view, units: new ConsumedUnits(repeated ? "read" : "write") };
    consumed.set(tableName, known);
    // A repeated transaction only looks whether it was done.
    if (repeated) known.units.addTable(readUnits(done.newSize, "transaction"));
    else addWrite(known.units, view, done, true);
    if (wantsCollection(view, report) && !repeated) {
      const ofTable = metrics.get(tableName) ?? [];
      metrics.set(tableName, ofTable);
      ofTable.push(collectionMetrics(view, hashOf(view, item), done));
    }
  }
  for (const { view, units } of consumed.values()) tools.throttle?.charge(view, repeated ? "read" : "write", units);
  const wanted = report.ReturnConsumedCapacity === "INDEXES" ? "INDEXES" : "TOTAL";
  return {
    ...(wantsCapacity(report) && {
      ConsumedCapacity: [...consumed].map(([tableName, { units }]) => units.describe(tableName, wanted, true)),
    }),
    ...(metrics.size > 0 && { ItemCollectionMetrics: Object.fromEntries(metrics) }),
  };
}
