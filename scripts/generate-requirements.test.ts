import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { GATEWAY_STATEMENTS } from "./gateway-requirements.ts";
import { GATEWAY_WEAKNESSES } from "./gateway-weaknesses.ts";
import { requirementsPage, SECTIONS, testNames } from "./generate-requirements.ts";
import { STATEMENTS } from "./requirements.ts";
import { STORE_CHECKLIST, STORE_RECOVERY, STORE_STATEMENTS } from "./store-requirements.ts";
import { STORE_WEAKNESSES } from "./store-weaknesses.ts";

test("docs/requirements.md is what `npm run generate` would write", () => {
  expect(readFileSync("docs/requirements.md", "utf8")).toBe(requirementsPage());
});

test("every test that is named is there", () => {
  const missing = SECTIONS.flatMap(({ statements }) => statements).flatMap(({ id, tests }) =>
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

const numbered = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${prefix}${index + 1}`);

test("every statement, property and weakness of the store is there, and shown or said to be impossible", () => {
  expect(STORE_STATEMENTS.map(({ id }) => id)).toEqual(numbered("M", 7));
  expect(STORE_RECOVERY.map(({ id }) => id)).toEqual([
    ...[..."abcdefg"].map((letter) => `P${letter}`),
    ...numbered("I", 7),
  ]);
  expect(STORE_CHECKLIST.map(({ id }) => id)).toEqual(numbered("K", 12));
  expect(new Set(STORE_WEAKNESSES.map(({ id }) => id.split("-")[0]))).toEqual(
    new Set(["1.2.2", ...numbered("6.2.", 9)]),
  );
  for (const { id, tests, missing } of [
    ...STORE_STATEMENTS,
    ...STORE_RECOVERY,
    ...STORE_CHECKLIST,
    ...STORE_WEAKNESSES,
  ])
    expect(tests.length > 0 || missing !== undefined, id).toBe(true);
});
