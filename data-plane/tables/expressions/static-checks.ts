/** What is wrong with an expression whatever the request's names and values are. Checked once, when the text is first parsed; in the order of writing. */

import { type ExpressionParameter, invalidExpression } from "./invalid-expression.ts";
import { pathPartsMax } from "./limits.ts";
import { isReservedWord } from "./reserved-words.ts";
import type {
  ArithmeticSyntax,
  CallSyntax,
  ConditionSyntax,
  OperandSyntax,
  PathSyntax,
  ProjectionSyntax,
  SectionName,
  UpdateSyntax,
} from "./syntax.ts";

/** Functions that are conditions, with the number of their operands. */
export const conditionFunctions: ReadonlyMap<string, number> = new Map([
  ["attribute_exists", 1],
  ["attribute_not_exists", 1],
  ["attribute_type", 2],
  ["begins_with", 2],
  ["contains", 2],
]);
/** Functions that are operands of conditions. */
export const operandFunctions: ReadonlyMap<string, number> = new Map([["size", 1]]);
/** Functions of updates. */
export const updateFunctions: ReadonlyMap<string, number> = new Map([
  ["if_not_exists", 2],
  ["list_append", 2],
]);

type Place = "condition" | "operand" | "set-value" | "set-operand";

/** @throws TableValidation for reserved words, unknown functions, and functions where they cannot stand */
export function checkCondition(parameter: ExpressionParameter, condition: ConditionSyntax): void {
  switch (condition.kind) {
    case "and":
    case "or":
      for (const link of condition.of) checkCondition(parameter, link);
      return;
    case "not":
      checkCondition(parameter, condition.of);
      return;
    case "compare":
      checkOperand(parameter, condition.left, "operand");
      checkOperand(parameter, condition.right, "operand");
      return;
    case "between":
      checkOperand(parameter, condition.operand, "operand");
      checkOperand(parameter, condition.low, "operand");
      checkOperand(parameter, condition.high, "operand");
      return;
    case "in":
      checkOperand(parameter, condition.operand, "operand");
      for (const operand of condition.among) checkOperand(parameter, operand, "operand");
      return;
    case "call":
      checkCall(parameter, condition, "condition");
  }
}

/** @throws TableValidation as {@link checkCondition}, and for a section that appears twice */
export function checkUpdate(update: UpdateSyntax): void {
  const names = [...new Set(update.map((section) => section.name))];
  for (const name of names) checkSections(update, name);
}

function checkSections(update: UpdateSyntax, name: SectionName): void {
  const sections = update.filter((section) => section.name === name);
  for (const action of sections.flatMap((section) => section.actions)) {
    checkPath("UpdateExpression", action.path);
    if (action.kind === "set") checkSetValue(action.value);
  }
  if (sections.length > 1) {
    throw invalidExpression("UpdateExpression", `The "${name}" section can only be used once in an update expression;`);
  }
}

function checkSetValue(value: OperandSyntax | ArithmeticSyntax): void {
  if (value.kind === "arithmetic") {
    checkOperand("UpdateExpression", value.left, "set-value");
    checkOperand("UpdateExpression", value.right, "set-value");
  } else {
    checkOperand("UpdateExpression", value, "set-value");
  }
}

/** @throws TableValidation for reserved words */
export function checkProjection(projection: ProjectionSyntax): void {
  for (const path of projection) checkPath("ProjectionExpression", path);
}

function checkOperand(parameter: ExpressionParameter, operand: OperandSyntax, place: Place): void {
  if (operand.kind === "path") checkPath(parameter, operand);
  else if (operand.kind === "call") checkCall(parameter, operand, place);
}

function checkPath(parameter: ExpressionParameter, { parts }: PathSyntax): void {
  for (const part of parts) {
    // A #name has a mark that no reserved word has.
    if (typeof part === "string" && isReservedWord(part)) {
      throw invalidExpression(parameter, `Attribute name is a reserved keyword; reserved keyword: ${part}`);
    }
  }
  if (parts.length > pathPartsMax) {
    throw invalidExpression(
      parameter,
      `The document path has too many nesting levels; nesting levels: ${parts.length}`,
    );
  }
}

function checkCall(parameter: ExpressionParameter, call: CallSyntax, place: Place): void {
  const problem = misplacement(call.name, place);
  if (problem !== undefined) throw invalidExpression(parameter, `${problem}; function: ${call.name}`);
  const inside = place === "condition" || place === "operand" ? "operand" : "set-operand";
  for (const operand of call.operands) checkOperand(parameter, operand, inside);
}

function misplacement(name: string, place: Place): string | undefined {
  const inUpdate = place === "set-value" || place === "set-operand";
  const isUpdateFunction = updateFunctions.has(name);
  if (!isUpdateFunction && !conditionFunctions.has(name) && !operandFunctions.has(name)) return "Invalid function name";
  if (inUpdate && !isUpdateFunction) return "The function is not allowed in an update expression";
  if (!inUpdate && isUpdateFunction) return "The function is not allowed in a condition expression";
  const fits =
    place === "condition"
      ? conditionFunctions.has(name)
      : place === "operand"
        ? operandFunctions.has(name)
        : // A list cannot be appended to a list that is itself being appended to.
          place === "set-value" || name !== "list_append";
  return fits ? undefined : "The function is not allowed to be used this way in an expression";
}
