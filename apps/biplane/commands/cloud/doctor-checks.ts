/** What a check of `doctor` is, and how checks are run. */

/**
 * - `ok`: as it should be
 * - `warn`: Biplane runs, with something missing or slow
 * - `fail`: Biplane cannot run here until it is mended
 */
export type Level = "ok" | "warn" | "fail";

export interface Finding {
  readonly name: string;
  readonly level: Level;
  /** What was found, in a few words. */
  readonly found: string;
  /** What to do about it. */
  readonly advice?: string;
}

/** What checks look at. */
export interface Examined {
  readonly dataDirectory: string;
  readonly ports: readonly { readonly name: string; readonly option: string; readonly port: number }[];
}

/** One check; it may find several things. */
export interface Check {
  readonly name: string;
  readonly run: (examined: Examined) => Finding | readonly Finding[] | Promise<Finding | readonly Finding[]>;
}

/** Runs the checks one after the other, since some measure the machine. A check that breaks is a warning, not the end of the others. */
export async function runChecks(checks: readonly Check[], examined: Examined): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const { name, run } of checks) {
    try {
      findings.push(...[await run(examined)].flat());
    } catch (error) {
      const found = `could not be checked: ${error instanceof Error ? error.message : String(error)}`;
      findings.push({ name, level: "warn", found });
    }
  }
  return findings;
}
