/** PutItem, UpdateItem, DeleteItem. */
import {
  compileCondition,
  compileUpdate,
  lowerAttributeUpdates,
  lowerExpected,
  type Update,
  updatedAttributes,
} from "#data-plane/tables/expressions";
import { type Item, normalizeItem } from "#data-plane/tables/values";
import { type DynamoDB, jsonText } from "#foundation/aws";
import type { ItemWrite, WriteDone } from "../../engine/port.ts";
import { validationError } from "../../errors.ts";
import { checkParameterStyles, DELETE_STYLES, PUT_STYLES, UPDATE_STYLES } from "../../rules/expression-parameters.ts";
import { checkedItemSize } from "../../rules/item-size.ts";
import type { TableOperations } from "../../service/define.ts";
import type { Toolbox } from "../../service/toolbox.ts";
import { checkCondition, deleteAction, putAction, updateAction } from "./actions.ts";
import { bindingsOf, conditionOf } from "./conditions.ts";
import { itemQuestion } from "./item-questions.ts";
import { hashOf, wishesOf, writeItem, writeReport } from "./write-item.ts";

type Names = "PutItem" | "UpdateItem" | "DeleteItem";

type Attributes = DynamoDB.PutItemOutput["Attributes"];

export function singleWrites(tools: Toolbox): Required<Pick<TableOperations, Names>> {
  const { tables } = tools;
  return {
    PutItem: {
      access: (input, context) => [
        itemQuestion(tools, "PutItem", input.TableName, input, () => [input.Item as Item], context),
      ],
      async handle(input, context) {
        checkParameterStyles(input, PUT_STYLES);
        const item = normalizeItem(input.Item);
        checkReturnValues(input.ReturnValues);
        const size = checkedItemSize(item);
        const condition = conditionOf(input);
        const view = tables.forItems(input.TableName, context);
        const action = putAction(view, item, size);
        checkCondition(view, condition);
        const done = await writeItem(tools, view, {
          tableId: view.record.resourceId,
          action,
          condition,
          wishes: wishesOf(tools, view, input, {
            old: input.ReturnValues === "ALL_OLD",
            oldOnFailure: input.ReturnValuesOnConditionCheckFailure === "ALL_OLD",
          }),
        });
        return {
          ...(done.old !== undefined && { Attributes: jsonText<Attributes>(done.old) }),
          ...writeReport(view, input.TableName, input, done, hashOf(view, item)),
        };
      },
    },

    UpdateItem: {
      access: (input, context) => [
        itemQuestion(tools, "UpdateItem", input.TableName, input, () => [input.Key as Item], context),
      ],
      async handle(input, context) {
        checkParameterStyles(input, UPDATE_STYLES);
        const key = normalizeItem(input.Key);
        const { update, condition } = updateOf(input);
        const view = tables.forItems(input.TableName, context);
        const action = updateAction(view, key, update);
        checkCondition(view, condition);
        const returned = input.ReturnValues ?? "NONE";
        const write: ItemWrite = {
          tableId: view.record.resourceId,
          action,
          condition,
          wishes: wishesOf(tools, view, input, {
            old: returned === "ALL_OLD" || returned === "UPDATED_OLD",
            new: returned === "ALL_NEW" || returned === "UPDATED_NEW",
            oldOnFailure: input.ReturnValuesOnConditionCheckFailure === "ALL_OLD",
          }),
        };
        const done = await writeItem(tools, view, write);
        const attributes = returnedAttributes(returned, update, done);
        return {
          ...(attributes !== undefined && { Attributes: attributes }),
          ...writeReport(view, input.TableName, input, done, hashOf(view, key)),
        };
      },
    },

    DeleteItem: {
      access: (input, context) => [
        itemQuestion(tools, "DeleteItem", input.TableName, input, () => [input.Key as Item], context),
      ],
      async handle(input, context) {
        checkParameterStyles(input, DELETE_STYLES);
        const key = normalizeItem(input.Key);
        checkReturnValues(input.ReturnValues);
        const condition = conditionOf(input);
        const view = tables.forItems(input.TableName, context);
        const action = deleteAction(view, key);
        checkCondition(view, condition);
        const done = await writeItem(tools, view, {
          tableId: view.record.resourceId,
          action,
          condition,
          wishes: wishesOf(tools, view, input, {
            old: input.ReturnValues === "ALL_OLD",
            oldOnFailure: input.ReturnValuesOnConditionCheckFailure === "ALL_OLD",
          }),
        });
        return {
          ...(done.old !== undefined && { Attributes: jsonText<Attributes>(done.old) }),
          ...writeReport(view, input.TableName, input, done, hashOf(view, key)),
        };
      },
    },
  };
}

/** @throws AwsError ValidationException */
export function checkReturnValues(returned: DynamoDB.ReturnValue | undefined): void {
  if (returned === undefined || returned === "NONE" || returned === "ALL_OLD") return;
  throw validationError("ReturnValues can only be ALL_OLD or NONE");
}

type UpdateInput = Pick<
  DynamoDB.UpdateItemInput,
  | "UpdateExpression"
  | "AttributeUpdates"
  | "ConditionExpression"
  | "Expected"
  | "ConditionalOperator"
  | "ExpressionAttributeNames"
  | "ExpressionAttributeValues"
>;

/** The update and the condition of a request; both share its names and values. @throws TableValidation */
export function updateOf(input: UpdateInput) {
  if (input.UpdateExpression === undefined && input.ConditionExpression === undefined) {
    const update = lowerAttributeUpdates(input.AttributeUpdates ?? {});
    const older = input.Expected !== undefined || input.ConditionalOperator !== undefined;
    return { update, condition: older ? lowerExpected(input.Expected, input.ConditionalOperator) : undefined };
  }
  const bindings = bindingsOf(input);
  const update =
    input.UpdateExpression === undefined ? lowerAttributeUpdates({}) : compileUpdate(input.UpdateExpression, bindings);
  const condition =
    input.ConditionExpression === undefined
      ? undefined
      : compileCondition(input.ConditionExpression, bindings, "ConditionExpression");
  bindings.assertAllUsed();
  return { update, condition };
}

function returnedAttributes(returned: DynamoDB.ReturnValue, update: Update, done: WriteDone): Attributes {
  switch (returned) {
    case "NONE":
      return undefined;
    case "ALL_OLD":
      return done.old === undefined ? undefined : jsonText<Attributes>(done.old);
    case "ALL_NEW":
      return done.new === undefined ? undefined : jsonText<Attributes>(done.new);
    case "UPDATED_OLD":
      return touched(update, done.old);
    case "UPDATED_NEW":
      return touched(update, done.new);
  }
}

function touched(update: Update, text: string | undefined): Attributes {
  if (text === undefined) return undefined;
  return updatedAttributes(update, JSON.parse(text) as Item) as Attributes;
}
