/** Functions of CEL (language definition, "List of Standard Definitions"). */
import { linearPattern, type Pattern, UnusablePattern } from "#foundation/regex";
import { durationText, parseDuration, parseTimestamp, TIME_METHODS, timePart, timestampText } from "./time.ts";
import {
  CelError,
  CelType,
  type CelValue,
  Duration,
  int,
  isList,
  isMap,
  keysOf,
  noOverload,
  Timestamp,
  timestamp,
  typeNameOf,
  Uint,
  uint,
} from "./values.ts";

/** @param args the target first, where it is called as a method */
export type CelFunction = (...args: readonly CelValue[]) => CelValue;

interface Definition {
  /** How many values it takes, the target included. */
  readonly arity: readonly number[];
  readonly isMethod?: true;
  readonly isFunction?: true;
  readonly call: CelFunction;
}

function size(value: CelValue): bigint {
  if (typeof value === "string") return BigInt([...value].length);
  if (value instanceof Uint8Array || isList(value)) return BigInt(value.length);
  if (isMap(value)) return BigInt(keysOf(value).length);
  throw noOverload();
}

const patterns = new Map<string, Pattern>();
/** A pattern may be a value: they must not fill the memory. */
const PATTERNS_MAX = 1_000;

/** In linear time; what that is not enough for is refused (RE2 has neither). */
function matches(text: CelValue, source: CelValue): boolean {
  if (typeof text !== "string" || typeof source !== "string") throw noOverload();
  let pattern = patterns.get(source);
  if (pattern === undefined) {
    try {
      pattern = linearPattern(source);
    } catch (error) {
      if (!(error instanceof UnusablePattern)) throw error;
      throw new CelError(`invalid pattern: ${error.message}`);
    }
    if (patterns.size >= PATTERNS_MAX) patterns.clear();
    patterns.set(source, pattern);
  }
  return pattern.test(text);
}

/** The whole part of a double. */
function wholeOf(value: number): bigint {
  if (!Number.isFinite(value)) throw new CelError("range error");
  return BigInt(Math.trunc(value));
}

function toInt(value: CelValue): bigint {
  if (typeof value === "bigint") return value;
  if (value instanceof Uint) return int(value.value);
  if (typeof value === "number") {
    // The borders themselves are not told from what is beyond them.
    if (!(value > -(2 ** 63) && value < 2 ** 63)) throw new CelError("range error: int");
    return wholeOf(value);
  }
  if (typeof value === "string" && /^-?\d+$/.test(value)) return int(BigInt(value));
  if (value instanceof Timestamp) {
    const { nanoseconds } = value;
    return nanoseconds >= 0n ? nanoseconds / 1_000_000_000n : -((-nanoseconds + 999_999_999n) / 1_000_000_000n);
  }
  throw typeof value === "string" ? new CelError("cannot be converted to int") : noOverload();
}

function toUint(value: CelValue): Uint {
  if (value instanceof Uint) return value;
  if (typeof value === "bigint") return uint(value);
  if (typeof value === "number") {
    if (!(value >= 0 && value < 2 ** 64)) throw new CelError("range error: uint");
    return uint(wholeOf(value));
  }
  if (typeof value === "string" && /^\d+$/.test(value)) return uint(BigInt(value));
  throw typeof value === "string" ? new CelError("cannot be converted to uint") : noOverload();
}

function toDouble(value: CelValue): number {
  if (typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  if (value instanceof Uint) return Number(value.value);
  if (typeof value !== "string") throw noOverload();
  if (/^[+-]?(?:inf(?:inity)?)$/i.test(value))
    return value.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  if (/^nan$/i.test(value)) return Number.NaN;
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(value)) throw new CelError("cannot be converted to double");
  return Number(value);
}

function toText(value: CelValue): string {
  if (typeof value === "string") return value;
  if (typeof value === "bigint" || typeof value === "boolean") return String(value);
  if (typeof value === "number") return doubleText(value);
  if (value instanceof Uint) return String(value.value);
  if (value instanceof Timestamp) return timestampText(value);
  if (value instanceof Duration) return durationText(value);
  if (!(value instanceof Uint8Array)) throw noOverload();
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(value);
  } catch {
    throw new CelError("invalid UTF-8");
  }
}

function doubleText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return "+Inf";
  if (value === Number.NEGATIVE_INFINITY) return "-Inf";
  return String(value).replace(/e([+-])(\d)$/, "e$10$2");
}

const TRUE: ReadonlySet<string> = new Set(["1", "t", "T", "true", "TRUE", "True"]);
const FALSE: ReadonlySet<string> = new Set(["0", "f", "F", "false", "FALSE", "False"]);

function toBool(value: CelValue): boolean {
  if (typeof value === "boolean") return value;
  if (typeof value !== "string") throw noOverload();
  if (TRUE.has(value)) return true;
  if (FALSE.has(value)) return false;
  throw new CelError("Type conversion error");
}

function toBytes(value: CelValue): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (typeof value === "string") return new Uint8Array(Buffer.from(value));
  throw noOverload();
}

function toTimestamp(value: CelValue): Timestamp {
  if (value instanceof Timestamp) return value;
  if (typeof value === "bigint") return timestamp(value * 1_000_000_000n);
  if (typeof value === "string") return parseTimestamp(value);
  throw noOverload();
}

function toDuration(value: CelValue): Duration {
  if (value instanceof Duration) return value;
  if (typeof value === "string") return parseDuration(value);
  throw noOverload();
}

const texts =
  (test: (text: string, part: string) => boolean): CelFunction =>
  (text, part) => {
    if (typeof text !== "string" || typeof part !== "string") throw noOverload();
    return test(text, part);
  };

const conversion = (call: (value: CelValue) => CelValue): Definition => ({
  arity: [1],
  isFunction: true,
  call: (value) => call(value!),
});

export const FUNCTIONS: ReadonlyMap<string, Definition> = new Map<string, Definition>([
  ["size", { arity: [1], isMethod: true, isFunction: true, call: (value) => size(value!) }],
  ["matches", { arity: [2], isMethod: true, isFunction: true, call: (text, pattern) => matches(text!, pattern!) }],
  ["contains", { arity: [2], isMethod: true, call: texts((text, part) => text.includes(part)) }],
  ["startsWith", { arity: [2], isMethod: true, call: texts((text, part) => text.startsWith(part)) }],
  ["endsWith", { arity: [2], isMethod: true, call: texts((text, part) => text.endsWith(part)) }],
  ["int", conversion(toInt)],
  ["uint", conversion(toUint)],
  ["double", conversion(toDouble)],
  ["string", conversion(toText)],
  ["bool", conversion(toBool)],
  ["bytes", conversion(toBytes)],
  ["timestamp", conversion(toTimestamp)],
  ["duration", conversion(toDuration)],
  ["dyn", conversion((value) => value)],
  ["type", conversion((value) => new CelType(typeNameOf(value)))],
  ...TIME_METHODS.map((name): [string, Definition] => [
    name,
    { arity: [1, 2], isMethod: true, call: (time, zone) => timePart(name, time!, zone) },
  ]),
]);

/** Types by their names. */
export const TYPES: ReadonlyMap<string, CelType> = new Map(
  [
    "bool",
    "bytes",
    "double",
    "google.protobuf.Duration",
    "google.protobuf.Timestamp",
    "int",
    "list",
    "map",
    "null_type",
    "string",
    "type",
    "uint",
  ].map((name) => [name, new CelType(name)]),
);
