import { expect, test } from "bun:test";
import { readTestReport } from "./test-report.ts";

test("readTestReport subtracts failures and skips from the total", () => {
  const xml =
    '<?xml version="1.0"?>\n<testsuites name="bun test" tests="7" assertions="9" failures="1" skipped="2" time="0.1">';
  expect(readTestReport(xml)).toEqual({ passed: 4, failed: 1, skipped: 2 });
});

test("readTestReport refuses a report without totals", () => {
  expect(() => readTestReport("<html>")).toThrow("no <testsuites>");
});
