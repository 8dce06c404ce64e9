/** From SET and REMOVE to updates as the expressions room applies them. */
import type { Path as DocumentPath, SetValue, UpdateAction } from "#data-plane/tables/expressions";
import { type AttributeValue, TableValidation, typeOf } from "#data-plane/tables/values";
import { type BoundStatement, refusal } from "./bound-statement.ts";
import { kindName } from "./kind-name.ts";
import { isValue, readValue } from "./literals.ts";
import { wrongCount, wrongType } from "./operand-checks.ts";
import { pathOf, pathText } from "./paths.ts";
import type { Call, UpdateAction as Clause, Expression } from "./syntax.ts";

/** As for other updates (developer guide, "Quotas"). */
const operatorsMax = 300;

/** @throws TableValidation in DynamoDB's words */
export function lowerUpdate(bound: BoundStatement, clauses: readonly Clause[]): readonly UpdateAction[] {
  const lowering = new UpdateLowering(bound);
  return clauses.map((clause) => lowering.action(clause));
}

class UpdateLowering {
  readonly #bound: BoundStatement;
  #operators = 0;

  constructor(bound: BoundStatement) {
    this.#bound = bound;
  }

  action(clause: Clause): UpdateAction {
    const path = pathOf(clause.path);
    if (clause.kind === "remove") return { kind: "remove", path };
    const { value } = clause;
    if (value.kind === "call" && (value.name === "set_add" || value.name === "set_delete")) {
      return { kind: value.name === "set_add" ? "add" : "delete", path, value: this.#members(value, path) };
    }
    return { kind: "set", path, value: this.#setValue(value) };
  }

  /** `a = set_add(a, <<…>>)`: the function only says what is done to the attribute that is assigned to. */
  #members(call: Call, target: DocumentPath): AttributeValue {
    const name = call.name.toUpperCase();
    const [first, second, ...more] = call.arguments === "*" ? [] : call.arguments;
    if (first === undefined || second === undefined || more.length > 0) {
      throw refusal(this.#bound, `${name} must have exactly two arguments`, call.span);
    }
    if (first.kind !== "path" || pathText(pathOf(first)) !== pathText(target)) {
      throw refusal(this.#bound, `The first argument to ${name} must equal the assignment value`, call.span);
    }
    const members = isValue(second) ? readValue(this.#bound, second) : undefined;
    if (members === undefined || !("SS" in members || "NS" in members || "BS" in members)) {
      throw refusal(this.#bound, `The second argument to ${name} must be a value with type SET`, first.span);
    }
    return members;
  }

  #setValue(expression: Expression): SetValue {
    if (isValue(expression)) return { kind: "value", value: readValue(this.#bound, expression) };
    switch (expression.kind) {
      case "path":
        return { kind: "path", path: pathOf(expression) };
      case "binary":
        if (expression.operator === "+" || expression.operator === "-") {
          return this.#arithmetic(expression.operator, expression.left, expression.right);
        }
        throw this.#unsupported(expression);
      case "call":
        return this.#listAppend(expression);
      default:
        throw this.#unsupported(expression);
    }
  }

  #arithmetic(operator: "+" | "-", left: Expression, right: Expression): SetValue {
    this.#count();
    const [a, b] = [this.#setValue(left), this.#setValue(right)];
    assertType(operator, a, "N");
    assertType(operator, b, "N");
    return { kind: operator === "+" ? "add" : "subtract", left: a, right: b };
  }

  #listAppend(call: Call): SetValue {
    if (call.name !== "list_append" || call.arguments === "*") {
      throw refusal(this.#bound, `Unrecognized function: ${call.name}`, call.span);
    }
    if (call.arguments.length !== 2) throw wrongCount("list_append", call.arguments.length);
    this.#count();
    const [first, second] = call.arguments.map((argument) => this.#setValue(argument)) as [SetValue, SetValue];
    assertType("list_append", first, "L");
    assertType("list_append", second, "L");
    return { kind: "list-append", first, second };
  }

  #count(): void {
    this.#operators++;
    if (this.#operators <= operatorsMax) return;
    throw new TableValidation(`The expression contains too many operators; operator count: ${this.#operators}`);
  }

  #unsupported(expression: Expression): TableValidation {
    return refusal(this.#bound, `Unsupported data type: ${kindName(expression)} under key root`, expression.span);
  }
}

function assertType(operator: string, value: SetValue, allowed: "N" | "L"): void {
  if (value.kind !== "value") return;
  const type = typeOf(value.value);
  if (type !== allowed) throw wrongType(operator, type);
}
