import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  type AttributeValue,
  BatchExecuteStatementCommand,
  type BatchExecuteStatementCommandInput,
  CreateTableCommand,
  ExecuteStatementCommand,
  type ExecuteStatementCommandInput,
  ExecuteTransactionCommand,
  type ExecuteTransactionCommandInput,
  GetItemCommand,
  PutItemCommand,
  TransactionCanceledException,
} from "@aws-sdk/client-dynamodb";
import { ACCOUNT, addUser, openWorld, refusal, type World } from "../../testing/world.ts";

let world: World;
const client = () => world.client();

beforeAll(async () => {
  world = await openWorld();
  const text = (AttributeName: string) => ({ AttributeName, AttributeType: "S" as const });
  const key = (hash: string, range?: string) => [
    { AttributeName: hash, KeyType: "HASH" as const },
    ...(range === undefined ? [] : [{ AttributeName: range, KeyType: "RANGE" as const }]),
  ];
  await client().send(
    new CreateTableCommand({
      TableName: "one",
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: [text("pk")],
      KeySchema: key("pk"),
    }),
  );
  await client().send(
    new CreateTableCommand({
      TableName: "two",
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: [text("pk"), text("sk"), text("g"), text("l")],
      KeySchema: key("pk", "sk"),
      GlobalSecondaryIndexes: [
        {
          IndexName: "gsi",
          KeySchema: key("g"),
          Projection: { ProjectionType: "INCLUDE", NonKeyAttributes: ["shown"] },
        },
      ],
      LocalSecondaryIndexes: [
        { IndexName: "lsi", KeySchema: key("pk", "l"), Projection: { ProjectionType: "KEYS_ONLY" } },
      ],
    }),
  );
});
afterAll(() => world.close());

type Item = Record<string, AttributeValue>;

const execute = (Statement: string, Parameters?: AttributeValue[], more: Partial<ExecuteStatementCommandInput> = {}) =>
  client().send(new ExecuteStatementCommand({ Statement, ...(Parameters && { Parameters }), ...more }));
const items = async (statement: string, parameters?: AttributeValue[]) => (await execute(statement, parameters)).Items!;
const batch = async (
  ...statements: (string | NonNullable<BatchExecuteStatementCommandInput["Statements"]>[number])[]
) =>
  (
    await client().send(
      new BatchExecuteStatementCommand({
        Statements: statements.map((one) => (typeof one === "string" ? { Statement: one } : one)),
      }),
    )
  ).Responses!;
const transact = (statements: readonly string[], more: Partial<ExecuteTransactionCommandInput> = {}) =>
  client().send(
    new ExecuteTransactionCommand({ TransactStatements: statements.map((Statement) => ({ Statement })), ...more }),
  );
const put = (TableName: string, Item: Item) => client().send(new PutItemCommand({ TableName, Item }));
const stored = async (TableName: string, Key: Item) =>
  (await client().send(new GetItemCommand({ TableName, Key, ConsistentRead: true }))).Item;
const said = async (call: Promise<unknown>) => {
  const { name, message } = await refusal(call);
  return `${name}: ${message}`;
};
const reasons = async (call: Promise<unknown>) => {
  const error = await refusal(call);
  expect(error).toBeInstanceOf(TransactionCanceledException);
  return (error as TransactionCanceledException).CancellationReasons!.map(({ Code, Message }) =>
    Message === undefined ? Code : `${Code}: ${Message}`,
  );
};

