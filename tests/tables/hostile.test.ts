/** Expressions and statements that are made to cost much: refused or carried out in bounded time, while others go on. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  type AttributeValue,
  BatchExecuteStatementCommand,
  CreateTableCommand,
  type DynamoDBClient,
  DynamoDBServiceException,
  ExecuteStatementCommand,
  GetItemCommand,
  PutItemCommand,
  ScanCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { type Cloud, type CloudProcess, createCloud } from "../support/cloud.ts";
import { dynamoDbClientFor } from "../support/dynamodb.ts";

let cloud: Cloud;
let server: CloudProcess;
let client: DynamoDBClient;
const TableName = "hostile";
const Key = { id: { S: "a" } };

beforeAll(async () => {
  cloud = createCloud();
  server = await cloud.start("up", "--port", "0", "--api-port", "0");
  client = dynamoDbClientFor(await cloud.environment());
  await client.send(
    new CreateTableCommand({
      TableName,
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
      KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
    }),
  );
  await client.send(
    new PutItemCommand({
      TableName,
      Item: { ...Key, many: { L: manyValues(5000) }, text: { S: "x".repeat(200_000) } },
    }),
  );
});
afterAll(async () => {
  client.destroy();
  await cloud.dispose();
});

/** A machine that is busy with other tests may take its time; what grows with the square of its input takes minutes. */
const BOUND_MS = 10_000;
const PATIENCE = { timeout: 60_000 };

function manyValues(count: number): AttributeValue[] {
  return Array.from({ length: count }, (_, at) => ({ N: String(at) }));
}

const fill = (unit: string, bytes: number) => unit.repeat(Math.floor(bytes / unit.length));

const scanned = (FilterExpression: string, ExpressionAttributeValues?: Record<string, AttributeValue>) =>
  client.send(
    new ScanCommand({ TableName, FilterExpression, ...(ExpressionAttributeValues && { ExpressionAttributeValues }) }),
  );
const updated = (UpdateExpression: string, ExpressionAttributeValues?: Record<string, AttributeValue>) =>
  client.send(
    new UpdateItemCommand({
      TableName,
      Key,
      UpdateExpression,
      ...(ExpressionAttributeValues && { ExpressionAttributeValues }),
    }),
  );
const executed = (Statement: string, Parameters?: AttributeValue[]) =>
  client.send(new ExecuteStatementCommand({ Statement, ...(Parameters && { Parameters }) }));

const one = { ":v": { N: "1" } };

const ATTACKS: readonly (readonly [what: string, attack: () => Promise<unknown>])[] = [
  ["a megabyte of parentheses", () => scanned("(".repeat(1_000_000))],
  ["4 KB of parentheses", () => scanned("(".repeat(4096))],
  ["4 KB of NOT", () => scanned(`${fill("NOT ", 4000)}a = :v`, one)],
  ["4 KB of OR", () => scanned(`a = :v${fill(" OR a = :v", 4000)}`, one)],
  ["4 KB of path", () => scanned(`a${fill("[0]", 4000)} = :v`, one)],
  ["4 KB of IN", () => scanned(`a IN (:v${fill(", :v", 4000)})`, one)],
  ["a megabyte of SET", () => updated(`SET a = :v${fill(", a = :v", 1_000_000)}`, one)],
  ["4 KB of additions", () => updated(`SET a = :v${fill(" + :v", 4000)}`, one)],
  ["4 KB of functions", () => updated(`SET a = ${fill("if_not_exists(a, ", 4000)}:v`, one)],
  ["8 KB of parentheses in a statement", () => executed(`SELECT * FROM "hostile" WHERE ${"(".repeat(8100)}`)],
  ["8 KB of lists in a statement", () => executed(`INSERT INTO "hostile" VALUE {'id': ${"[".repeat(8100)}`)],
  ["8 KB of NOT in a statement", () => executed(`SELECT * FROM "hostile" WHERE ${fill("NOT ", 8000)}a = 1`)],
  ["8 KB of OR in a statement", () => executed(`SELECT * FROM "hostile" WHERE id = '1'${fill(" OR id='1'", 8000)}`)],
  [
    "products of alternatives",
    () => executed(`SELECT * FROM "hostile" WHERE id = 'a'${fill(" AND (id='a' OR id='b')", 8000)}`),
  ],
  [
    "conditions compared with conditions",
    () => executed(`SELECT * FROM "hostile" WHERE ${"(".repeat(200)}(a=1)${"=(b=1))".repeat(200)}`),
  ],
  ["comments without end", () => executed(`SELECT * FROM "hostile" ${fill("/* * ", 8000)}`)],
  ["a thousand lists in a parameter", () => executedBody(nestedLists(1000))],
  ["a hundred thousand lists in a parameter", () => executedBody(nestedLists(100_000))],
  ["a megabyte of brackets", () => executedBody("[".repeat(1_000_000))],
  ["a number of a megabyte", () => executed(`SELECT * FROM "hostile" WHERE id = ?`, [{ N: "1".repeat(1_000_000) }])],
];

