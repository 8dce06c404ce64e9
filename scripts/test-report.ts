/** Reads the totals of a JUnit XML report as `bun test` writes it. */

export interface TestReport {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/**
 * @param xml a report with one `<testsuites tests= failures= skipped=>` element
 * @throws Error when the totals are missing: a report that cannot be read must not count as a success
 */
export function readTestReport(xml: string): TestReport {
  const totals = /<testsuites\b[^>]*>/.exec(xml)?.[0];
  if (totals === undefined) throw new Error("the test report has no <testsuites> element");
  const tests = readCount(totals, "tests");
  const failed = readCount(totals, "failures") + (totals.includes(' errors="') ? readCount(totals, "errors") : 0);
  const skipped = readCount(totals, "skipped");
  return { passed: tests - failed - skipped, failed, skipped };
}

function readCount(element: string, name: string): number {
  const text = new RegExp(`\\b${name}="(\\d+)"`).exec(element)?.[1];
  if (text === undefined) throw new Error(`the test report does not say how many ${name} there were`);
  return Number(text);
}
