/**
 * How DynamoDB reads what WHERE describes: a condition that pins the partition key in every alternative becomes one query for each key, anything else
 * a scan with a filter (developer guide, "PartiQL select statements for DynamoDB").
 */
import type { KeyAttribute, RangeCondition } from "#data-plane/tables/engine";
import type { ConditionNode } from "#data-plane/tables/expressions";
import {
  type AttributeValue,
  compareBytes,
  compareValues,
  encodeKey,
  TableValidation,
  typeOf,
} from "#data-plane/tables/values";
import { conjunction, disjunction } from "./condition-nodes.ts";
import { excludes, hashValues, type ReadKey, rangeConditions } from "./key-predicates.ts";
import { EVERYTHING, intersection, isEmpty, type KeyRange, rangeOf } from "./key-ranges.ts";

/** A key is compared with a value that it cannot have. Transactions word it in another way. */
export class KeyTypeMismatch extends TableValidation {
  constructor(attribute: string) {
    super(`Key attribute's data type should match its data type in table's schema: Key ${attribute}`);
  }
}

/** One query. */
export interface KeyedRead {
  readonly hash: AttributeValue;
  readonly range?: RangeCondition;
  /** What remains to be decided for each item. */
  readonly filter: ConditionNode;
}

/** Queries of one statement at most; more are refused. */
const readsMax = 50;

/** One alternative of the condition, taken apart. */
interface Branch {
  readonly hash?: AttributeValue;
  readonly conditions: readonly RangeCondition[];
  readonly range: KeyRange;
  /** Says something about the sort key that is no range: NOT, `<>`. */
  readonly negated: boolean;
  readonly rest: readonly ConditionNode[];
}

const NO_CONDITION: Branch = { conditions: [], range: EVERYTHING, negated: false, rest: [] };

/**
 * The queries that together read what the condition describes, in the order of the statement; undefined when it takes a scan.
 * @throws TableValidation for key values of another type, too many queries, and alternatives that would read an item twice
 */
export function keyedReads(where: ConditionNode, key: ReadKey): readonly KeyedRead[] | undefined {
  if (!pinsHash(where, key)) return undefined;
  const branches = new Decomposition(key).branches(where);
  // Two values for one partition key: nothing can match, and DynamoDB finds out by looking.
  if (branches === undefined) return undefined;
  return readsOf(branches, key);
}

/** Whether every alternative names the partition key. */
function pinsHash(node: ConditionNode, key: ReadKey): boolean {
  switch (node.kind) {
    case "and":
      return node.of.some((link) => pinsHash(link, key));
    case "or":
      return node.of.length > 0 && node.of.every((link) => pinsHash(link, key));
    default:
      return hashValues(node, key) !== undefined;
  }
}

/** Cuts a condition into its alternatives as far as they differ in keys. */
class Decomposition {
  readonly #key: ReadKey;
  #contradictory = false;

  constructor(key: ReadKey) {
    this.#key = key;
  }

  /** Undefined when an alternative wants two partition keys at once. */
  branches(node: ConditionNode): readonly Branch[] | undefined {
    const branches = this.#cut(node);
    return this.#contradictory ? undefined : branches;
  }