describe("ExecuteStatement", () => {
  test("inserts, selects, updates and deletes", async () => {
    expect((await execute(`INSERT INTO "one" VALUE {'pk': 'life', 'n': ?}`, [{ N: "1.0" }])).Items).toEqual([]);
    expect(await said(execute(`INSERT INTO "one" VALUE {'pk': 'life'}`))).toBe(
      "DuplicateItemException: Duplicate primary key exists in table",
    );
    expect(await items(`SELECT * FROM "one" WHERE pk = 'life'`)).toEqual([{ pk: { S: "life" }, n: { N: "1" } }]);
    expect((await execute(`UPDATE "one" SET n = n + 1 WHERE pk = 'life'`)).Items).toEqual([]);
    expect(await stored("one", { pk: { S: "life" } })).toEqual({ pk: { S: "life" }, n: { N: "2" } });
    expect((await execute(`DELETE FROM "one" WHERE pk = 'life'`)).Items).toEqual([]);
    expect((await execute(`DELETE FROM "one" WHERE pk = 'life'`)).Items).toEqual([]);
    expect(await items(`SELECT * FROM "one" WHERE pk = 'life'`)).toEqual([]);
  });

  test("an update needs the item and its conditions, a deletion only the conditions", async () => {
    const failed = "ConditionalCheckFailedException: The conditional request failed";
    expect(await said(execute(`UPDATE "one" SET a = 1 WHERE pk = 'ghost'`))).toBe(failed);
    expect(await said(execute(`UPDATE "one" SET a = 1 WHERE pk = 'ghost' AND attribute_not_exists(pk)`))).toBe(failed);
    await execute(`DELETE FROM "one" WHERE pk = 'ghost' AND a = 1`);
    expect(await stored("one", { pk: { S: "ghost" } })).toBeUndefined();
    await put("one", { pk: { S: "c" }, a: { N: "1" } });
    expect(await said(execute(`UPDATE "one" SET b = 1 WHERE pk = 'c' AND a = 2`))).toBe(failed);
    expect(await said(execute(`DELETE FROM "one" WHERE pk = 'c' AND a = 2`))).toBe(failed);
    const call = execute(`DELETE FROM "one" WHERE pk = 'c' AND a = 2`, undefined, {
      ReturnValuesOnConditionCheckFailure: "ALL_OLD",
    });
    expect(((await refusal(call)) as unknown as { Item?: Item }).Item).toEqual({ pk: { S: "c" }, a: { N: "1" } });
    await execute(`FROM "one" WHERE pk = 'c' AND a = 1 SET b = 2 REMOVE a`);
    expect(await stored("one", { pk: { S: "c" } })).toEqual({ pk: { S: "c" }, b: { N: "2" } });
  });

  test("RETURNING gives the item or what has changed of it", async () => {
    const seed = () =>
      put("one", {
        pk: { S: "r" },
        data: { S: "old" },
        tags: { L: [{ S: "a" }, { S: "b" }, { S: "c" }] },
        m: { M: { x: { S: "1" }, y: { S: "2" } } },
      });
    const returned = async (change: string, returning: string) => {
      await seed();
      return await items(`UPDATE "one" ${change} WHERE pk = 'r' RETURNING ${returning} *`);
    };
    expect(await returned("SET data = 'new'", "MODIFIED OLD")).toEqual([{ data: { S: "old" } }]);
    expect(await returned("SET data = 'new'", "MODIFIED NEW")).toEqual([{ data: { S: "new" } }]);
    expect((await returned("SET data = 'new'", "ALL NEW"))[0]).toMatchObject({ pk: { S: "r" }, data: { S: "new" } });
    expect((await returned("SET data = 'new'", "ALL OLD"))[0]).toMatchObject({ pk: { S: "r" }, data: { S: "old" } });
    expect(await returned("SET m.x = '9'", "MODIFIED NEW")).toEqual([{ m: { M: { x: { S: "9" } } } }]);
    expect(await returned("SET tags[2] = 'y', tags[0] = 'x'", "MODIFIED NEW")).toEqual([
      { tags: { L: [{ S: "x" }, { S: "y" }] } },
    ]);
    expect(await returned("REMOVE tags[1]", "MODIFIED NEW")).toEqual([{ tags: { L: [{ S: "c" }] } }]);
    expect(await returned("REMOVE data", "MODIFIED NEW")).toEqual([]);
    expect(await returned("SET fresh = 1", "MODIFIED OLD")).toEqual([]);
    expect(await items(`DELETE FROM "one" WHERE pk = 'r' RETURNING ALL OLD *`)).toMatchObject([{ pk: { S: "r" } }]);
    expect(await items(`DELETE FROM "one" WHERE pk = 'r' RETURNING ALL OLD *`)).toEqual([]);
  });

  test("sets and lists grow and shrink", async () => {
    await put("one", { pk: { S: "s" }, ss: { SS: ["a", "b"] }, ns: { NS: ["1"] }, l: { L: [] } });
    await execute(
      `UPDATE "one" SET ss = set_add(ss, <<'c'>>) SET ns = SET_DELETE(ns, <<1>>) SET f = set_add(f, ?) WHERE pk = 's'`,
      [{ SS: ["x"] }],
    );
    await execute(`UPDATE "one" SET l = list_append(l, [4, <<'q'>>]) WHERE pk = 's'`);
    const item = await stored("one", { pk: { S: "s" } });
    expect(new Set(item!.ss!.SS)).toEqual(new Set(["a", "b", "c"]));
    expect([item!.ns, item!.f, item!.l]).toEqual([undefined, { SS: ["x"] }, { L: [{ N: "4" }, { SS: ["q"] }] }]);
    const wrong = "ValidationException: An operand in the update expression has an incorrect data type";
    expect(await said(execute(`UPDATE "one" SET ss = set_add(ss, <<1>>) WHERE pk = 's'`))).toBe(wrong);
    expect(await said(execute(`UPDATE "one" SET nope = list_append(nope, [1]) WHERE pk = 's'`))).toBe(
      "ValidationException: The provided expression refers to an attribute that does not exist in the item",
    );
    expect(await said(execute(`UPDATE "one" SET nope[0] = 1 WHERE pk = 's'`))).toBe(
      "ValidationException: The document path provided in the update expression is invalid for update",
    );
  });

  test("mistakes have DynamoDB's words", async () => {
    const cases: readonly (readonly [string, string])[] = [
      [`SELECT * FROM "none" WHERE pk = 'x'`, "ResourceNotFoundException: Requested resource not found"],
      [`FROM "none" WHERE pk = 'x' SET c = 1`, "ResourceNotFoundException: Requested resource not found"],
      [
        `DELETE FROM "one" WHERE a = 'x'`,
        "ValidationException: Where clause does not contain a mandatory equality on all key attributes",
      ],
      [
        `SELECT * FROM "one" WHERE`,
        "ValidationException: Statement wasn't well formed, can't be processed: Unexpected term",
      ],
      [
        `EXISTS(SELECT * FROM "one" WHERE pk = 'x' AND a IS MISSING)`,
        "ValidationException: EXISTS can only be used in ExecuteTransaction write requests.",
      ],
      [
        `INSERT INTO "two" VALUE {'pk': 'x'}`,
        "ValidationException: One or more parameter values were invalid: Missing the key sk in the item",
      ],
      [
        `UPDATE "one" SET pk = 'y' WHERE pk = 'x'`,
        "ValidationException: One or more parameter values were invalid: Cannot update attribute pk. This attribute is part of the key",
      ],
    ];
    for (const [statement, expected] of cases) expect(await said(execute(statement))).toBe(expected);
    // Parameters are looked at before the statement is.
    expect(await said(execute(`UPDATE "one" SET WHERE`, [{ SS: ["a", "a"] }]))).toBe(
      "ValidationException: One or more parameter values were invalid: Input collection [a, a] contains duplicates.",
    );
    expect(await said(execute(`SELECT * FROM "one" WHERE pk = ?`, [{ N: "1e99999999999" }]))).toBe(
      "ValidationException: The parameter cannot be converted to a numeric value: 1e99999999999",
    );
    expect(await said(execute("x".repeat(8193)))).toContain("Member must have length less than or equal to 8192");
  });
});

