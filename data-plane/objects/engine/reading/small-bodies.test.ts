import { expect, test } from "bun:test";
import { createSmallBodies } from "./small-bodies.ts";

test("small bodies are kept, large ones are not", () => {
  const bodies = createSmallBodies();
  const stored = new Uint8Array(10);
  bodies.keep(1, stored);
  bodies.keep(2, new Uint8Array(16 * 1024 + 1));
  expect(bodies.get(1)).toBe(stored);
  expect(bodies.get(2)).toBeUndefined();
});

test("memory is bounded, and what is in use stays", () => {
  const bodies = createSmallBodies();
  bodies.keep(0, new Uint8Array(16_000));
  let kept = 0;
  for (let body = 1; body <= 10_000; body++) {
    bodies.keep(body, new Uint8Array(16_000));
    bodies.get(0);
  }
  for (let body = 1; body <= 10_000; body++) if (bodies.get(body) !== undefined) kept++;
  expect(bodies.get(0)).toBeDefined();
  expect(kept * 16_000).toBeLessThan(33 * 1024 * 1024);
});
