/** Whatever a caller sends: an answer or AWS's error, soon, and nothing kept that could grow. */

import { expect, test } from "bun:test";
import fc from "fast-check";
import { TableSerialization, TableValidation } from "../values/index.ts";
import {
  applyUpdate,
  Bindings,
  compileCondition,
  compileProjection,
  compileUpdate,
  matches,
  project,
} from "./index.ts";
import { conditionSyntax } from "./parse-cache.ts";
import { isReservedWord, reservedWordCount } from "./reserved-words.ts";

const token = fc.constantFrom(
  ..."a b #n :v ( ) [ ] . , = <> < <= > >= + - AND OR NOT BETWEEN IN SET REMOVE ADD DELETE 0 1 99 size( contains( begins_with(".split(
    " ",
  ),
  ..."attribute_exists( attribute_type( if_not_exists( list_append( _ ü \u{1f600} \u0000 \" '".split(" "),
);
const soup = fc.oneof(
  fc.array(token, { maxLength: 25 }).map((tokens) => tokens.join(" ")),
  fc.array(token, { maxLength: 25 }).map((tokens) => tokens.join("")),
  fc.string({ unit: "binary", maxLength: 40 }),
);

/** Runs something that may refuse. */
function survives(run: () => void): void {
  try {
    run();
  } catch (error) {
    if (!(error instanceof TableValidation || error instanceof TableSerialization)) throw error;
  }
}

test("any text is compiled or refused", () => {
  fc.assert(
    fc.property(soup, (text) => {
      const bindings = () => new Bindings({ "#n": "n" }, { ":v": { N: "1" } });
      const item = { a: { L: [{ N: "1" }] }, n: { M: {} } };
      survives(() => matches(compileCondition(text, bindings(), "ConditionExpression"), item));
      survives(() => project(compileProjection(text, bindings()), item));
      survives(() => applyUpdate(compileUpdate(text, bindings()), item, {}));
    }),
    { numRuns: 1500 },
  );
});

const repeated = (part: string): string => part.repeat(Math.floor(4096 / part.length));
test.each(
  [
    "(",
    "a.",
    "a[",
    "NOT ",
    "a,",
    "a=b AND ",
    "size(",
    "((a)",
    "SET a=",
    "set a = (",
    "if_not_exists(a,",
    ")",
    "#a ",
    ":",
    "1",
  ].map((part) => [part]),
)("%j repeated to the limit harms nobody", (part) => {
  const texts = [repeated(part), `SET a = ${repeated(part).slice(8)}`, `REMOVE ${repeated(part).slice(8)}`];
  for (const text of texts) {
    for (const compile of [compileProjection, compileUpdate]) survives(() => void compile(text, new Bindings()));
    survives(() => void compileCondition(text, new Bindings(), "FilterExpression"));
  }
});

test("a text is parsed once, also by two generations of the cache", () => {
  const text = "cached = once";
  const syntax = conditionSyntax("FilterExpression", text);
  expect(conditionSyntax("ConditionExpression", text)).toBe(syntax);
  expect(Object.isFrozen(syntax)).toBe(true);
  // Used now and then, it outlives any number of texts that are seen once.
  for (let i = 0; i < 10_000; i++) {
    conditionSyntax("FilterExpression", `seen_once_${i} = b`);
    if (i % 500 === 0) expect(conditionSyntax("FilterExpression", text)).toBe(syntax);
  }
  // Not used, it goes.
  for (let i = 0; i < 10_000; i++) conditionSyntax("FilterExpression", `never_again_${i} = b`);
  expect(conditionSyntax("FilterExpression", text)).not.toBe(syntax);
});

test("the reserved words are all there, in any case", () => {
  expect(reservedWordCount).toBe(573);
  for (const word of ["abort", "NAME", "Status", "zone", "TTL"]) expect(isReservedWord(word)).toBe(true);
  for (const word of ["id", "#NAME", "pk", "", "names1"]) expect(isReservedWord(word)).toBe(false);
});
