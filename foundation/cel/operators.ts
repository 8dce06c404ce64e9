/** Operators of CEL (language definition, "Functions", operators). */
import {
  CelError,
  CelType,
  type CelValue,
  Duration,
  duration,
  int,
  isList,
  isMap,
  keysOf,
  memberOf,
  noOverload,
  Timestamp,
  timestamp,
  Uint,
  uint,
} from "./values.ts";

type Numeric = bigint | Uint | number;

const isNumeric = (value: CelValue): value is Numeric =>
  typeof value === "bigint" || typeof value === "number" || value instanceof Uint;
const wholeOf = (value: Exclude<Numeric, number>): bigint => (typeof value === "bigint" ? value : value.value);

const doubleOf = (value: Numeric): number => (typeof value === "number" ? value : Number(wholeOf(value)));

/** Less than 0, 0, more than 0; NaN where one of them is. Numbers of all types are on one line. */
function compareNumbers(left: Numeric, right: Numeric): number {
  if (typeof left === "number" || typeof right === "number") {
    // As doubles, with what they lose: so the published cases have it.
    const [a, b] = [doubleOf(left), doubleOf(right)];
    return a < b ? -1 : a > b ? 1 : a === b ? 0 : Number.NaN;
  }
  const [a, b] = [wholeOf(left), wholeOf(right)];
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Values of different kinds are not equal; numbers of different types may be. */
export function equal(left: CelValue, right: CelValue): boolean {
  if (isNumeric(left)) return isNumeric(right) && compareNumbers(left, right) === 0;
  if (left === right) return true;
  if (typeof left !== "object" || typeof right !== "object" || left === null || right === null) return false;
  if (isList(left))
    return isList(right) && left.length === right.length && left.every((item, index) => equal(item, right[index]!));
  if (left instanceof Uint8Array) return right instanceof Uint8Array && compareBytes(left, right) === 0;
  if (left instanceof Timestamp) return right instanceof Timestamp && left.nanoseconds === right.nanoseconds;
  if (left instanceof Duration) return right instanceof Duration && left.nanoseconds === right.nanoseconds;
  if (left instanceof CelType) return right instanceof CelType && left.name === right.name;
  if (!isMap(left) || !isMap(right)) return false;
  const keys = keysOf(left);
  if (keys.length !== keysOf(right).length) return false;
  return keys.every((key) => {
    const other = memberOf(right, key);
    return other !== undefined && equal(memberOf(left, key)!, other);
  });
}

function compareBytes(left: Uint8Array, right: Uint8Array): number {
  return Buffer.compare(left, right);
}

/** By code points. */
function compareText(left: string, right: string): number {
  return left === right ? 0 : Buffer.compare(Buffer.from(left), Buffer.from(right));
}

/** @throws CelError for values that have no order between them */
export function compare(left: CelValue, right: CelValue): number {
  if (isNumeric(left) && isNumeric(right)) return compareNumbers(left, right);
  if (typeof left === "string" && typeof right === "string") return compareText(left, right);
  if (typeof left === "boolean" && typeof right === "boolean") return Number(left) - Number(right);
  if (left instanceof Uint8Array && right instanceof Uint8Array) return compareBytes(left, right);
  const bothTimes = left instanceof Timestamp && right instanceof Timestamp;
  if (bothTimes || (left instanceof Duration && right instanceof Duration)) {
    const difference = left.nanoseconds - (right as Timestamp | Duration).nanoseconds;
    return difference < 0n ? -1 : difference > 0n ? 1 : 0;
  }
  throw noOverload();
}

export function contains(item: CelValue, of: CelValue): boolean {
  if (isList(of)) return of.some((one) => equal(item, one));
  if (isMap(of)) return memberOf(of, item) !== undefined;
  throw noOverload();
}

export function add(left: CelValue, right: CelValue): CelValue {
  if (typeof left === "bigint" && typeof right === "bigint") return int(left + right);
  if (typeof left === "number" && typeof right === "number") return left + right;
  if (left instanceof Uint && right instanceof Uint) return uint(left.value + right.value);
  if (typeof left === "string" && typeof right === "string") return left + right;
  if (left instanceof Uint8Array && right instanceof Uint8Array) return new Uint8Array(Buffer.concat([left, right]));
  if (isList(left) && isList(right)) return [...left, ...right];
  if (left instanceof Timestamp && right instanceof Duration) return timestamp(left.nanoseconds + right.nanoseconds);
  if (left instanceof Duration && right instanceof Timestamp) return timestamp(left.nanoseconds + right.nanoseconds);
  if (left instanceof Duration && right instanceof Duration) return duration(left.nanoseconds + right.nanoseconds);
  throw noOverload();
}

export function subtract(left: CelValue, right: CelValue): CelValue {
  if (typeof left === "bigint" && typeof right === "bigint") return int(left - right);
  if (typeof left === "number" && typeof right === "number") return left - right;
  if (left instanceof Uint && right instanceof Uint) return uint(left.value - right.value);
  if (left instanceof Timestamp && right instanceof Duration) return timestamp(left.nanoseconds - right.nanoseconds);
  if (left instanceof Timestamp && right instanceof Timestamp) return duration(left.nanoseconds - right.nanoseconds);
  if (left instanceof Duration && right instanceof Duration) return duration(left.nanoseconds - right.nanoseconds);
  throw noOverload();
}

export function multiply(left: CelValue, right: CelValue): CelValue {
  if (typeof left === "bigint" && typeof right === "bigint") return int(left * right);
  if (typeof left === "number" && typeof right === "number") return left * right;
  if (left instanceof Uint && right instanceof Uint) return uint(left.value * right.value);
  throw noOverload();
}

export function divide(left: CelValue, right: CelValue): CelValue {
  if (typeof left === "number" && typeof right === "number") return left / right;
  if (typeof left === "bigint" && typeof right === "bigint") return int(left / divisor(right, "divide by zero"));
  if (left instanceof Uint && right instanceof Uint) return uint(left.value / divisor(right.value, "divide by zero"));
  throw noOverload();
}

export function modulo(left: CelValue, right: CelValue): CelValue {
  if (typeof left === "bigint" && typeof right === "bigint") return left % divisor(right, "modulus by zero");
  if (left instanceof Uint && right instanceof Uint)
    return new Uint(left.value % divisor(right.value, "modulus by zero"));
  throw noOverload();
}

function divisor(value: bigint, problem: string): bigint {
  if (value === 0n) throw new CelError(problem);
  return value;
}

export function negate(value: CelValue): CelValue {
  if (typeof value === "bigint") return int(-value);
  if (typeof value === "number") return -value;
  if (value instanceof Duration) return duration(-value.nanoseconds);
  throw noOverload();
}

export function not(value: CelValue): boolean {
  if (typeof value !== "boolean") throw noOverload();
  return !value;
}

export function indexOf(of: CelValue, index: CelValue): CelValue {
  if (isList(of)) {
    const at = isNumeric(index) ? Number(typeof index === "number" ? index : wholeOf(index)) : undefined;
    if (at === undefined) throw noOverload();
    if (!Number.isInteger(at)) throw new CelError("invalid_argument");
    const item = of[at];
    if (item === undefined) throw new CelError("invalid_argument: index out of range");
    return item;
  }
  if (!isMap(of)) throw noOverload();
  const member = memberOf(of, index);
  if (member === undefined) throw new CelError("no such key");
  return member;
}

export function select(of: CelValue, field: string): CelValue {
  if (!isMap(of)) throw noOverload();
  const member = memberOf(of, field);
  if (member === undefined) throw new CelError("no such key");
  return member;
}
