/** A data plane without its control plane: tables and queues go on, what has to be decided is refused with the service's own error. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  CreateTableCommand,
  DeleteItemCommand,
  DescribeTableCommand,
  type DynamoDBClient,
  DynamoDBServiceException,
  ExecuteStatementCommand,
  GetItemCommand,
  ListTablesCommand,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
  UpdateTableCommand,
} from "@aws-sdk/client-dynamodb";
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
  type SQSClient,
  SQSServiceException,
} from "@aws-sdk/client-sqs";
import { type Cloud, type CloudEnvironment, type CloudProcess, createCloud } from "../support/cloud.ts";
import { dynamoDbClientFor } from "../support/dynamodb.ts";
import { sqsClientFor } from "../support/sqs.ts";
import { until } from "../support/until.ts";

let cloud: Cloud;
let control: CloudProcess;
let node: CloudProcess;
let apiUrl: string;
let tables: DynamoDBClient;
let queues: SQSClient;
let queueUrl: string;

const createTable = (TableName: string) =>
  tables.send(
    new CreateTableCommand({
      TableName,
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
      KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
    }),
  );
const createQueue = (QueueName: string) => queues.send(new CreateQueueCommand({ QueueName }));

async function connect(environment: CloudEnvironment): Promise<void> {
  tables = dynamoDbClientFor(environment);
  queues = sqsClientFor(environment);
}

beforeAll(async () => {
  cloud = createCloud();
  control = await cloud.start("control", "--api-port", "0");
  apiUrl = (await cloud.environment()).BIPLANE_API_URL!;
  node = await cloud.start("node", "--control-plane", apiUrl, "--port", "0");
  await connect(await cloud.environment());
  await until("the planes know each other", () =>
    createTable("probe").then(
      () => true,
      () => false,
    ),
  );
  await createTable("things");
  queueUrl = (await createQueue("things")).QueueUrl!;
}, 60_000);
afterAll(() => cloud.dispose());

/** `503 ServiceUnavailable` */
async function refusal(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    if (error instanceof DynamoDBServiceException || error instanceof SQSServiceException) {
      return `${error.$metadata.httpStatusCode} ${error.$fault}`;
    }
    throw error;
  }
  throw new Error("the call was not refused");
}

/** Everything that needs no decision. */
async function goesOn(round: string): Promise<void> {
  const TableName = "things";
  const item = { id: { S: round }, n: { N: "1" } };
  await tables.send(new PutItemCommand({ TableName, Item: item }));
  await tables.send(
    new TransactWriteItemsCommand({
      TransactItems: [
        { Put: { TableName, Item: { id: { S: `${round}-2` } } } },
        {
          ConditionCheck: {
            TableName,
            Key: { id: { S: round } },
            ConditionExpression: "n = :one",
            ExpressionAttributeValues: { ":one": { N: "1" } },
          },
        },
      ],
    }),
  );
  expect((await tables.send(new GetItemCommand({ TableName, Key: { id: { S: round } } }))).Item).toEqual(item);
  const found = await tables.send(
    new QueryCommand({
      TableName,
      KeyConditionExpression: "id = :id",
      ExpressionAttributeValues: { ":id": { S: round } },
    }),
  );
  expect(found.Items).toEqual([item]);
  const updated = await tables.send(
    new ExecuteStatementCommand({
      Statement: `UPDATE "things" SET n = n + 1 WHERE id = ? RETURNING MODIFIED NEW *`,
      Parameters: [{ S: round }],
    }),
  );
  expect(updated.Items).toEqual([{ n: { N: "2" } }]);
  await tables.send(new DeleteItemCommand({ TableName, Key: { id: { S: `${round}-2` } } }));
  expect((await tables.send(new DescribeTableCommand({ TableName }))).Table?.TableStatus).toBe("ACTIVE");
  expect((await tables.send(new ListTablesCommand({}))).TableNames).toContain("things");

  await queues.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: round }));
  const { Messages } = await queues.send(new ReceiveMessageCommand({ QueueUrl: queueUrl, WaitTimeSeconds: 5 }));
  expect(Messages?.map(({ Body }) => Body)).toEqual([round]);
  await queues.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle: Messages![0]!.ReceiptHandle! }));
}

describe("without a control plane", () => {
  test("data operations go on, also after a restart; control operations are refused, and work again when it is back", async () => {
    await goesOn("before");
    await control.kill();
    await goesOn("without");
    for (const decided of [
      () => createTable("late"),
      () => tables.send(new UpdateTableCommand({ TableName: "things", DeletionProtectionEnabled: true })),
      () => createQueue("late"),
      () => queues.send(new SetQueueAttributesCommand({ QueueUrl: queueUrl, Attributes: { DelaySeconds: "1" } })),
    ]) {
      expect(await refusal(decided())).toBe("503 server");
    }
    const { port } = new URL((await cloud.environment()).AWS_ENDPOINT_URL!);
    await node.kill();
    node = await cloud.start("node", "--control-plane", apiUrl, "--port", port);
    await goesOn("restarted");
    control = await cloud.start("control", "--api-port", new URL(apiUrl).port);
    await until("the control plane is back", () =>
      createTable("late").then(
        () => true,
        () => false,
      ),
    );
    await createQueue("late");
    await goesOn("after");
  }, 60_000);
});