describe("SELECT", () => {
  beforeAll(async () => {
    for (const pk of ["o", "p"]) {
      for (const sk of ["1", "2", "3"]) {
        await put("two", {
          pk: { S: pk },
          sk: { S: sk },
          g: { S: `g${sk}` },
          l: { S: `l${sk}` },
          shown: { S: `${pk}${sk}` },
          hidden: { N: sk },
          m: { M: { k: { L: [{ S: "deep" }] } } },
        });
      }
    }
  });
  const keys = async (statement: string) => (await items(statement)).map(({ pk, sk }) => `${pk!.S}/${sk!.S}`).join(" ");

  test("reads by key, in order, over several keys", async () => {
    expect(await keys(`SELECT * FROM "two" WHERE pk = 'o'`)).toBe("o/1 o/2 o/3");
    expect(await keys(`SELECT * FROM "two" WHERE pk = 'o' ORDER BY sk DESC`)).toBe("o/3 o/2 o/1");
    expect(await keys(`SELECT * FROM "two" WHERE pk IN ['o', 'p'] ORDER BY pk DESC, sk ASC`)).toBe(
      "p/1 p/2 p/3 o/1 o/2 o/3",
    );
    expect(await keys(`SELECT * FROM "two" WHERE pk = 'o' AND sk BETWEEN '2' AND '3' AND hidden <> 3`)).toBe("o/2");
    expect(await keys(`SELECT * FROM "two" WHERE pk = 'o' AND NOT sk = '1' OR pk = 'o' AND sk = '2'`)).toBe("o/2 o/3");
    expect((await keys(`SELECT * FROM "two" WHERE hidden = 2`)).split(" ").sort()).toEqual(["o/2", "p/2"]);
    expect(await items(`SELECT pk FROM "two" WHERE pk = 'o' AND sk = '1' AND sk = '2'`)).toEqual([]);
  });

  test("returns the attributes that it names, under their last names", async () => {
    expect(await items(`SELECT sk, m.k[0], nope, "hidden" FROM "two" WHERE pk = 'o' AND sk = '1'`)).toEqual([
      { sk: { S: "1" }, "k[0]": { S: "deep" }, hidden: { N: "1" } },
    ]);
    expect(await items(`SELECT nope FROM "two" WHERE pk = 'o' AND sk = '1'`)).toEqual([{}]);
  });

  test("reads indexes", async () => {
    expect(await items(`SELECT * FROM "two"."gsi" WHERE g = 'g1' AND shown = 'o1'`)).toEqual([
      { pk: { S: "o" }, sk: { S: "1" }, g: { S: "g1" }, shown: { S: "o1" } },
    ]);
    expect(await items(`SELECT hidden FROM "two"."lsi" WHERE pk = 'o' AND l > 'l2'`)).toEqual([{ hidden: { N: "3" } }]);
    expect(await items(`SELECT sk FROM "two"."gsi" WHERE hidden = 1`)).toEqual([]);
    expect(await said(execute(`SELECT hidden FROM "two"."gsi" WHERE g = 'g1'`))).toBe(
      "ValidationException: One or more parameter values were invalid: Global secondary index gsi does not project [hidden]",
    );
    expect(
      await said(execute(`SELECT sk FROM "two"."gsi" WHERE g = 'g1'`, undefined, { ConsistentRead: true })),
    ).toContain("Consistent reads are not supported on global secondary indexes");
  });

  test.each([
    [`SELECT pk, sk FROM "two" WHERE pk IN ['o', 'p'] ORDER BY pk DESC`, "p/3 p/2 p/1 o/3 o/2 o/1"],
    [`SELECT pk, sk FROM "two" WHERE pk IN ['o', 'p'] AND hidden <> 2`, "o/1 o/3 p/1 p/3"],
  ])("goes on where a page ended: %s", async (statement, expected) => {
    for (const limit of [1, 2, 3, 4, 100]) {
      const found: string[] = [];
      let token: string | undefined;
      let pages = 0;
      do {
        const page = await execute(statement, undefined, { Limit: limit, ...(token && { NextToken: token }) });
        found.push(...page.Items!.map(({ pk, sk }) => `${pk!.S}/${sk!.S}`));
        token = page.NextToken;
        pages++;
      } while (token !== undefined);
      expect(found.join(" ")).toBe(expected);
      expect(pages).toBeLessThanOrEqual(6 / limit + 2);
    }
  });

  test("pages a scan", async () => {
    const first = await execute(`SELECT pk, sk FROM "two"`, undefined, { Limit: 4 });
    expect(Object.keys(first.LastEvaluatedKey!).sort()).toEqual(["pk", "sk"]);
    const second = await execute(`SELECT pk, sk FROM "two"`, undefined, { Limit: 4, NextToken: first.NextToken });
    expect([...first.Items!, ...second.Items!].length).toBe(6);
    expect(second.NextToken).toBeUndefined();
  });

  test("a token belongs to its statement", async () => {
    const { NextToken } = await execute(`SELECT * FROM "two"`, undefined, { Limit: 1 });
    const other = execute(`SELECT * FROM "two" WHERE pk = 'o'`, undefined, { NextToken: NextToken! });
    expect(await said(other)).toBe("ValidationException: The provided starting key is invalid");
    expect(await said(execute(`SELECT * FROM "two"`, undefined, { NextToken: "no token" }))).toBe(
      "ValidationException: Invalid NextToken",
    );
    const decoded = JSON.parse(Buffer.from(NextToken!, "base64url").toString());
    const forged = (changed: object) => Buffer.from(JSON.stringify({ ...decoded, ...changed })).toString("base64url");
    for (const changed of [
      { start: { pk: { S: "o" } } },
      { start: { pk: { N: "1" }, sk: { S: "1" } } },
      { query: 7 },
    ]) {
      expect(await said(execute(`SELECT * FROM "two"`, undefined, { NextToken: forged(changed) }))).toContain(
        "The provided starting key is invalid",
      );
    }
    for (const changed of [{ query: -1 }, { query: 0.5 }, { scope: 7 }]) {
      expect(await said(execute(`SELECT * FROM "two"`, undefined, { NextToken: forged(changed) }))).toContain(
        "Invalid NextToken",
      );
    }
  });

  test("reports what it consumed", async () => {
    const consumed = async (statement: string, more: Partial<ExecuteStatementCommandInput> = {}) =>
      (await execute(statement, undefined, { ReturnConsumedCapacity: "INDEXES", ...more })).ConsumedCapacity;
    expect(await consumed(`SELECT * FROM "two" WHERE pk = 'o' AND sk = '1'`)).toEqual({
      TableName: "two",
      CapacityUnits: 0.5,
      Table: { CapacityUnits: 0.5 },
    });
    expect((await consumed(`SELECT * FROM "one" WHERE pk = 'none'`, { ConsistentRead: true }))!.CapacityUnits).toBe(1);
    expect(await consumed(`SELECT pk FROM "two"."gsi" WHERE g = 'g1'`)).toMatchObject({
      CapacityUnits: 0.5,
      Table: { CapacityUnits: 0 },
      GlobalSecondaryIndexes: { gsi: { CapacityUnits: 0.5 } },
    });
    expect(await consumed(`SELECT hidden FROM "two"."lsi" WHERE pk = 'o'`)).toMatchObject({
      CapacityUnits: 2,
      Table: { CapacityUnits: 1.5 },
      LocalSecondaryIndexes: { lsi: { CapacityUnits: 0.5 } },
    });
    expect(await consumed(`INSERT INTO "two" VALUE {'pk': 'cc', 'sk': '1', 'g': 'x', 'l': 'y'}`)).toMatchObject({
      CapacityUnits: 3,
      Table: { CapacityUnits: 1 },
    });
    expect((await consumed(`DELETE FROM "one" WHERE pk = 'none'`))!.CapacityUnits).toBe(1);
  });
});

