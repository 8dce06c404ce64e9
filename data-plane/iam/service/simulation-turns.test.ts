import { expect, test } from "bun:test";
import type { SimulationInput } from "#foundation/policy";
import { systemTimers, type Timers } from "#foundation/runtime";
import { simulateInTurns } from "./simulation-turns.ts";

const statement = '{"Effect":"Allow","Action":"s3:*","Resource":"*"}';

function inputOf(statements: number, actions: number, resources = 0): SimulationInput {
  const text = `{"Version":"2012-10-17","Statement":[${Array(statements).fill(statement).join(",")}]}`;
  return {
    principal: undefined,
    actions: Array.from({ length: actions }, (_, index) => `s3:Get${index}`),
    resources: Array.from({ length: resources }, (_, index) => `arn:aws:s3:::b/${index}`),
    context: new Map(),
    identity: [{ sourceId: "a", sourceType: "IAM Policy", text }],
  };
}

/** Counts how often others could come in. */
function countingTimers(): Timers & { readonly waits: number } {
  let waits = 0;
  return {
    every: (intervalMs, run) => systemTimers.every(intervalMs, run),
    after(delayMs, run) {
      waits++;
      return systemTimers.after(delayMs, run);
    },
    get waits() {
      return waits;
    },
  };
}

test("answers come in the order of the actions, over turns", async () => {
  const timers = countingTimers();
  const input = inputOf(200, 2_000);
  const actions = input.actions.map((action) => action.replace("s3:", "sqs:"));
  const results = await simulateInTurns(timers, { ...input, actions });
  expect(results.map(({ action }) => action)).toEqual(actions);
  // 10,037 characters: 996 actions a turn.
  expect(timers.waits).toBe(2);
});

test("what is small is done in one turn", async () => {
  const timers = countingTimers();
  expect((await simulateInTurns(timers, inputOf(1, 100, 2))).length).toBe(100);
  expect(timers.waits).toBe(0);
});

const TOO_MUCH = "too much for one simulation";

test.each([
  ["actions", inputOf(200, 11_000)],
  ["resources for one action", inputOf(200, 1, 2_000)],
  ["statements that match", inputOf(200, 1_100)],
  ["statements that match resources", inputOf(200, 10, 100)],
])("too many %s are refused", async (_what, input) => {
  await expect(simulateInTurns(systemTimers, input)).rejects.toThrow(TOO_MUCH);
});

test("a policy that cannot be read is the caller's mistake", async () => {
  const input = { ...inputOf(1, 1), identity: [{ sourceId: "a", sourceType: "b", text: "{}" }] };
  await expect(simulateInTurns(systemTimers, input)).rejects.toThrow("Invalid Input Policy: ");
});
