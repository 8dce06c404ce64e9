/**
 * `kill -9` at random moments under writes to a table and traffic through a queue. After each restart: what was acknowledged is there, indexes agree with
 * their table, transactions are whole, messages that were deleted do not come back. At the end no message is lost.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  type AttributeValue,
  CreateTableCommand,
  DeleteItemCommand,
  type DynamoDBClient,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import { type Cloud, type CloudEnvironment, type CloudProcess, createCloud } from "../support/cloud.ts";
import { dynamoDbClientFor } from "../support/dynamodb.ts";
import { randomFrom } from "../support/random.ts";
import { sqsClientFor } from "../support/sqs.ts";
import { until } from "../support/until.ts";

/** `npm test` kills this often; a soak (`BIPLANE_KILLS=100`) more. */
const KILLS = Number(process.env.BIPLANE_KILLS ?? 4);
const WORKERS = 6;
const IDS_PER_WORKER = 4;
const TableName = "durable";

type Item = Record<string, AttributeValue>;
/** What an id holds, as a text that tells one state from another. */
type State = string;
const ABSENT: State = "absent";

/** The last acknowledged state of an id, and those that unanswered requests may have led to. */
interface Truth {
  acknowledged: State;
  possible: State[];
}

const seed = Number(process.env.BIPLANE_SEED ?? Date.now() % 1_000_000);
const random = randomFrom(seed);
let cloud: Cloud;
let running: CloudProcess;
let environment: CloudEnvironment;
let queueUrl: string;
let acknowledged = 0;

beforeAll(async () => {
  cloud = createCloud();
  running = await cloud.start("up", "--port", "0", "--api-port", "0");
  environment = await cloud.environment();
  await dynamoDbClientFor(environment).send(
    new CreateTableCommand({
      TableName,
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: ["id", "owner", "turn"].map((AttributeName) => ({ AttributeName, AttributeType: "S" })),
      KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
      GlobalSecondaryIndexes: [
        {
          IndexName: "by-owner",
          KeySchema: [
            { AttributeName: "owner", KeyType: "HASH" },
            { AttributeName: "turn", KeyType: "RANGE" },
          ],
          Projection: { ProjectionType: "ALL" },
        },
      ],
    }),
  );
  const created = await sqsClientFor(environment).send(
    new CreateQueueCommand({ QueueName: "durable", Attributes: { VisibilityTimeout: "0" } }),
  );
  queueUrl = created.QueueUrl!;
}, 60_000);
afterAll(() => cloud.dispose());

const truths = new Map<string, Truth>();
const truthOf = (id: string): Truth => {
  const truth = truths.get(id) ?? { acknowledged: ABSENT, possible: [] };
  truths.set(id, truth);
  return truth;
};

function stateOf({ turn, owner, count }: Item): State {
  return `${turn?.S ?? "-"}/${owner?.S ?? "-"}/${count?.N ?? "-"}`;
}

/** Before a request its outcome is possible, after its answer it is certain. */
async function change(
  outcomes: readonly (readonly [id: string, next: State])[],
  send: () => Promise<unknown>,
): Promise<void> {
  for (const [id, next] of outcomes) truthOf(id).possible.push(next);
  await send();
  for (const [id, next] of outcomes) truths.set(id, { acknowledged: next, possible: [] });
  acknowledged++;
}

/** One write of some kind to ids of one worker, which writes to them one after the other. */
async function write(client: DynamoDBClient, worker: number, turn: string): Promise<void> {
  const id = `w${worker}-${Math.floor(random() * IDS_PER_WORKER)}`;
  const Key = { id: { S: id } };
  const owner = { S: `owner${Math.floor(random() * 3)}` };
  const item = (of: string): Item => ({
    id: { S: of },
    turn: { S: turn },
    owner,
    pad: { S: "x".repeat(Math.floor(random() * 3000)) },
  });
  const roll = random();
  if (roll < 0.4) {
    const put = item(id);
    await change([[id, stateOf(put)]], () => client.send(new PutItemCommand({ TableName, Item: put })));
  } else if (roll < 0.55) {
    await change([[id, ABSENT]], () => client.send(new DeleteItemCommand({ TableName, Key })));
  } else if (roll < 0.75) {
    // Sets everything that the state is made of: the outcome does not depend on what was there.
    const next = { turn: { S: turn }, owner, count: { N: "7" } };
    await change([[id, stateOf(next)]], () =>
      client.send(
        new UpdateItemCommand({
          TableName,
          Key,
          UpdateExpression: "SET turn = :turn, #owner = :owner, #count = :count",
          ExpressionAttributeNames: { "#owner": "owner", "#count": "count" },
          ExpressionAttributeValues: { ":turn": next.turn, ":owner": owner, ":count": next.count },
        }),
      ),
    );
  } else {
    const pair = [`p${worker}-left`, `p${worker}-right`];
    await change(
      pair.map((one) => [one, stateOf({ turn: { S: turn }, owner })] as const),
      () =>
        client.send(
          new TransactWriteItemsCommand({
            TransactItems: pair.map((one) => ({ Put: { TableName, Item: item(one) } })),
          }),
        ),
    );
  }
}

async function everything(
  read: (start: { ExclusiveStartKey?: Item }) => Promise<{ Items?: Item[]; LastEvaluatedKey?: Item }>,
): Promise<Item[]> {
  const items: Item[] = [];
  for (let start: { ExclusiveStartKey?: Item } = {}; ; ) {
    const page = await read(start);
    items.push(...page.Items!);
    if (page.LastEvaluatedKey === undefined) return items;
    start = { ExclusiveStartKey: page.LastEvaluatedKey };
  }
}

