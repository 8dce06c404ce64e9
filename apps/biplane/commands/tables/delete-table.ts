/** `biplane tables delete` */
import { CodedError, EXIT } from "#foundation/errors";
import type { CommandBody } from "../../cli/command.ts";
import { printable } from "../../cli/terminal.ts";
import { counted } from "../../cli/units.ts";
import { printDone } from "../identity/listing.ts";
import { tableNameOf } from "./arguments.ts";
import { clientOf, describeTable } from "./client.ts";

export const deleteTable: CommandBody = async (context) => {
  const { arguments: given, signal } = context;
  const name = tableNameOf(context);
  const client = clientOf(context);
  const { ItemCount: items } = await describeTable(client, name, signal);
  // DynamoDB deletes a table with all that is in it; people want to be asked.
  if (items > 0 && !given.has("force")) {
    throw new CodedError(
      "TableNotEmpty",
      { status: 409, retryable: false, exit: EXIT.conflict, message: "" },
      {
        message: `Table ${name} holds ${counted(items, "item")}. Delete it with them: biplane tables delete ${name} --force`,
      },
    );
  }
  await client.call("DeleteTable", { TableName: name }, { signal, attempts: 1 });
  const also = items === 0 ? "" : `, with ${counted(items, "item")} that were in it`;
  return printDone(context, { name, deleted: true, deletedItems: items }, `Table ${printable(name)} is gone${also}.`);
};
