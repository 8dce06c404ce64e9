import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { formatDateTime, formatTimestamp, parseTimestamp } from "./timestamps.ts";

describe("formatDateTime", () => {
  test("writes what toISOString writes, for any date", () => {
    fc.assert(
      fc.property(fc.date({ noInvalidDate: true }), (date) => {
        expect(formatDateTime(date, "always")).toBe(date.toISOString());
      }),
    );
  });

  test("leaves milliseconds out as each service does", () => {
    const date = new Date("2026-01-02T03:04:05.678Z");
    const whole = new Date("2026-01-02T03:04:05Z");
    expect(formatDateTime(date, "when-present")).toBe("2026-01-02T03:04:05.678Z");
    expect(formatDateTime(whole, "when-present")).toBe("2026-01-02T03:04:05Z");
    expect(formatDateTime(date, "never")).toBe("2026-01-02T03:04:05Z");
    expect(formatDateTime(date, "zero")).toBe("2026-01-02T03:04:05.000Z");
    expect(formatDateTime(whole, "always")).toBe("2026-01-02T03:04:05.000Z");
  });

  test("throws for an invalid date", () => {
    expect(() => formatDateTime(new Date(Number.NaN), "always")).toThrow(RangeError);
  });
});

describe("parseTimestamp", () => {
  test("reads what formatTimestamp writes", () => {
    const dates = fc.date({ noInvalidDate: true, min: new Date("1000-01-01"), max: new Date("9999-01-01") });
    fc.assert(
      fc.property(dates, fc.constantFrom("date-time", "http-date", "epoch-seconds"), (date, format) => {
        const whole = new Date(Math.floor(date.getTime() / 1000) * 1000);
        expect(parseTimestamp(formatTimestamp(whole, format, "when-present"), format)).toEqual(whole);
      }),
    );
  });

  test("reads the three forms of an HTTP-date (RFC 9110 section 5.6.7)", () => {
    const expected = new Date("1994-11-06T08:49:37Z");
    for (const text of [
      "Sun, 06 Nov 1994 08:49:37 GMT",
      "Sunday, 06-Nov-94 08:49:37 GMT",
      "Sun Nov  6 08:49:37 1994",
    ]) {
      expect(parseTimestamp(text, "http-date")).toEqual(expected);
    }
  });

  test("reads offsets and bare dates", () => {
    expect(parseTimestamp("2019-12-16T22:48:18-01:00", "date-time")).toEqual(new Date("2019-12-16T23:48:18Z"));
    expect(parseTimestamp("2019-12-17T00:48:18+0100", "date-time")).toEqual(new Date("2019-12-16T23:48:18Z"));
    expect(parseTimestamp("2019-12-17", "date-time")).toEqual(new Date("2019-12-17T00:00:00Z"));
  });

  test("refuses what is no time", () => {
    for (const text of [
      "",
      "tomorrow",
      "2019-13-01T00:00:00Z",
      "2019-02-30T00:00:00Z",
      "2019-01-01T24:00:00Z",
      "1e9",
    ]) {
      expect(parseTimestamp(text, "date-time")).toBeUndefined();
    }
    for (const text of ["", "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 25:49:37 GMT", "now"]) {
      expect(parseTimestamp(text, "http-date")).toBeUndefined();
    }
  });
});
