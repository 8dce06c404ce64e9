/** `biplane tables put`, `get`, `update` and `rm` */
import { CodedError, EXIT } from "#foundation/errors";
import type { CommandBody, CommandContext } from "../../cli/command.ts";
import { usageError } from "../../cli/errors.ts";
import { printable } from "../../cli/terminal.ts";
import { printDone } from "../identity/listing.ts";
import { itemOf, keyOf, namesIn, placeholdersOf, readItem, tableNameOf, textOf } from "./arguments.ts";
import { clientOf, describeTable, keyNames, type TableDescription } from "./client.ts";
import { plainItem, type WireItem } from "./plain-items.ts";
import { isTyped, showItem } from "./show-items.ts";

const CONDITION_FAILED = "ConditionalCheckFailedException";

export const putItem: CommandBody = async (context) => {
  const { arguments: given, signal } = context;
  const TableName = tableNameOf(context);
  const client = clientOf(context);
  const Item = itemOf(given.positionals[1]!, given);
  const table = await describeTable(client, TableName, signal);
  const [hash] = keyNames(table);
  const condition = given.text("condition");
  if (condition !== undefined && given.has("if-absent")) throw usageError("Choose one of --condition and --if-absent.");
  const guard = given.has("if-absent")
    ? { ConditionExpression: "attribute_not_exists(#hash)", ExpressionAttributeNames: { "#hash": hash } }
    : { ...(condition === undefined ? {} : { ConditionExpression: condition }), ...placeholdersOf(given) };
  const key = keyIn(table, Item);
  try {
    await client.call("PutItem", { TableName, Item, ...guard }, { signal });
  } catch (error) {
    const isThere = given.has("if-absent") && error instanceof CodedError && error.code === CONDITION_FAILED;
    if (!isThere) throw error;
    throw new CodedError(CONDITION_FAILED, error, {
      message: `Table ${TableName} has an item ${itemName(key)} already.`,
    });
  }
  return printDone(
    context,
    { table: TableName, key: shown(context, key), put: true },
    `Item ${itemName(key)} is in ${printable(TableName)}.`,
  );
};

export const getItem: CommandBody = async (context) => {
  const { arguments: given, signal } = context;
  const client = clientOf(context);
  const TableName = tableNameOf(context);
  const table = await describeTable(client, TableName, signal);
  const Key = keyOf(table, given.positionals.slice(1), given);
  const { Item: item } = await client.call<{ readonly Item?: WireItem }>(
    "GetItem",
    { TableName, Key, ConsistentRead: true },
    { signal },
  );
  if (item === undefined) throw noSuchItem(TableName, Key);
  showItem(context, item);
  return undefined;
};

export const updateItem: CommandBody = async (context) => {
  const { arguments: given, signal } = context;
  const client = clientOf(context);
  const TableName = tableNameOf(context);
  const table = await describeTable(client, TableName, signal);
  const Key = keyOf(table, given.positionals.slice(1), given);
  const condition = given.text("condition");
  const update = updateOf(context);
  const { Attributes: item = {} } = await client.call<{ readonly Attributes?: WireItem }>(
    "UpdateItem",
    {
      TableName,
      Key,
      ...update,
      ...(condition === undefined ? {} : { ConditionExpression: condition }),
      ReturnValues: "ALL_NEW",
    },
    { signal },
  );
  showItem(context, item);
  return undefined;
};

/** `--set`, `--add` and `--remove`, or a whole `--expression`. */
function updateOf({ arguments: given }: CommandContext): object {
  const names: Record<string, string> = {};
  const values: Record<string, unknown> = {};
  const place = (name: string): string => {
    const placeholder = `#u${Object.keys(names).length}`;
    names[placeholder] = name;
    return placeholder;
  };
  const assigned = (option: string, operator: string): string => {
    const text = given.text(option);
    if (text === undefined) return "";
    const members = Object.entries(readItem(textOf(text), given.has("dynamodb-json"), `--${option}`));
    const clauses = members.map(([name, value]) => {
      const placeholder = `:u${Object.keys(values).length}`;
      values[placeholder] = value;
      return `${place(name)}${operator}${placeholder}`;
    });
    return clauses.length === 0 ? "" : `${option.toUpperCase()} ${clauses.join(", ")} `;
  };
  const removed = namesIn(given.text("remove")).map(place);
  const clauses = `${assigned("set", " = ")}${assigned("add", " ")}${removed.length === 0 ? "" : `REMOVE ${removed.join(", ")}`}`;
  const expression = given.text("expression");
  if ((clauses === "") === (expression === undefined)) {
    throw usageError(
      clauses === "" ? "What is to be changed?" : "Choose one of --expression and the others.",
      `Write --set '{"name": "value"}', --add '{"count": 1}', --remove NAME,NAME, or --expression with --values.`,
    );
  }
  const own = placeholdersOf(given);
  const allNames = { ...own.ExpressionAttributeNames, ...names };
  const allValues = { ...own.ExpressionAttributeValues, ...values };
  return {
    UpdateExpression: expression ?? clauses.trim(),
    ...(Object.keys(allNames).length === 0 ? {} : { ExpressionAttributeNames: allNames }),
    ...(Object.keys(allValues).length === 0 ? {} : { ExpressionAttributeValues: allValues }),
  };
}

export const removeItem: CommandBody = async (context) => {
  const { arguments: given, signal } = context;
  const client = clientOf(context);
  const TableName = tableNameOf(context);
  const table = await describeTable(client, TableName, signal);
  const Key = keyOf(table, given.positionals.slice(1), given);
  const condition = given.text("condition");
  const { Attributes: old } = await client.call<{ readonly Attributes?: WireItem }>(
    "DeleteItem",
    {
      TableName,
      Key,
      ...(condition === undefined ? {} : { ConditionExpression: condition }),
      ...placeholdersOf(given),
      ReturnValues: "ALL_OLD",
    },
    { signal },
  );
  // DynamoDB says yes to deleting what is not there; people want to know.
  if (old === undefined) throw noSuchItem(TableName, Key);
  return printDone(
    context,
    { table: TableName, key: shown(context, Key), deleted: true },
    `Item ${itemName(Key)} of ${printable(TableName)} is gone.`,
  );
};

function keyIn(table: TableDescription, item: WireItem): WireItem {
  return Object.fromEntries(
    keyNames(table).flatMap((name) => (Object.hasOwn(item, name) ? [[name, item[name]!]] : [])),
  );
}

function shown(context: CommandContext, item: WireItem): object {
  return isTyped(context) ? item : plainItem(item);
}

function itemName(key: WireItem): string {
  return printable(JSON.stringify(plainItem(key)));
}

function noSuchItem(table: string, key: WireItem): CodedError {
  return new CodedError(
    "ItemNotFound",
    { status: 404, retryable: false, exit: EXIT.notFound, message: "" },
    { message: `Table ${table} has no item ${itemName(key)}.` },
  );
}
