/** Carries out an INSERT, UPDATE or DELETE. */
import { type Update, updatedAttributes } from "#data-plane/tables/expressions";
import type { Returning, WritePlan } from "#data-plane/tables/partiql";
import type { Item } from "#data-plane/tables/values";
import { AwsError, type DynamoDB, jsonText } from "#foundation/aws";
import type { ItemAction, WriteDone } from "../../engine/port.ts";
import type { TableView } from "../../service/table-view.ts";
import type { Toolbox } from "../../service/toolbox.ts";
import {
  checkCondition,
  checkedItemSize,
  deleteAction,
  putAction,
  updateAction,
  wishesOf,
  writeItem,
} from "../items/internals.ts";

/** What is put, updated or deleted; a condition alone is for transactions. */
export type SingleWritePlan = Exclude<WritePlan, { readonly kind: "check" }>;

export type WireItem = NonNullable<DynamoDB.BatchStatementResponse["Item"]>;

export interface WriteRequest {
  readonly plan: SingleWritePlan;
  readonly oldOnFailure: boolean;
  readonly ReturnConsumedCapacity: DynamoDB.ReturnConsumedCapacity | undefined;
}

export interface WrittenItem {
  readonly done: WriteDone;
  /** What RETURNING asks for, when there is such a thing. */
  readonly returned: WireItem | undefined;
}

const DUPLICATE = "Duplicate primary key exists in table";

/** @throws AwsError as writing does, and DuplicateItemException; TableValidation */
export async function runWrite(tools: Toolbox, view: TableView, request: WriteRequest): Promise<WrittenItem> {
  const { plan, oldOnFailure, ReturnConsumedCapacity: wanted } = request;
  const returning = plan.kind === "put" ? undefined : plan.returning;
  const action = actionOf(view, plan);
  checkCondition(view, plan.condition);
  try {
    const done = await writeItem(tools, view, {
      tableId: view.record.resourceId,
      action,
      condition: plan.condition,
      wishes: wishesOf(tools, view, wanted === undefined ? {} : { ReturnConsumedCapacity: wanted }, {
        old: returning?.version === "OLD",
        new: returning?.version === "NEW",
        oldOnFailure: oldOnFailure && plan.kind !== "put",
      }),
    });
    return { done, returned: returnedItem(returning, plan, done) };
  } catch (error) {
    // The only condition of an INSERT is that there is no such item.
    if (plan.kind === "put" && error instanceof AwsError && error.code === "ConditionalCheckFailedException") {
      throw new AwsError("DuplicateItemException", DUPLICATE);
    }
    throw error;
  }
}

/** @throws TableValidation when key or item are not as the table's must be */
export function actionOf(view: TableView, plan: SingleWritePlan): ItemAction {
  switch (plan.kind) {
    case "put":
      return putAction(view, plan.item, checkedItemSize(plan.item));
    case "update":
      return updateAction(view, plan.key, plan.update);
    case "delete":
      return deleteAction(view, plan.key);
  }
}

/** The reason that an INSERT of a transaction is cancelled for. */
export function duplicateReason(): DynamoDB.CancellationReason {
  return { Code: "DuplicateItem", Message: DUPLICATE };
}

function returnedItem(
  returning: Returning | undefined,
  plan: SingleWritePlan,
  { old, new: now }: WriteDone,
): WireItem | undefined {
  const text = returning?.version === "OLD" ? old : now;
  if (returning === undefined || text === undefined) return undefined;
  if (returning.which === "ALL" || plan.kind !== "update") return jsonText<WireItem>(text);
  return changedAttributes(plan.update, text);
}

function changedAttributes(update: Update, text: string): WireItem | undefined {
  return updatedAttributes(update, JSON.parse(text) as Item) as WireItem | undefined;
}
