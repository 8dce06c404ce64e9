/**
 * `npm run bench -- tables [--seconds 3] [--rounds 3] [--only biplane]`: puts, gets, updates and queries of 1 KB items on Biplane and its peers in turn.
 *
 * All servers run on this machine, one at a time, beside the load; a server's own CPU seconds tell what a core of it would do.
 */
import { parseArgs } from "node:util";
import { type LoadResult, type PreparedRequest, runLoad } from "../harness/http-load.ts";
import { installPeers } from "../harness/peers.ts";
import { prepare } from "../harness/signed-requests.ts";
import { median } from "../harness/statistics.ts";
import { startBiplane, startDynalite, startDynamoDbLocal, type TablesServer } from "./servers.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "3" },
    rounds: { type: "string", default: "3" },
    only: { type: "string" },
  },
});
const seconds = Number(values.seconds);
const rounds = Number(values.rounds);

const TABLE = "bench";
const CONNECTIONS = 64;
/** Hash keys, and items of each. */
const PARTITIONS = 500;
const ITEMS_PER_PARTITION = 10;
const ITEMS = PARTITIONS * ITEMS_PER_PARTITION;
/** By number, not by time: on a busy machine the compilers would else still be at work in what is measured. Slow peers need not wait for it. */
const WARM_UP = { requests: 15_000, seconds: 20 };

/** About 1 KB in ten attributes. */
function item(index: number): object {
  const attributes = Object.fromEntries(
    Array.from({ length: 7 }, (_, at) => [`attribute${at}`, { S: `${index}`.repeat(200).slice(0, 120) }]),
  );
  return { ...key(index), version: { N: "1" }, ...attributes };
}

function key(index: number): { readonly pk: object; readonly sk: object } {
  return {
    pk: { S: `partition#${index % PARTITIONS}` },
    sk: { N: String(Math.floor(index / PARTITIONS) % ITEMS_PER_PARTITION) },
  };
}

interface Scenario {
  readonly name: string;
  readonly operation: string;
  readonly input: (index: number) => object;
}

const SCENARIOS: readonly Scenario[] = [
  { name: "put 1 KB", operation: "PutItem", input: (index) => ({ TableName: TABLE, Item: item(index) }) },
  { name: "get 1 KB", operation: "GetItem", input: (index) => ({ TableName: TABLE, Key: key(index) }) },
  {
    name: "update with a condition",
    operation: "UpdateItem",
    input: (index) => ({
      TableName: TABLE,
      Key: key(index),
      UpdateExpression: "SET version = version + :one",
      ConditionExpression: "attribute_exists(pk) AND version >= :one",
      ExpressionAttributeValues: { ":one": { N: "1" } },
    }),
  },
  {
    name: "query 10 items of 1 KB",
    operation: "Query",
    input: (index) => ({
      TableName: TABLE,
      KeyConditionExpression: "pk = :p AND sk >= :s",
      ExpressionAttributeValues: { ":p": { S: `partition#${index % PARTITIONS}` }, ":s": { N: "0" } },
    }),
  },
];

interface Figure {
  readonly server: string;
  readonly scenario: string;
  /** Requests per second, and per CPU second of the server. */
  readonly rate: number;
  readonly perCore: number;
  /** Least and most of the rounds: how much the machine was disturbed. */
  readonly perCoreRange: readonly [number, number];
  readonly p50: number;
  readonly p99: number;
}

function request(server: TablesServer, operation: string, input: object): PreparedRequest {
  return prepare(
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
    server.credential,
  );
}

/** Why a round does not count: what is refused quickly must not pass for fast. */
function refusalOf(result: LoadResult | Error): string | undefined {
  if (result instanceof Error) return result.message;
  if (result.failures.size === 0) return undefined;
  return `it answers ${[...result.failures].map(([status, times]) => `${status} (${times} times)`).join(", ")}`;
}

async function makeTable(server: TablesServer): Promise<void> {
  const create = request(server, "CreateTable", {
    TableName: TABLE,
    AttributeDefinitions: [
      { AttributeName: "pk", AttributeType: "S" },
      { AttributeName: "sk", AttributeType: "N" },
    ],
    KeySchema: [
      { AttributeName: "pk", KeyType: "HASH" },
      { AttributeName: "sk", KeyType: "RANGE" },
    ],
    BillingMode: "PAY_PER_REQUEST",
  });
  const result = await runLoad(server, 1, () => create, { seconds: 10, requests: 1 });
  const refusal = refusalOf(result);
  if (refusal !== undefined) throw new Error(`${server.name} cannot create the table: ${refusal}`);
  await Bun.sleep(1_000);
}

async function measure(server: TablesServer): Promise<Figure[]> {
  await makeTable(server);
  const figures: Figure[] = [];
  for (const { name, operation, input } of SCENARIOS) {
    const requests = Array.from({ length: ITEMS }, (_, index) => request(server, operation, input(index)));
    // Steps that visit everything, in an order that no cache expects.
    const next = (turn: number): PreparedRequest => requests[(turn * 1_999) % ITEMS]!;
    await runLoad(server, CONNECTIONS, next, WARM_UP).catch(() => undefined);
    const results: { readonly result: LoadResult; readonly perCore: number }[] = [];
    let refusal: string | undefined;
    for (let round = 0; round < rounds && refusal === undefined; round++) {
      const cpu = server.cpuSeconds();
      const result = await runLoad(server, CONNECTIONS, next, { seconds }).catch((error: Error) => error);
      refusal = refusalOf(result);
      if (!(result instanceof Error)) results.push({ result, perCore: result.requests / (server.cpuSeconds() - cpu) });
    }
    if (refusal !== undefined) {
      console.log(`${server.name} cannot ${name}: ${refusal}`);
      continue;
    }
    const perCore = results.map((one) => one.perCore);
    figures.push({
      server: server.name,
      scenario: name,
      rate: median(results.map(({ result }) => result.requests / result.seconds)),
      perCore: median(perCore),
      perCoreRange: [Math.min(...perCore), Math.max(...perCore)],
      p50: median(results.map(({ result }) => result.p50)),
      p99: median(results.map(({ result }) => result.p99)),
    });
  }
  return figures;
}

installPeers("dynalite");

const starters = [startBiplane, startDynalite, startDynamoDbLocal].filter(
  (start) => values.only === undefined || start.name.toLowerCase().includes(values.only),
);
const figures: Figure[] = [];
for (const start of starters) {
  const server = await start();
  console.log(`${server.name}: ${server.note}`);
  try {
    figures.push(...(await measure(server)));
  } finally {
    await server.stop();
  }
}

const format = (value: number): string => (value >= 100 ? Math.round(value).toLocaleString("en") : value.toFixed(1));
for (const { name } of SCENARIOS) {
  console.log(`\n${name}, ${CONNECTIONS} connections`);
  const rows = figures.filter((figure) => figure.scenario === name);
  const ours = rows.find((row) => row.server === "biplane");
  for (const row of rows) {
    const ratio =
      ours === undefined || row === ours
        ? ""
        : `   biplane is ${(ours.rate / row.rate).toFixed(2)} ×, per core ${(ours.perCore / row.perCore).toFixed(2)} ×`;
    console.log(
      `  ${row.server.padEnd(8)} ${format(row.rate).padStart(8)} req/s ${format(row.perCore).padStart(8)} req/cpu-s (${row.perCoreRange.map(format).join(" to ")})   p50 ${row.p50.toFixed(1)} ms  p99 ${row.p99.toFixed(1)} ms${ratio}`,
    );
  }
}