async function verifyTable(client: DynamoDBClient): Promise<void> {
  const items = await everything((start) =>
    client.send(new ScanCommand({ TableName, ConsistentRead: true, ...start })),
  );
  const found = new Map(items.map((item) => [item.id!.S!, item]));
  for (const [id, truth] of truths) {
    const item = found.get(id);
    const state = item === undefined ? ABSENT : stateOf(item);
    const allowed = [truth.acknowledged, ...truth.possible];
    if (!allowed.includes(state)) throw new Error(`seed ${seed}: ${id} is ${state}, allowed: ${allowed.join(" or ")}`);
    truths.set(id, { acknowledged: state, possible: [] });
    found.delete(id);
  }
  expect([...found.keys()]).toEqual([]);
  for (let worker = 0; worker < WORKERS; worker++) {
    const [left, right] = ["left", "right"].map((side) => truths.get(`p${worker}-${side}`)?.acknowledged);
    expect([worker, left]).toEqual([worker, right]);
  }
  const line = (item: Item) => `${item.id!.S} ${stateOf(item)}`;
  const scanned = await everything((start) =>
    client.send(new ScanCommand({ TableName, IndexName: "by-owner", ...start })),
  );
  expect(scanned.map(line).sort()).toEqual(items.map(line).sort());
  for (const owner of ["owner0", "owner1", "owner2"]) {
    const queried = await everything((start) =>
      client.send(
        new QueryCommand({
          TableName,
          IndexName: "by-owner",
          KeyConditionExpression: "#owner = :owner",
          ExpressionAttributeNames: { "#owner": "owner" },
          ExpressionAttributeValues: { ":owner": { S: owner } },
          ...start,
        }),
      ),
    );
    expect(queried.map(line).sort()).toEqual(
      items
        .filter((item) => item.owner?.S === owner)
        .map(line)
        .sort(),
    );
  }
}

/** Bodies of messages by what is known of them. */
const sent = new Set<string>();
const deleted = new Set<string>();
/** A deletion was asked for, and not answered. */
const perhapsDeleted = new Set<string>();

async function send(client: SQSClient, body: string): Promise<void> {
  await client.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: body }));
  sent.add(body);
  acknowledged++;
}

/** Receives some, and deletes about half of them. */
async function consume(client: SQSClient): Promise<void> {
  const { Messages = [] } = await client.send(
    new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 5, VisibilityTimeout: 3 }),
  );
  for (const { Body, ReceiptHandle } of Messages) {
    if (deleted.has(Body!)) throw new Error(`seed ${seed}: ${Body} was deleted, and has come back`);
    if (random() < 0.5) continue;
    perhapsDeleted.add(Body!);
    await client.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle }));
    perhapsDeleted.delete(Body!);
    deleted.add(Body!);
    acknowledged++;
  }
}

describe("durability of tables and queues", () => {
  test(`${KILLS} kills lose nothing that was acknowledged`, async () => {
    const port = new URL(environment.AWS_ENDPOINT_URL!).port;
    for (let kill = 0; kill < KILLS; kill++) {
      const [tables, queues] = [dynamoDbClientFor(environment), sqsClientFor(environment)];
      let stopped = false;
      const before = acknowledged;
      const work = async (step: (turn: number) => Promise<void>) => {
        for (let turn = 0; !stopped; turn++) {
          try {
            await step(turn);
          } catch (error) {
            if (stopped) return;
            if (error instanceof Error && error.message.startsWith("seed")) throw error;
            // The connection breaks some microseconds before the kill is seen here.
            await until("the kill is noticed", () => stopped, 5_000).catch(() => {
              throw error;
            });
          }
        }
      };
      const workers = [
        ...Array.from({ length: WORKERS }, (_, worker) =>
          work((turn) => write(tables, worker, `${kill}.${worker}.${turn}`)),
        ),
        ...Array.from({ length: 2 }, (_, sender) => work((turn) => send(queues, `${kill}.${sender}.${turn}`))),
        work(() => consume(queues)),
      ];
      const enough = before + 20 + Math.floor(random() * 150);
      await Promise.race([until("some writes are acknowledged", () => acknowledged >= enough, 30_000), ...workers]);
      await Bun.sleep(Math.floor(random() * 20));
      stopped = true;
      await running.kill();
      await Promise.all(workers);
      for (const client of [tables, queues]) client.destroy();
      running = await cloud.start("up", "--port", port, "--api-port", "0");
      await verifyTable(dynamoDbClientFor(environment));
    }
    await drain(sqsClientFor(environment));
    console.log(`seed ${seed}: ${acknowledged} acknowledged writes, ${KILLS} kills`);
    await running.stop();
  }, 280_000);
});

/** Every message that was sent and not deleted is received, those that hide when their time is up. */
async function drain(client: SQSClient): Promise<void> {
  const missing = new Set([...sent].filter((body) => !deleted.has(body) && !perhapsDeleted.has(body)));
  await until(
    "all messages are received",
    async () => {
      const { Messages = [] } = await client.send(
        new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 60 }),
      );
      for (const { Body, ReceiptHandle } of Messages) {
        expect(deleted.has(Body!)).toBe(false);
        missing.delete(Body!);
        await client.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle }));
      }
      return missing.size === 0;
    },
    60_000,
  );
}