describe("BatchExecuteStatement", () => {
  test("answers each statement on its own", async () => {
    await put("one", { pk: { S: "b" }, data: { S: "x" } });
    expect(
      await batch(
        `SELECT * FROM "one" WHERE pk = 'b'`,
        `SELECT data FROM "one" WHERE pk IN ['b']`,
        `SELECT * FROM "one" WHERE pk = 'missing'`,
        `SLECT * FROM "one" WHERE pk = 'b'`,
        `SELECT * FROM "none" WHERE pk = 'b'`,
        `SELECT * FROM "one" WHERE data = 'x'`,
        `SELECT * FROM "two"."gsi" WHERE g = 'b'`,
        { Statement: `SELECT * FROM "one" WHERE pk = ?`, Parameters: [{ SS: ["a", "a"] }] },
      ),
    ).toEqual([
      { TableName: "one", Item: { pk: { S: "b" }, data: { S: "x" } } },
      { TableName: "one", Item: { data: { S: "x" } } },
      { TableName: "one" },
      {
        Error: {
          Code: "ValidationError",
          Message: "Statement wasn't well formed, can't be processed: Expected data manipulation",
        },
      },
      { Error: { Code: "ResourceNotFound", Message: "Requested resource not found" } },
      ...["one", "two"].map((TableName) => ({
        TableName,
        Error: {
          Code: "ValidationError" as const,
          Message: "Select statements within BatchExecuteStatement must specify the primary key in the where clause.",
        },
      })),
      {
        Error: {
          Code: "ValidationError",
          Message: "One or more parameter values were invalid: Input collection [a, a] contains duplicates.",
        },
      },
    ]);
  });

  test("writes, and says what was there", async () => {
    await put("one", { pk: { S: "bw" }, data: { S: "old" } });
    expect(
      await batch(
        `INSERT INTO "one" VALUE {'pk': 'bw'}`,
        {
          Statement: `UPDATE "one" SET a = 1 WHERE pk = 'bw' AND data = 'no'`,
          ReturnValuesOnConditionCheckFailure: "ALL_OLD",
        },
        `DELETE FROM "one" WHERE pk = 'bw' RETURNING MODIFIED OLD *`,
        `INSERT INTO "one" VALUE {'pk': 'bw2', 'data': 'new'}`,
      ),
    ).toEqual([
      { TableName: "one", Error: { Code: "DuplicateItem", Message: "Duplicate primary key exists in table" } },
      {
        TableName: "one",
        Error: {
          Code: "ConditionalCheckFailed",
          Message: "The conditional request failed",
          Item: { pk: { S: "bw" }, data: { S: "old" } },
        },
      },
      {
        TableName: "one",
        Error: {
          Code: "ValidationError",
          Message:
            "Invalid returning clause: RETURNING MODIFIED OLD *. Only RETURNING ALL OLD * is allowed in DELETE statements.",
        },
      },
      { TableName: "one" },
    ]);
    expect(await batch(`DELETE FROM "one" WHERE pk = 'bw' RETURNING ALL OLD *`)).toEqual([
      { TableName: "one", Item: { pk: { S: "bw" }, data: { S: "old" } } },
    ]);
  });

  test("charges only what succeeded", async () => {
    await put("one", { pk: { S: "cc" } });
    const charged = async (...statements: string[]) =>
      (
        await client().send(
          new BatchExecuteStatementCommand({
            Statements: statements.map((Statement) => ({ Statement, ConsistentRead: true })),
            ReturnConsumedCapacity: "TOTAL",
          }),
        )
      ).ConsumedCapacity;
    expect(
      await charged(`SELECT * FROM "one" WHERE pk = 'cc'`, `SELECT * FROM "one" WHERE pk = 'none'`, `SELECT *`),
    ).toEqual([{ TableName: "one", CapacityUnits: 2 }]);
    expect(await charged(`INSERT INTO "one" VALUE {'pk': 'cc'}`)).toBeUndefined();
  });

  test("reads or writes, at most 25", async () => {
    expect(await said(batch(`SELECT * FROM "one" WHERE pk = 'x'`, `DELETE FROM "one" WHERE pk = 'x'`))).toContain(
      "does not support both read and write operations in the same request",
    );
    expect(await said(batch())).toContain("ValidationException");
    expect(await said(batch(...Array.from({ length: 26 }, () => `SELECT * FROM "one" WHERE pk = 'x'`)))).toContain(
      "Member must have length less than or equal to 25",
    );
  });
});

