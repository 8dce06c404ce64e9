/**
 * `scripts/bun bench/tables/large.ts [--items 10000000] [--size 200] [--seconds 4] [--rounds 3] [--directory <kept>]`: what a request costs the server with a thousand items in a table, and with ten million.
 *
 * Both tables are in one cloud, and take turns round by round. CPU is that of the server, all threads. With a directory, what was filled is kept and used again.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type PreparedRequest, runLoad } from "../harness/http-load.ts";
import type { ServerProcess } from "../harness/server-process.ts";
import { prepare } from "../harness/signed-requests.ts";
import { median } from "../harness/statistics.ts";
import { environmentOf, startBiplaneOn } from "../objects/servers.ts";
import { fill, itemsOf } from "./fill.ts";

const { values } = parseArgs({
  options: {
    items: { type: "string", default: "10000000" },
    size: { type: "string", default: "200" },
    seconds: { type: "string", default: "4" },
    rounds: { type: "string", default: "3" },
    directory: { type: "string" },
  },
});
const seconds = Number(values.seconds);
const CONNECTIONS = 64;
const TABLES = [
  { name: "small", count: 1_000 },
  { name: "large", count: Number(values.items) },
] as const;
const { keyOf, itemOf } = itemsOf(Number(values.size));
/** Steps of this share of the whole visit everything evenly. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;
/** Requests made beforehand, so that the load costs little. */
const PREPARED = 60_000;

type Table = (typeof TABLES)[number];

const OPERATIONS: readonly (readonly [
  name: string,
  operation: string,
  input: (table: Table, turn: number) => object,
])[] = [
  ["get", "GetItem", ({ name, count }, turn) => ({ TableName: name, Key: keyOf(any(turn, count)) })],
  ["put over", "PutItem", ({ name, count }, turn) => ({ TableName: name, Item: itemOf(any(turn, count), turn) })],
  [
    "update",
    "UpdateItem",
    ({ name, count }, turn) => ({
      TableName: name,
      Key: keyOf(any(turn, count)),
      UpdateExpression: "SET version = version + :one",
      ConditionExpression: "attribute_exists(pk)",
      ExpressionAttributeValues: { ":one": { N: "1" } },
    }),
  ],
  [
    "query 10 items",
    "Query",
    ({ name, count }, turn) => ({
      TableName: name,
      KeyConditionExpression: "pk = :p",
      ExpressionAttributeValues: { ":p": keyOf(any(turn, count)).pk },
    }),
  ],
  [
    "scan, a page of 100",
    "Scan",
    ({ name, count }, turn) => ({ TableName: name, Limit: 100, ExclusiveStartKey: keyOf(any(turn, count)) }),
  ],
];

function any(turn: number, count: number): number {
  return Math.floor(((turn * GOLDEN) % 1) * count);
}

interface Cloud extends ServerProcess {
  readonly request: (operation: string, input: object) => PreparedRequest;
}

async function startOn(data: string): Promise<Cloud> {
  const began = performance.now();
  const started = await startBiplaneOn(data);
  console.log(`ready in ${(performance.now() - began).toFixed(0)} ms`);
  const { port, credential } = environmentOf(data);
  const server = { ...started, port };
  const request = (operation: string, input: object): PreparedRequest =>
    prepare(
      {
        method: "POST",
        path: "/",
        body: Buffer.from(JSON.stringify(input)),
        service: "dynamodb",
        headers: [
          ["content-type", "application/x-amz-json-1.0"],
          ["x-amz-target", `DynamoDB_20120810.${operation}`],
        ],
      },
      server,
      credential,
    );
  return { ...server, request };
}

async function createTable(server: Cloud, name: string): Promise<void> {
  const create = server.request("CreateTable", {
    TableName: name,
    BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: [
      { AttributeName: "pk", AttributeType: "S" },
      { AttributeName: "sk", AttributeType: "N" },
    ],
    KeySchema: [
      { AttributeName: "pk", KeyType: "HASH" },
      { AttributeName: "sk", KeyType: "RANGE" },
    ],
  });
  await runLoad(server, 1, () => create, { seconds: 10, requests: 1 });
  // The engine makes the table when it is first asked for.
  const get = server.request("GetItem", { TableName: name, Key: keyOf(0) });
  const { failures } = await runLoad(server, 1, () => get, { seconds: 10, requests: 1 });
  if (failures.size > 0) throw new Error(`the table ${name} is not there`);
}

/** CPU microseconds of the server for each request. */
async function cost(server: Cloud, requests: readonly PreparedRequest[], from: number): Promise<number> {
  const cpu = server.cpuSeconds();
  const { requests: done, failures } = await runLoad(
    server,
    CONNECTIONS,
    (turn) => requests[(from + turn) % requests.length]!,
    { seconds },
  );
  if (failures.size > 0) throw new Error(`refused: ${[...failures]}`);
  return ((server.cpuSeconds() - cpu) * 1e6) / done;
}

/** Resident memory of the process: its own, and that of mapped files, which is the kernel's to take back. */
function memoryOf(pid: number): string {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const mib = (name: string) =>
    Math.round(Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? 0) / 1024);
  return `${mib("RssAnon")} MiB of its own, ${mib("RssFile")} MiB of mapped files`;
}

const data = values.directory ?? mkdtempSync(join(tmpdir(), "biplane-bench-large-"));
try {
  const path = join(data, "node/tables/tables.db");
  if (!existsSync(path)) {
    const maker = await startOn(data);
    for (const { name } of TABLES) await createTable(maker, name);
    await maker.stop();
    const began = performance.now();
    for (const [at, { count }] of TABLES.entries()) fill(path, at + 1, count, itemOf);
    console.log(`filled in ${((performance.now() - began) / 1000).toFixed(0)} s`);
  }
  console.log(`${(statSync(path).size / 1e9).toFixed(1)} GB`);
  const server = await startOn(data);
  for (const [name, operation, input] of OPERATIONS) {
    const prepared = TABLES.map((table) =>
      Array.from({ length: PREPARED }, (_, turn) => server.request(operation, input(table, turn))),
    );
    for (const requests of prepared) await cost(server, requests, 0);
    const costs = TABLES.map((): number[] => []);
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const [at, requests] of prepared.entries()) costs[at]!.push(await cost(server, requests, round * 4_001));
    }
    const [small, large] = costs.map(median) as [number, number];
    console.log(
      `${name.padEnd(20)} ${small.toFixed(1).padStart(7)} µs  ${large.toFixed(1).padStart(7)} µs   × ${(large / small).toFixed(2)}   ${memoryOf(server.pid)}`,
    );
  }
  await server.stop();
} finally {
  if (values.directory === undefined) rmSync(data, { recursive: true, force: true });
}
