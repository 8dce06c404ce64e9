/** From a condition's text to something that can be evaluated. */

import { type AttributeValue, compareValues, typeOf, type ValueType, valueTypes } from "../values/index.ts";
import type { Bindings, Path } from "./bindings.ts";
import { type Condition, type ConditionNode, MentionList, type Operand } from "./condition.ts";
import { ConstantExpressions } from "./constant-expressions.ts";
import {
  type ExpressionParameter,
  invalidExpression,
  pathRequired,
  wrongOperandCount,
  wrongOperandType,
} from "./invalid-expression.ts";
import { inOperandsMax } from "./limits.ts";
import { conditionSyntax } from "./parse-cache.ts";
import { pathText } from "./path-tree.ts";
import { conditionFunctions, operandFunctions } from "./static-checks.ts";
import type { CallSyntax, ConditionSyntax, OperandSyntax } from "./syntax.ts";

/**
 * Compiles a condition or filter with the names and values of a request.
 *
 * Text that was seen before is not parsed again. Problems with names, values and types are reported for the first comparison or function that has
 * one, in AWS's order: undefined placeholders, number of operands, equal operands, types.
 *
 * @throws TableValidation
 * @example
 * const condition = compileCondition("attribute_not_exists(id)", new Bindings(), "ConditionExpression");
 * matches(condition, undefined); // true: there is no item
 */
export function compileCondition(
  text: string,
  bindings: Bindings,
  kind: "ConditionExpression" | "FilterExpression",
): Condition {
  return bindCondition(text, bindings, kind);
}

/** As {@link compileCondition}, for all parameters that hold conditions. */
export function bindCondition(text: string, bindings: Bindings, parameter: ExpressionParameter): Condition {
  const syntax = conditionSyntax(parameter, text);
  return constants.get(syntax, text, () => {
    const mentions = new MentionList();
    const root = new ConditionBinder(parameter, bindings, mentions).condition(syntax);
    return { root, attributes: mentions.attributes, documents: mentions.documents };
  });
}

const constants = new ConstantExpressions<ConditionSyntax, Condition>();

/** An operand whose placeholders are resolved; functions are checked only once the whole comparison is resolved. */
type Resolved =
  | { readonly kind: "path"; readonly path: Path }
  | { readonly kind: "value"; readonly value: AttributeValue }
  | { readonly kind: "call"; readonly name: string; readonly operands: readonly Resolved[] };

/** Types of values that have an order. */
const ordered: ReadonlySet<string> = new Set(["S", "N", "B"]);
/** Types of values that have a size. */
const sized: ReadonlySet<string> = new Set(["S", "B", "SS", "NS", "BS", "L", "M"]);

class ConditionBinder {
  readonly #parameter: ExpressionParameter;
  readonly #bindings: Bindings;
  readonly #mentions: MentionList;

  constructor(parameter: ExpressionParameter, bindings: Bindings, mentions: MentionList) {
    this.#parameter = parameter;
    this.#bindings = bindings;
    this.#mentions = mentions;
  }