describe("ExecuteTransaction", () => {
  test("writes all or nothing", async () => {
    await put("one", { pk: { S: "tx" }, n: { N: "0" } });
    const done = await transact(
      [
        `INSERT INTO "one" VALUE {'pk': 'tx-new'}`,
        `UPDATE "one" SET n = n + 1 WHERE pk = 'tx'`,
        `EXISTS(SELECT * FROM "one" WHERE pk = 'c' AND nope IS MISSING)`,
      ],
      { ReturnConsumedCapacity: "TOTAL" },
    );
    expect([done.Responses, done.ConsumedCapacity?.[0]?.TableName]).toEqual([[], "one"]);
    expect(
      await reasons(
        transact([
          `UPDATE "one" SET n = 9 WHERE pk = 'tx'`,
          `INSERT INTO "one" VALUE {'pk': 'tx-new'}`,
          `UPDATE "one" SET n = 9 WHERE pk = 'nobody'`,
          `EXISTS(SELECT * FROM "one" WHERE pk = 'c' AND nope IS NOT MISSING)`,
        ]),
      ),
    ).toEqual([
      "None",
      "DuplicateItem: Duplicate primary key exists in table",
      "ConditionalCheckFailed: The conditional request failed",
      "ConditionalCheckFailed: The conditional request failed",
    ]);
    expect(await stored("one", { pk: { S: "tx" } })).toEqual({ pk: { S: "tx" }, n: { N: "1" } });
  });

  test("a token makes it happen once", async () => {
    await put("one", { pk: { S: "once" }, n: { N: "0" } });
    const again = (statement: string) =>
      transact([statement], { ClientRequestToken: "a-token", ReturnConsumedCapacity: "INDEXES" });
    const statement = `UPDATE "one" SET n = n + 1 WHERE pk = 'once'`;
    const [first, second] = [await again(statement), await again(statement)];
    expect((await stored("one", { pk: { S: "once" } }))!.n).toEqual({ N: "1" });
    expect(
      [first, second].map(({ ConsumedCapacity: [one] = [] }) => [one!.WriteCapacityUnits, one!.ReadCapacityUnits]),
    ).toEqual([
      [2, undefined],
      [undefined, 2],
    ]);
    expect(await said(again(`${statement} `))).toContain("IdempotentParameterMismatchException");
  });

  test("reads by key, as of one moment", async () => {
    await put("two", { pk: { S: "k" }, sk: { S: "1" }, flag: { S: "right" } });
    const select = `SELECT * FROM "two" WHERE `;
    const { Responses } = await transact([
      `${select}(sk = '1') AND pk = 'k' AND pk = 'k'`,
      `SELECT flag FROM "two" WHERE pk IN ['k'] AND sk IN ['2']`,
    ]);
    expect(Responses).toEqual([{ Item: { pk: { S: "k" }, sk: { S: "1" }, flag: { S: "right" } } }, {}]);
    const keyOnly =
      "ValidationException: Validation failed in TransactStatements[0]: Select statements within ExecuteTransaction must specify the primary key in the where clause.";
    for (const where of [
      `pk = 'k' AND sk = '1' AND flag = 'right'`,
      `pk = 'k' AND sk = '1' AND pk = 'o'`,
      `pk = 'k'`,
      `pk IN ['x'] AND pk = 'k' AND sk = '1'`,
    ]) {
      expect(await said(transact([select + where]))).toBe(keyOnly);
    }
    expect(await said(transact([`SELECT * FROM "two"."gsi" WHERE g = 'x'`]))).toBe(
      "ValidationException: Validation failed in TransactStatements[0]: Reads on indices are not supported within transactions.",
    );
    const one = `${select}pk = 'k' AND sk = '1'`;
    expect(await said(transact([one, `SELECT flag FROM "two" WHERE sk = '1' AND pk = 'k'`]))).toBe(
      "ValidationException: Transaction request cannot include multiple operations on one item",
    );
    expect(await reasons(transact([one, one, `${select}pk = 1 AND sk = '1'`]))).toEqual([
      "None",
      "None",
      "ValidationError: The provided key element does not match the schema",
    ]);
  });

  test("mistakes in keys and tables cancel it, other mistakes name the statement", async () => {
    const update = `UPDATE "two" SET a = 1 WHERE `;
    const mismatch = "ValidationError: The provided key element does not match the schema";
    expect(
      await reasons(
        transact([
          `${update}pk = 'k'`,
          `${update}pk IN ['k'] AND sk = '1'`,
          `${update}pk = 'k' AND sk = '1' AND pk = 'o'`,
          `${update}pk = 'k' AND sk = 1`,
          `${update}pk = 'k' AND sk = '1'`,
          `INSERT INTO "two" VALUE {'pk': 'x'}`,
          `DELETE FROM "none" WHERE pk = 'x' RETURNING ALL OLD *`,
        ]),
      ),
    ).toEqual([
      ...[mismatch, mismatch, mismatch, mismatch],
      "None",
      "ValidationError: One or more parameter values were invalid: Missing the key sk in the item",
      "ResourceNotFound: Requested resource not found",
    ]);
    const named = async (...statements: string[]) =>
      (await said(transact(statements))).replace("ValidationException: ", "");
    expect(
      await named(`DELETE FROM "none" WHERE pk = 'x'`, `DELETE FROM "one" WHERE pk = 'x' RETURNING ALL OLD *`),
    ).toBe("Validation failed in TransactStatements[1]: RETURNING clause is not supported in ExecuteTransaction.");
    expect(await named(`SELECT * FROM "one" WHERE`)).toBe(
      "Validation failed in TransactStatements[0]: Statement wasn't well formed, can't be processed: Unexpected term",
    );
    expect(await named(`EXISTS(SELECT * FROM "one" WHERE pk = 'c')`, `DELETE FROM "one" WHERE pk = 'x'`)).toBe(
      "Validation failed in TransactStatements[0]: EXISTS() must contain a single item read with additional condition",
    );
    expect(await named(`SELECT * FROM "one" WHERE pk = 'c'`, `DELETE FROM "one" WHERE pk = 'x'`)).toBe(
      "ExecuteTransaction API does not support both read and write operations in the same request.",
    );
  });
});

