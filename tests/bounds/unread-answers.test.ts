/** Clients that ask for large answers and read nothing cost a bounded amount of memory, and those who read are served. */
import { afterAll, beforeAll, describe, expect } from "bun:test";
import { connect, type Socket } from "node:net";
import {
  BatchGetItemCommand,
  CreateTableCommand,
  type DynamoDBClient,
  PutItemCommand,
  waitUntilTableExists,
} from "@aws-sdk/client-dynamodb";
import { signRequest } from "#foundation/aws/sigv4";
import { type Cloud, type CloudEnvironment, type CloudProcess, createCloud } from "../support/cloud.ts";
import { dynamoDbClientFor } from "../support/dynamodb.ts";
import { residentBytes, watchMemory } from "../support/resident-memory.ts";
import { signedClientFor } from "../support/signed-client.ts";
import { signedHead } from "../support/signed-head.ts";
import { skipUnless } from "../support/skips.ts";
import { until } from "../support/until.ts";

const MIB = 1024 * 1024;
const UNREAD = 60;
const ITEMS = 25;
/** 25 items make an answer of 10 MB. */
const ITEM_BYTES = 390_000;
const FILES = 300;
const FILE_BYTES = 16 * MIB;
/** 128 MiB for what waits; the rest is 64 KiB for each connection, and what an answer leaves behind: it is an object, then a text, then bytes. */
const STILL_BYTES_MAX = 256 * MIB;
/** Besides what waits there is what four answers on their way need, and what the collector has not collected yet. Without a bound: 1.3 GB. */
const PEAK_BYTES_MAX = 768 * MIB;

const boundsTest = skipUnless(process.platform === "linux", "reads /proc");
const REQUEST = {
  RequestItems: { large: { Keys: Array.from({ length: ITEMS }, (_, index) => ({ id: { N: String(index) } })) } },
};

describe("answers that nobody reads", () => {
  let cloud: Cloud;
  let running: CloudProcess;
  let environment: CloudEnvironment;
  let dynamo: DynamoDBClient;
  const sockets: Socket[] = [];

  /** Sends a request, and never takes a byte of the answer. */
  function ask(request: string): void {
    const { hostname, port } = new URL(environment.AWS_ENDPOINT_URL!);
    const socket = connect(Number(port), hostname);
    socket.on("error", () => undefined);
    socket.pause();
    socket.write(request);
    sockets.push(socket);
  }
  function batchGet(): string {
    const body = JSON.stringify(REQUEST);
    const { headers } = signRequest(
      {
        method: "POST",
        path: "/",
        query: "",
        headers: [
          ["host", new URL(environment.AWS_ENDPOINT_URL!).host],
          ["content-type", "application/x-amz-json-1.0"],
          ["x-amz-target", "DynamoDB_20120810.BatchGetItem"],
          ["content-length", String(body.length)],
        ],
      },
      Buffer.from(body),
      {
        credential: {
          accessKeyId: environment.AWS_ACCESS_KEY_ID!,
          secretAccessKey: environment.AWS_SECRET_ACCESS_KEY!,
        },
        region: environment.AWS_REGION!,
        service: "dynamodb",
        now: Date.now(),
      },
    );
    return `POST / HTTP/1.1\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n${body}`;
  }
  async function expectServed(): Promise<void> {
    const { Responses } = await dynamo.send(new BatchGetItemCommand(REQUEST));
    expect(Responses?.large).toHaveLength(ITEMS);
  }

  beforeAll(async () => {
    cloud = createCloud();
    running = await cloud.start("up", "--port", "0", "--api-port", "0");
    environment = await cloud.environment();
    dynamo = dynamoDbClientFor(environment);
    await dynamo.send(
      new CreateTableCommand({
        TableName: "large",
        KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
        AttributeDefinitions: [{ AttributeName: "id", AttributeType: "N" }],
        BillingMode: "PAY_PER_REQUEST",
      }),
    );
    await waitUntilTableExists({ client: dynamo, maxWaitTime: 20, minDelay: 1, maxDelay: 1 }, { TableName: "large" });
    const text = "x".repeat(ITEM_BYTES);
    for (let id = 0; id < ITEMS; id++) {
      await dynamo.send(new PutItemCommand({ TableName: "large", Item: { id: { N: String(id) }, text: { S: text } } }));
    }
    const s3 = signedClientFor(environment);
    expect((await s3.send("PUT", "/large")).status).toBe(200);
    expect((await s3.send("PUT", "/large/file", { body: new Uint8Array(FILE_BYTES) })).status).toBe(200);
    // Warm: what any first answer brings is not growth.
    for (let turn = 0; turn < 3; turn++) await expectServed();
  }, 60_000);
  afterAll(async () => {
    for (const socket of sockets) socket.destroy();
    await running.stop();
    await cloud.dispose();
  });

  const cases = [
    { name: `${UNREAD} answers of 10 MB from a table`, count: UNREAD, request: batchGet },
    {
      name: `${FILES} objects of 16 MiB`,
      count: FILES,
      request: () => signedHead(environment, "GET", "/large/file"),
    },
  ];
  for (const { name, count, request } of cases) {
    boundsTest(
      `${name} hold less than ${STILL_BYTES_MAX / MIB} MiB, and others are served`,
      async () => {
        const before = residentBytes(running.pid);
        const memory = watchMemory(running.pid);
        for (let index = 0; index < count; index++) {
          ask(request());
          if (index % 4 === 3) await expectServed();
        }
        for (let turn = 0; turn < 3; turn++) await expectServed();
        const growth = () => residentBytes(running.pid) - before;
        await until("what is not needed is given back", () => growth() < STILL_BYTES_MAX, 30_000);
        const still = growth();
        const peak = memory.stop();
        for (const socket of sockets.splice(0)) socket.destroy();
        console.log(`${name}: growth ${(peak / MIB).toFixed(0)} MiB at most, ${(still / MIB).toFixed(0)} MiB held`);
        expect(peak).toBeLessThan(PEAK_BYTES_MAX);
      },
      90_000,
    );
  }
});
