/** From what WHERE says to conditions as the expressions room decides them. */
import type { ConditionNode, Operand } from "#data-plane/tables/expressions";
import { TableValidation } from "#data-plane/tables/values";
import { type BoundStatement, refusal } from "./bound-statement.ts";
import { conjunction, disjunction, NEVER, negate, sizeOf } from "./condition-nodes.ts";
import { kindName } from "./kind-name.ts";
import { isValue, readValue } from "./literals.ts";
import {
  assertBounds,
  assertDistinct,
  assertTypes,
  ORDERED,
  PREFIXED,
  requirePath,
  SIZED,
  typeName,
  wrongCount,
  wrongType,
} from "./operand-checks.ts";
import { pathOf } from "./paths.ts";
import { TYPE_WORDS } from "./reserved-words.ts";
import type { Binary, Call, Expression, Membership, TypeTest } from "./syntax.ts";

/** As for other conditions (developer guide, "Quotas"). */
const operatorsMax = 300;
const inOperandsMax = 100;
/**
 * Comparing conditions with each other repeats them: `(a = b) = (c = d)` holds when both do or neither does. More nodes than this are not worth an
 * evaluation.
 */
const nodesMax = 4096;

/** @throws TableValidation for what is no condition, in DynamoDB's words */
export function lowerCondition(bound: BoundStatement, expression: Expression): ConditionNode {
  return new ConditionLowering(bound).condition(expression);
}

/** The conditions that must all hold, also those in parentheses. @throws TableValidation as {@link lowerCondition} */
export function lowerLinks(bound: BoundStatement, expression: Expression): readonly ConditionNode[] {
  const lowering = new ConditionLowering(bound);
  const links: ConditionNode[] = [];
  const pending = [expression];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (next.kind === "binary" && next.operator === "and") pending.push(next.right, next.left);
    else links.push(lowering.condition(next));
  }
  return links;
}

const CONDITION_FUNCTIONS: ReadonlyMap<string, number> = new Map([
  ["attribute_exists", 1],
  ["attribute_not_exists", 1],
  ["attribute_type", 2],
  ["begins_with", 2],
  ["contains", 2],
]);

class ConditionLowering {
  readonly #bound: BoundStatement;
  #operators = 0;
  #nodes = 0;

  constructor(bound: BoundStatement) {
    this.#bound = bound;
  }

  condition(expression: Expression): ConditionNode {
    switch (expression.kind) {
      case "binary":
        return this.#binary(expression);
      case "unary":
        if (expression.operator !== "not") throw this.#noCondition(expression);
        this.#count();
        return negate(this.condition(expression.operand));
      case "between": {
        const [value, low, high] = [expression.value, expression.low, expression.high].map((one) =>
          this.#orderedOperand("BETWEEN", one),
        ) as [Operand, Operand, Operand];
        assertDistinct("BETWEEN", [value, low, high]);
        assertBounds(low, high);
        const between = this.#node({ kind: "between", operand: value, low, high });
        return expression.negated ? negate(between) : between;
      }
      case "in":
        return this.#membership(expression);
      case "is":
        return this.#typeTest(expression);
      case "call":
        return this.#call(expression);
      default:
        throw this.#noCondition(expression);
    }
  }