describe("policies", () => {
  test("allow and deny statements by what they do", async () => {
    addUser(world, "reader", "AKIAREADER", [
      {
        Effect: "Allow",
        Action: "dynamodb:PartiQLSelect",
        Resource: `arn:aws:dynamodb:us-east-1:${ACCOUNT}:table/two`,
      },
      {
        Effect: "Deny",
        Action: "dynamodb:PartiQLSelect",
        Resource: "*",
        Condition: { Bool: { "dynamodb:FullTableScan": "true" } },
      },
    ]);
    const reader = world.client("AKIAREADER");
    const run = (Statement: string) => reader.send(new ExecuteStatementCommand({ Statement }));
    await run(`SELECT * FROM "two" WHERE pk = 'o'`);
    for (const statement of [
      `SELECT * FROM "two"`,
      `SELECT * FROM "two"."gsi" WHERE g = 'g1'`,
      `SELECT * FROM "one" WHERE pk = 'o'`,
      `DELETE FROM "two" WHERE pk = 'o' AND sk = '1'`,
    ]) {
      expect((await refusal(run(statement))).name).toBe("AccessDeniedException");
    }
    const { Responses } = await reader.send(
      new BatchExecuteStatementCommand({
        Statements: [
          { Statement: `SELECT sk FROM "two" WHERE pk = 'o' AND sk = '1'` },
          { Statement: `SELECT * FROM "one" WHERE pk = 'o'` },
        ],
      }),
    );
    expect(Responses![0]).toEqual({ TableName: "two", Item: { sk: { S: "1" } } });
    expect(Responses![1]!.Error!.Code).toBe("AccessDenied");
  });
});
