/** PartiQL: statements instead of parameters. */
import type { Toolbox } from "../../service/toolbox.ts";
import { batchExecuteStatement } from "./batch-execute-statement.ts";
import { executeStatement } from "./execute-statement.ts";
import { executeTransaction } from "./execute-transaction.ts";

export const statementOperations = (tools: Toolbox) => ({
  ExecuteStatement: executeStatement(tools),
  BatchExecuteStatement: batchExecuteStatement(tools),
  ExecuteTransaction: executeTransaction(tools),
});
