/** What a Query or Scan returns: whole items, some attributes, or only their number (DynamoDB API Reference, Query, Select). Pure. */
import { TableValidation } from "#data-plane/tables/values";
import type { DynamoDB } from "#foundation/aws";

/** The parameters that say what is returned. */
export interface SelectInput {
  readonly Select?: DynamoDB.Select;
  readonly ProjectionExpression?: string;
  readonly AttributesToGet?: readonly string[];
  readonly IndexName?: string;
}

/** What a request returns, for policies. */
export function selectOf(input: SelectInput): DynamoDB.Select {
  if (input.Select !== undefined) return input.Select;
  const named = input.ProjectionExpression ?? input.AttributesToGet;
  return named === undefined ? "ALL_ATTRIBUTES" : "SPECIFIC_ATTRIBUTES";
}

/** The part of an index that the rules ask for. */
export interface SelectableIndex {
  readonly name: string;
  readonly kind: "local" | "global";
  /** Top-level attributes that are in the index; undefined when all are. */
  readonly attributes: ReadonlySet<string> | undefined;
}

/**
 * Checks what can be checked without the table.
 * @param verb `Querying` or `Scanning`
 * @throws TableValidation
 */
export function checkSelect(input: SelectInput, verb: "Querying" | "Scanning"): void {
  const { Select: select, IndexName } = input;
  const named =
    input.ProjectionExpression !== undefined
      ? "ProjectionExpression"
      : input.AttributesToGet !== undefined
        ? "AttributesToGet"
        : undefined;
  switch (select) {
    case undefined:
      return;
    case "SPECIFIC_ATTRIBUTES":
      if (named !== undefined) return;
      throw new TableValidation(
        "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES",
      );
    case "COUNT":
      if (named === undefined) return;
      throw new TableValidation(`Cannot specify the ${named} when choosing to get only the Count`);
    case "ALL_ATTRIBUTES":
      if (named === undefined) return;
      throw new TableValidation(`Cannot specify the ${named} when choosing to get ALL_ATTRIBUTES`);
    case "ALL_PROJECTED_ATTRIBUTES":
      if (IndexName === undefined) {
        throw new TableValidation(`ALL_PROJECTED_ATTRIBUTES can be used only when ${verb} using an IndexName`);
      }
      if (named === undefined) return;
      throw new TableValidation(`Cannot specify the ${named} when choosing to get ALL_PROJECTED_ATTRIBUTES`);
  }
}

/**
 * Whether whole items have to be fetched from the table, because something is wanted that the index does not have.
 *
 * @param wanted top-level attributes of the projection; undefined without one
 * @throws TableValidation where the index cannot fetch: global ones never do
 */
export function fetchesItems(
  index: SelectableIndex,
  select: DynamoDB.Select | undefined,
  wanted: readonly string[] | undefined,
): boolean {
  const { attributes } = index;
  if (attributes === undefined) return false;
  if (index.kind === "global") {
    if (select === "ALL_ATTRIBUTES") {
      throw new TableValidation(
        `One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for global secondary index ${index.name} because its projection type is not ALL`,
      );
    }
    const lacking = (wanted ?? []).filter((name) => !attributes.has(name));
    if (lacking.length === 0) return false;
    throw new TableValidation(
      `One or more parameter values were invalid: Global secondary index ${index.name} does not project [${lacking.join(", ")}]`,
    );
  }
  if (select === "ALL_ATTRIBUTES") return true;
  return (wanted ?? []).some((name) => !attributes.has(name));
}

/**
 * Checks that a Query of an index that fetches nothing filters by what the index has. (A Scan may: such attributes are absent then.)
 *
 * @param filtered top-level attributes of the filter
 * @throws TableValidation
 */
export function checkFilterProjected({ attributes, name }: SelectableIndex, filtered: readonly string[]): void {
  const lacking = attributes === undefined ? [] : filtered.filter((attribute) => !attributes.has(attribute)).sort();
  if (lacking.length === 0) return;
  throw new TableValidation(
    `One or more parameter values were invalid: Secondary index ${name} does not project one or more filter attributes: [${lacking.join(", ")}]`,
  );
}
