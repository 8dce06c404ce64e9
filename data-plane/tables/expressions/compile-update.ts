/** From an update's text to something that can be applied. */

import { type AttributeValue, type TableValidation, typeOf, type ValueType } from "../values/index.ts";
import type { Bindings, Path } from "./bindings.ts";
import { MentionList } from "./condition.ts";
import { ConstantExpressions } from "./constant-expressions.ts";
import { invalidExpression, pathRequired, wrongOperandCount, wrongOperandType } from "./invalid-expression.ts";
import { updateSyntax } from "./parse-cache.ts";
import { buildPathTree } from "./path-tree.ts";
import { updateFunctions } from "./static-checks.ts";
import type { ActionSyntax, ArithmeticSyntax, OperandSyntax, UpdateSyntax, ValueSyntax } from "./syntax.ts";
import { type SetValue, type Update, type UpdateAction, updateOf } from "./update.ts";

const PARAMETER = "UpdateExpression";

/**
 * Compiles an UpdateExpression with the names and values of a request.
 *
 * Problems are reported in AWS's order: undefined names, undefined values, overlapping paths, types of ADD and DELETE, operands of functions.
 *
 * @throws TableValidation
 */
export function compileUpdate(text: string, bindings: Bindings): Update {
  const sections = updateSyntax(text);
  return constants.get(sections, text, () => bindUpdate(sections, bindings));
}

const constants = new ConstantExpressions<UpdateSyntax, Update>();

function bindUpdate(sections: UpdateSyntax, bindings: Bindings): Update {
  const binder = new UpdateBinder(bindings);
  const resolved: ResolvedAction[] = [];
  for (const section of sections) for (const action of section.actions) resolved.push(binder.resolve(action));
  binder.assertValuesDefined();
  const tree = buildPathTree(
    resolved.map((action) => action.path),
    PARAMETER,
  );
  for (const action of resolved) assertAddable(action);
  return updateOf(resolved.map(bindAction), tree, binder.mentions, PARAMETER);
}

type Resolved =
  | { readonly kind: "path"; readonly path: Path }
  | { readonly kind: "value"; readonly value: AttributeValue }
  | { readonly kind: "call"; readonly name: string; readonly operands: readonly Resolved[] };

interface ResolvedArithmetic {
  readonly kind: "arithmetic";
  readonly operator: "+" | "-";
  readonly left: Resolved;
  readonly right: Resolved;
}

type ResolvedAction =
  | { readonly kind: "set"; readonly path: Path; readonly value: Resolved | ResolvedArithmetic }
  | { readonly kind: "remove"; readonly path: Path }
  | { readonly kind: "add" | "delete"; readonly path: Path; readonly value: AttributeValue };

/** Stands in for a value that is not defined until all names are known to be. */
const MISSING: AttributeValue = Object.freeze({ NULL: true });

class UpdateBinder {
  readonly mentions = new MentionList();
  readonly #bindings: Bindings;
  #undefinedValue: unknown;

  constructor(bindings: Bindings) {
    this.#bindings = bindings;
  }

  /** @throws TableValidation for a name that is not defined */
  resolve(action: ActionSyntax): ResolvedAction {
    const path = this.#path(action.path);
    switch (action.kind) {
      case "set":
        return { kind: "set", path, value: this.#setValue(action.value) };
      case "remove":
        return { kind: "remove", path };
      case "add":
      case "delete":
        return { kind: action.kind, path, value: this.#value(action.value) };
    }
  }

  /** @throws TableValidation for the first value that is not defined */
  assertValuesDefined(): void {
    if (this.#undefinedValue !== undefined) throw this.#undefinedValue;
  }

  #setValue(value: OperandSyntax | ArithmeticSyntax): Resolved | ResolvedArithmetic {
    if (value.kind !== "arithmetic") return this.#operand(value);
    const { operator } = value;
    return { kind: "arithmetic", operator, left: this.#operand(value.left), right: this.#operand(value.right) };
  }

  #operand(operand: OperandSyntax): Resolved {
    switch (operand.kind) {
      case "path":
        return { kind: "path", path: this.#path(operand) };
      case "value":
        return { kind: "value", value: this.#value(operand) };
      case "call":
        return {
          kind: "call",
          name: operand.name,
          operands: operand.operands.map((inner) => this.#operand(inner)),
        };
    }
  }

  #path(syntax: Parameters<Bindings["path"]>[0]): Path {
    const path = this.#bindings.path(syntax, PARAMETER);
    this.mentions.add(path);
    return path;
  }

  #value(syntax: ValueSyntax): AttributeValue {
    try {
      return this.#bindings.value(syntax.name, PARAMETER);
    } catch (error) {
      this.#undefinedValue ??= error;
      return MISSING;
    }
  }
}

/** Types as the messages about ADD and DELETE name them. */
const longTypeNames: Readonly<Record<ValueType, string>> = {
  S: "STRING",
  N: "NUMBER",
  B: "BINARY",
  SS: "STRING_SET",
  NS: "NUMBER_SET",
  BS: "BINARY_SET",
  M: "MAP",
  L: "LIST",
  NULL: "NULL",
  BOOL: "BOOLEAN",
};

function assertAddable(action: ResolvedAction): void {
  if (action.kind !== "add" && action.kind !== "delete") return;
  const type = typeOf(action.value);
  if (type === "SS" || type === "NS" || type === "BS" || (type === "N" && action.kind === "add")) return;
  const operator = action.kind.toUpperCase();
  throw invalidExpression(
    PARAMETER,
    `Incorrect operand type for operator or function; operator: ${operator}, operand type: ${longTypeNames[type]}, ` +
      `typeSet: ALLOWED_FOR_${operator}_OPERAND`,
  );
}

function bindAction(action: ResolvedAction): UpdateAction {
  if (action.kind !== "set") return action;
  return { kind: "set", path: action.path, value: bindSetValue(action.value) };
}

function bindSetValue(value: Resolved | ResolvedArithmetic): SetValue {
  switch (value.kind) {
    case "path":
    case "value":
      return value;
    case "call":
      return bindCall(value.name, value.operands);
    case "arithmetic": {
      const left = bindSetValue(value.left);
      const right = bindSetValue(value.right);
      assertType(value.operator, value.left, "N");
      assertType(value.operator, value.right, "N");
      return { kind: value.operator === "+" ? "add" : "subtract", left, right };
    }
  }
}

function bindCall(name: string, operands: readonly Resolved[]): SetValue {
  const bound = operands.map(bindSetValue);
  if (operands.length !== updateFunctions.get(name)) throw wrongOperandCount(PARAMETER, name, operands.length);
  const [first, second] = operands as [Resolved, Resolved];
  if (name === "if_not_exists") {
    if (first.kind !== "path") throw pathRequired(PARAMETER, name);
    return { kind: "if-not-exists", path: first.path, otherwise: bound[1]! };
  }
  assertType(name, first, "L");
  assertType(name, second, "L");
  return { kind: "list-append", first: bound[0]!, second: bound[1]! };
}

function assertType(operator: string, operand: Resolved, allowed: ValueType): void {
  const problem = typeProblem(operator, operand, allowed);
  if (problem !== undefined) throw problem;
}

function typeProblem(operator: string, operand: Resolved, allowed: ValueType): TableValidation | undefined {
  const type = operand.kind === "value" ? typeOf(operand.value) : undefined;
  return type === undefined || type === allowed ? undefined : wrongOperandType(PARAMETER, operator, type);
}