  condition(syntax: ConditionSyntax): ConditionNode {
    switch (syntax.kind) {
      case "and":
      case "or":
        return { kind: syntax.kind, of: syntax.of.map((link) => this.condition(link)) };
      case "not":
        return { kind: "not", of: this.condition(syntax.of) };
      case "compare": {
        const { operator } = syntax;
        const [left, right] = [this.#resolve(syntax.left), this.#resolve(syntax.right)];
        const bound = this.#bindAll(operator, [left, right]);
        if (operator !== "=" && operator !== "<>") this.#assertTypes(operator, [left, right], ordered);
        return { kind: "compare", operator, left: bound[0]!, right: bound[1]! };
      }
      case "between": {
        const operands = [syntax.operand, syntax.low, syntax.high].map((operand) => this.#resolve(operand));
        const bound = this.#bindAll("BETWEEN", operands);
        this.#assertTypes("BETWEEN", operands, ordered);
        this.#assertBounds(operands[1]!, operands[2]!);
        return { kind: "between", operand: bound[0]!, low: bound[1]!, high: bound[2]! };
      }
      case "in": {
        const operands = [syntax.operand, ...syntax.among].map((operand) => this.#resolve(operand));
        if (syntax.among.length > inOperandsMax) {
          throw invalidExpression(
            this.#parameter,
            `The IN operator is provided with too many operands; number of operands: ${syntax.among.length}`,
          );
        }
        const [operand, ...among] = this.#bindAll("IN", operands);
        return { kind: "in", operand: operand!, among };
      }
      case "call":
        return this.#function(syntax);
    }
  }

  #function(syntax: CallSyntax): ConditionNode {
    const operands = syntax.operands.map((operand) => this.#resolve(operand));
    this.#assertCount(syntax.name, operands, conditionFunctions);
    const bound = this.#bindAll(syntax.name, operands);
    const [first, second] = operands as [Resolved, Resolved];
    switch (syntax.name) {
      case "attribute_exists":
        return { kind: "exists", path: this.#requirePath(syntax.name, first) };
      case "attribute_not_exists":
        return { kind: "not-exists", path: this.#requirePath(syntax.name, first) };
      case "attribute_type":
        this.#requirePath(syntax.name, first);
        return { kind: "type", operand: bound[0]!, type: this.#typeName(second) };
      case "begins_with":
        this.#assertTypes(syntax.name, operands, new Set(["S", "B"]));
        return { kind: "begins-with", operand: bound[0]!, prefix: bound[1]! };
      case "contains":
        return { kind: "contains", operand: bound[0]!, element: bound[1]! };
      default:
        throw new TypeError(`${syntax.name} passed the static checks but is no condition`);
    }
  }

  #resolve(syntax: OperandSyntax): Resolved {
    switch (syntax.kind) {
      case "path": {
        const path = this.#bindings.path(syntax, this.#parameter);
        this.#mentions.add(path);
        return { kind: "path", path };
      }
      case "value":
        return { kind: "value", value: this.#bindings.value(syntax.name, this.#parameter) };
      case "call":
        return {
          kind: "call",
          name: syntax.name,
          operands: syntax.operands.map((operand) => this.#resolve(operand)),
        };
    }
  }

  /** Checks the operands of one operator, the first against the others, and gives their final form. */
  #bindAll(operator: string, operands: readonly Resolved[]): Operand[] {
    for (const operand of operands) this.#assertCounts(operand);
    this.#assertDistinct(operator, operands);
    return operands.map((operand) => this.#bind(operand));
  }

  #bind(resolved: Resolved): Operand {
    if (resolved.kind !== "call") return resolved;
    const [of] = resolved.operands as [Resolved];
    const bound = this.#bind(of);
    this.#assertTypes(resolved.name, [of], sized);
    return { kind: "size", of: bound };
  }

  #assertCounts(resolved: Resolved): void {
    if (resolved.kind !== "call") return;
    for (const operand of resolved.operands) this.#assertCounts(operand);
    this.#assertCount(resolved.name, resolved.operands, operandFunctions);
  }

  #assertCount(name: string, operands: readonly Resolved[], functions: ReadonlyMap<string, number>): void {
    if (operands.length === functions.get(name)) return;
    throw wrongOperandCount(this.#parameter, name, operands.length);
  }

  #assertDistinct(operator: string, operands: readonly Resolved[]): void {
    const first = operands[0]!;
    if (first.kind !== "path") return;
    for (let i = 1; i < operands.length; i++) {
      const other = operands[i]!;
      if (other.kind !== "path" || !samePath(first.path, other.path)) continue;
      throw invalidExpression(
        this.#parameter,
        "The first operand must be distinct from the remaining operands for this operator or function; " +
          `operator: ${operator}, first operand: ${pathText(first.path)}`,
      );
    }
  }

  #assertTypes(operator: string, operands: readonly Resolved[], allowed: ReadonlySet<string>): void {
    for (const operand of operands) {
      const type = staticType(operand);
      if (type !== undefined && !allowed.has(type)) throw wrongOperandType(this.#parameter, operator, type);
    }
  }

  #assertBounds(low: Resolved, high: Resolved): void {
    if (low.kind !== "value" || high.kind !== "value") return;
    const problem =
      typeOf(low.value) !== typeOf(high.value)
        ? "requires same data type for lower and upper bounds"
        : compareValues(low.value, high.value)! > 0
          ? "requires upper bound to be greater than or equal to lower bound"
          : undefined;
    if (problem === undefined) return;
    throw invalidExpression(
      this.#parameter,
      `The BETWEEN operator ${problem}; lower bound operand: ${boundText(low.value)}, upper bound operand: ${boundText(high.value)}`,
    );
  }

  #requirePath(name: string, operand: Resolved): Path {
    if (operand.kind !== "path") throw pathRequired(this.#parameter, name);
    return operand.path;
  }

  #typeName(operand: Resolved): ValueType {
    const type = staticType(operand) ?? "{NS,SS,L,BS,N,M,B,BOOL,NULL,S}";
    if (operand.kind !== "value" || !("S" in operand.value)) {
      throw wrongOperandType(this.#parameter, "attribute_type", type);
    }
    const name = operand.value.S as ValueType;
    if (valueTypes.includes(name)) return name;
    throw invalidExpression(
      this.#parameter,
      `Invalid attribute type name found; type: ${name}, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}`,
    );
  }
}

/** The type that an operand has whatever the item. `size` is the only function that is an operand. */
function staticType(operand: Resolved): ValueType | undefined {
  if (operand.kind === "value") return typeOf(operand.value);
  return operand.kind === "call" ? "N" : undefined;
}

function samePath(a: Path, b: Path): boolean {
  return a.length === b.length && a.every((part, i) => part === b[i]);
}

/** A value as AWS's message about BETWEEN writes it. */
function boundText(value: AttributeValue): string {
  const type = typeOf(value) as "S" | "N" | "B";
  return `AttributeValue: {${type}:${(value as Readonly<Record<string, string>>)[type]}}`;
}
