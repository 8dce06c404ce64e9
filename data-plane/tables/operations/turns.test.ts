/** Operations with much work give way between its parts. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { CallContext, Operation } from "#data-plane/service";
import type { AttributeValue, Item } from "#data-plane/tables/values";
import { createTablesServices } from "../service/tables-services.ts";
import { createTestTables } from "../testing/test-tables.ts";
import { ACCOUNT, openWorld, REGION, type World } from "../testing/world.ts";

let world: World;
let operations: ReadonlyMap<string, Operation<never, unknown>>;
/** Milliseconds that pass between two looks at the clock. */
let step = 0;
beforeAll(async () => {
  world = await openWorld();
  await createTestTables(world);
  let ms = 0;
  const clock = {
    now: world.environment.clock.now,
    monotonicMs: () => {
      ms += step;
      return ms;
    },
  };
  const [dynamodb] = await createTablesServices({ ...world.environment, clock });
  operations = dynamodb.operations;
});
afterAll(() => world.close());

const COUNT = 20;
const keyOf = (at: number): Item => ({ pk: { S: `turns ${at}` } });
const items = Array.from({ length: COUNT }, (_, at): Item => ({ ...keyOf(at), a: { L: [{ N: "1" }, { S: "x" }] } }));
const keys = items.map((_, at) => keyOf(at));
const names = { ProjectionExpression: "a[0]" };
const TableName = "simple";
const parameters = (item: Item): AttributeValue[] => [item.a!, item.pk!];

/** Turns of the event loop that others had while the operation was carried out. */
async function turnsBeside(operation: string, input: object): Promise<number> {
  const context = {
    caller: { type: "root", accountId: ACCOUNT },
    region: REGION,
    authorize: () => undefined,
  } as unknown as CallContext;
  const { access, handle } = operations.get(operation)!;
  let turns = 0;
  let counting = true;
  const count = (): void => {
    turns++;
    if (counting) setImmediate(count);
  };
  setImmediate(count);
  await access(input as never, context);
  await handle(input as never, context);
  counting = false;
  return turns;
}

test.each([
  ["BatchWriteItem", { RequestItems: { simple: items.map((Item) => ({ PutRequest: { Item } })) } }],
  ["BatchGetItem", { RequestItems: { simple: { Keys: keys, ...names } } }],
  ["TransactWriteItems", { TransactItems: items.map((Item) => ({ Put: { TableName, Item } })) }],
  ["TransactGetItems", { TransactItems: keys.map((Key) => ({ Get: { TableName, Key, ...names } })) }],
  ["Scan", { TableName, ...names }],
  ["ExecuteStatement", { Statement: "SELECT a FROM simple" }],
  [
    "BatchExecuteStatement",
    {
      Statements: items.map((item) => ({
        Statement: "UPDATE simple SET a = ? WHERE pk = ?",
        Parameters: parameters(item),
      })),
    },
  ],
  [
    "ExecuteTransaction",
    {
      TransactStatements: items.map((item) => ({
        Statement: "UPDATE simple SET a = ? WHERE pk = ?",
        Parameters: parameters(item),
      })),
    },
  ],
  [
    "ExecuteTransaction",
    {
      TransactStatements: keys.map(({ pk }) => ({ Statement: "SELECT a FROM simple WHERE pk = ?", Parameters: [pk] })),
    },
  ],
])("%s", async (operation, input) => {
  step = 0;
  const together = await turnsBeside(operation, input);
  step = 1;
  expect(await turnsBeside(operation, input)).toBeGreaterThanOrEqual(together + COUNT - 2);
});
