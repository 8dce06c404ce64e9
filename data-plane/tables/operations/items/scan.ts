/** Scan. */
import { lowerFilter } from "#data-plane/tables/expressions";
import { TableValidation } from "#data-plane/tables/values";
import type { DynamoDB } from "#foundation/aws";
import { isTableEngineError } from "../../engine/index.ts";
import { checkParameterStyles, SCAN_STYLES } from "../../rules/expression-parameters.ts";
import { checkSelect, selectOf } from "../../rules/select.ts";
import type { TableOperations } from "../../service/define.ts";
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

export function scan(tools: Toolbox): NonNullable<TableOperations["Scan"]> {
  return {
    access: (input, context) => [
      readQuestion(
        tools,
        "Scan",
        input.TableName,
        input.IndexName,
        () => ({
          attributes: namedAttributes(input, []),
          select: selectOf(input),
          returnConsumedCapacity: input.ReturnConsumedCapacity,
          fullTableScan: true,
        }),
        context,
      ),
    ],
    async handle(input, context) {
      const parts = scanParts(input);
      const view = tools.tables.forItems(input.TableName, context);
      const index = indexOf(view, input);
      const request = pageRequest(view, index, input, parts);
      const { Segment: segment, TotalSegments: total } = input;
      const { page, consumed } = await readPage(tools, view, index, input, () =>
        tools.engine
          .scan({
            ...request,
            ...(segment !== undefined && total !== undefined && { segment: { index: segment, total } }),
          })
          .catch((error) => refuseSegment(error, input)),
      );
      return pageAnswer(tools, input, page, parts.projection, consumed);
    },
  };
}

/** A starting key that fits what is read can only be that of another segment. */
function refuseSegment(error: unknown, { Segment: segment, TotalSegments: total }: DynamoDB.ScanInput): never {
  if (segment === undefined || !isTableEngineError(error, "InvalidStartKey")) throw error;
  throw new TableValidation(
    `The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct Segment. TotalSegments: ${total} Segment: ${segment}`,
  );
}

/** Everything that is complained of before it is known whether the table exists. @throws TableValidation */
function scanParts(input: DynamoDB.ScanInput): PageParts {
  checkParameterStyles(input, SCAN_STYLES);
  checkSelect(input, "Scanning");
  const olderFilter =
    input.ScanFilter !== undefined || (input.ConditionalOperator !== undefined && input.FilterExpression === undefined)
      ? lowerFilter(input.ScanFilter, input.ConditionalOperator)
      : undefined;
  const start = startOf(input);
  checkSegment(input);
  const bindings = bindingsOf(input);
  const filter = filterOf(input, bindings) ?? olderFilter;
  const projection = pageProjection(input, bindings);
  bindings.assertAllUsed();
  return { filter, projection, start };
}

function checkSegment({ Segment: segment, TotalSegments: total }: DynamoDB.ScanInput): void {
  if (segment !== undefined && total === undefined) {
    throw new TableValidation(
      "The TotalSegments parameter is required but was not present in the request when Segment parameter is present",
    );
  }
  if (total !== undefined && segment === undefined) {
    throw new TableValidation(
      "The Segment parameter is required but was not present in the request when parameter TotalSegments is present",
    );
  }
  if (segment !== undefined && total !== undefined && segment >= total) {
    throw new TableValidation(
      `The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: ${segment} is not less than TotalSegments: ${total}`,
    );
  }
}
