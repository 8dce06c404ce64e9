/**
 * Numbers of DynamoDB: decimal, 38 significant digits, magnitude from 1E-130 to 9.99…E+125 (developer guide, "Data types", Number).
 *
 * A number travels as text. Its one canonical spelling is plain decimal notation without exponent, superfluous zeros or `-0`, so that equal
 * numbers are equal texts.
 */

import { InvalidValue, TableValidation } from "./table-validation.ts";

/** Significant digits that a number may have. */
export const digitsMax = 38;
/** Powers of ten of the first significant digit. */
export const exponentMax = 125;
export const exponentMin = -130;

/** A number in parts: `0.d1d2d3… × 10^(exponent + 1)`, that is, `exponent` is the power of ten of the first digit. Zero has no digits. */
export interface Decimal {
  readonly negative: boolean;
  /** Without leading or trailing zeros; empty for zero. */
  readonly digits: string;
  readonly exponent: number;
}

/** Integers that are canonical as they stand and exact as doubles: the numbers of nearly all requests. */
const PLAIN_INTEGER = /^(?:0|-?[1-9][0-9]{0,14})$/;
/** Any spelling that AWS reads: that of Java's BigDecimal. */
const NUMBER = /^([+-]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]+))?$/;
/** 2^63 - 1: a larger exponent is no number for AWS, a smaller one is merely out of range. */
const exponentTextMax = 9_223_372_036_854_775_807n;

const OVERFLOW = "Number overflow. Attempting to store a number with magnitude larger than supported range";
const UNDERFLOW = "Number underflow. Attempting to store a number with magnitude smaller than supported range";
const IMPRECISE = "Attempting to store more than 38 significant digits in a Number";

function notNumeric(text: string): InvalidValue {
  const message = "The parameter cannot be converted to a numeric value";
  return text === "" ? new InvalidValue(`${message}: `, message) : new InvalidValue(`${message}: ${text}`);
}

/**
 * The canonical spelling of a number as a client writes it (`1.0` → `1`, `1E2` → `100`, `-0` → `0`).
 * @throws InvalidValue for what is no number, out of range, or too precise
 */
export function normalizeNumber(text: string): string {
  if (PLAIN_INTEGER.test(text)) return text;
  return formatDecimal(checked(parseDecimal(text)));
}

/**
 * Reads a number in any spelling, without checking range and precision.
 * @throws InvalidValue for what is no number, and for zero with an exponent out of range: AWS checks that one as it is written
 */
export function parseDecimal(text: string): Decimal {
  const match = NUMBER.exec(text);
  if (match === null) throw notNumeric(text);
  const whole = match[2]!;
  const fraction = match[3] ?? "";
  if (whole === "" && fraction === "") throw notNumeric(text);
  const power = match[4] === undefined ? 0 : exponentOf(match[4], text);
  const all = whole + fraction;
  let start = 0;
  while (start < all.length && all.charCodeAt(start) === 48) start++;
  if (start === all.length) {
    checkRange(power - fraction.length);
    return { negative: false, digits: "", exponent: 0 };
  }
  let end = all.length;
  while (all.charCodeAt(end - 1) === 48) end--;
  return { negative: match[1] === "-", digits: all.slice(start, end), exponent: power + whole.length - start - 1 };
}

/** Twenty digits decide; a client may send a hundred thousand. */
function exponentOf(text: string, number: string): number {
  const digits = text.replace(/^[+-]?0*/, "");
  if (digits.length > 19 || BigInt(`0${digits}`) > exponentTextMax) throw notNumeric(number);
  return Number(text);
}

function checkRange(exponent: number): void {
  const problem = rangeProblem(exponent);
  if (problem !== undefined) throw new InvalidValue(problem);
}

function rangeProblem(exponent: number): string | undefined {
  if (exponent > exponentMax) return OVERFLOW;
  return exponent < exponentMin ? UNDERFLOW : undefined;
}

function checked(decimal: Decimal): Decimal {
  if (decimal.digits === "") return decimal;
  checkRange(decimal.exponent);
  if (decimal.digits.length > digitsMax) throw new InvalidValue(IMPRECISE);
  return decimal;
}

