/** Errors in expressions, in AWS's words. */

import { TableValidation } from "../values/index.ts";

/** The request parameters that hold expressions; messages name them. */
export type ExpressionParameter =
  | "ConditionExpression"
  | "FilterExpression"
  | "KeyConditionExpression"
  | "ProjectionExpression"
  | "UpdateExpression";

/** The error of one expression. Returned, to be thrown where the compiler can see that control ends. */
export function invalidExpression(parameter: ExpressionParameter, problem: string): TableValidation {
  return new TableValidation(`Invalid ${parameter}: ${problem}`);
}

/** An operand of a type that the operator or function can never take. */
export function wrongOperandType(parameter: ExpressionParameter, operator: string, type: string): TableValidation {
  return invalidExpression(
    parameter,
    `Incorrect operand type for operator or function; operator or function: ${operator}, operand type: ${type}`,
  );
}

/** A function that takes another number of operands. */
export function wrongOperandCount(parameter: ExpressionParameter, operator: string, count: number): TableValidation {
  return invalidExpression(
    parameter,
    `Incorrect number of operands for operator or function; operator or function: ${operator}, number of operands: ${count}`,
  );
}

/** A value, or the result of a function, where only a path makes sense. */
export function pathRequired(parameter: ExpressionParameter, operator: string): TableValidation {
  return invalidExpression(
    parameter,
    `Operator or function requires a document path; operator or function: ${operator}`,
  );
}
