import { expect, test } from "bun:test";
import type { ObjectLock } from "../port.ts";
import { changedLock, forbidsRemoval, forbidsRetention } from "./object-lock.ts";

const NOW = 1000;
const compliance: ObjectLock = { mode: "COMPLIANCE", retainUntil: 2000 };
const governance: ObjectLock = { mode: "GOVERNANCE", retainUntil: 2000 };

test("forbidsRemoval, as a table", () => {
  const table = [
    [{}, false, false],
    [compliance, true, true],
    [governance, true, false],
    [{ legalHold: true }, true, true],
    [{ legalHold: false }, false, false],
    [{ ...governance, legalHold: true }, true, true],
    [{ ...compliance, retainUntil: NOW }, false, false],
  ] as const;
  for (const [lock, without, withBypass] of table) {
    expect([forbidsRemoval(lock, NOW, false), forbidsRemoval(lock, NOW, true)]).toEqual([without, withBypass]);
  }
});

test("forbidsRetention, as a table", () => {
  const later = { mode: "GOVERNANCE", retainUntil: 3000 } as const;
  const sooner = { mode: "GOVERNANCE", retainUntil: 1500 } as const;
  const stricter = { mode: "COMPLIANCE", retainUntil: 3000 } as const;
  const table = [
    [{}, sooner, false, false],
    [governance, later, false, false],
    [governance, sooner, true, false],
    [governance, stricter, true, false],
    [governance, null, true, false],
    [compliance, later, true, true],
    [compliance, stricter, false, false],
    [compliance, { mode: "COMPLIANCE", retainUntil: 1999 }, true, true],
    [compliance, null, true, true],
    [{ ...compliance, retainUntil: 1 }, null, false, false],
  ] as const;
  for (const [lock, change, without, withBypass] of table) {
    expect([forbidsRetention(lock, change, NOW, false), forbidsRetention(lock, change, NOW, true)]).toEqual([
      without,
      withBypass,
    ]);
  }
});

test("retention and legal hold change each by itself", () => {
  expect(changedLock(governance, undefined, true)).toEqual({ ...governance, legalHold: true });
  expect(changedLock({ ...governance, legalHold: true }, null, undefined)).toEqual({ legalHold: true });
  expect(changedLock({ legalHold: true }, undefined, false)).toEqual({ legalHold: false });
});
