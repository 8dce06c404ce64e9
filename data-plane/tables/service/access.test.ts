/** Who may do what, through the front door: policies of users, of tables and of streams. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  BatchGetItemCommand,
  DescribeTableCommand,
  GetItemCommand,
  PutItemCommand,
  PutResourcePolicyCommand,
  QueryCommand,
  ScanCommand,
  TagResourceCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { createTestTables } from "../testing/test-tables.ts";
import { addUser, openWorld, refusal, type World } from "../testing/world.ts";

let world: World;
beforeAll(async () => {
  world = await openWorld();
  await createTestTables(world);
});
afterAll(() => world.close());

const ARN = "arn:aws:dynamodb:us-east-1:111122223333:table/simple";
let users = 0;

/** A client of a new user with these statements. */
function userWith(...statements: readonly object[]) {
  users += 1;
  addUser(world, `user${users}`, `AKIAUSER${users}`, statements);
  return world.client(`AKIAUSER${users}`);
}
const allow = (Action: string | readonly string[], Resource: string, Condition?: object) => ({
  Effect: "Allow",
  Action,
  Resource,
  ...(Condition !== undefined && { Condition }),
});

const Key = { pk: { S: "a" } };
const get = new GetItemCommand({ TableName: "simple", Key });

describe("policies of users", () => {
  test("without one nothing is allowed, and the sentence says what was missing", async () => {
    const refused = await refusal(userWith().send(get));
    expect([refused.name, refused.message]).toEqual([
      "AccessDeniedException",
      `User: arn:aws:iam::111122223333:user/user${users} is not authorized to perform: dynamodb:GetItem on resource: ${ARN} because no identity-based policy allows the dynamodb:GetItem action`,
    ]);
    expect(refused.$metadata.httpStatusCode).toBe(400);
  });

  test("a table that is not there is as forbidden as one that is", async () => {
    const db = userWith(allow("dynamodb:GetItem", ARN));
    await db.send(get);
    const elsewhere = await refusal(db.send(new GetItemCommand({ TableName: "nowhere", Key })));
    expect(elsewhere.name).toBe("AccessDeniedException");
  });

  test("an index is a resource of its own", async () => {
    const table = ARN.replace("simple", "indexed");
    const query = new QueryCommand({
      TableName: "indexed",
      IndexName: "by-gpk",
      KeyConditionExpression: "gpk = :g",
      ExpressionAttributeValues: { ":g": { S: "g" } },
    });
    expect((await refusal(userWith(allow("dynamodb:Query", table)).send(query))).name).toBe("AccessDeniedException");
    await userWith(allow("dynamodb:Query", `${table}/index/*`)).send(query);
  });

  test("each action of a transaction is asked about", async () => {
    const send = (db: ReturnType<typeof userWith>) =>
      db.send(
        new TransactWriteItemsCommand({
          TransactItems: [
            { Put: { TableName: "simple", Item: { pk: { S: "t" } } } },
            { ConditionCheck: { TableName: "simple", Key, ConditionExpression: "attribute_not_exists(nothing)" } },
          ],
        }),
      );
    const refused = await refusal(send(userWith(allow("dynamodb:PutItem", ARN))));
    expect(refused.message).toContain("dynamodb:ConditionCheckItem");
    await send(userWith(allow(["dynamodb:PutItem", "dynamodb:ConditionCheckItem"], ARN)));
  });

  test("each table of a batch is asked about", async () => {
    const db = userWith(allow("dynamodb:BatchGetItem", ARN));
    await db.send(new BatchGetItemCommand({ RequestItems: { simple: { Keys: [Key] } } }));
    const both = { simple: { Keys: [Key] }, pairs: { Keys: [{ ...Key, sk: { N: "1" } }] } };
    expect((await refusal(db.send(new BatchGetItemCommand({ RequestItems: both })))).message).toContain("table/pairs");
  });
});

