/** Random conditions and updates for the model: what they mean, and how they are written in expressions and in PartiQL. */
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import {
  fingerprint,
  type Item,
  NUMBERS,
  order,
  type Path,
  partsOf,
  pick,
  type Random,
  randomSet,
  randomValue,
  sizeOf,
  textOfWhole,
  typicalValue,
  valueAt,
  whole,
} from "./naive-values.ts";

/** Attributes that are no keys. */
export const ATTRIBUTES = ["a", "b", "n", "s", "m", "l"];

export type Condition =
  | { readonly kind: "and" | "or"; readonly left: Condition; readonly right: Condition }
  | { readonly kind: "not"; readonly of: Condition }
  | {
      readonly kind: "compare" | "size";
      readonly path: Path;
      readonly operator: string;
      readonly value: AttributeValue;
    }
  | { readonly kind: "between"; readonly path: Path; readonly low: AttributeValue; readonly high: AttributeValue }
  | { readonly kind: "in"; readonly path: Path; readonly among: readonly AttributeValue[] }
  | { readonly kind: "exists" | "missing"; readonly path: Path }
  | { readonly kind: "type"; readonly path: Path; readonly type: string }
  | { readonly kind: "begins" | "contains"; readonly path: Path; readonly value: AttributeValue };

const OPERATORS = ["=", "<>", "<", "<=", ">", ">="];
const TYPES = ["S", "N", "B", "SS", "NS", "M", "L", "NULL", "BOOL"];

export function randomCondition(random: Random, depth = 2): Condition {
  const path = randomPath(random);
  const inner = () => randomCondition(random, depth - 1);
  switch (Math.floor(random() * (depth > 0 ? 12 : 8))) {
    case 0:
      return { kind: "compare", path, operator: pick(random, ["=", "<>"]), value: like(random, path) };
    case 1:
      return { kind: "compare", path, operator: pick(random, OPERATORS), value: scalarLike(random, path) };
    case 2: {
      const number = { N: pick(random, ["0", "1", "2"]) };
      return { kind: "size", path, operator: pick(random, OPERATORS), value: number };
    }
    case 3: {
      const bounds = [scalar(random, "N"), scalar(random, "N")].sort((x, y) => order(x, y)!);
      return { kind: "between", path, low: bounds[0]!, high: bounds[1]! };
    }
    case 4:
      return { kind: "in", path, among: [like(random, path), randomValue(random), scalar(random)] };
    case 5:
      return { kind: pick(random, ["exists", "missing"] as const), path };
    case 6:
      return { kind: "type", path, type: pick(random, TYPES) };
    case 7:
      return random() < 0.5
        ? { kind: "begins", path, value: scalar(random, "S") }
        : { kind: "contains", path, value: scalar(random) };
    case 8:
    case 9:
      return { kind: "and", left: inner(), right: inner() };
    case 10:
      return { kind: "or", left: inner(), right: inner() };
    default:
      return { kind: "not", of: inner() };
  }
}

/** A value such as the path may lead to. */
function like(random: Random, path: Path): AttributeValue {
  if (path.length === 1) return typicalValue(random, path[0]);
  return { N: pick(random, NUMBERS.slice(0, 5)) };
}

function scalarLike(random: Random, path: Path): AttributeValue {
  const value = like(random, path);
  return value.S !== undefined || value.N !== undefined ? value : scalar(random);
}

function scalar(random: Random, type?: "S" | "N"): AttributeValue {
  for (;;) {
    const value = randomValue(random, 0);
    if (type === undefined ? "S" in value || "N" in value || "B" in value : type in value) return value;
  }
}

function randomPath(random: Random): Path {
  const name = pick(random, ATTRIBUTES);
  if (name === "m" && random() < 0.7) return ["m", pick(random, ["x", "y"])];
  return name === "l" && random() < 0.6 ? ["l", Math.floor(random() * 3)] : [name];
}

