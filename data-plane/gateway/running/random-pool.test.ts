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
  }
  expect(seen.size).toBe(10_000);
});
