import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { statementPositions } from "./statement-positions.ts";

const show = (text: string): readonly string[] =>
  statementPositions(text).map(({ start, end }) => `${start.line}:${start.column}-${end.line}:${end.column}`);

describe("statements stand where IAM says they do", () => {
  test("one statement without a list: the example of the CLI's reference for simulate-custom-policy", () => {
    const text =
      '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"dynamodb:*","Resource":"*","Condition":{"DateGreaterThan":{"aws:CurrentTime":"2018-08-16T12:00:00Z"}}}}';
    expect(show(text)).toEqual(["1:38-1:167"]);
  });

  test("a list over several lines: as IAM answers for AdministratorAccess", () => {
    const text = JSON.stringify(
      { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }] },
      null,
      2,
    );
    expect(show(text)).toEqual(["3:17-8:6"]);
  });

  test("a statement that is not the first begins after the one before", () => {
    expect(show('{"Statement":[{},{"a":[1]}]}')).toEqual(["1:15-1:17", "1:17-1:27"]);
    expect(show('{"Statement":[\r\n{}\r,\n{}]}')).toEqual(["1:15-2:3", "2:3-4:3"]);
  });

  test("what looks like a statement elsewhere is not one", () => {
    expect(show('{"Id":"\\"Statement\\":{}","Version":1,"Statement":[{"Sid":"}]\\\\"}]}')).toEqual(["1:51-1:65"]);
    expect(show('{"\\u0053tatement":{}}')).toEqual(["1:20-1:21"]);
    expect(show("{}")).toEqual([]);
    expect(show('{"Statement":[]}')).toEqual([]);
  });
});

test("the text between the positions is the statement, whatever it holds and however it is written", () => {
  const statements = fc.array(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }), { noNullPrototype: true }), {
    minLength: 1,
    maxLength: 4,
  });
  fc.assert(
    fc.property(
      statements,
      fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }), { noNullPrototype: true }),
      fc.constantFrom(undefined, 1, 4, "\t"),
      fc.boolean(),
      (list, before, space, rewrite) => {
        const written = JSON.stringify({ ...before, Statement: list }, null, space);
        // Between the statements' lines only, so that texts keep what they hold.
        const text = rewrite ? written.replaceAll("\n", "\r\n") : written;
        const offset = offsets(text);
        const found = statementPositions(text).map(({ start, end }) =>
          text.slice(offset(start), offset(end)).replace(/^[\s,]+/, ""),
        );
        expect(found.map((each): unknown => JSON.parse(each))).toEqual(JSON.parse(JSON.stringify(list)));
      },
    ),
    { numRuns: 500 },
  );
});

function offsets(text: string): (position: { readonly line: number; readonly column: number }) => number {
  const starts = [0, ...[...text.matchAll(/\r\n|\r|\n/g)].map((end) => end.index + end[0].length)];
  return ({ line, column }) => (starts[line - 1] ?? Number.NaN) + column - 1;
}
