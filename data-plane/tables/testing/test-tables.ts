/** The tables of the tests of operations. */
import type { World } from "./world.ts";

const definitions = (types: Readonly<Record<string, string>>) =>
  Object.entries(types).map(([AttributeName, AttributeType]) => ({ AttributeName, AttributeType }));
const keys = (hash: string, range?: string) => [
  { AttributeName: hash, KeyType: "HASH" },
  ...(range === undefined ? [] : [{ AttributeName: range, KeyType: "RANGE" }]),
];

/** `simple` (pk S), `pairs` (pk S, sk N), `indexed` (pk S, sk S; local index by-lsk, global index by-gpk, each with `shown` besides keys). */
export const TEST_TABLES = [
  {
    TableName: "simple",
    AttributeDefinitions: definitions({ pk: "S" }),
    KeySchema: keys("pk"),
    BillingMode: "PAY_PER_REQUEST",
  },
  {
    TableName: "pairs",
    AttributeDefinitions: definitions({ pk: "S", sk: "N" }),
    KeySchema: keys("pk", "sk"),
    BillingMode: "PAY_PER_REQUEST",
  },
  {
    TableName: "indexed",
    AttributeDefinitions: definitions({ pk: "S", sk: "S", lsk: "S", gpk: "S" }),
    KeySchema: keys("pk", "sk"),
    BillingMode: "PAY_PER_REQUEST",
    LocalSecondaryIndexes: [
      {
        IndexName: "by-lsk",
        KeySchema: keys("pk", "lsk"),
        Projection: { ProjectionType: "INCLUDE", NonKeyAttributes: ["shown"] },
      },
    ],
    GlobalSecondaryIndexes: [
      {
        IndexName: "by-gpk",
        KeySchema: keys("gpk", "sk"),
        Projection: { ProjectionType: "INCLUDE", NonKeyAttributes: ["shown"] },
      },
    ],
  },
] as const;

export async function createTestTables(world: World): Promise<void> {
  for (const table of TEST_TABLES) {
    const { status, text } = await world.call("CreateTable", table);
    if (status !== 200) throw new Error(`${table.TableName}: ${text}`);
  }
}
