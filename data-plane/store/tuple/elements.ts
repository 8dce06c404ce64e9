/**
 * What a tuple may hold beside null, bytes, strings, integers, booleans and tuples.
 */

/** A single-precision float, kept as its 32 bits so that NaN payloads and −0 survive. */
export class TupleFloat {
  constructor(readonly bits: number) {}

  /** The float nearest to `value`. */
  static of(value: number): TupleFloat {
    const view = new DataView(new ArrayBuffer(4));
    view.setFloat32(0, value);
    return new TupleFloat(view.getUint32(0));
  }

  get value(): number {
    const view = new DataView(new ArrayBuffer(4));
    view.setUint32(0, this.bits);
    return view.getFloat32(0);
  }
}

/** A double-precision float, kept as its 64 bits. Numbers alone are integers in a tuple, so that 1 is never two keys. */
export class TupleDouble {
  constructor(readonly bits: bigint) {}

  static of(value: number): TupleDouble {
    const view = new DataView(new ArrayBuffer(8));
    view.setFloat64(0, value);
    return new TupleDouble(view.getBigUint64(0));
  }

  get value(): number {
    const view = new DataView(new ArrayBuffer(8));
    view.setBigUint64(0, this.bits);
    return view.getFloat64(0);
  }
}

/** A UUID: 16 bytes. */
export class TupleUuid {
  constructor(readonly bytes: Uint8Array) {
    if (bytes.length !== 16) throw new TupleError("A UUID has 16 bytes.");
  }
}

/** A versionstamp: 10 bytes that the commit gives, and 2 of the user's. Without the first it is incomplete: the commit fills it in. */
export class Versionstamp {
  constructor(
    readonly transaction: Uint8Array | undefined,
    readonly user: number,
  ) {
    if (transaction !== undefined && transaction.length !== 10) throw new TupleError("A versionstamp has 10 bytes.");
    if (!Number.isInteger(user) || user < 0 || user > 0xffff) throw new TupleError("A user version is 0 to 65535.");
  }
}

/** Packing takes safe whole numbers and bigints; unpacking gives a number where it is safe, otherwise a bigint. */
export type TupleElement =
  | null
  | Uint8Array
  | string
  | number
  | bigint
  | boolean
  | TupleFloat
  | TupleDouble
  | TupleUuid
  | Versionstamp
  | Tuple;

export type Tuple = readonly TupleElement[];

/** A value that no tuple can hold, or bytes that no tuple packs to. */
export class TupleError extends Error {
  override readonly name = "TupleError";
}

/** First byte of each kind of element (FoundationDB, `design/tuple.md`). Integers of n bytes are INT_ZERO ± n. */
export const TYPE = {
  NULL: 0x00,
  BYTES: 0x01,
  STRING: 0x02,
  NESTED: 0x05,
  INT_NEGATIVE_LONG: 0x0b,
  INT_ZERO: 0x14,
  INT_POSITIVE_LONG: 0x1d,
  FLOAT: 0x20,
  DOUBLE: 0x21,
  FALSE: 0x26,
  TRUE: 0x27,
  UUID: 0x30,
  VERSIONSTAMP: 0x33,
} as const;

/** How deep tuples may be nested: bytes of others must not exhaust the stack. */
export const NESTING_MAX = 256;
