import { expect, test } from "bun:test";
import fc from "fast-check";
import { createChecksum } from "#foundation/aws/checksums";
import { compareKeys } from "../keys/index.ts";
import { GOLDEN } from "./golden.ts";
import { decodeTransaction, encodeTransaction, type Mutation, type Transaction, TransactionError } from "./index.ts";

const key = fc.uint8Array({ maxLength: 6 });
const range = fc.tuple(key, key).map(([a, b]) => (compareKeys(a, b) < 0 ? { begin: a, end: b } : { begin: b, end: a }));
const stamped = fc
  .uint8Array({ maxLength: 5 })
  .map((prefix) => Uint8Array.of(...prefix, ...new Array(10).fill(0xff), prefix.length, 0, 0, 0));
const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record({
    type: fc.constantFrom("set", "add", "max", "compare_and_clear", "append_if_fits", "bit_xor"),
    key,
    value: key,
  }),
  fc.record({ type: fc.constant("clear" as const), key }),
  range.map((one) => ({ type: "clear_range" as const, ...one })),
  fc.record({ type: fc.constant("set_versionstamped_key" as const), key: stamped, value: key }),
  fc.record({ type: fc.constant("set_versionstamped_value" as const), key, value: stamped }),
);
const transaction: fc.Arbitrary<Transaction> = fc.record({
  readVersion: fc.option(fc.bigInt(0n, 2n ** 63n - 1n), { nil: undefined }),
  reads: fc.array(range, { maxLength: 4 }),
  writes: fc.array(range, { maxLength: 4 }),
  mutations: fc.array(mutation, { maxLength: 5 }),
  idempotencyId: fc.uint8Array({ maxLength: 16 }),
});
const EMPTY: Transaction = {
  readVersion: undefined,
  reads: [],
  writes: [],
  mutations: [],
  idempotencyId: new Uint8Array(0),
};

function failureOf(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (error instanceof TransactionError) return error.failure;
    throw error;
  }
}

test("what is encoded decodes to the same", () => {
  fc.assert(
    fc.property(transaction, (one) => expect(decodeTransaction(Buffer.from(encodeTransaction(one)))).toEqual(one)),
  );
});

test("one flipped bit or a missing end is always refused", () => {
  fc.assert(
    fc.property(transaction, fc.nat(), fc.nat(7), (one, place, bit) => {
      const encoded = encodeTransaction(one);
      const at = place % encoded.length;
      expect(failureOf(() => decodeTransaction(encoded.subarray(0, at)))).toBeDefined();
      encoded[at]! ^= 1 << bit;
      expect(failureOf(() => decodeTransaction(encoded))).toBeDefined();
    }),
  );
});

test("bytes of chance with a right checksum are a transaction or refused, and one that encodes to the same bytes", () => {
  const small = fc.oneof(fc.constantFrom(0, 0, 0, 1, 2), fc.nat(255));
  const damaged = fc.tuple(transaction, fc.nat(), fc.nat(255)).map(([one, place, byte]) => {
    const body = encodeTransaction(one).slice(5);
    body[place % body.length] = byte;
    return body;
  });
  const body = fc.oneof(
    damaged,
    fc.array(small, { maxLength: 60 }).map((bytes) => Uint8Array.from(bytes)),
  );
  fc.assert(
    fc.property(body, (bytes) => {
      const hasher = createChecksum("CRC32C");
      hasher.update(bytes);
      const whole = Uint8Array.of(1, ...hasher.digest(), ...bytes);
      const failure = failureOf(() => expect(encodeTransaction(decodeTransaction(whole))).toEqual(whole));
      expect(failure).not.toBe("checksum_mismatch");
    }),
    { numRuns: 1000 },
  );
});

test("each limit has its error", () => {
  const set = (keyBytes: number, valueBytes: number): Transaction => ({
    ...EMPTY,
    mutations: [{ type: "set", key: new Uint8Array(keyBytes), value: new Uint8Array(valueBytes) }],
  });
  expect(failureOf(() => encodeTransaction(set(10_000, 100_000)))).toBeUndefined();
  expect(failureOf(() => encodeTransaction(set(10_001, 0)))).toBe("key_too_large");
  expect(failureOf(() => encodeTransaction(set(0, 100_001)))).toBe("value_too_large");
  const many = { ...EMPTY, mutations: new Array(100).fill(set(1, 100_000).mutations[0]) };
  expect(failureOf(() => encodeTransaction(many))).toBe("transaction_too_large");
  const inverted = { ...EMPTY, reads: [{ begin: Uint8Array.of(2), end: Uint8Array.of(1) }] };
  expect(failureOf(() => encodeTransaction(inverted))).toBe("inverted_range");
  const unplaced: Mutation = { type: "set_versionstamped_key", key: new Uint8Array(13), value: new Uint8Array(0) };
  expect(failureOf(() => encodeTransaction({ ...EMPTY, mutations: [unplaced] }))).toBe("invalid_versionstamp_place");
  expect(failureOf(() => encodeTransaction({ ...EMPTY, readVersion: -1n }))).toBe("invalid_read_version");
  expect(failureOf(() => encodeTransaction({ ...EMPTY, idempotencyId: new Uint8Array(256) }))).toBe(
    "invalid_idempotency_id",
  );
  expect(failureOf(() => decodeTransaction(Uint8Array.of(2, 0, 0, 0, 0)))).toBe("unknown_format");
});

test("the format of old is written and read", () => {
  for (const { transaction: one, hex } of GOLDEN) {
    expect(Buffer.from(encodeTransaction(one)).toString("hex")).toBe(hex);
    expect(decodeTransaction(Buffer.from(hex, "hex"))).toEqual(one);
  }
});
