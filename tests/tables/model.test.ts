/**
 * The whole service against an executable model: random schemas, items, conditions, updates, queries and scans, through the official SDK, in expressions, older
 * parameters and PartiQL. Every answer is compared with what a naive table says.
 *
 * A failing run is repeated with BIPLANE_SEED; BIPLANE_ROUNDS makes it longer.
 */
import { afterAll, beforeAll, describe, test } from "bun:test";
import { CreateTableCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { type Cloud, type CloudProcess, createCloud } from "../support/cloud.ts";
import { dynamoDbClientFor } from "../support/dynamodb.ts";
import { randomFrom } from "../support/random.ts";
import { Pair } from "./model-steps.ts";
import { type KeyPart, keyParts, NaiveTable, randomSchema, type Schema } from "./naive-table.ts";

const seed = Number(process.env.BIPLANE_SEED ?? Date.now() % 1_000_000);
const ROUNDS = Number(process.env.BIPLANE_ROUNDS ?? 4);
const STEPS = 120;

let cloud: Cloud;
let server: CloudProcess;
let client: DynamoDBClient;
/** Set when the server has ended, which it must not before we end it. */
let ended: number | undefined;

beforeAll(async () => {
  cloud = createCloud();
  server = await cloud.start("up", "--port", "0", "--api-port", "0");
  void server.exited.then((code) => {
    ended = code;
  });
  client = dynamoDbClientFor(await cloud.environment());
});
afterAll(async () => {
  client.destroy();
  if (ended !== undefined) throw new Error(`the server has ended with ${ended}; it printed:\n${server.output()}`);
  await cloud.dispose();
});

async function createTable(TableName: string, schema: Schema): Promise<void> {
  const element = (part: KeyPart | undefined, KeyType: "HASH" | "RANGE") =>
    part === undefined ? [] : [{ AttributeName: part.name, KeyType }];
  const indexes = (kind: "global" | "local") =>
    [...schema.indexes]
      .filter(([, index]) => index.kind === kind)
      .map(([IndexName, { hash, range }]) => ({
        IndexName,
        KeySchema: [...element(hash, "HASH"), ...element(range, "RANGE")],
        Projection: { ProjectionType: "ALL" as const },
      }));
  await client.send(
    new CreateTableCommand({
      TableName,
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: keyParts(schema).map(({ name, type }) => ({ AttributeName: name, AttributeType: type })),
      KeySchema: [...element(schema.key.hash, "HASH"), ...element(schema.key.range, "RANGE")],
      GlobalSecondaryIndexes: indexes("global"),
      ...(indexes("local").length > 0 && { LocalSecondaryIndexes: indexes("local") }),
    }),
  );
}

describe(`the service does what the model does (BIPLANE_SEED=${seed})`, () => {
  test.each(Array.from({ length: ROUNDS }, (_, round) => [round]))(
    "schema %d",
    async (round) => {
      const random = randomFrom(seed * 1000 + round);
      // The first numbers of this generator hardly depend on the seed.
      for (let warm = 0; warm < 10; warm++) random();
      const schema = randomSchema(random);
      const name = `model-${round}`;
      await createTable(name, schema);
      const pair = new Pair(client, random, name, new NaiveTable(schema));
      for (let step = 0; step < STEPS; step++) await pair.step();
    },
    60_000,
  );
});