function nestedLists(depth: number): string {
  const parameter = `${'{"L":['.repeat(depth)}${"]}".repeat(depth)}`;
  return `{"Statement":"SELECT * FROM \\"hostile\\" WHERE id = ?","Parameters":[${parameter}]}`;
}

/** A statement with a body that the SDK itself would overflow its stack on. */
function executedBody(body: string): Promise<unknown> {
  const command = new ExecuteStatementCommand({ Statement: "-" });
  command.middlewareStack.add(
    (next) => (sent) => {
      const request = sent.request as { body: string; headers: Record<string, string> };
      request.body = body;
      request.headers["content-length"] = String(body.length);
      return next(sent);
    },
    { step: "build", priority: "low" },
  );
  return client.send(command);
}

/** Requests that are right, and as dear as the limits let them be. */
const DEAR: readonly (readonly [what: string, request: () => Promise<unknown>])[] = [
  [
    "a hundred conditions on a long list",
    () => scanned(Array.from({ length: 100 }, () => "contains(many, :v)").join(" AND "), { ":v": { N: "4999" } }),
  ],
  [
    "25 statements about a long text",
    () =>
      client.send(
        new BatchExecuteStatementCommand({
          Statements: Array.from({ length: 25 }, () => ({ Statement: `SELECT "text" FROM "hostile" WHERE id = 'a'` })),
        }),
      ),
  ],
  [
    "a hundred values against a list",
    () =>
      executed(
        `SELECT id FROM "hostile" WHERE id = 'a' AND many IN [${Array.from({ length: 100 }, () => "?").join(",")}]`,
        Array.from({ length: 100 }, () => ({ L: manyValues(20) })),
      ),
  ],
];

async function timed(request: () => Promise<unknown>): Promise<{ readonly error: unknown; readonly ms: number }> {
  const begun = performance.now();
  const error = await request().then(
    () => undefined,
    (failure: unknown) => failure,
  );
  return { error, ms: performance.now() - begun };
}

describe("hostile requests", () => {
  test.each(ATTACKS)(
    "%s",
    async (_, attack) => {
      const { error, ms } = await timed(attack);
      expect(error).toBeInstanceOf(DynamoDBServiceException);
      expect((error as DynamoDBServiceException).$metadata.httpStatusCode).toBe(400);
      expect(ms).toBeLessThan(BOUND_MS);
    },
    PATIENCE,
  );

  test.each(DEAR)(
    "%s",
    async (_, request) => {
      const { error, ms } = await timed(request);
      expect(error).toBeUndefined();
      expect(ms).toBeLessThan(BOUND_MS);
    },
    PATIENCE,
  );

  test(
    "a hundred at once do not keep others waiting",
    async () => {
      const attackers = Promise.all(Array.from({ length: 100 }, (_, at) => timed(ATTACKS[at % ATTACKS.length]![1])));
      let done = false;
      void attackers.finally(() => {
        done = true;
      });
      let slowest = 0;
      do {
        const { error, ms } = await timed(() =>
          client.send(new GetItemCommand({ TableName, Key, ProjectionExpression: "id" })),
        );
        expect(error).toBeUndefined();
        slowest = Math.max(slowest, ms);
      } while (!done);
      await attackers;
      expect(slowest).toBeLessThan(BOUND_MS);
      expect(server.output()).not.toContain("unhandled");
    },
    PATIENCE,
  );
});
