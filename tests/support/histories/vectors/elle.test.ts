/** The lists of Elle's own tests get the verdicts, the anomalies and the levels that Elle gives them. */
import { describe, expect, test } from "bun:test";
import { vectorsDirectory, vectorTest } from "../../skips.ts";
import { checkListAppend } from "../index.ts";
import { type ElleCheck, type ElleVerdict, readElleCases } from "./elle-cases.ts";

/** Checks where we disagree with the published verdict, by name, each with the reason. */
const DISAGREEMENTS: Readonly<Record<string, string>> = {};

const CASES = vectorsDirectory === undefined ? [] : readElleCases(vectorsDirectory);

const CHECKS = CASES.flatMap(({ name, history, checks }) =>
  checks.map((check) => ({ name: `${name}: ${[...check.levels, ...check.anomalies].join(", ")}`, history, check })),
);

function judge(history: Parameters<typeof checkListAppend>[0], { levels, anomalies }: ElleCheck): ElleVerdict {
  const { verdict, found, doubts, missed } = checkListAppend(history, { levels, anomalies });
  return { verdict, types: [...new Set([...found.map(({ type }) => type), ...doubts])].sort(), missed };
}

describe("Elle's histories", () => {
  vectorTest("are all there", () => {
    expect([CASES.length, CHECKS.length]).toEqual([25, 48]);
    expect(Object.keys(DISAGREEMENTS).filter((name) => !CHECKS.some((one) => one.name === name))).toEqual([]);
  });

  for (const { name, history, check } of CHECKS) {
    test(name, () => {
      const judged = judge(history, check);
      if (DISAGREEMENTS[name] === undefined) expect(judged).toEqual(check.expected);
      else expect(judged).not.toEqual(check.expected);
    });
  }
});
