/** GetItem. */
import { type Item, normalizeItem } from "#data-plane/tables/values";
import type { DynamoDB } from "#foundation/aws";
import type { StoredItem } from "../../engine/port.ts";
import { ConsumedUnits, type ReadMode, readUnits } from "../../rules/capacity.ts";
import { checkPaths } from "../../rules/document-paths.ts";
import { checkParameterStyles, GET_STYLES } from "../../rules/expression-parameters.ts";
import { checkKey } from "../../rules/keys.ts";
import { selectOf } from "../../rules/select.ts";
import type { TableOperations } from "../../service/define.ts";
import type { TableView } from "../../service/table-view.ts";
import type { Toolbox } from "../../service/toolbox.ts";
import { itemQuestion } from "./item-questions.ts";
import { projectionOf, returnedItem } from "./projections.ts";

export function getItem(tools: Toolbox): NonNullable<TableOperations["GetItem"]> {
  const { tables } = tools;
  return {
    access(input, context) {
      const key = () => [input.Key as Item];
      return [itemQuestion(tools, "GetItem", input.TableName, input, key, context, { select: selectOf(input) })];
    },
    handle(input, context) {
      checkParameterStyles(input, GET_STYLES);
      const key = normalizeItem(input.Key);
      const projection = projectionOf(input);
      const view = tables.forItems(input.TableName, context);
      checkKey(view.keys, key);
      if (projection !== undefined) checkPaths(view, projection);

      const answer = (): DynamoDB.GetItemOutput => {
        const mode: ReadMode = input.ConsistentRead === true ? "strong" : "eventual";
        const stored = readItem(tools, view, key, mode);
        const { ReturnConsumedCapacity: wanted } = input;
        return {
          ...(stored !== undefined && { Item: returnedItem<DynamoDB.GetItemOutput["Item"]>(stored, projection) }),
          ...((wanted === "TOTAL" || wanted === "INDEXES") && {
            ConsumedCapacity: consumedByRead(stored, mode).describe(input.TableName, wanted, false),
          }),
        };
      };
      return view.ready ? answer() : tables.ensure(view).then(answer);
    },
  };
}

/**
 * Reads one item. The table must be ready.
 * @throws AwsError ProvisionedThroughputExceededException
 */
export function readItem(tools: Toolbox, view: TableView, key: Item, mode: ReadMode): StoredItem | undefined {
  tools.throttle?.admit(view, "read");
  const stored = tools.engine.get(view.record.resourceId, key);
  tools.throttle?.charge(view, "read", consumedByRead(stored, mode));
  return stored;
}

export function consumedByRead(stored: StoredItem | undefined, mode: ReadMode): ConsumedUnits {
  const consumed = new ConsumedUnits("read");
  consumed.addTable(readUnits(stored?.size ?? 0, mode));
  return consumed;
}
