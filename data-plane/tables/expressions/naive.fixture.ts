/**
 * A second, deliberately naive reading of the documentation, as the oracle of the property tests: expressions are models that can print
 * themselves, and what they mean is computed the slow way, sharing nothing with the compiler.
 */

import type { AttributeValue, Item } from "../values/index.ts";

export type NaivePath = readonly (string | number)[];

export type NaiveOperand =
  | { readonly kind: "path"; readonly path: NaivePath }
  | { readonly kind: "literal"; readonly value: AttributeValue }
  | { readonly kind: "size"; readonly path: NaivePath };

export type NaiveCondition =
  | { readonly kind: "and" | "or"; readonly left: NaiveCondition; readonly right: NaiveCondition }
  | { readonly kind: "not"; readonly of: NaiveCondition }
  | { readonly kind: "compare"; readonly operator: string; readonly left: NaiveOperand; readonly right: NaiveOperand }
  | { readonly kind: "between"; readonly of: NaiveOperand; readonly low: NaiveOperand; readonly high: NaiveOperand }
  | { readonly kind: "in"; readonly of: NaiveOperand; readonly among: readonly NaiveOperand[] }
  | { readonly kind: "attribute_exists" | "attribute_not_exists"; readonly path: NaivePath }
  | { readonly kind: "attribute_type"; readonly path: NaivePath; readonly type: string }
  | { readonly kind: "begins_with" | "contains"; readonly of: NaiveOperand; readonly other: NaiveOperand };

/** Prints expressions, and gathers the names and values that they need. */
export class Printer {
  readonly names: Record<string, string> = {};
  readonly values: Record<string, AttributeValue> = {};
  #count = 0;

  path(path: NaivePath): string {
    return path
      .map((part, i) => {
        if (typeof part === "number") return `[${part}]`;
        const placeholder = `#n${this.#count++}`;
        this.names[placeholder] = part;
        return i === 0 ? placeholder : `.${placeholder}`;
      })
      .join("");
  }

  literal(value: AttributeValue): string {
    const placeholder = `:v${this.#count++}`;
    this.values[placeholder] = value;
    return placeholder;
  }

  operand(operand: NaiveOperand): string {
    if (operand.kind === "path") return this.path(operand.path);
    if (operand.kind === "literal") return this.literal(operand.value);
    return `size(${this.path(operand.path)})`;
  }

  /** Puts parentheses exactly where the shape of the model needs them. */
  condition(condition: NaiveCondition, strength = 0): string {
    switch (condition.kind) {
      case "or":
        return wrap(`${this.condition(condition.left, 1)} OR ${this.condition(condition.right, 1)}`, strength > 0);
      case "and":
        return wrap(`${this.condition(condition.left, 2)} and ${this.condition(condition.right, 2)}`, strength > 1);
      case "not":
        return wrap(`NOT ${this.condition(condition.of, 3)}`, false);
      case "compare":
        return `${this.operand(condition.left)} ${condition.operator} ${this.operand(condition.right)}`;
      case "between":
        return `${this.operand(condition.of)} BETWEEN ${this.operand(condition.low)} AND ${this.operand(condition.high)}`;
      case "in":
        return `${this.operand(condition.of)} IN (${condition.among.map((one) => this.operand(one)).join(", ")})`;
      case "attribute_exists":
      case "attribute_not_exists":
        return `${condition.kind}(${this.path(condition.path)})`;
      case "attribute_type":
        return `attribute_type(${this.path(condition.path)}, ${this.literal({ S: condition.type })})`;
      case "begins_with":
      case "contains":
        return `${condition.kind}(${this.operand(condition.of)}, ${this.operand(condition.other)})`;
    }
  }
}

function wrap(text: string, isNeeded: boolean): string {
  return isNeeded ? `(${text})` : text;
}

type Entry = readonly [type: string, content: unknown];

