/** Query. */
import {
  type AttributeConditions,
  assertNoKeyAttributes,
  type KeyCondition,
  keyConditionOf,
  lowerFilter,
  readKeyConditions,
  readLegacyKeyConditions,
} from "#data-plane/tables/expressions";
import { type AttributeValue, TableValidation } from "#data-plane/tables/values";
import type { DynamoDB } from "#foundation/aws";
import { validationError } from "../../errors.ts";
import { checkParameterStyles, QUERY_STYLES } from "../../rules/expression-parameters.ts";
import { checkFilterProjected, checkSelect, selectOf } from "../../rules/select.ts";
import { checkStartsWithin } from "../../rules/start-key.ts";
import type { AccessFacts } from "../../service/access.ts";
import type { TableOperations } from "../../service/define.ts";
import type { TableView } from "../../service/table-view.ts";
import type { Toolbox } from "../../service/toolbox.ts";
import { bindingsOf } from "./conditions.ts";
import { namedAttributes, readQuestion } from "./item-questions.ts";
import {
  filterOf,
  indexOf,
  type PageParts,
  pageAnswer,
  pageProjection,
  pageRequest,
  readPage,
  startOf,
} from "./read-pages.ts";

export function query(tools: Toolbox): NonNullable<TableOperations["Query"]> {
  return {
    check({ Limit: limit }) {
      if (limit === undefined || limit >= 1) return;
      throw validationError(
        "1 validation error detected: Value at 'Limit' failed to satisfy constraint: Member must have value greater than or equal to 1",
      );
    },
    access: (input, context) => [
      readQuestion(tools, "Query", input.TableName, input.IndexName, (view) => queryFacts(input, view), context),
    ],
    async handle(input, context) {
      const { conditions, ...parts } = queryParts(input);
      const view = tools.tables.forItems(input.TableName, context);
      const index = indexOf(view, input);
      const keys = index?.definition.keys ?? view.keys.definition;
      const condition = keyConditionOf(conditions, keys);
      const request = pageRequest(view, index, input, parts);
      if (parts.start !== undefined) checkStartsWithin(parts.start, condition, keys);
      if (parts.filter !== undefined) {
        if (index !== undefined && request.wholeItems !== true) checkFilterProjected(index, parts.filter.attributes);
        const names = [...keys.hash, ...keys.range].map(({ name }) => name);
        assertNoKeyAttributes(
          parts.filter,
          names,
          input.FilterExpression === undefined ? "QueryFilter" : "Filter Expression",
        );
      }
      const { page, consumed } = await readPage(tools, view, index, input, () =>
        tools.engine.query({
          ...request,
          hash: condition.hash,
          ...(condition.range !== undefined && { range: condition.range }),
          ...(input.ScanIndexForward === false && { backward: true }),
        }),
      );
      return pageAnswer(tools, input, page, parts.projection, consumed);
    },
  };
}

/** Everything that is complained of before it is known whether the table exists. @throws TableValidation */
function queryParts(input: DynamoDB.QueryInput): PageParts & { readonly conditions: AttributeConditions } {
  checkParameterStyles(input, QUERY_STYLES);
  checkSelect(input, "Querying");
  const olderFilter =
    input.QueryFilter !== undefined || (input.ConditionalOperator !== undefined && input.FilterExpression === undefined)
      ? lowerFilter(input.QueryFilter, input.ConditionalOperator)
      : undefined;
  const start = startOf(input);
  if (input.KeyConditions === undefined && input.KeyConditionExpression === undefined) {
    throw new TableValidation(
      "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.",
    );
  }
  const bindings = bindingsOf(input);
  const conditions =
    input.KeyConditionExpression === undefined
      ? readLegacyKeyConditions(input.KeyConditions ?? {})
      : readKeyConditions(input.KeyConditionExpression, bindings);
  const filter = filterOf(input, bindings) ?? olderFilter;
  const projection = pageProjection(input, bindings);
  bindings.assertAllUsed();
  return { conditions, filter, projection, start };
}

function queryFacts(input: DynamoDB.QueryInput, view: TableView | undefined): AccessFacts {
  return {
    leadingKeys: view === undefined ? undefined : hashValues(input, view),
    attributes: namedAttributes(input, []),
    select: selectOf(input),
    returnConsumedCapacity: input.ReturnConsumedCapacity,
  };
}

/** The value of the hash key that a query is about. A query that cannot be read is about none. */
function hashValues(input: DynamoDB.QueryInput, view: TableView): readonly AttributeValue[] {
  let condition: KeyCondition;
  try {
    condition = keyConditionOf(
      queryParts(input).conditions,
      indexOf(view, input)?.definition.keys ?? view.keys.definition,
    );
  } catch {
    return [];
  }
  return condition.hash;
}
