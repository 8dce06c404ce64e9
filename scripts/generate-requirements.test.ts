import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { GATEWAY_STATEMENTS } from "./gateway-requirements.ts";
import { GATEWAY_WEAKNESSES } from "./gateway-weaknesses.ts";
import { requirementsPage, testNames } from "./generate-requirements.ts";
import { STATEMENTS } from "./requirements.ts";

test("docs/requirements.md is what `npm run generate` would write", () => {
  expect(readFileSync("docs/requirements.md", "utf8")).toBe(requirementsPage());
});

test("every test that is named is there", () => {
  const missing = [...STATEMENTS, ...GATEWAY_STATEMENTS, ...GATEWAY_WEAKNESSES].flatMap(({ id, tests }) =>
    tests.flatMap(([file, ...parts]) =>
      parts.filter((part) => testNames(file, part).length === 0).map((part) => `${id}: ${file}: ${part}`),
    ),
  );
  expect(missing).toEqual([]);
});

test("every statement of this machine is there", () => {
  const numbers = [
    ...Array.from({ length: 31 }, (_, index) => index + 1),
    ...Array.from({ length: 14 }, (_, index) => index + 36),
  ];
  expect(STATEMENTS.map(({ id }) => id)).toEqual(numbers.map((number) => `S${number}`));
});

test("every statement of the gateway is there, and shown or said to be missing", () => {
  expect(GATEWAY_STATEMENTS.map(({ id }) => id)).toEqual(Array.from({ length: 36 }, (_, index) => `R${index + 1}`));
  for (const { id, tests, missing } of GATEWAY_STATEMENTS)
    expect(tests.length > 0 || missing !== undefined, id).toBe(true);
});

test("every weakness that was found elsewhere is there, and shown not to be here or said to be", () => {
  expect(GATEWAY_WEAKNESSES.map(({ id }) => id)).toEqual(Array.from({ length: 24 }, (_, index) => `W${index + 1}`));
  for (const { id, tests, missing } of GATEWAY_WEAKNESSES)
    expect(tests.length > 0 || missing !== undefined, id).toBe(true);
});
