/**
 * Which parameters of a request may stand together: expressions, or what came before them, never both
 * (DynamoDB Developer Guide, "Legacy DynamoDB conditional parameters"). Pure.
 */
import { TableValidation } from "#data-plane/tables/values";

type Parameters = Readonly<Record<string, unknown>>;

/** The expression parameters and the older ones of an operation, in the order in which messages list them. */
export interface ParameterStyles {
  readonly expressions: readonly string[];
  readonly older: readonly string[];
  /** Expressions that may have values; undefined for operations without `ExpressionAttributeValues`. */
  readonly valued?: readonly string[];
}

export const PUT_STYLES: ParameterStyles = styles(["ConditionExpression"], ["Expected"]);
export const DELETE_STYLES = PUT_STYLES;
export const UPDATE_STYLES: ParameterStyles = styles(
  ["UpdateExpression", "ConditionExpression"],
  ["AttributeUpdates", "Expected"],
);
export const GET_STYLES: ParameterStyles = { expressions: ["ProjectionExpression"], older: ["AttributesToGet"] };
export const QUERY_STYLES: ParameterStyles = {
  expressions: ["ProjectionExpression", "FilterExpression", "KeyConditionExpression"],
  older: ["AttributesToGet", "QueryFilter", "ConditionalOperator", "KeyConditions"],
  valued: ["FilterExpression", "KeyConditionExpression"],
};
export const SCAN_STYLES: ParameterStyles = {
  expressions: ["ProjectionExpression", "FilterExpression"],
  older: ["AttributesToGet", "ScanFilter", "ConditionalOperator"],
  valued: ["FilterExpression"],
};

function styles(expressions: readonly string[], older: readonly string[]): ParameterStyles {
  return { expressions, older, valued: expressions };
}

/** @throws TableValidation */
export function checkParameterStyles(input: object, { expressions, older, valued }: ParameterStyles): void {
  const parameters = input as Parameters;
  const given = expressions.filter((name) => isGiven(parameters[name]));
  if (given.length > 0) checkOlder(parameters, given, older);
  else if (isGiven(parameters.ExpressionAttributeNames)) {
    throw new TableValidation("ExpressionAttributeNames can only be specified when using expressions");
  }
  if (valued === undefined || !isGiven(parameters.ExpressionAttributeValues)) return;
  if (valued.some((name) => isGiven(parameters[name]))) return;
  throw new TableValidation(
    `ExpressionAttributeValues can only be specified when using expressions: ${valued.join(" and ")} ${valued.length > 1 ? "are" : "is"} null`,
  );
}

function checkOlder(parameters: Parameters, given: readonly string[], older: readonly string[]): void {
  const mixed = older.filter(
    (name) =>
      isGiven(parameters[name]) &&
      // A key condition of the older kind may be filtered by an expression.
      (name !== "KeyConditions" || given.includes("KeyConditionExpression")),
  );
  if (mixed.length === 0) return;
  throw new TableValidation(
    `Can not use both expression and non-expression parameters in the same request: Non-expression parameters: {${mixed.join(", ")}} Expression parameters: {${given.join(", ")}}`,
  );
}

const isGiven = (value: unknown): boolean => value !== undefined && value !== null;
