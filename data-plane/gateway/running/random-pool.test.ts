import { expect, test } from "bun:test";
import { systemRandom } from "#foundation/runtime";
import { RandomPool } from "./random-pool.ts";

test("ids are well formed, and none comes twice", () => {
  const pool = new RandomPool(systemRandom);
  const seen = new Set<string>();
  for (let i = 0; i < 5_000; i++) {
    const uuid = pool.uuid();
    expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    seen.add(uuid);
    seen.add(Buffer.from(pool.bytes(16)).toString("hex"));
    seen.add(pool.hex(16));
  }
  expect(seen.size).toBe(15_000);
  expect([...seen].filter((one) => one.length === 32 && /^[0-9a-f]+$/.test(one)).length).toBe(10_000);
});

test("digits are never all zero: no trace has such an id", () => {
  const pool = new RandomPool({ bytes: (length) => new Uint8Array(length) });
  expect(pool.hex(8)).toBe("0000000000000001");
});

test("every variant of a UUID comes as often as the others", () => {
  const pool = new RandomPool(systemRandom);
  const counts = new Map<string, number>();
  for (let i = 0; i < 4_000; i++) {
    const variant = pool.uuid()[19]!;
    counts.set(variant, (counts.get(variant) ?? 0) + 1);
  }
  // Each 1,000 times, give or take ten standard deviations (27).
  for (const variant of ["8", "9", "a", "b"]) expect(Math.abs(counts.get(variant)! - 1_000)).toBeLessThan(270);
});
