/** The condition of a write, in whichever way the request states it. */
import {
  Bindings,
  type Condition,
  compileCondition,
  type ExpectedAttribute,
  lowerExpected,
} from "#data-plane/tables/expressions";

/** The parameters that have to do with conditions, of all operations that write one item. */
export interface ConditionInput {
  readonly ConditionExpression?: string;
  readonly Expected?: { readonly [attribute: string]: ExpectedAttribute };
  readonly ConditionalOperator?: string;
  readonly ExpressionAttributeNames?: { readonly [name: string]: string };
  readonly ExpressionAttributeValues?: { readonly [name: string]: unknown };
}

/**
 * The condition of a request without other expressions.
 * @throws TableValidation
 */
export function conditionOf(input: ConditionInput): Condition | undefined {
  if (input.ConditionExpression === undefined) {
    // `ConditionalOperator` alone is a mistake that the lowering finds.
    return input.Expected === undefined && input.ConditionalOperator === undefined
      ? undefined
      : lowerExpected(input.Expected, input.ConditionalOperator);
  }
  const bindings = bindingsOf(input);
  const condition = compileCondition(input.ConditionExpression, bindings, "ConditionExpression");
  bindings.assertAllUsed();
  return condition;
}

export const bindingsOf = (
  input: Pick<ConditionInput, "ExpressionAttributeNames" | "ExpressionAttributeValues">,
): Bindings => new Bindings(input.ExpressionAttributeNames, input.ExpressionAttributeValues);
