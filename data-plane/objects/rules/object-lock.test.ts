import { describe, expect, test } from "bun:test";
import { lockForWrite, validateLockConfiguration } from "./object-lock.ts";

const now = Date.UTC(2026, 1, 28);
const later = new Date(now + 1000);

describe("lockForWrite()", () => {
  test("headers need a bucket with object lock", () => {
    expect(() => lockForWrite({ legalHold: "ON" }, false, undefined, now)).toThrow("missing Object Lock");
    expect(lockForWrite({}, false, undefined, now)).toEqual({});
  });

  test("mode and date come together, and the date is in the future", () => {
    expect(() => lockForWrite({ mode: "GOVERNANCE" }, true, undefined, now)).toThrow("must both be supplied");
    expect(() => lockForWrite({ retainUntil: later }, true, undefined, now)).toThrow("must both be supplied");
    expect(() => lockForWrite({ mode: "X", retainUntil: later }, true, undefined, now)).toThrow("wormMode");
    expect(() => lockForWrite({ mode: "COMPLIANCE", retainUntil: new Date(now) }, true, undefined, now)).toThrow(
      "in the future",
    );
    expect(lockForWrite({ mode: "COMPLIANCE", retainUntil: later, legalHold: "ON" }, true, undefined, now)).toEqual({
      mode: "COMPLIANCE",
      retainUntil: later.getTime(),
      legalHold: true,
    });
  });

  test("the bucket's default applies where the headers say nothing", () => {
    const days = { ObjectLockEnabled: "Enabled", Rule: { DefaultRetention: { Mode: "GOVERNANCE", Days: 2 } } };
    expect(lockForWrite({}, true, days, now)).toEqual({ mode: "GOVERNANCE", retainUntil: now + 2 * 86_400_000 });
    const years = { ObjectLockEnabled: "Enabled", Rule: { DefaultRetention: { Mode: "COMPLIANCE", Years: 2 } } };
    expect(lockForWrite({ legalHold: "ON" }, true, years, now)).toEqual({
      mode: "COMPLIANCE",
      retainUntil: Date.UTC(2028, 1, 28),
      legalHold: true,
    });
  });

  test("legal hold is ON or OFF", () => {
    expect(lockForWrite({ legalHold: "OFF" }, true, undefined, now)).toEqual({});
    expect(() => lockForWrite({ legalHold: "on" }, true, undefined, now)).toThrow("Legal Hold");
  });
});

test("validateLockConfiguration() wants Enabled and one of Days and Years", () => {
  const rule = (retention: object) => ({ ObjectLockEnabled: "Enabled", Rule: { DefaultRetention: retention } });
  expect(validateLockConfiguration({ ObjectLockEnabled: "Enabled" })).toEqual({ ObjectLockEnabled: "Enabled" });
  expect(validateLockConfiguration(rule({ Mode: "GOVERNANCE", Days: 1 }))).toEqual(
    rule({ Mode: "GOVERNANCE", Days: 1 }),
  );
  expect(() => validateLockConfiguration(undefined)).toThrow("XML");
  expect(() => validateLockConfiguration({})).toThrow("XML");
  expect(() => validateLockConfiguration(rule({ Mode: "GOVERNANCE" }))).toThrow("XML");
  expect(() => validateLockConfiguration(rule({ Mode: "GOVERNANCE", Days: 1, Years: 1 }))).toThrow("XML");
  expect(() => validateLockConfiguration(rule({ Mode: "NEVER", Days: 1 }))).toThrow("XML");
  expect(() => validateLockConfiguration(rule({ Mode: "GOVERNANCE", Days: 0 }))).toThrow("positive");
  expect(() => validateLockConfiguration(rule({ Mode: "GOVERNANCE", Years: 101 }))).toThrow("too large");
});
