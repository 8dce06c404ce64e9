/**
 * `scripts/bun bench/tables/neighbours.ts [--seconds 4] [--items 100000] [--only <part of a name>]`: what small requests wait for while something large goes on beside them.
 *
 * One connection reads small items of one table, one puts such items, one sends messages to a queue; milliseconds are told for each while the tables have something large to do. Nothing here
 * polls: what is measured includes that client and server share the machine.
 */
import { parseArgs } from "node:util";
import { type PreparedRequest, runLoad } from "../harness/http-load.ts";
import { prepare } from "../harness/signed-requests.ts";
import { startBiplane } from "../objects/servers.ts";
import { converse } from "../queues/dialogue.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "4" },
    items: { type: "string", default: "100000" },
    only: { type: "string", default: "" },
  },
});
const seconds = Number(values.seconds);
const ITEMS = Number(values.items);

const server = await startBiplane();

function request(service: "dynamodb" | "sqs", operation: string, input: object): PreparedRequest {
  const target = service === "sqs" ? "AmazonSQS" : "DynamoDB_20120810";
  return prepare(
    {
      method: "POST",
      path: "/",
      body: Buffer.from(JSON.stringify(input)),
      service,
      headers: [
        ["content-type", "application/x-amz-json-1.0"],
        ["x-amz-target", `${target}.${operation}`],
      ],
    },
    server,
    server.credential,
  );
}

const tables = (operation: string, input: object) => request("dynamodb", operation, input);

async function once(...requests: readonly PreparedRequest[]): Promise<void> {
  const limits = { seconds: 120, requests: requests.length, sleeps: true };
  const { failures } = await runLoad(server, Math.min(4, requests.length), (turn) => requests[turn]!, limits);
  if (failures.size > 0) throw new Error(`refused: ${[...failures].map(([status, times]) => `${status} × ${times}`)}`);
}

const createTable = (TableName: string, range = false) =>
  tables("CreateTable", {
    TableName,
    BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: [
      { AttributeName: "pk", AttributeType: "S" },
      ...(range ? [{ AttributeName: "sk", AttributeType: "N" }] : []),
    ],
    KeySchema: [
      { AttributeName: "pk", KeyType: "HASH" },
      ...(range ? [{ AttributeName: "sk", KeyType: "RANGE" }] : []),
    ],
  });

/** A document of many small parts, about so many bytes as JSON. */
function documentOf(bytes: number): object {
  const nested = (levels: number): object =>
    levels === 0
      ? { N: "12345" }
      : {
          M: { a: nested(levels - 1), b: { S: "some text here" }, c: { L: [{ N: "1" }, { S: "x" }, { BOOL: true }] } },
        };
  const part = nested(4);
  return { L: Array.from({ length: Math.floor(bytes / JSON.stringify(part).length) }, () => part) };
}

const batchOf = (TableName: string, items: readonly object[]) =>
  tables("BatchWriteItem", { RequestItems: { [TableName]: items.map((Item) => ({ PutRequest: { Item } })) } });

/** Something large: requests of two connections over and over, or one command that starts work in the background. */
interface Scenario {
  readonly name: string;
  readonly repeated?: readonly PreparedRequest[];
  readonly started?: () => Promise<void>;
}

const large = Array.from({ length: 25 }, (_, at) => ({ pk: { S: `large ${at}` }, document: documentOf(280_000) }));
const largeKeys = large.map(({ pk }) => ({ pk }));
const projected = { ProjectionExpression: "#d", ExpressionAttributeNames: { "#d": "document" } };

const SCENARIOS: readonly Scenario[] = [
  { name: "nothing" },
  { name: "BatchWriteItem, 7 MB", repeated: [batchOf("large", large)] },
  {
    name: "BatchGetItem, 7 MB, projected",
    repeated: [tables("BatchGetItem", { RequestItems: { large: { Keys: largeKeys, ...projected } } })],
  },
  {
    name: "TransactWriteItems, 4 MB",
    repeated: [
      tables("TransactWriteItems", {
        TransactItems: large.slice(0, 14).map((Item) => ({ Put: { TableName: "large", Item } })),
      }),
    ],
  },
  {
    name: "TransactGetItems, 4 MB, projected",
    repeated: [
      tables("TransactGetItems", {
        TransactItems: largeKeys.slice(0, 14).map((Key) => ({ Get: { TableName: "large", Key, ...projected } })),
      }),
    ],
  },
  {
    name: "BatchExecuteStatement, 7 MB",
    repeated: [
      tables("BatchExecuteStatement", {
        Statements: large.map(({ pk, document }) => ({
          Statement: 'UPDATE "large" SET document = ? WHERE pk = ?',
          Parameters: [document, pk],
        })),
      }),
    ],
  },
  {
    name: "Scan with a filter, pages of 1 MB",
    repeated: [
      tables("Scan", {
        TableName: "many",
        FilterExpression: "begins_with(padding, :x) AND size(padding) > :n",
        ExpressionAttributeValues: { ":x": { S: "y" }, ":n": { N: "3" } },
      }),
    ],
  },
  {
    name: "Scan with a projection, pages of 1 MB",
    repeated: [tables("Scan", { TableName: "many", ProjectionExpression: "pk, sk, padding" })],
  },
  {
    name: "a new global index is filled",
    started: () =>
      once(
        tables("UpdateTable", {
          TableName: "many",
          AttributeDefinitions: [
            { AttributeName: "pk", AttributeType: "S" },
            { AttributeName: "sk", AttributeType: "N" },
            { AttributeName: "group", AttributeType: "S" },
          ],
          GlobalSecondaryIndexUpdates: [
            {
              Create: {
                IndexName: "by-group",
                KeySchema: [{ AttributeName: "group", KeyType: "HASH" }],
                Projection: { ProjectionType: "ALL" },
              },
            },
          ],
        }),
      ),
  },
  { name: "a table is deleted", started: () => once(tables("DeleteTable", { TableName: "many" })) },
  {
    name: "a queue is purged",
    started: async () => {
      const queueUrl = await queueUrlOf("full");
      const Entries = Array.from({ length: 10 }, (_, at) => ({ Id: `${at}`, MessageBody: "x".repeat(500) }));
      const send = request("sqs", "SendMessageBatch", { QueueUrl: queueUrl, Entries });
      await once(...Array.from({ length: ITEMS / 10 }, () => send));
      await once(request("sqs", "PurgeQueue", { QueueUrl: queueUrl }));
    },
  },
];

