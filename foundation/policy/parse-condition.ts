/** The conditions of a statement, checked (IAM User Guide, "IAM JSON policy elements: Condition operators"). */

import { conditionOperator } from "./condition-operators.ts";
import { isObject } from "./json.ts";
import { PolicySyntaxError, syntaxMessage } from "./syntax-error.ts";
import type { ConditionElement, PolicyKind } from "./types.ts";

/**
 * Reads a condition block.
 *
 * @throws PolicySyntaxError for unknown operators and for values that the operator cannot read
 */
export function parseConditions(value: unknown, kind: PolicyKind): readonly ConditionElement[] {
  if (!isObject(value)) throw new PolicySyntaxError(syntaxMessage(kind));
  const elements: ConditionElement[] = [];
  for (const [name, keys] of Object.entries(value)) {
    const operator = conditionOperator(name);
    if (operator === undefined) throw new PolicySyntaxError(`Invalid Condition type : ${name.slice(0, 64)}.`);
    if (!isObject(keys)) throw new PolicySyntaxError(syntaxMessage(kind));
    for (const [key, entry] of Object.entries(keys)) {
      if (!key.includes(":")) {
        throw new PolicySyntaxError(
          kind === "resource"
            ? "Policy has an invalid condition key"
            : "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
        );
      }
      const values = conditionValues(entry, kind);
      for (const text of values) {
        if (!operator.accepts(text)) throw new PolicySyntaxError(syntaxMessage(kind));
      }
      elements.push({ operator: name, key, values });
    }
  }
  return elements;
}

/** Booleans and numbers may be written without quotation marks. */
function conditionValues(value: unknown, kind: PolicyKind): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.map((item) => {
    if (typeof item === "string") return item;
    if (typeof item === "boolean" || typeof item === "number") return String(item);
    throw new PolicySyntaxError(syntaxMessage(kind));
  });
}
