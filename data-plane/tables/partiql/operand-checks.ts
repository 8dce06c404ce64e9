/** Operands that an operator or function can never take, whatever the item, in DynamoDB's words. */
import type { Operand } from "#data-plane/tables/expressions";
import {
  type AttributeValue,
  compareValues,
  TableValidation,
  typeOf,
  type ValueType,
  valueTypes,
} from "#data-plane/tables/values";
import { pathText } from "./paths.ts";

const types = (...of: ValueType[]): ReadonlySet<ValueType> => new Set(of);
/** Types that have an order. */
export const ORDERED = types("S", "N", "B");
/** Types that have a size. */
export const SIZED = types("S", "B", "SS", "NS", "BS", "L", "M");
/** Types that can begin with something. */
export const PREFIXED = types("S", "B");

function staticType(operand: Operand): ValueType | undefined {
  if (operand.kind === "value") return typeOf(operand.value);
  return operand.kind === "size" ? "N" : undefined;
}

export function assertTypes(operator: string, operands: readonly Operand[], allowed: ReadonlySet<ValueType>): void {
  for (const operand of operands) {
    const type = staticType(operand);
    if (type !== undefined && !allowed.has(type)) throw wrongType(operator, type);
  }
}

export function wrongType(operator: string, type: string): TableValidation {
  return new TableValidation(
    `Incorrect operand type for operator or function; operator or function: ${operator}, operand type: ${type}`,
  );
}

export function wrongCount(name: string, count: number): TableValidation {
  return new TableValidation(
    `Incorrect number of operands for operator or function; operator or function: ${name}, number of operands: ${count}`,
  );
}

export function requirePath(name: string, operand: Operand): (Operand & { readonly kind: "path" })["path"] {
  if (operand.kind === "path") return operand.path;
  throw new TableValidation(`Operator or function requires a document path; operator or function: ${name}`);
}

export function typeName(operand: Operand): ValueType {
  const type = staticType(operand);
  if (operand.kind !== "value" || !("S" in operand.value)) throw wrongType("attribute_type", type ?? "S");
  const name = operand.value.S;
  const known = valueTypes.find((one) => one === name);
  if (known !== undefined) return known;
  throw new TableValidation(
    `Invalid attribute type name found; type: ${name}, valid types: {N,BS,L,B,NULL,M,S,SS,NS,BOOL}`,
  );
}

export function assertDistinct(
  operator: string,
  operands: readonly (Operand | { readonly kind: "condition" })[],
): void {
  const [first, ...others] = operands;
  if (first?.kind !== "path") return;
  const text = pathText(first.path);
  if (!others.some((other) => other.kind === "path" && pathText(other.path) === text)) return;
  throw new TableValidation(
    "The first operand must be distinct from the remaining operands for this operator or function; " +
      `operator: ${operator}, first operand: ${text}`,
  );
}

export function assertBounds(low: Operand, high: Operand): void {
  if (low.kind !== "value" || high.kind !== "value") return;
  const problem =
    typeOf(low.value) !== typeOf(high.value)
      ? "requires same data type for lower and upper bounds"
      : compareValues(low.value, high.value)! > 0
        ? "requires upper bound to be greater than or equal to lower bound"
        : undefined;
  if (problem === undefined) return;
  throw new TableValidation(
    `The BETWEEN operator ${problem}; lower bound operand: ${boundText(low.value)}, upper bound operand: ${boundText(high.value)}`,
  );
}

function boundText(value: AttributeValue): string {
  const [[type, content]] = Object.entries(value) as [[string, unknown]];
  return `AttributeValue: {${type}:${String(content)}}`;
}
