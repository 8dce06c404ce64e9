/** Deleting a table takes both planes: what happens when one of them does not answer. */
import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DeleteTableCommand,
  DescribeTableCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from "@aws-sdk/client-dynamodb";
import { ControlPlaneUnavailable } from "#data-plane/link";
import { createVirtualTime, systemClock, type VirtualTime } from "#foundation/runtime";
import { TEST_TABLES } from "../testing/test-tables.ts";
import { ACCOUNT, openWorld, REGION, refusal, type World } from "../testing/world.ts";
import { createTablesServices } from "./tables-services.ts";

let time: VirtualTime;
let world: World;
let db: DynamoDBClient;
beforeAll(async () => {
  time = createVirtualTime(systemClock.now());
  world = await openWorld({ timers: time.timers });
  db = world.client();
});
afterAll(() => world.close());
beforeEach(async () => {
  world.planes.connected = true;
  world.planes.beforeDecision = () => {};
  await create();
});

const TableName = "simple";
const Item = { pk: { S: "a" } };
const create = () =>
  db.send(new CreateTableCommand(TEST_TABLES[0] as unknown as CreateTableCommandInput)).catch(() => {});
const put = () => db.send(new PutItemCommand({ TableName, Item }));
const remove = () => db.send(new DeleteTableCommand({ TableName }));
const tableId = () => world.planes.table(ACCOUNT, REGION, TableName)!.resourceId;

test("without a control plane nothing is created or deleted, and items go on", async () => {
  await put();
  world.planes.connected = false;
  const refused = await refusal(remove());
  expect([refused.name, refused.$metadata.httpStatusCode]).toEqual(["ServiceUnavailableException", 503]);
  await put();
  expect(world.engine.marked()).toEqual([]);
  const creating = db.send(
    new CreateTableCommand({ ...TEST_TABLES[0], TableName: "late" } as unknown as CreateTableCommandInput),
  );
  expect((await refusal(creating)).$metadata.httpStatusCode).toBe(503);
});

test("an answer that is lost leaves the table closed until one comes", async () => {
  await put();
  const id = tableId();
  world.planes.beforeDecision = () => {
    throw new ControlPlaneUnavailable("the stream ended");
  };
  expect((await refusal(remove())).$metadata.httpStatusCode).toBe(503);
  expect(world.engine.marked()).toEqual([id]);
  expect((await refusal(put())).name).toBe("ResourceNotFoundException");
  expect((await db.send(new DescribeTableCommand({ TableName }))).Table?.TableStatus).toBe("DELETING");
  expect((await refusal(remove())).name).toBe("ResourceInUseException");
  world.planes.beforeDecision = () => {};
  time.advance(500);
  while (world.engine.tables().includes(id)) await new Promise((resume) => setImmediate(resume));
  expect((await refusal(db.send(new GetItemCommand({ TableName, Key: Item })))).name).toBe("ResourceNotFoundException");
});

test("a refusal opens the table again", async () => {
  world.planes.beforeDecision = (command) => {
    // Somebody else has deleted it and made it again under its name.
    if (command.type !== "table.delete") return;
    world.planes.beforeDecision = () => {};
    const record = world.planes.tableById(command.resourceId)!;
    world.planes.put({
      ...record,
      revision: record.revision + 1,
      sections: { ...record.sections, deletionProtection: true },
    });
    throw new Error("the control plane failed");
  };
  expect((await refusal(remove())).$metadata.httpStatusCode).toBe(500);
  // Nobody knows what became of it: it stays closed until it is asked for again.
  expect(world.engine.marked()).toEqual([tableId()]);
});

test("deletions that the end of the program interrupted are settled at the next start", async () => {
  const kept = tableId();
  await world.engine.beginDelete(kept);
  const gone = "gone" as typeof kept;
  await world.engine.ensure({
    tableId: gone,
    revision: 1,
    accountId: ACCOUNT,
    region: REGION,
    name: "gone",
    keys: { hash: [{ name: "pk", type: "S" }], range: [] },
    localIndexes: [],
    globalIndexes: [],
  });
  await world.engine.beginDelete(gone);
  const services = await createTablesServices(world.environment);
  while (world.engine.marked().length > 0) await new Promise((resume) => setImmediate(resume));
  expect([world.engine.tables().includes(kept), world.engine.tables().includes(gone)]).toEqual([true, false]);
  await put();
  for (const service of services) await service.close();
});

test("a table that vanishes from the catalog keeps its items, and the log says so", async () => {
  await put();
  const record = world.planes.table(ACCOUNT, REGION, TableName)!;
  world.planes.remove("table", `${ACCOUNT}/${REGION}/${TableName}`);
  expect(world.logged.join("\n")).toContain("a table that holds items is gone from the control plane");
  expect((await refusal(put())).name).toBe("ResourceNotFoundException");
  world.planes.put(record);
  expect((await db.send(new GetItemCommand({ TableName, Key: Item }))).Item).toEqual(Item);
});
