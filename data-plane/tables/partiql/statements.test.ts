import { describe, expect, test } from "bun:test";
import { TableValidation } from "#data-plane/tables/values";
import { planOf } from "./partiql.testing.ts";
import { ACCEPTED, MALFORMED, REFUSED } from "./statements.cases.ts";

/** Enough for any case that takes some. */
const PARAMETERS = [{ S: "v" }, { S: "w" }];

function refusal(statement: string): string {
  try {
    planOf(statement, ...PARAMETERS);
  } catch (error) {
    if (error instanceof TableValidation) return error.message;
    throw error;
  }
  return "accepted";
}

describe("statements are refused in DynamoDB's words", () => {
  test.each(MALFORMED)("%s", (statement, detail) => {
    expect(refusal(statement)).toBe(`Statement wasn't well formed, can't be processed: ${detail}`);
  });
  test.each(REFUSED)("%s", (statement, message) => {
    expect(refusal(statement)).toBe(message);
  });
  test("too few parameters", () => {
    expect(() => planOf(`SELECT * FROM "H" WHERE pk = ? AND a = ?`, { S: "x" })).toThrow(
      "Number of parameters in request and statement don't match.",
    );
  });
});

test.each(ACCEPTED.map((statement) => [statement]))("%s is accepted", (statement) => {
  expect(refusal(statement)).toBe("accepted");
});
