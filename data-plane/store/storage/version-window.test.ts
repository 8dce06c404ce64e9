import { expect, test } from "bun:test";
import { changeOf, clearRange, setKey } from "./changes.ts";
import { VersionWindow } from "./version-window.ts";

const encoder = new TextEncoder();
const keyOf = (n: number): Uint8Array => encoder.encode(`key/${String(n).padStart(5, "0")}`);
const FIRST = new Uint8Array(0);

/** Adds a version in which `change` was made. */
function write(window: VersionWindow, version: bigint, change: (changes: typeof window.latest) => void): void {
  const changes = window.latest.snapshot();
  change(changes);
  window.add(version, changes, 1);
}

const held = (window: VersionWindow): number => [...window.latest.entries()].length;

test("what is on the disk leaves the latest state bit by bit, and what was written since stays, as do older versions for their readers", () => {
  const window = new VersionWindow(10n);
  write(window, 20n, (changes) => {
    for (let n = 0; n < 5_000; n++) setKey(changes, keyOf(n), encoder.encode("old"), 20n);
  });
  write(window, 30n, (changes) => clearRange(changes, keyOf(1_000), keyOf(2_000), 30n));
  write(window, 40n, (changes) => {
    for (let n = 0; n < 5_000; n += 500) setKey(changes, keyOf(n), encoder.encode("new"), 40n);
  });
  window.becameDurable(30n);

  let next: Uint8Array | undefined = FIRST;
  let calls = 0;
  while (next !== undefined) {
    const before = held(window);
    next = window.sweep(next);
    calls++;
    expect(before - held(window)).toBeLessThan(1_500);
    // Written meanwhile, before and after where the sweep is.
    if (calls === 2) {
      write(window, 50n, (changes) => {
        setKey(changes, keyOf(1), encoder.encode("newest"), 50n);
        setKey(changes, keyOf(4_999), encoder.encode("newest"), 50n);
      });
    }
  }
  expect(calls).toBeGreaterThan(3);
  // Ten of version 40, two of version 50; the clear that version 40 had cut in two is on the disk.
  expect(held(window)).toBe(12);
  const at = (version: bigint, n: number) => changeOf(window.at(version), keyOf(n));
  expect(at(50n, 1)?.version).toBe(50n);
  expect(at(50n, 500)?.version).toBe(40n);
  expect(at(50n, 1_200)).toBeUndefined();
  expect(at(30n, 1_200)?.clearedTo).toEqual(keyOf(2_000));
  expect(at(30n, 3)?.version).toBe(20n);
});
