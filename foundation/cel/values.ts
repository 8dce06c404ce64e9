/**
 * Values of CEL (Common Expression Language, language definition "Values").
 *
 * | CEL | here |
 * |---|---|
 * | int | bigint |
 * | uint | {@link Uint} |
 * | double | number |
 * | string, bool, null | the same |
 * | bytes | Uint8Array |
 * | list | array |
 * | map | {@link CelMap}, or an object whose keys are its strings (as JSON has them) |
 * | timestamp, duration | {@link Timestamp}, {@link Duration} |
 * | type | {@link CelType} |
 */

export class Uint {
  readonly value: bigint;

  constructor(value: bigint) {
    this.value = value;
  }
}

/** Nanoseconds since 1970-01-01T00:00:00Z. */
export class Timestamp {
  readonly nanoseconds: bigint;

  constructor(nanoseconds: bigint) {
    this.nanoseconds = nanoseconds;
  }
}

export class Duration {
  readonly nanoseconds: bigint;

  constructor(nanoseconds: bigint) {
    this.nanoseconds = nanoseconds;
  }
}

export class CelType {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

export type CelValue =
  | bigint
  | Uint
  | number
  | string
  | boolean
  | null
  | Uint8Array
  | readonly CelValue[]
  | CelMap
  | { readonly [key: string]: CelValue }
  | Timestamp
  | Duration
  | CelType;

/** An expression that could not be evaluated for these values. */
export class CelError extends Error {
  override readonly name = "CelError";
}

export const noOverload = (): CelError => new CelError("no such overload");

/** A map with keys of any kind that keys may be of; numbers of different types with the same value are one key. */
export class CelMap {
  readonly #entries = new Map<string, readonly [CelValue, CelValue]>();

  get size(): number {
    return this.#entries.size;
  }

  get keys(): readonly CelValue[] {
    return Array.from(this.#entries.values(), ([key]) => key);
  }

  get(key: CelValue): CelValue | undefined {
    const text = keyText(key);
    return text === undefined ? undefined : this.#entries.get(text)?.[1];
  }

  /** @throws CelError for a key that keys cannot be, or that is there */
  add(key: CelValue, value: CelValue): void {
    const text = keyText(key);
    if (text === undefined || typeof key === "number") throw new CelError("unsupported key type");
    if (this.#entries.has(text)) throw new CelError("repeated key");
    this.#entries.set(text, [key, value]);
  }
}

function keyText(key: CelValue): string | undefined {
  if (typeof key === "string") return `s${key}`;
  if (typeof key === "boolean") return `b${key}`;
  if (typeof key === "bigint") return `n${key}`;
  if (key instanceof Uint) return `n${key.value}`;
  if (typeof key === "number") return Number.isInteger(key) ? `n${BigInt(key)}` : undefined;
  return undefined;
}

export type JsonMap = { readonly [key: string]: CelValue };

export function isJsonMap(value: CelValue): value is JsonMap {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    Object.getPrototypeOf(value) === Object.prototype
  );
}

export const isMap = (value: CelValue): value is CelMap | JsonMap => value instanceof CelMap || isJsonMap(value);
export const isList = (value: CelValue): value is readonly CelValue[] => Array.isArray(value);

/** What is under a key; undefined when nothing is. */
export function memberOf(map: CelMap | JsonMap, key: CelValue): CelValue | undefined {
  if (map instanceof CelMap) return map.get(key);
  return typeof key === "string" && Object.hasOwn(map, key) ? map[key] : undefined;
}

export const keysOf = (map: CelMap | JsonMap): readonly CelValue[] =>
  map instanceof CelMap ? map.keys : Object.keys(map);

export function typeNameOf(value: CelValue): string {
  if (value === null) return "null_type";
  switch (typeof value) {
    case "bigint":
      return "int";
    case "number":
      return "double";
    case "string":
      return "string";
    case "boolean":
      return "bool";
  }
  if (value instanceof Uint) return "uint";
  if (value instanceof Uint8Array) return "bytes";
  if (value instanceof Timestamp) return "google.protobuf.Timestamp";
  if (value instanceof Duration) return "google.protobuf.Duration";
  if (value instanceof CelType) return "type";
  return Array.isArray(value) ? "list" : "map";
}

export const INT_MIN = -(2n ** 63n);
export const INT_MAX = 2n ** 63n - 1n;
export const UINT_MAX = 2n ** 64n - 1n;

export function int(value: bigint): bigint {
  if (value < INT_MIN || value > INT_MAX) throw new CelError("return error for overflow");
  return value;
}

export function uint(value: bigint): Uint {
  if (value < 0n || value > UINT_MAX) throw new CelError("return error for overflow");
  return new Uint(value);
}

/** 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999999Z. */
const TIME_MIN = -62_135_596_800n * 1_000_000_000n;
const TIME_MAX = 253_402_300_800n * 1_000_000_000n - 1n;

export function timestamp(nanoseconds: bigint): Timestamp {
  if (nanoseconds < TIME_MIN || nanoseconds > TIME_MAX) throw new CelError("range error: timestamp");
  return new Timestamp(nanoseconds);
}

export function duration(nanoseconds: bigint): Duration {
  if (nanoseconds < INT_MIN || nanoseconds > INT_MAX) throw new CelError("range error: duration");
  return new Duration(nanoseconds);
}