export function holds(condition: Condition, item: Item): boolean {
  switch (condition.kind) {
    case "and":
      return holds(condition.left, item) && holds(condition.right, item);
    case "or":
      return holds(condition.left, item) || holds(condition.right, item);
    case "not":
      return !holds(condition.of, item);
  }
  const value = valueAt(item, condition.path);
  switch (condition.kind) {
    case "compare":
      return compares(condition.operator, value, condition.value);
    case "size": {
      const size = value === undefined ? undefined : sizeOf(value);
      return compares(condition.operator, size === undefined ? undefined : { N: String(size) }, condition.value);
    }
    case "between":
      return compares(">=", value, condition.low) && compares("<=", value, condition.high);
    case "in":
      return condition.among.some((one) => compares("=", value, one));
    case "exists":
      return value !== undefined;
    case "missing":
      return value === undefined;
    case "type":
      return value !== undefined && partsOf(value)[0] === condition.type;
    case "begins":
      return value?.S?.startsWith(condition.value.S!) === true;
    case "contains":
      return value !== undefined && contains(value, condition.value);
  }
}

function compares(operator: string, a: AttributeValue | undefined, b: AttributeValue): boolean {
  const same = a !== undefined && fingerprint(a) === fingerprint(b);
  if (operator === "=") return same;
  if (operator === "<>") return !same;
  const sign = a === undefined ? undefined : order(a, b);
  if (sign === undefined) return false;
  return operator === "<" ? sign < 0 : operator === "<=" ? sign <= 0 : operator === ">" ? sign > 0 : sign >= 0;
}

function contains(value: AttributeValue, element: AttributeValue): boolean {
  if (value.L !== undefined) return value.L.some((one) => fingerprint(one) === fingerprint(element));
  if (value.SS !== undefined) return element.S !== undefined && value.SS.includes(element.S);
  if (value.NS !== undefined) return element.N !== undefined && value.NS.includes(element.N);
  if (value.S !== undefined) return element.S !== undefined && value.S.includes(element.S);
  return value.B !== undefined && element.B !== undefined && Buffer.from(value.B).includes(element.B);
}

/** What SET computes. */
export type Assigned =
  | { readonly kind: "value"; readonly value: AttributeValue }
  | { readonly kind: "path"; readonly path: Path }
  | { readonly kind: "sum"; readonly operator: "+" | "-"; readonly path: Path; readonly value: AttributeValue }
  | { readonly kind: "append"; readonly path: Path; readonly value: AttributeValue }
  | { readonly kind: "default"; readonly path: Path; readonly value: AttributeValue };

export type Action =
  | { readonly kind: "set"; readonly path: Path; readonly to: Assigned }
  | { readonly kind: "remove"; readonly path: Path }
  | { readonly kind: "add" | "delete"; readonly path: Path; readonly value: AttributeValue };

/** @param partiql only what PartiQL has words for */
export function randomActions(random: Random, partiql: boolean): readonly Action[] {
  const names = ATTRIBUTES.filter(() => random() < 0.3);
  return (names.length === 0 ? [pick(random, ATTRIBUTES)] : names).map((name) => randomAction(random, name, partiql));
}

function randomAction(random: Random, name: string, partiql: boolean): Action {
  const inside: Path =
    name === "m" ? ["m", pick(random, ["x", "z"])] : name === "l" ? ["l", Math.floor(random() * 4)] : [name];
  const path: Path = random() < 0.6 ? inside : [name];
  const roll = random();
  if (roll < 0.2) return { kind: "remove", path };
  if (name === "n" && roll < 0.7) {
    const value = { N: pick(random, NUMBERS) };
    if (!partiql && roll < 0.4) return { kind: "add", path: ["n"], value };
    return { kind: "set", path: ["n"], to: { kind: "sum", operator: roll < 0.55 ? "+" : "-", path: ["n"], value } };
  }
  if (name === "s" && roll < 0.8) {
    return { kind: roll < 0.5 ? "add" : "delete", path: ["s"], value: randomSet(random) };
  }
  if (name === "l" && roll < 0.5) {
    const value = { L: [randomValue(random, 0)] };
    return { kind: "set", path: ["l"], to: { kind: "append", path: ["l"], value } };
  }
  if (roll < 0.75) return { kind: "set", path, to: { kind: "value", value: randomValue(random) } };
  const from: Path = [pick(random, ATTRIBUTES)];
  if (partiql || roll < 0.85) return { kind: "set", path, to: { kind: "path", path: from } };
  return { kind: "set", path, to: { kind: "default", path, value: randomValue(random, 1) } };
}