const entryOf = (value: AttributeValue): Entry => Object.entries(value)[0]!;

/** The value at a path, by trying each step. */
export function naiveGet(item: Item, path: NaivePath): AttributeValue | undefined {
  let value: AttributeValue | undefined = { M: item };
  for (const part of path) {
    if (value === undefined) return undefined;
    const [type, content] = entryOf(value);
    if (type === "M" && typeof part === "string") {
      value = Object.entries(content as Item).find(([name]) => name === part)?.[1];
    } else if (type === "L" && typeof part === "number") {
      value = (content as AttributeValue[])[part];
    } else {
      return undefined;
    }
  }
  return value;
}

/** A number as a whole number of 10^-170. */
function whole(text: string): bigint {
  const [integer = "", fraction = ""] = text.replace("-", "").split(".");
  const value = BigInt(`${integer}${fraction.padEnd(170, "0")}`);
  return text.startsWith("-") ? -value : value;
}

/** A text that is equal for equal values, whatever the order of sets and maps. */
function fingerprint(value: AttributeValue): string {
  const [type, content] = entryOf(value);
  switch (type) {
    case "N":
      return `N ${whole(content as string)}`;
    case "SS":
    case "BS":
      return `${type} ${JSON.stringify([...(content as string[])].sort())}`;
    case "NS":
      return `NS ${JSON.stringify((content as string[]).map((one) => `${whole(one)}`).sort())}`;
    case "L":
      return `L ${JSON.stringify((content as AttributeValue[]).map(fingerprint))}`;
    case "M":
      return `M ${JSON.stringify(
        Object.entries(content as Item)
          .map(([name, inner]) => `${name}=${fingerprint(inner)}`)
          .sort(),
      )}`;
    default:
      return `${type} ${JSON.stringify(content)}`;
  }
}

function order(a: AttributeValue, b: AttributeValue): number | undefined {
  const [typeA, x] = entryOf(a) as [string, string];
  const [typeB, y] = entryOf(b) as [string, string];
  if (typeA !== typeB) return undefined;
  if (typeA === "N") return whole(x) < whole(y) ? -1 : whole(x) > whole(y) ? 1 : 0;
  if (typeA === "S") return Buffer.compare(Buffer.from(x), Buffer.from(y));
  if (typeA === "B") return Buffer.compare(Buffer.from(x, "base64"), Buffer.from(y, "base64"));
  return undefined;
}

function operandOf(operand: NaiveOperand, item: Item): AttributeValue | undefined {
  if (operand.kind === "literal") return operand.value;
  const value = naiveGet(item, operand.path);
  if (operand.kind === "path" || value === undefined) return value;
  const [type, content] = entryOf(value);
  if (type === "N" || type === "BOOL" || type === "NULL") return undefined;
  if (type === "M") return { N: `${Object.entries(content as Item).length}` };
  if (type === "B") return { N: `${Buffer.from(content as string, "base64").length}` };
  return { N: `${(content as string | unknown[]).length}` };
}

function compares(operator: string, a: AttributeValue | undefined, b: AttributeValue | undefined): boolean {
  const same = a !== undefined && b !== undefined && fingerprint(a) === fingerprint(b);
  if (operator === "=") return same;
  if (operator === "<>") return !same;
  const sign = a === undefined || b === undefined ? undefined : order(a, b);
  if (sign === undefined) return false;
  return operator === "<" ? sign < 0 : operator === "<=" ? sign <= 0 : operator === ">" ? sign > 0 : sign >= 0;
}

function begins(value: Entry, prefix: Entry): boolean {
  if (value[0] !== prefix[0]) return false;
  if (value[0] === "S") return (value[1] as string).indexOf(prefix[1] as string) === 0;
  if (value[0] !== "B") return false;
  const hex = (base64: unknown): string => Buffer.from(base64 as string, "base64").toString("hex");
  return hex(value[1]).indexOf(hex(prefix[1])) === 0;
}