async function queueUrlOf(QueueName: string): Promise<string> {
  const create = request("sqs", "CreateQueue", { QueueName });
  let answer = "";
  await converse(server, [
    {
      next(before) {
        answer = before ?? "";
        return before === undefined ? create : undefined;
      },
    },
  ]);
  const url = /"QueueUrl":"([^"]+)"/.exec(answer)?.[1];
  if (url === undefined) throw new Error(`no queue: ${answer}`);
  return url;
}

async function fill(): Promise<void> {
  await once(createTable("small"), createTable("large"), createTable("many", true));
  await once(batchOf("large", large));
  for (let begin = 0; begin < 1000; begin += 25) {
    await once(
      batchOf(
        "small",
        Array.from({ length: 25 }, (_, at) => ({ pk: { S: `small ${begin + at}` }, padding: { S: "x".repeat(200) } })),
      ),
    );
  }
  const padding = { S: "y".repeat(400) };
  const batches: PreparedRequest[] = [];
  for (let begin = 0; begin < ITEMS; begin += 25) {
    batches.push(
      batchOf(
        "many",
        Array.from({ length: 25 }, (_, at) => ({
          pk: { S: `many ${Math.floor((begin + at) / 10)}` },
          sk: { N: String((begin + at) % 10) },
          group: { S: `group ${at}` },
          padding,
        })),
      ),
    );
  }
  await once(...batches);
}

const format = (ms: number): string => ms.toFixed(ms < 10 ? 2 : 0).padStart(6);

async function measure({ name, repeated, started }: Scenario, small: readonly (readonly PreparedRequest[])[]) {
  await started?.();
  const limits = { seconds, sleeps: true };
  const cycle = (requests: readonly PreparedRequest[]) => (turn: number) => requests[turn % requests.length]!;
  const [beside, ...results] = await Promise.all([
    repeated === undefined ? undefined : runLoad(server, 2, cycle(repeated), limits),
    ...small.map((requests) => runLoad(server, 1, cycle(requests), limits)),
  ]);
  for (const result of [beside, ...results]) {
    if (result !== undefined && result.failures.size > 0) console.log(`  refused: ${[...result.failures]}`);
  }
  const figures = results.map(({ p50, p99, max }) => `${format(p50)} ${format(p99)} ${format(max)}`).join("    ");
  const rate = beside === undefined ? "" : `   ${(beside.requests / beside.seconds).toFixed(1)} /s beside`;
  console.log(`${name.padEnd(40)} ${figures}${rate}`);
}

try {
  await fill();
  const gets = Array.from({ length: 1000 }, (_, at) =>
    tables("GetItem", { TableName: "small", Key: { pk: { S: `small ${at}` } } }),
  );
  const puts = Array.from({ length: 1000 }, (_, at) =>
    tables("PutItem", { TableName: "small", Item: { pk: { S: `small ${at}` }, padding: { S: "x".repeat(200) } } }),
  );
  const send = request("sqs", "SendMessage", { QueueUrl: await queueUrlOf("quiet"), MessageBody: "x".repeat(200) });
  const small = [gets, puts, [send]];
  for (const requests of small) {
    await runLoad(server, 8, (turn) => requests[turn % requests.length]!, { seconds: 10, requests: 20_000 });
  }
  const heads = ["milliseconds, p50 p99 max".padEnd(40), "GetItem".padEnd(23), "PutItem".padEnd(23), "SendMessage"];
  console.log(heads.join(" "));
  for (const scenario of SCENARIOS) {
    if (scenario.name.includes(values.only)) await measure(scenario, small);
  }
} finally {
  await server.stop();
}