describe("conditions", () => {
  const leading = { "ForAllValues:StringEquals": { "dynamodb:LeadingKeys": ["a"] } };

  test("leading keys", async () => {
    const db = userWith(allow("dynamodb:*", ARN, leading));
    const key = (pk: string) => ({ pk: { S: pk } });
    const query = (pk: string) =>
      new QueryCommand({
        TableName: "simple",
        KeyConditionExpression: "pk = :p",
        ExpressionAttributeValues: { ":p": { S: pk } },
      });
    for (const [pk, allowed] of [
      ["a", true],
      ["b", false],
    ] as const) {
      for (const command of [
        new GetItemCommand({ TableName: "simple", Key: key(pk) }),
        new PutItemCommand({ TableName: "simple", Item: key(pk) }),
        new BatchGetItemCommand({ RequestItems: { simple: { Keys: [Key, ...(allowed ? [] : [key(pk)])] } } }),
        query(pk),
      ]) {
        const sent = db.send(command as GetItemCommand);
        if (allowed) await sent;
        else expect((await refusal(sent)).name).toBe("AccessDeniedException");
      }
    }
  });

  test("what cannot be a key is compared as nothing", async () => {
    userWith(allow("dynamodb:*", ARN, leading));
    for (const pk of [{ S: 5 }, { S: { S: "a" } }, { N: ["a"] }, { L: [] }, {}, null]) {
      for (const [operation, input] of [
        ["GetItem", { TableName: "simple", Key: { pk } }],
        ["BatchWriteItem", { RequestItems: { simple: [{ PutRequest: { Item: { pk } } }] } }],
      ] as const) {
        const { status, code } = await world.call(operation, input, { accessKeyId: `AKIAUSER${users}` });
        expect(status).toBe(400);
        expect(["AccessDeniedException", "ValidationException", "SerializationException"]).toContain(code!);
      }
    }
  });

  test("attributes, and whether only some are selected", async () => {
    const db = userWith(
      allow(["dynamodb:GetItem", "dynamodb:UpdateItem"], ARN, {
        "ForAllValues:StringEquals": { "dynamodb:Attributes": ["pk", "name"] },
        StringEqualsIfExists: {
          "dynamodb:Select": "SPECIFIC_ATTRIBUTES",
          "dynamodb:ReturnValues": ["NONE", "UPDATED_NEW"],
        },
      }),
    );
    const names = { ExpressionAttributeNames: { "#n": "name", "#s": "salary" } };
    const read = (ProjectionExpression: string) =>
      db.send(
        new GetItemCommand({
          TableName: "simple",
          Key,
          ProjectionExpression,
          ExpressionAttributeNames: Object.fromEntries(
            Object.entries(names.ExpressionAttributeNames).filter(([placeholder]) =>
              ProjectionExpression.includes(placeholder),
            ),
          ),
        }),
      );
    await read("#n");
    expect((await refusal(read("#n, #s"))).name).toBe("AccessDeniedException");
    expect((await refusal(db.send(get))).name).toBe("AccessDeniedException");
    const write = (more: object) =>
      db.send(
        new UpdateItemCommand({
          TableName: "simple",
          Key,
          UpdateExpression: "SET #n = :v",
          ExpressionAttributeNames: { "#n": "name" },
          ExpressionAttributeValues: { ":v": { S: "x" } },
          ...more,
        }),
      );
    await write({ ReturnValues: "UPDATED_NEW" });
    expect((await refusal(write({ ReturnValues: "ALL_OLD" }))).name).toBe("AccessDeniedException");
    const spying = { ConditionExpression: "salary > :v", ExpressionAttributeValues: { ":v": { S: "x" } } };
    expect((await refusal(write(spying))).name).toBe("AccessDeniedException");
    // A request that cannot be read names everything.
    expect((await refusal(write({ UpdateExpression: "SET #n = salary +" }))).name).toBe("AccessDeniedException");
  });

  test("tags of the table", async () => {
    await world.client().send(new TagResourceCommand({ ResourceArn: ARN, Tags: [{ Key: "team", Value: "blue" }] }));
    const of = (team: string) =>
      userWith(allow("dynamodb:Scan", "*", { StringEquals: { "aws:ResourceTag/team": team } }));
    await of("blue").send(new ScanCommand({ TableName: "simple" }));
    expect((await refusal(of("red").send(new ScanCommand({ TableName: "simple" })))).name).toBe(
      "AccessDeniedException",
    );
    expect((await refusal(of("blue").send(new ScanCommand({ TableName: "pairs" })))).name).toBe(
      "AccessDeniedException",
    );
  });
});

describe("resource policies", () => {
  test("open a table to another account, which also needs its own word", async () => {
    const other = world.client("AKIAOTHER");
    const byArn = new GetItemCommand({ TableName: ARN, Key });
    expect((await refusal(other.send(byArn))).name).toBe("AccessDeniedException");
    await world.client().send(
      new PutResourcePolicyCommand({
        ResourceArn: ARN,
        Policy: JSON.stringify({
          Version: "2012-10-17",
          Statement: [
            { Effect: "Allow", Principal: { AWS: "444455556666" }, Action: "dynamodb:GetItem", Resource: ARN },
            { Effect: "Deny", Principal: "*", Action: "dynamodb:DescribeTable", Resource: ARN },
          ],
        }),
      }),
    );
    await other.send(byArn);
    expect((await refusal(other.send(new PutItemCommand({ TableName: ARN, Item: Key })))).name).toBe(
      "AccessDeniedException",
    );
    const denied = await refusal(
      userWith(allow("dynamodb:*", "*")).send(new DescribeTableCommand({ TableName: "simple" })),
    );
    expect(denied.message).toContain("explicit deny");
  });
});
