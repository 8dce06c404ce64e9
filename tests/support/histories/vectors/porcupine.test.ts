/** Porcupine's published histories get the verdicts that Porcupine gives them. */
import { describe, expect, test } from "bun:test";
import { vectorsDirectory, vectorTest } from "../../skips.ts";
import { checkLinearizable, registerModel, textMapModel } from "../index.ts";
import { type PorcupineHistory, readPorcupineCases } from "./porcupine-histories.ts";

/** Histories where we disagree with the published verdict, each with the reason. */
const DISAGREEMENTS: Readonly<Record<string, string>> = {};

const CASES = vectorsDirectory === undefined ? [] : readPorcupineCases(vectorsDirectory);

function check(history: PorcupineHistory) {
  return history.type === "register"
    ? checkLinearizable(registerModel, history.operations)
    : checkLinearizable(textMapModel, history.operations);
}

describe("Porcupine's histories", () => {
  vectorTest("are all there", () => {
    expect(CASES.length).toBe(108);
    expect(Object.keys(DISAGREEMENTS).filter((name) => !CASES.some((one) => one.name === name))).toEqual([]);
  });

  for (const { name, linearizable, history } of CASES) {
    test(`${name} is ${linearizable ? "linearizable" : "not linearizable"}`, () => {
      const agrees = check(history).verdict === (linearizable ? "ok" : "violation");
      expect(agrees).toBe(DISAGREEMENTS[name] === undefined);
    });
  }
});