/** The update cannot be applied to this item. */
export class Inapplicable extends Error {}

/** The item afterwards. Right sides see the item as it was. @throws Inapplicable */
export function apply(actions: readonly Action[], item: Item): Item {
  const result = structuredClone(item);
  const edits = actions.map((action) => [action, assignedBy(action, item)] as const);
  // Elements of a list are removed and appended last, so that positions mean those of the old list.
  const removals: (() => void)[] = [];
  for (const [{ kind, path }, value] of edits) {
    const [name, step] = path;
    if (step === undefined) {
      if (value === undefined) delete result[name];
      else result[name] = value;
      continue;
    }
    const parent = item[name];
    if (typeof step === "string") {
      if (parent?.M === undefined) throw new Inapplicable("no map");
      if (value === undefined) delete result[name]!.M![step];
      else result[name]!.M![step] = value;
    } else {
      if (parent?.L === undefined) throw new Inapplicable("no list");
      const list = result[name]!.L!;
      if (kind === "remove") removals.push(() => list.splice(step, 1));
      else if (step < parent.L.length) list[step] = value!;
      else list.push(value!);
    }
  }
  for (const remove of removals) remove();
  return result;
}

/** The new value of an action's place; undefined to remove it. */
function assignedBy(action: Action, item: Item): AttributeValue | undefined {
  switch (action.kind) {
    case "remove":
      return undefined;
    case "set":
      return computed(action.to, item);
    case "add":
      return added(valueAt(item, action.path), action.value);
    case "delete":
      return without(valueAt(item, action.path), action.value);
  }
}

function computed(to: Assigned, item: Item): AttributeValue {
  if (to.kind === "value") return to.value;
  const found = valueAt(item, to.path);
  if (to.kind === "default") return found ?? to.value;
  if (found === undefined) throw new Inapplicable("nothing there");
  switch (to.kind) {
    case "path":
      return found;
    case "sum":
      return sum(found, to.value, to.operator === "+" ? 1n : -1n);
    case "append":
      if (found.L === undefined) throw new Inapplicable("no list");
      return { L: [...found.L, ...to.value.L!] };
  }
}

function sum(a: AttributeValue, b: AttributeValue, sign: 1n | -1n): AttributeValue {
  if (a.N === undefined) throw new Inapplicable("no number");
  const text = textOfWhole(whole(a.N) + whole(b.N!) * sign);
  if (text === undefined) throw new Inapplicable("too many digits");
  return { N: text };
}

function added(value: AttributeValue | undefined, more: AttributeValue): AttributeValue {
  if (value === undefined) return more;
  if (more.N !== undefined) return sum(value, more, 1n);
  if (more.SS !== undefined && value.SS !== undefined) return { SS: [...new Set([...value.SS, ...more.SS])] };
  if (more.NS !== undefined && value.NS !== undefined) return { NS: [...new Set([...value.NS, ...more.NS])] };
  throw new Inapplicable("another type");
}

function without(value: AttributeValue | undefined, less: AttributeValue): AttributeValue | undefined {
  if (value === undefined) return undefined;
  const [type, members] = partsOf(value) as [string, string[]];
  const [other, gone] = partsOf(less) as [string, string[]];
  if (type !== other) throw new Inapplicable("another type");
  const rest = members.filter((member) => !gone.includes(member));
  return rest.length === 0 ? undefined : ({ [type]: rest } as unknown as AttributeValue);
}
