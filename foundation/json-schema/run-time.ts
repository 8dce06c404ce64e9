/** What the written checks need when they run. */
import { FORMATS, type StringFormat } from "./formats.ts";
import { type Json, pointerStep } from "./json.ts";

/** What does not fit, where, and by which keyword. */
export interface Violation {
  /** Where in the value, as a pointer. */
  readonly instancePath: string;
  /** Where in the schema: document, `#`, pointer; through references as they were followed. */
  readonly schemaPath: string;
  readonly keyword: string;
  readonly params: Readonly<Record<string, Json>>;
}

/** What of a value was evaluated (Core §11). */
export interface Tracker {
  readonly names: Set<string>;
  all: boolean;
  items: number;
  readonly contained: Set<number>;
}

interface Scope {
  readonly r: number;
  readonly p: Scope | null;
}

/** Ends a check before it has come to its end. */
export class Stopped extends Error {
  readonly why: "enough" | "tooManySteps";

  constructor(why: Stopped["why"]) {
    super(why);
    this.why = why;
  }
}

type Check = (data: Json, scope: Scope | null, tracker: Tracker | null, path?: string, errors?: Violation[]) => boolean;

export interface Matcher {
  test(text: string): boolean;
}

export interface RunTime {
  /** @throws Error for a pattern that cannot be used */
  pattern(source: string): Matcher;
  format(name: string): StringFormat["test"];
  /** Functions that one check may call. */
  readonly stepsMax: number;
  /** @throws Stopped when these have been called */
  spent(): never;
  /** Says where violations are collected, and how many. */
  collectInto(errors: Violation[], limit: number): void;
  /** @throws Stopped when there are as many as are asked for */
  add(errors: Violation[], path: string, at: string, keyword: string, params: Readonly<Record<string, Json>>): void;
  addAll(errors: Violation[], ...others: readonly (readonly Violation[])[]): void;
  step(key: string): string;
  length(text: string): number;
  multipleOf(of: number): (value: number) => boolean;
  equal(left: Json, right: Json): boolean;
  unique(items: readonly Json[]): boolean;
  tracker(): Tracker;
  merge(into: Tracker, from: Tracker): void;
  dynamic(
    scope: Scope | null,
    table: Readonly<Record<number, Check>>,
    fallback: Check,
  ): { readonly f: Check; readonly r: number | undefined };
}

/** @param pattern makes the matcher of a pattern */
export function createRunTime(pattern: (source: string) => Matcher, stepsMax: number): RunTime {
  let asked: Violation[] = [];
  let limit = 0;
  const push = (errors: Violation[], violation: Violation): void => {
    // Those of alternatives are not told yet: perhaps another one fits.
    if (errors.length < limit) errors.push(violation);
    if (errors === asked && errors.length >= limit) throw new Stopped("enough");
  };
  return {
    pattern,
    format: (name) => FORMATS.get(name)!.test,
    stepsMax,
    spent() {
      throw new Stopped("tooManySteps");
    },
    collectInto(errors, most) {
      asked = errors;
      limit = most;
    },
    add: (errors, instancePath, schemaPath, keyword, params) =>
      push(errors, { instancePath, schemaPath, keyword, params }),
    addAll(errors, ...others) {
      for (const other of others) for (const violation of other) push(errors, violation);
    },
    step: pointerStep,
    length: charactersIn,
    multipleOf,
    equal,
    unique,
    tracker: () => ({ names: new Set(), all: false, items: 0, contained: new Set() }),
    merge(into, from) {
      for (const name of from.names) into.names.add(name);
      if (from.all) into.all = true;
      if (from.items > into.items) into.items = from.items;
      for (const index of from.contained) into.contained.add(index);
    },
    dynamic(scope, table, fallback) {
      // The outermost one that has the anchor (Core §8.2.3.2).
      let found: Check | undefined;
      let resource: number | undefined;
      for (let frame = scope; frame !== null; frame = frame.p) {
        const check = table[frame.r];
        if (check === undefined) continue;
        found = check;
        resource = frame.r;
      }
      return { f: found ?? fallback, r: resource };
    },
  };
}