  #binary(expression: Binary): ConditionNode {
    const { operator } = expression;
    if (operator === "and" || operator === "or") {
      const links = chain(expression, operator).map((link) => this.condition(link));
      this.#count(links.length - 1);
      return operator === "and" ? conjunction(links) : disjunction(links);
    }
    if (operator === "=" || operator === "<>") {
      const equal = this.#equal(operator, expression.left, expression.right);
      // `a <> b` holds where one of them is missing, as NOT a = b does.
      return equal.kind === "compare" && equal.operator === "="
        ? this.#node({ ...equal, operator })
        : operator === "="
          ? equal
          : negate(equal);
    }
    if (operator === "<" || operator === "<=" || operator === ">" || operator === ">=") {
      const left = this.#orderedOperand(operator, expression.left);
      const right = this.#orderedOperand(operator, expression.right);
      assertDistinct(operator, [left, right]);
      return this.#node({ kind: "compare", operator, left, right });
    }
    throw this.#unsupportedOperator(expression);
  }

  /** Equality, also with conditions on either side: those are booleans. */
  #equal(operator: "=" | "<>", left: Expression, right: Expression): ConditionNode {
    const [a, b] = [this.#side(left), this.#side(right)];
    if (a.kind !== "condition" && b.kind !== "condition") {
      assertDistinct(operator, [a, b]);
      return this.#node({ kind: "compare", operator: "=", left: a, right: b });
    }
    if (a.kind === "condition" && b.kind === "condition") {
      return this.#either(a.lowered, b.lowered, negate(b.lowered));
    }
    const [condition, other] = a.kind === "condition" ? [a.lowered, b as Operand] : [(b as Side).lowered, a as Operand];
    return this.#equalToOperand(condition, other);
  }

  #equalToOperand(condition: ConditionNode, other: Operand): ConditionNode {
    if (other.kind === "value") {
      if (!("BOOL" in other.value)) return NEVER;
      return other.value.BOOL ? condition : negate(condition);
    }
    const is = (value: boolean): ConditionNode =>
      this.#node({ kind: "compare", operator: "=", left: other, right: { kind: "value", value: { BOOL: value } } });
    return this.#either(condition, is(true), is(false));
  }

  /** One thing where a condition holds, another where it does not. */
  #either(condition: ConditionNode, then: ConditionNode, otherwise: ConditionNode): ConditionNode {
    this.#nodes += sizeOf(condition) * 2 + sizeOf(then) + sizeOf(otherwise);
    this.#checkSize();
    return disjunction([conjunction([condition, then]), conjunction([negate(condition), otherwise])]);
  }

  #membership({ negated, value, set }: Membership): ConditionNode {
    if (set.kind !== "list" && set.kind !== "bag") {
      throw refusal(this.#bound, "The IN operator must be followed by a list", set.span);
    }
    const count = set.elements.length;
    if (count > inOperandsMax) {
      throw new TableValidation(`The IN operator is provided with too many operands; number of operands: ${count}`);
    }
    this.#count();
    const side = this.#side(value);
    const among = set.elements.map((element) => this.#side(element));
    let result: ConditionNode;
    if (side.kind === "condition" || among.some((one) => one.kind === "condition")) {
      result = disjunction(set.elements.map((element) => this.#equal("=", value, element)));
    } else {
      assertDistinct("IN", [side, ...(among as Operand[])]);
      result = count === 0 ? NEVER : this.#node({ kind: "in", operand: side, among: among as Operand[] });
    }
    return negated ? negate(result) : result;
  }

  #typeTest({ negated, value, type, span }: TypeTest): ConditionNode {
    this.#count();
    const operand = this.#operand("IS", value);
    if (operand.kind !== "path") throw refusal(this.#bound, "IS requires a document path", span);
    if (type === "missing") {
      return this.#node({ kind: negated ? "exists" : "not-exists", path: operand.path });
    }
    const test = disjunction(TYPE_WORDS.get(type)!.map((one) => this.#node({ kind: "type", operand, type: one })));
    return negated ? negate(test) : test;
  }

  #call(call: Call): ConditionNode {
    const { name } = call;
    const expected = CONDITION_FUNCTIONS.get(name);
    if (expected === undefined || call.arguments === "*") throw this.#unrecognized(call);
    const given = call.arguments;
    if (given.length !== expected) throw wrongCount(name, given.length);
    this.#count();
    const first = this.#operand(name, given[0]!);
    switch (name) {
      case "attribute_exists":
        return this.#node({ kind: "exists", path: requirePath(name, first) });
      case "attribute_not_exists":
        return this.#node({ kind: "not-exists", path: requirePath(name, first) });
      case "attribute_type":
        requirePath(name, first);
        return this.#node({ kind: "type", operand: first, type: typeName(this.#operand(name, given[1]!)) });
      case "begins_with": {
        const prefix = this.#operand(name, given[1]!);
        assertTypes(name, [first, prefix], PREFIXED);
        assertDistinct(name, [first, prefix]);
        return this.#node({ kind: "begins-with", operand: first, prefix });
      }
      default: {
        const element = this.#operand(name, given[1]!);
        assertDistinct(name, [first, element]);
        return this.#node({ kind: "contains", operand: first, element });
      }
    }
  }

  /** One side of an equality: an operand, or a condition whose outcome is compared. */
  #side(expression: Expression): Side | Operand {
    return isOperand(expression)
      ? this.#operand("=", expression)
      : { kind: "condition", lowered: this.condition(expression) };
  }

  #orderedOperand(operator: string, expression: Expression): Operand {
    if (!isOperand(expression)) {
      this.condition(expression);
      throw wrongType(operator, "BOOL");
    }
    const operand = this.#operand(operator, expression);
    assertTypes(operator, [operand], ORDERED);
    return operand;
  }

  #operand(operator: string, expression: Expression): Operand {
    if (isValue(expression)) return { kind: "value", value: readValue(this.#bound, expression) };
    switch (expression.kind) {
      case "path":
        return { kind: "path", path: pathOf(expression) };
      case "call":
        return this.#size(expression);
      case "unary":
      case "binary":
        throw this.#unsupportedOperator(expression);
      default:
        throw wrongType(operator, "BOOL");
    }
  }

  #size(call: Call): Operand {
    if (call.name !== "size" || call.arguments === "*") throw this.#unrecognized(call);
    if (call.arguments.length !== 1) throw wrongCount("size", call.arguments.length);
    this.#count();
    const of = this.#operand("size", call.arguments[0]!);
    assertTypes("size", [of], SIZED);
    return { kind: "size", of };
  }

  #node<Node extends ConditionNode>(node: Node): Node {
    if (node.kind === "compare" || node.kind === "between") this.#count();
    this.#nodes++;
    this.#checkSize();
    return node;
  }

  #count(more = 1): void {
    this.#operators += more;
    if (this.#operators > operatorsMax) {
      throw new TableValidation(`The expression contains too many operators; operator count: ${this.#operators}`);
    }
  }

  #checkSize(): void {
    if (this.#nodes > nodesMax) {
      throw new TableValidation(`The expression contains too many operators; operator count: ${this.#nodes}`);
    }
  }

  #noCondition(expression: Expression): TableValidation {
    return refusal(this.#bound, `Expected a condition, found: ${kindName(expression)}`, expression.span);
  }

  #unsupportedOperator(expression: Expression & { readonly operator: string }): TableValidation {
    return refusal(
      this.#bound,
      `Unsupported operator in this context: ${expression.operator.toUpperCase()}`,
      expression.span,
    );
  }

  #unrecognized(call: Call): TableValidation {
    return refusal(this.#bound, `Unrecognized function: ${call.name}`, call.span);
  }
}

interface Side {
  readonly kind: "condition";
  readonly lowered: ConditionNode;
}

function isOperand(expression: Expression): boolean {
  switch (expression.kind) {
    case "unary":
      return expression.operator !== "not";
    case "binary":
      return ["+", "-", "*", "/", "%", "||"].includes(expression.operator);
    case "call":
      return !CONDITION_FUNCTIONS.has(expression.name);
    default:
      return expression.kind === "path" || isValue(expression);
  }
}

/** `a AND b AND c` leans to the left as deep as it is long: unrolled without recursion. */
function chain(expression: Binary, operator: "and" | "or"): readonly Expression[] {
  const links: Expression[] = [];
  let rest: Expression = expression;
  while (rest.kind === "binary" && rest.operator === operator) {
    links.push(rest.right);
    rest = rest.left;
  }
  links.push(rest);
  return links.reverse();
}