/** The canonical spelling of a number. */
export function formatDecimal({ negative, digits, exponent }: Decimal): string {
  if (digits === "") return "0";
  const sign = negative ? "-" : "";
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${digits}`;
  if (exponent >= digits.length - 1) return `${sign}${digits}${"0".repeat(exponent - digits.length + 1)}`;
  return `${sign}${digits.slice(0, exponent + 1)}.${digits.slice(exponent + 1)}`;
}

/**
 * Orders two canonical numbers: negative, zero or positive, as `a` is less than, equal to or greater than `b`.
 *
 * Reading a decimal as a double never reverses an order, so only doubles that are equal need a closer look.
 */
export function compareNumbers(a: string, b: string): number {
  if (a === b) return 0;
  const x = Number(a);
  const y = Number(b);
  if (x !== y) return x < y ? -1 : 1;
  return compareDecimals(parseDecimal(a), parseDecimal(b));
}

function compareDecimals(a: Decimal, b: Decimal): number {
  const signA = a.digits === "" ? 0 : a.negative ? -1 : 1;
  const signB = b.digits === "" ? 0 : b.negative ? -1 : 1;
  if (signA !== signB) return signA - signB;
  if (a.exponent !== b.exponent) return (a.exponent < b.exponent ? -1 : 1) * signA;
  if (a.digits === b.digits) return 0;
  return (a.digits < b.digits ? -1 : 1) * signA;
}

/** `a + b` of canonical numbers. @throws TableValidation when the exact sum is out of range or has more than 38 digits */
export function addNumbers(a: string, b: string): string {
  return add(a, b, false);
}

/** `a - b` of canonical numbers. @throws TableValidation when the exact difference is out of range or has more than 38 digits */
export function subtractNumbers(a: string, b: string): string {
  return add(a, b, true);
}

function add(a: string, b: string, negate: boolean): string {
  // Two integers of 15 digits have a sum of at most 16, below 2^53 (9.007E15).
  if (PLAIN_INTEGER.test(a) && PLAIN_INTEGER.test(b))
    return String(negate ? Number(a) - Number(b) : Number(a) + Number(b));
  const short = addShort(a, b, negate);
  if (short !== undefined) return short;
  const left = parseDecimal(a);
  const right = parseDecimal(b);
  // Both as whole multiples of the smaller power of ten: at most 125 + 130 + 38 digits.
  const scale = Math.min(lastPower(left), lastPower(right));
  const sum = scaled(left, scale) + scaled(right, scale) * (negate ? -1n : 1n);
  const magnitude = (sum < 0n ? -sum : sum).toString();
  const digits = magnitude.replace(/0+$/, "");
  if (digits === "") return "0";
  const result: Decimal = { negative: sum < 0n, digits, exponent: magnitude.length - 1 + scale };
  // AWS reports a result that is too precise as an overflow.
  const problem = rangeProblem(result.exponent) ?? (digits.length > digitsMax ? OVERFLOW : undefined);
  if (problem !== undefined) throw new TableValidation(problem);
  return formatDecimal(result);
}

/** Decimals that fit into doubles as whole numbers of their last digit: prices, measurements. */
const SHORT_DECIMAL = /^-?[0-9]{1,9}(?:\.[0-9]{1,6})?$/;

/** The sum of two short decimals, exact: with 9 digits before the point and 6 behind it stays below 2E15. */
function addShort(a: string, b: string, negate: boolean): string | undefined {
  if (!(SHORT_DECIMAL.test(a) && SHORT_DECIMAL.test(b))) return undefined;
  const places = Math.max(placesOf(a), placesOf(b));
  const left = shifted(a, places);
  const right = shifted(b, places);
  const sum = negate ? left - right : left + right;
  if (places === 0 || sum === 0) return String(sum);
  const digits = String(Math.abs(sum)).padStart(places + 1, "0");
  let end = digits.length;
  const point = end - places;
  while (end > point && digits.charCodeAt(end - 1) === 48) end--;
  const sign = sum < 0 ? "-" : "";
  return end === point ? sign + digits.slice(0, point) : `${sign}${digits.slice(0, point)}.${digits.slice(point, end)}`;
}

/** Digits behind the point. */
function placesOf(text: string): number {
  const point = text.indexOf(".");
  return point < 0 ? 0 : text.length - point - 1;
}

/** A number as a whole number of 10^-places. */
function shifted(text: string, places: number): number {
  const own = placesOf(text);
  const digits = own === 0 ? text : text.slice(0, -own - 1) + text.slice(-own);
  return Number(digits) * 10 ** (places - own);
}

/** The power of ten of the last digit. */
function lastPower({ digits, exponent }: Decimal): number {
  return exponent - Math.max(digits.length - 1, 0);
}

function scaled(decimal: Decimal, scale: number): bigint {
  if (decimal.digits === "") return 0n;
  const value = BigInt(decimal.digits) * 10n ** BigInt(lastPower(decimal) - scale);
  return decimal.negative ? -value : value;
}

/**
 * Bytes that AWS counts for a canonical number: one, one per two digits as they lie left and right of the decimal point, one for a minus sign.
 *
 * The developer guide's "about (number of significant digits) / 2 + 1" rounds up, and pairs do not straddle the point: `15` has 2 bytes, `1.5`
 * has 3. Zero has 1.
 */
export function numberSize(text: string): number {
  if (text.length <= 15 && text.charCodeAt(text.length - 1) !== 48 && PLAIN_INTEGER.test(text)) {
    const isNegative = text.charCodeAt(0) === 45;
    // Without a zero at the end every digit counts, and the last pair ends at the point.
    return 1 + ((text.length + (isNegative ? 0 : 1)) >> 1) + (isNegative ? 1 : 0);
  }
  const { negative, digits, exponent } = parseDecimal(text);
  if (digits === "") return 1;
  // A pair starts at each odd power of ten (10^1, 10^3, 10^-1 …): a number that starts at an even one has a first pair of one digit.
  const startsMidPair = exponent % 2 === 0;
  const pairs = startsMidPair ? 1 + Math.ceil((digits.length - 1) / 2) : Math.ceil(digits.length / 2);
  return 1 + pairs + (negative ? 1 : 0);
}
