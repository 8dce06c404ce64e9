/** Requests about items that are refused, through the front door, in DynamoDB's words. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { processorMsSince } from "../../../../tests/support/processor-time.ts";
import { createTestTables } from "../../testing/test-tables.ts";
import { openWorld, type World } from "../../testing/world.ts";
import { BATCHES, CONSTRAINTS, EXPRESSIONS, KEYS, NULLS, PAGES } from "./item-refusals.cases.ts";

let world: World;
beforeAll(async () => {
  world = await openWorld();
  await createTestTables(world);
});
afterAll(() => world.close());

describe.each([
  ["constraints of the model", CONSTRAINTS],
  ["keys and items", KEYS],
  ["expressions and older parameters", EXPRESSIONS],
  ["nulls", NULLS],
  ["pages", PAGES],
  ["several items", BATCHES],
] as const)("%s", (_name, cases) => {
  test.each([...cases])("%s %j", async (operation, request, message) => {
    const { status, code, message: said } = await world.call(operation, request);
    expect([status, code, said]).toEqual([400, "ValidationException", message]);
  });
});

test("nothing of it was written", async () => {
  for (const TableName of ["simple", "pairs", "indexed"]) {
    expect((await world.call("Scan", { TableName })).body).toMatchObject({ Count: 0, ScannedCount: 0 });
  }
});

test.each([
  ["GetItem", { Key: { pk: { S: "a" } } }],
  ["PutItem", { Item: { pk: { S: "a" } } }],
  ["Query", { KeyConditionExpression: "pk = :p", ExpressionAttributeValues: { ":p": { S: "a" } } }],
  ["Scan", {}],
])("%s of a table that is not there", async (operation, request) => {
  const answer = await world.call(operation, { TableName: "nowhere", ...request });
  expect([answer.status, answer.body]).toEqual([
    400,
    {
      __type: "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException",
      message: "Requested resource not found",
    },
  ]);
});

test("a mistake in one action of a transaction is a reason for its cancellation", async () => {
  const answer = await world.call("TransactWriteItems", {
    TransactItems: [
      { Put: { TableName: "simple", Item: { pk: { S: "a" } } } },
      { Put: { TableName: "simple", Item: { other: { S: "a" } } } },
    ],
  });
  expect(answer.code).toBe("TransactionCanceledException");
  expect(answer.body.Message ?? answer.body.message).toBe(
    "Transaction cancelled, please refer cancellation reasons for specific reasons [None, ValidationError]",
  );
  expect(answer.body.CancellationReasons).toEqual([
    { Code: "None" },
    { Code: "ValidationError", Message: "One or more parameter values were invalid: Missing the key pk in the item" },
  ]);
});

describe("hostile inputs", () => {
  test("nesting beyond what items may have, and far beyond", async () => {
    const nested = (levels: number): string =>
      `{"TableName":"simple","Item":{"pk":{"S":"a"},"a":${'{"L":['.repeat(levels)}{"S":"x"}${"]}".repeat(levels)}}}`;
    expect((await world.call("PutItem", nested(31))).status).toBe(200);
    expect((await world.call("PutItem", nested(32))).message).toStartWith(
      "Nesting Levels have exceeded supported limits",
    );
    for (const levels of [100, 50_000]) {
      expect((await world.call("PutItem", nested(levels))).code).toBe("ValidationException");
    }
  });

  test("bytes that are no text, text that is no JSON, JSON that is no request", async () => {
    for (const body of ["{", "[]", '"x"', "\u0000", '{"TableName":"simple","Key":{"pk":{"S":"\ud800"}}}{']) {
      expect((await world.call("GetItem", body)).code).toBe("SerializationException");
    }
    expect((await world.call("GetItem", '{"TableName":"simple","Key":{"pk":{"B":"%%%%"}}}')).code).toBe(
      "SerializationException",
    );
    expect((await world.call("GetItem", '{"TableName":"simple","Key":{"pk":{"S":1}}}')).message).toBe(
      "NUMBER_VALUE cannot be converted to String",
    );
  });

  test("names like properties of objects are names like any other", async () => {
    const item = '{"pk":{"S":"proto"},"__proto__":{"S":"x"},"constructor":{"M":{"__proto__":{"N":"1"}}}}';
    expect((await world.call("PutItem", `{"TableName":"simple","Item":${item}}`)).status).toBe(200);
    const { text } = await world.call("GetItem", { TableName: "simple", Key: { pk: { S: "proto" } } });
    expect(text).toBe(`{"Item":${item}}`);
    const some = await world.call("GetItem", {
      TableName: "simple",
      Key: { pk: { S: "proto" } },
      ProjectionExpression: "#p, #c.#p",
      ExpressionAttributeNames: { "#p": "__proto__", "#c": "constructor" },
    });
    expect(some.text).toBe('{"Item":{"__proto__":{"S":"x"},"constructor":{"M":{"__proto__":{"N":"1"}}}}}');
  });

  test("long expressions are refused at once", async () => {
    const started = process.cpuUsage();
    for (const expression of [
      `${"(".repeat(4000)}a = :v`,
      `a = :v${" AND a = :v".repeat(300)}`,
      `a${".a".repeat(2000)} = :v`,
      `NOT ${"NOT ".repeat(900)} a = :v`,
      `a IN (${Array.from({ length: 600 }, () => ":v").join(",")})`,
    ]) {
      const answer = await world.call("PutItem", {
        TableName: "simple",
        Item: { pk: { S: "a" } },
        ConditionExpression: expression,
        ExpressionAttributeValues: { ":v": { S: "x" } },
      });
      expect(answer.code).toBe("ValidationException");
    }
    expect(processorMsSince(started)).toBeLessThan(2000);
  });
});
