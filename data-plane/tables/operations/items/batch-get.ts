/** BatchGetItem: up to 100 items of several tables, read one by one. */
import type { Projection } from "#data-plane/tables/expressions";
import { takeTurns } from "#data-plane/tables/turns";
import { type Item, normalizeItem } from "#data-plane/tables/values";
import type { DynamoDB } from "#foundation/aws";
import { validationError } from "../../errors.ts";
import { ConsumedUnits, type ReadMode, readUnits } from "../../rules/capacity.ts";
import { checkPaths } from "../../rules/document-paths.ts";
import { checkParameterStyles, GET_STYLES } from "../../rules/expression-parameters.ts";
import { checkKey, keyIdentity } from "../../rules/keys.ts";
import { selectOf } from "../../rules/select.ts";
import type { TableOperations } from "../../service/define.ts";
import type { TableView } from "../../service/table-view.ts";
import type { Toolbox } from "../../service/toolbox.ts";
import { itemQuestion } from "./item-questions.ts";
import { projectionOf, returnedItem } from "./projections.ts";

const KEYS_MAX = 100;
/** What is read beyond this is left to another request. */
const ANSWER_BYTES_MAX = 16 * 1024 * 1024;

/** The part of a request about one table. */
interface TableRead {
  readonly tableName: string;
  readonly asked: DynamoDB.KeysAndAttributes;
  readonly keys: readonly Item[];
  readonly projection: Projection | undefined;
  readonly mode: ReadMode;
}

export function batchGetItem(tools: Toolbox): NonNullable<TableOperations["BatchGetItem"]> {
  const { tables } = tools;
  return {
    check({ RequestItems: requests }) {
      if (requests === undefined || Object.keys(requests).length === 0) {
        throw validationError("The requestItems parameter is required for BatchGetItem");
      }
      for (const [tableName, { Keys: keys }] of Object.entries(requests)) {
        if (keys !== undefined && keys.length > KEYS_MAX) {
          throw validationError(
            `1 validation error detected: Value at 'RequestItems.${tableName.slice(0, 1024)}.member.Keys' failed to satisfy constraint: Member must have length less than or equal to ${KEYS_MAX}`,
          );
        }
      }
    },
    access: (input, context) =>
      Object.entries(input.RequestItems).map(([tableName, asked]) =>
        itemQuestion(tools, "BatchGetItem", tableName, asked, () => asked.Keys as readonly Item[], context, {
          select: selectOf(asked),
          returnConsumedCapacity: input.ReturnConsumedCapacity,
        }),
      ),
    async handle(input, context) {
      const reads = Object.entries(input.RequestItems).map(([tableName, asked]) => readOf(tableName, asked));
      if (reads.reduce((sum, { keys }) => sum + keys.length, 0) > KEYS_MAX) {
        throw validationError("Too many items requested for the BatchGetItem call");
      }
      const views = reads.map(({ tableName }) => tables.forItems(tableName, context));
      for (const [at, read] of reads.entries()) checkKeys(views[at]!, read);
      for (const view of views) if (!view.ready) await tables.ensure(view);
      return readAll(tools, reads, views, input.ReturnConsumedCapacity);
    },
  };
}

function readOf(tableName: string, asked: DynamoDB.KeysAndAttributes): TableRead {
  checkParameterStyles(asked, GET_STYLES);
  return {
    tableName,
    asked,
    keys: asked.Keys.map(normalizeItem),
    projection: projectionOf(asked),
    mode: asked.ConsistentRead === true ? "strong" : "eventual",
  };
}

function checkKeys(view: TableView, { keys, projection }: TableRead): void {
  const seen = new Set<string>();
  for (const key of keys) {
    checkKey(view.keys, key);
    seen.add(keyIdentity(view.keys, key));
  }
  if (seen.size < keys.length) throw validationError("Provided list of item keys contains duplicates");
  if (projection !== undefined) checkPaths(view, projection);
}

type Items = NonNullable<DynamoDB.BatchGetItemOutput["Responses"]>[string];

/** One item after the other: there may be 16 MB of them. */
async function readAll(
  tools: Toolbox,
  reads: readonly TableRead[],
  views: readonly TableView[],
  wanted: DynamoDB.ReturnConsumedCapacity | undefined,
): Promise<DynamoDB.BatchGetItemOutput> {
  const turn = takeTurns(tools.clock);
  const responses = new Map<string, Items>();
  const unprocessed = new Map<string, DynamoDB.KeysAndAttributes>();
  const capacity: DynamoDB.ConsumedCapacity[] = [];
  let bytes = 0;
  for (const [at, read] of reads.entries()) {
    const view = views[at]!;
    const consumed = new ConsumedUnits("read");
    const items: Items[number][] = [];
    const left: Item[] = [];
    tools.throttle?.admit(view, "read");
    for (const key of read.keys) {
      if (turn.isOver) await turn.next();
      const stored = bytes > ANSWER_BYTES_MAX ? undefined : tools.engine.get(view.record.resourceId, key);
      if (bytes > ANSWER_BYTES_MAX || bytes + (stored?.size ?? 0) > ANSWER_BYTES_MAX) {
        bytes = ANSWER_BYTES_MAX + 1;
        left.push(key);
        continue;
      }
      bytes += stored?.size ?? 0;
      consumed.addTable(readUnits(stored?.size ?? 0, read.mode));
      if (stored !== undefined) items.push(returnedItem<Items[number]>(stored, read.projection));
    }
    tools.throttle?.charge(view, "read", consumed);
    responses.set(read.tableName, items);
    if (left.length > 0) {
      unprocessed.set(read.tableName, { ...read.asked, Keys: left as DynamoDB.KeysAndAttributes["Keys"] });
    }
    if (wanted === "TOTAL" || wanted === "INDEXES") capacity.push(consumed.describe(read.tableName, wanted, false));
  }
  return {
    // A table may be named `__proto__`.
    Responses: Object.fromEntries(responses),
    UnprocessedKeys: Object.fromEntries(unprocessed),
    ...((wanted === "TOTAL" || wanted === "INDEXES") && { ConsumedCapacity: capacity }),
  };
}
