/** Conditions, compiled to one function. All elements of a statement must hold; of the values of one key, any. */

import { conditionOperator } from "./condition-operators.ts";
import type { Matcher } from "./pattern.ts";
import type { ConditionContext, ConditionElement } from "./types.ts";

/** Whether a condition holds for a request. */
export type Condition = (context: ConditionContext) => boolean;

/**
 * Compiles a condition that passed the grammar.
 *
 * @param variables whether the policy's version knows variables
 */
export function compileCondition(element: ConditionElement, variables: boolean): Condition {
  const operator = conditionOperator(element.operator);
  if (operator === undefined) throw new Error(`the condition operator ${element.operator} did not pass the grammar`);
  const key = element.key.toLowerCase();
  const { comparison, qualifier, ifExists } = operator;
  if (comparison === null) {
    const wanted = element.values.map((value) => value.toLowerCase());
    return (context) => wanted.includes(isPresent(context.get(key)) ? "false" : "true");
  }
  const matchers = element.values.map((value) => comparison.compile(value, variables));
  const { negated } = comparison;
  // One value of the request against all of the policy.
  const single = matchers.length === 1 ? matchers[0] : undefined;
  const matchesAny: Matcher = single ?? ((text, context) => matchers.some((matches) => matches(text, context)));

  return (context) => {
    const value = context.get(key);
    if (!isPresent(value)) {
      if (ifExists || qualifier === "for-all-values") return true;
      return qualifier === "for-any-value" ? false : negated;
    }
    if (typeof value === "string") {
      // To the set qualifiers an empty text is an empty set ("Set operators for multivalued context keys").
      if (value === "" && qualifier !== "none") return qualifier === "for-all-values";
      return matchesAny(value, context) !== negated;
    }
    if (qualifier === "for-all-values") return value.every((text) => matchesAny(text, context) !== negated);
    if (qualifier === "for-any-value") return value.some((text) => matchesAny(text, context) !== negated);
    // Several values without a qualifier: any may match, and for a negated operator none.
    return value.some((text) => matchesAny(text, context)) !== negated;
  };
}

function isPresent(value: string | readonly string[] | undefined): value is string | readonly string[] {
  return value !== undefined && (typeof value === "string" || value.length > 0);
}