function includes(value: Entry, element: AttributeValue): boolean {
  const [type, content] = entryOf(element);
  if (value[0] === "L") {
    return (value[1] as AttributeValue[]).some((one) => fingerprint(one) === fingerprint(element));
  }
  if (value[0] === `${type}S`) return (value[1] as string[]).some((one) => one === content);
  if (value[0] !== type) return false;
  if (type === "S") return (value[1] as string).indexOf(content as string) >= 0;
  if (type !== "B") return false;
  const bytes = Buffer.from(value[1] as string, "base64");
  const wanted = Buffer.from(content as string, "base64");
  for (let i = 0; i + wanted.length <= bytes.length; i++) {
    if (bytes.subarray(i, i + wanted.length).equals(wanted)) return true;
  }
  return false;
}

/** Whether the condition holds, by the documentation. */
export function naiveMatches(condition: NaiveCondition, item: Item): boolean {
  switch (condition.kind) {
    case "and":
      return naiveMatches(condition.left, item) && naiveMatches(condition.right, item);
    case "or":
      return naiveMatches(condition.left, item) || naiveMatches(condition.right, item);
    case "not":
      return !naiveMatches(condition.of, item);
    case "compare":
      return compares(condition.operator, operandOf(condition.left, item), operandOf(condition.right, item));
    case "between": {
      const [of, low, high] = [condition.of, condition.low, condition.high].map((one) => operandOf(one, item));
      return compares(">=", of, low) && compares("<=", of, high);
    }
    case "in":
      return condition.among.some((one) => compares("=", operandOf(condition.of, item), operandOf(one, item)));
    case "attribute_exists":
      return naiveGet(item, condition.path) !== undefined;
    case "attribute_not_exists":
      return naiveGet(item, condition.path) === undefined;
    case "attribute_type": {
      const value = naiveGet(item, condition.path);
      return value !== undefined && entryOf(value)[0] === condition.type;
    }
    case "begins_with":
    case "contains": {
      const of = operandOf(condition.of, item);
      const other = operandOf(condition.other, item);
      if (of === undefined || other === undefined) return false;
      return condition.kind === "contains" ? includes(entryOf(of), other) : begins(entryOf(of), entryOf(other));
    }
  }
}

/** All places of an item that hold something: leaves, and documents that are empty. */
function places(value: AttributeValue, path: NaivePath): (readonly [NaivePath, AttributeValue])[] {
  const [type, content] = entryOf(value);
  const inner: (readonly [string | number, AttributeValue])[] =
    type === "M"
      ? Object.entries(content as Item)
      : type === "L"
        ? (content as AttributeValue[]).map((one, i) => [i, one] as const)
        : [];
  if (inner.length === 0) return [[path, value]];
  return inner.flatMap(([part, one]) => places(one, [...path, part]));
}

/** Puts places together again; what is left of a list moves together. */
function assemble(all: readonly (readonly [NaivePath, AttributeValue])[]): AttributeValue {
  if (all.length === 1 && all[0]![0].length === 0) return all[0]![1];
  const parts = [...new Set(all.map(([path]) => path[0]!))];
  const below = (part: string | number): AttributeValue =>
    assemble(all.filter(([path]) => path[0] === part).map(([path, value]) => [path.slice(1), value] as const));
  if (typeof parts[0] === "number") return { L: (parts as number[]).sort((a, b) => a - b).map(below) };
  return { M: Object.fromEntries(parts.map((part) => [part, below(part)])) };
}

/** The projection to paths that do not overlap. */
export function naiveProject(paths: readonly NaivePath[], item: Item): Item {
  const kept = Object.entries(item)
    .flatMap(([name, value]) => places(value, [name]))
    .filter(([place]) => paths.some((path) => path.every((part, i) => part === place[i])));
  if (kept.length === 0) return {};
  return (assemble(kept) as { M: Item }).M;
}