/** Unicode characters, not units of UTF-16 (Validation §6.3). */
function charactersIn(text: string): number {
  let count = text.length;
  for (let at = 0; at < text.length - 1; at++) {
    const unit = text.charCodeAt(at);
    if (unit < 0xd800 || unit > 0xdbff) continue;
    const next = text.charCodeAt(at + 1);
    if (next >= 0xdc00 && next <= 0xdfff) {
      count--;
      at++;
    }
  }
  return count;
}

/**
 * Whether numbers are multiples of another, exactly, by the decimal digits that they are written with: 0.0075 is a multiple of 0.0001.
 *
 * Nearly always one division of exact doubles tells: a whole number and a power of ten are exact, and their quotient is the double that the decimal is read as (up to fifteen
 * digits no two decimals are the same double).
 */
function multipleOf(of: number): (value: number) => boolean {
  const unit = decimal(of);
  const [digits, scale] = [Number(unit.digits), 10 ** -unit.exponent];
  if (unit.exponent > 0 || unit.exponent < -22 || digits >= EXACT) return (value) => isMultiple(decimal(value), unit);
  return (value) => {
    // The value without its point, if it has no more digits behind it than the unit.
    const whole = Math.round(value * scale);
    if (whole >= EXACT || whole <= -EXACT) return isMultiple(decimal(value), unit);
    return whole / scale === value && (digits === 1 || whole % digits === 0);
  };
}

const EXACT = 1e15;

function isMultiple(left: Decimal, right: Decimal): boolean {
  const exponent = Math.min(left.exponent, right.exponent);
  const scaled = ({ digits, exponent: own }: Decimal): bigint => digits * 10n ** BigInt(own - exponent);
  return scaled(left) % scaled(right) === 0n;
}

interface Decimal {
  readonly digits: bigint;
  readonly exponent: number;
}

function decimal(value: number): Decimal {
  const [, sign = "", whole = "0", fraction = "", exponent = "0"] = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(
    String(value),
  )!;
  return { digits: BigInt(sign + whole + fraction), exponent: Number(exponent) - fraction.length };
}

export function equal(left: Json, right: Json): boolean {
  if (left === right) return true;
  if (typeof left !== "object" || typeof right !== "object" || left === null || right === null) return false;
  if (Array.isArray(left)) {
    if (!Array.isArray(right) || left.length !== right.length) return false;
    for (let index = 0; index < left.length; index++) if (!equal(left[index], right[index])) return false;
    return true;
  }
  if (Array.isArray(right)) return false;
  const names = Object.keys(left);
  if (names.length !== Object.keys(right).length) return false;
  for (const name of names) {
    if (!Object.hasOwn(right, name)) return false;
    if (!equal((left as Record<string, Json>)[name], (right as Record<string, Json>)[name])) return false;
  }
  return true;
}

/** So few are compared with each other faster than they are put into a set. */
const FEW = 12;

/** In time that grows with the size, not with its square. */
function unique(items: readonly Json[]): boolean {
  if (items.length <= FEW) {
    for (let index = 1; index < items.length; index++) {
      for (let other = 0; other < index; other++) if (equal(items[index], items[other])) return false;
    }
    return true;
  }
  const seen = new Set<Json>();
  const structures = new Set<string>();
  for (const item of items) {
    const isStructure = typeof item === "object" && item !== null;
    const before = seen.size + structures.size;
    if (isStructure) structures.add(canonical(item));
    else seen.add(item);
    if (seen.size + structures.size === before) return false;
  }
  return true;
}

function canonical(value: Json): string {
  return JSON.stringify(value, (_name, member: Json) =>
    typeof member !== "object" || member === null || Array.isArray(member)
      ? member
      : Object.fromEntries(Object.entries(member).sort(([left], [right]) => (left < right ? -1 : 1))),
  );
}
