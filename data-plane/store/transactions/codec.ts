/**
 * Transactions as bytes. Numbers are big-endian: version u8, CRC-32C u32 over all that follows it; then 1 and the read version u64, or 0; the
 * idempotency id, read ranges, write ranges, mutations. Bytes have their length u32 before them, lists their count; a mutation is its code u8
 * and two byte strings (the second of `clear` is left out).
 */
import { createChecksum } from "#foundation/aws/checksums";
import type { KeyRange } from "../keys/index.ts";
import {
  checkTransaction,
  type Mutation,
  TRANSACTION_BYTES_MAX,
  type Transaction,
  TransactionError,
} from "./transaction.ts";

const FORMAT = 1;
const HEAD_BYTES = 5;

/** The code of a mutation is its place here, which never changes: new ones go to the end. */
const TYPES: readonly Mutation["type"][] = [
  "set",
  "clear",
  "clear_range",
  "set_versionstamped_key",
  "set_versionstamped_value",
  "add",
  "bit_and",
  "bit_or",
  "bit_xor",
  "append_if_fits",
  "max",
  "min",
  "byte_max",
  "byte_min",
  "compare_and_clear",
];

/** @throws TransactionError when the transaction is beyond a limit */
export function encodeTransaction(transaction: Transaction): Uint8Array {
  checkTransaction(transaction);
  const parts: Uint8Array[] = [];
  let size = HEAD_BYTES;
  const put = (bytes: Uint8Array) => {
    size += bytes.length;
    if (size > TRANSACTION_BYTES_MAX) {
      throw new TransactionError("transaction_too_large", `A transaction has at most ${TRANSACTION_BYTES_MAX} bytes.`);
    }
    parts.push(bytes);
  };
  const bytes = (value: Uint8Array) => {
    put(u32(value.length));
    put(value);
  };
  const { readVersion } = transaction;
  put(Uint8Array.of(readVersion === undefined ? 0 : 1));
  if (readVersion !== undefined) put(u64(readVersion));
  bytes(transaction.idempotencyId);
  for (const ranges of [transaction.reads, transaction.writes]) {
    put(u32(ranges.length));
    for (const { begin, end } of ranges) {
      bytes(begin);
      bytes(end);
    }
  }
  put(u32(transaction.mutations.length));
  for (const mutation of transaction.mutations) {
    put(Uint8Array.of(TYPES.indexOf(mutation.type)));
    bytes(mutation.type === "clear_range" ? mutation.begin : mutation.key);
    if (mutation.type === "clear_range") bytes(mutation.end);
    else if (mutation.type !== "clear") bytes(mutation.value);
  }
  const whole = new Uint8Array(size);
  whole[0] = FORMAT;
  let at = HEAD_BYTES;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  whole.set(crc(whole.subarray(HEAD_BYTES)), 1);
  return whole;
}

/** @throws TransactionError when the bytes are damaged, of another format, or beyond a limit. The result shares no memory with them. */
export function decodeTransaction(encoded: Uint8Array): Transaction {
  if (encoded.length > TRANSACTION_BYTES_MAX) {
    throw new TransactionError("transaction_too_large", `A transaction has at most ${TRANSACTION_BYTES_MAX} bytes.`);
  }
  if (encoded.length < HEAD_BYTES) throw malformed();
  if (encoded[0] !== FORMAT) throw new TransactionError("unknown_format", `No format has the number ${encoded[0]}.`);
  const sum = crc(encoded.subarray(HEAD_BYTES));
  if (sum.some((byte, i) => byte !== encoded[i + 1])) {
    throw new TransactionError("checksum_mismatch", "The transaction is damaged: its checksum differs.");
  }
  const reader = new Reader(encoded.subarray(HEAD_BYTES));
  const transaction: Transaction = {
    readVersion: reader.readVersion(),
    idempotencyId: reader.bytes(),
    reads: reader.list(() => reader.range()),
    writes: reader.list(() => reader.range()),
    mutations: reader.list(() => reader.mutation()),
  };
  if (!reader.done) throw malformed();
  checkTransaction(transaction);
  return transaction;
}

class Reader {
  private at = 0;

  constructor(private readonly source: Uint8Array) {}

  get done(): boolean {
    return this.at === this.source.length;
  }

  readVersion(): bigint | undefined {
    const has = this.take(1)[0];
    if (has === 0) return undefined;
    if (has !== 1) throw malformed();
    const bytes = this.take(8);
    return new DataView(bytes.buffer).getBigUint64(0);
  }

  bytes(): Uint8Array {
    return this.take(this.count());
  }

  /** Nothing is reserved by the count: each element takes bytes, and there are only so many. */
  list<T>(element: () => T): T[] {
    const list: T[] = [];
    for (let left = this.count(); left > 0; left--) list.push(element());
    return list;
  }

  range(): KeyRange {
    return { begin: this.bytes(), end: this.bytes() };
  }

  mutation(): Mutation {
    const type = TYPES[this.take(1)[0]!];
    if (type === undefined) throw malformed();
    const first = this.bytes();
    if (type === "clear") return { type, key: first };
    if (type === "clear_range") return { type, begin: first, end: this.bytes() };
    return { type, key: first, value: this.bytes() };
  }

  private count(): number {
    return new DataView(this.take(4).buffer).getUint32(0);
  }

  /** A copy. */
  private take(count: number): Uint8Array<ArrayBuffer> {
    if (count > this.source.length - this.at) throw malformed();
    this.at += count;
    return new Uint8Array(this.source.subarray(this.at - count, this.at));
  }
}

function crc(bytes: Uint8Array): Uint8Array {
  const hasher = createChecksum("CRC32C");
  hasher.update(bytes);
  return hasher.digest();
}

function u32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}

function u64(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value);
  return bytes;
}

function malformed(): TransactionError {
  return new TransactionError("malformed", "The bytes are no transaction.");
}
