/** Operations on items. */
import type { Toolbox } from "../../service/toolbox.ts";
import { batchGetItem } from "./batch-get.ts";
import { batchWriteItem } from "./batch-write.ts";
import { getItem } from "./get-item.ts";
import { query } from "./query.ts";
import { scan } from "./scan.ts";
import { singleWrites } from "./single-writes.ts";
import { transactGetItems } from "./transact-get.ts";
import { transactWriteItems } from "./transact-write.ts";

export const itemOperations = (tools: Toolbox) => ({
  ...singleWrites(tools),
  GetItem: getItem(tools),
  BatchGetItem: batchGetItem(tools),
  BatchWriteItem: batchWriteItem(tools),
  Query: query(tools),
  Scan: scan(tools),
  TransactGetItems: transactGetItems(tools),
  TransactWriteItems: transactWriteItems(tools),
});
