/**
 * The condition operators (IAM User Guide, "IAM JSON policy elements: Condition operators") and their names' parts: set qualifier, operator,
 * `IfExists`.
 */

import { compileArnPattern } from "./arn-pattern.ts";
import { isInRange, parseIpRange } from "./ip-range.ts";
import { compilePattern, type Matcher } from "./pattern.ts";

/** What compares one value of the request with one value of the policy. */
export interface ValueOperator {
  /** Whether the operator states that nothing matches. */
  readonly negated: boolean;
  /** Whether the policy's value is one that the operator can read. */
  accepts(value: string): boolean;
  /** Compiles the policy's value. `variables` says whether the policy's version knows them. */
  compile(value: string, variables: boolean): Matcher;
}

/** An operator with its qualifiers. */
export interface ConditionOperator {
  readonly qualifier: "for-all-values" | "for-any-value" | "none";
  readonly ifExists: boolean;
  /** `null` for the operator `Null`, which compares nothing. */
  readonly comparison: ValueOperator | null;
  accepts(value: string): boolean;
}

const anyText = () => true;

const stringEquals = strings((value, variables) => compilePattern(value, { wildcards: false, variables }));
const stringEqualsIgnoreCase = strings((value, variables) =>
  compilePattern(value, { wildcards: false, variables, ignoreCase: true }),
);
const stringLike = strings((value, variables) => compilePattern(value, { wildcards: true, variables }));
const arnLike = strings((value, variables) => compileArnPattern(value, { wildcards: true, variables }));
const bool: ValueOperator = {
  negated: false,
  // Variables are for texts and ARNs only ("IAM policy elements: Variables and tags", "Where you can use policy variables").
  accepts: (value) => /^(?:true|false)$/i.test(value),
  compile: (value) => compilePattern(value, { wildcards: false, variables: false, ignoreCase: true }),
};
const binaryEquals: ValueOperator = {
  negated: false,
  accepts: (value) => /^[A-Za-z0-9+/]*={0,2}$/.test(value),
  compile(value) {
    const expected = Buffer.from(value, "base64").toString("hex");
    return (text) => Buffer.from(text, "base64").toString("hex") === expected;
  },
};
const ipAddress: ValueOperator = {
  negated: false,
  accepts: (value) => parseIpRange(value) !== undefined,
  compile(value) {
    const range = parseIpRange(value);
    return range === undefined ? () => false : (text) => isInRange(text, range);
  },
};

const operators: ReadonlyMap<string, ValueOperator> = new Map([
  ["StringEquals", stringEquals],
  ["StringNotEquals", negate(stringEquals)],
  ["StringEqualsIgnoreCase", stringEqualsIgnoreCase],
  ["StringNotEqualsIgnoreCase", negate(stringEqualsIgnoreCase)],
  ["StringLike", stringLike],
  ["StringNotLike", negate(stringLike)],
  ["ArnEquals", arnLike],
  ["ArnLike", arnLike],
  ["ArnNotEquals", negate(arnLike)],
  ["ArnNotLike", negate(arnLike)],
  ["Bool", bool],
  ["BinaryEquals", binaryEquals],
  ["IpAddress", ipAddress],
  ["NotIpAddress", negate(ipAddress)],
  ...ordered("Numeric", parseNumber),
  ...ordered("Date", parseDate),
]);

const known = new Map<string, ConditionOperator>();

/** The operator of a name such as `ForAnyValue:StringLikeIfExists`, or undefined. */
export function conditionOperator(name: string): ConditionOperator | undefined {
  const cached = known.get(name);
  if (cached !== undefined) return cached;
  const operator = readName(name);
  // There are fewer than a hundred and fifty names; unknown ones are not kept.
  if (operator !== undefined) known.set(name, operator);
  return operator;
}

function readName(name: string): ConditionOperator | undefined {
  if (name === "Null") {
    return {
      qualifier: "none",
      ifExists: false,
      comparison: null,
      accepts: (value) => /^(?:true|false)$/i.test(value),
    };
  }
  const match = /^(?:(ForAllValues|ForAnyValue):)?([A-Za-z]+?)(IfExists)?$/.exec(name);
  const comparison = operators.get(match?.[2] ?? "");
  if (match === null || comparison === undefined) return undefined;
  return {
    qualifier: match[1] === undefined ? "none" : match[1] === "ForAllValues" ? "for-all-values" : "for-any-value",
    ifExists: match[3] !== undefined,
    comparison,
    accepts: (value) => comparison.accepts(value),
  };
}

function strings(compile: (value: string, variables: boolean) => Matcher): ValueOperator {
  return { negated: false, accepts: anyText, compile };
}

function negate(operator: ValueOperator): ValueOperator {
  return { ...operator, negated: true };
}

/** The six comparisons of a type that has an order. */
function ordered(
  prefix: string,
  parse: (text: string) => number | undefined,
): readonly (readonly [string, ValueOperator])[] {
  const comparison = (holds: (request: number, policy: number) => boolean): ValueOperator => ({
    negated: false,
    accepts: (value) => parse(value) !== undefined,
    compile(value) {
      const expected = parse(value);
      return (text) => {
        const actual = parse(text);
        return expected !== undefined && actual !== undefined && holds(actual, expected);
      };
    },
  });
  const equals = comparison((a, b) => a === b);
  return [
    [`${prefix}Equals`, equals],
    [`${prefix}NotEquals`, negate(equals)],
    [`${prefix}LessThan`, comparison((a, b) => a < b)],
    [`${prefix}LessThanEquals`, comparison((a, b) => a <= b)],
    [`${prefix}GreaterThan`, comparison((a, b) => a > b)],
    [`${prefix}GreaterThanEquals`, comparison((a, b) => a >= b)],
  ];
}

function parseNumber(text: string): number | undefined {
  return /^[+-]?\d+(?:\.\d+)?$/.test(text) ? Number(text) : undefined;
}

/** W3C's profile of ISO 8601, or seconds since the epoch; milliseconds since the epoch. */
function parseDate(text: string): number | undefined {
  if (/^-?\d{1,4}$|^-?\d{5,13}(?:\.\d+)?$/.test(text)) {
    // Four digits are a year (ISO 8601), more are seconds.
    return /^\d{4}$/.test(text) ? Date.UTC(Number(text), 0) : Number(text) * 1000;
  }
  if (!/^\d{4}-\d{2}(?:-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?)?$/.test(text)) {
    return undefined;
  }
  // A time without a zone is UTC; `Date.parse` would take the machine's zone.
  const ms = Date.parse(/T.*(?:Z|[+-]\d{2}:?\d{2})$/.test(text) || !text.includes("T") ? text : `${text}Z`);
  return Number.isNaN(ms) ? undefined : ms;
}
