import { expect, test } from "bun:test";
import fc from "fast-check";
import { encodeTransaction, type Mutation, type Transaction, transactionBytes } from "./index.ts";

const bytes = fc.uint8Array({ maxLength: 5 });
const range = fc
  .tuple(bytes, bytes)
  .map(([a, b]) => (Buffer.compare(a, b) <= 0 ? { begin: a, end: b } : { begin: b, end: a }));
const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record({ type: fc.constantFrom("set" as const, "add" as const), key: bytes, value: bytes }),
  fc.record({ type: fc.constant("clear" as const), key: bytes }),
  range.map((one) => ({ type: "clear_range" as const, ...one })),
);
const transaction: fc.Arbitrary<Transaction> = fc.record({
  readVersion: fc.option(fc.bigInt({ min: 0n, max: 99n }), { nil: undefined }),
  reads: fc.array(range, { maxLength: 3 }),
  writes: fc.array(range, { maxLength: 3 }),
  mutations: fc.array(mutation, { maxLength: 4 }),
  idempotencyId: bytes,
});

test("the size of a transaction is the length of its bytes", () => {
  fc.assert(fc.property(transaction, (one) => expect(transactionBytes(one)).toBe(encodeTransaction(one).length)));
});