  #cut(node: ConditionNode): readonly Branch[] {
    switch (node.kind) {
      case "and":
        return node.of.reduce<readonly Branch[]>(
          (sofar, link) => this.#product(sofar, this.#cut(link)),
          [NO_CONDITION],
        );
      case "or":
        if (!this.#namesKeys(node)) return [this.#remainder(node)];
        return limited(node.of.flatMap((link) => this.#cut(link)));
      default:
        return this.#leaf(node);
    }
  }

  #leaf(node: ConditionNode): readonly Branch[] {
    const { hash, range } = this.#key;
    const values = hashValues(node, this.#key);
    if (values !== undefined) {
      for (const value of values) assertType(value, hash);
      return limited(values.map((value) => ({ ...NO_CONDITION, hash: value })));
    }
    const conditions = rangeConditions(node, this.#key);
    if (conditions === undefined || range === undefined) return [this.#remainder(node)];
    return limited(
      conditions.map((condition) => {
        for (const value of condition.values) assertType(value, range);
        return { ...NO_CONDITION, conditions: [condition], range: rangeOf(range.type, condition) };
      }),
    );
  }

  #remainder(node: ConditionNode): Branch {
    const { range } = this.#key;
    return { ...NO_CONDITION, negated: range !== undefined && excludes(node, range.name), rest: [node] };
  }

  /** Whether an alternative in there names a key in a way that a query can use. */
  #namesKeys(node: ConditionNode): boolean {
    if (node.kind === "and" || node.kind === "or") return node.of.some((link) => this.#namesKeys(link));
    return hashValues(node, this.#key) !== undefined || rangeConditions(node, this.#key) !== undefined;
  }

  #product(left: readonly Branch[], right: readonly Branch[]): readonly Branch[] {
    if (left.length * right.length > readsMax) throw tooMany();
    return left.flatMap((a) => right.map((b) => this.#both(a, b)));
  }

  #both(a: Branch, b: Branch): Branch {
    const hash = a.hash ?? b.hash;
    if (a.hash !== undefined && b.hash !== undefined && !sameKey(a.hash, b.hash)) this.#contradictory = true;
    return {
      ...(hash === undefined ? {} : { hash }),
      conditions: [...a.conditions, ...b.conditions],
      range: intersection(a.range, b.range),
      negated: a.negated || b.negated,
      rest: [...a.rest, ...b.rest],
    };
  }
}

function limited(branches: readonly Branch[]): readonly Branch[] {
  if (branches.length > readsMax) throw tooMany();
  return branches;
}

function tooMany(): TableValidation {
  return new TableValidation("Too many decomposed read operations for a given query.");
}

function assertType(value: AttributeValue, { name, type }: KeyAttribute): void {
  if (typeOf(value) === type) return;
  throw new KeyTypeMismatch(name);
}

function sameKey(a: AttributeValue, b: AttributeValue): boolean {
  return typeOf(a) === typeOf(b) && compareValues(a, b) === 0;
}

/** Alternatives with one partition key read parts of it that do not overlap, or become one query. */
function readsOf(branches: readonly Branch[], key: ReadKey): readonly KeyedRead[] {
  const groups: Branch[][] = [];
  for (const branch of branches) {
    const group = groups.find(([first]) => sameKey(first!.hash!, branch.hash!));
    if (group === undefined) groups.push([branch]);
    else group.push(branch);
  }
  return groups.flatMap((group) => {
    if (group.length === 1) return readOf(group[0]!, key);
    if (group.some((branch) => branch.negated)) return [joinedRead(group, key)];
    assertDisjoint(group);
    return group.flatMap((branch) => readOf(branch, key));
  });
}

function assertDisjoint(group: readonly Branch[]): void {
  for (const [index, branch] of group.entries()) {
    for (const other of group.slice(index + 1)) {
      if (isEmpty(intersection(branch.range, other.range))) continue;
      throw new TableValidation("Overlapping conditions with range keys are not supported in where clause");
    }
  }
}

function readOf(branch: Branch, key: ReadKey): readonly KeyedRead[] {
  const { hash, conditions, range, rest } = branch;
  if (isEmpty(range)) return [];
  const condition = conditions.length < 2 ? conditions[0] : tightest(conditions, key);
  // A query has one condition on the sort key; when there are more, the filter decides them all.
  const filter = conjunction([...(conditions.length < 2 ? [] : conditions.map((one) => nodeOf(one, key))), ...rest]);
  return [{ hash: hash!, ...(condition === undefined ? {} : { range: condition }), filter }];
}

function joinedRead(group: readonly Branch[], key: ReadKey): KeyedRead {
  const filter = disjunction(
    group.map(({ conditions, rest }) => conjunction([...conditions.map((one) => nodeOf(one, key)), ...rest])),
  );
  return { hash: group[0]!.hash!, filter };
}

/** The one condition of several that a query is best restricted by. */
function tightest(conditions: readonly RangeCondition[], { range }: ReadKey): RangeCondition {
  const exact = conditions.find(({ op }) => op === "=");
  if (exact !== undefined) return exact;
  const bounded = conditions.find(({ op }) => op === "BETWEEN" || op === "begins_with");
  if (bounded !== undefined) return bounded;
  const lows = conditions.filter(({ op }) => op.startsWith(">"));
  const highs = conditions.filter(({ op }) => op.startsWith("<"));
  const low = extreme(lows, range!, 1);
  const high = extreme(highs, range!, -1);
  if (low === undefined || high === undefined) return low ?? high!;
  return { op: "BETWEEN", values: [low.values[0]!, high.values[0]!] };
}

function extreme(
  conditions: readonly RangeCondition[],
  { type }: KeyAttribute,
  direction: 1 | -1,
): RangeCondition | undefined {
  const bytes = (condition: RangeCondition) => encodeKey(type, condition.values[0]!);
  return conditions.reduce<RangeCondition | undefined>(
    (best, one) => (best === undefined || compareBytes(bytes(one), bytes(best)) * direction > 0 ? one : best),
    undefined,
  );
}

function nodeOf({ op, values }: RangeCondition, { range }: ReadKey): ConditionNode {
  const operand = { kind: "path", path: [range!.name] } as const;
  const value = (index: number) => ({ kind: "value", value: values[index]! }) as const;
  switch (op) {
    case "BETWEEN":
      return { kind: "between", operand, low: value(0), high: value(1) };
    case "begins_with":
      return { kind: "begins-with", operand, prefix: value(0) };
    default:
      return { kind: "compare", operator: op, left: operand, right: value(0) };
  }
}
