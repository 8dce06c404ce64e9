import { expect, test } from "bun:test";
import { SessionCache } from "./session-cache.ts";

test("a value is found by its key and its very token", () => {
  const cache = new SessionCache<number>();
  cache.set("ASIA1", "token", 1);
  expect(cache.get("ASIA1", "token")).toBe(1);
  expect(cache.get("ASIA1", "token2")).toBeUndefined();
  expect(cache.get("ASIA2", "token")).toBeUndefined();
  cache.set("ASIA1", "token2", 2);
  expect([cache.get("ASIA1", "token"), cache.get("ASIA1", "token2"), cache.size]).toEqual([undefined, 2, 1]);
});

test("what was not used for the longest time leaves when it is full", () => {
  const cache = new SessionCache<number>();
  for (let i = 0; i < 2048; i++) cache.set(`k${i}`, "t", i);
  expect(cache.get("k0", "t")).toBe(0);
  cache.set("one more", "t", -1);
  expect(cache.size).toBe(2048);
  expect([cache.get("k0", "t"), cache.get("k1", "t"), cache.get("one more", "t")]).toEqual([0, undefined, -1]);
});
