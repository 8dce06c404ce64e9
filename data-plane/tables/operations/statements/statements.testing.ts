/** Two tables, `one` and `two`, and short forms for statements about them. */
import {
  type AttributeValue,
  BatchExecuteStatementCommand,
  type BatchStatementRequest,
  type BatchStatementResponse,
  CreateTableCommand,
  type DynamoDBClient,
  ExecuteStatementCommand,
  type ExecuteStatementCommandInput,
  type ExecuteStatementCommandOutput,
  ExecuteTransactionCommand,
  type ExecuteTransactionCommandInput,
  type ExecuteTransactionCommandOutput,
  GetItemCommand,
  PutItemCommand,
  TransactionCanceledException,
} from "@aws-sdk/client-dynamodb";
import { openWorld, refusal, type World } from "../../testing/world.ts";

export type Item = Record<string, AttributeValue>;

export class StatementsWorld {
  readonly world: World;
  readonly #client: DynamoDBClient;

  private constructor(world: World) {
    this.world = world;
    this.#client = world.client();
  }

  /** `one` has the key (pk), `two` the key (pk, sk), a global index `gsi` on g that shows `shown`, and a local one, `lsi`, on l that shows keys. */
  static async open(): Promise<StatementsWorld> {
    const opened = new StatementsWorld(await openWorld());
    const text = (AttributeName: string) => ({ AttributeName, AttributeType: "S" as const });
    const key = (hash: string, range?: string) => [
      { AttributeName: hash, KeyType: "HASH" as const },
      ...(range === undefined ? [] : [{ AttributeName: range, KeyType: "RANGE" as const }]),
    ];
    const shown = { ProjectionType: "INCLUDE" as const, NonKeyAttributes: ["shown"] };
    await opened.#client.send(
      new CreateTableCommand({
        TableName: "one",
        BillingMode: "PAY_PER_REQUEST",
        AttributeDefinitions: [text("pk")],
        KeySchema: key("pk"),
      }),
    );
    await opened.#client.send(
      new CreateTableCommand({
        TableName: "two",
        BillingMode: "PAY_PER_REQUEST",
        AttributeDefinitions: ["pk", "sk", "g", "l"].map(text),
        KeySchema: key("pk", "sk"),
        GlobalSecondaryIndexes: [{ IndexName: "gsi", KeySchema: key("g"), Projection: shown }],
        LocalSecondaryIndexes: [
          { IndexName: "lsi", KeySchema: key("pk", "l"), Projection: { ProjectionType: "KEYS_ONLY" } },
        ],
      }),
    );
    return opened;
  }

  close(): Promise<void> {
    return this.world.close();
  }

  execute(
    Statement: string,
    Parameters?: AttributeValue[],
    more: Partial<ExecuteStatementCommandInput> = {},
  ): Promise<ExecuteStatementCommandOutput> {
    return this.#client.send(new ExecuteStatementCommand({ Statement, ...(Parameters && { Parameters }), ...more }));
  }

  async items(statement: string, parameters?: AttributeValue[]): Promise<Item[]> {
    return (await this.execute(statement, parameters)).Items!;
  }

  async batch(...statements: (string | BatchStatementRequest)[]): Promise<BatchStatementResponse[]> {
    const Statements = statements.map((one) => (typeof one === "string" ? { Statement: one } : one));
    return (await this.#client.send(new BatchExecuteStatementCommand({ Statements }))).Responses!;
  }

  transact(
    statements: readonly string[],
    more: Partial<ExecuteTransactionCommandInput> = {},
  ): Promise<ExecuteTransactionCommandOutput> {
    const TransactStatements = statements.map((Statement) => ({ Statement }));
    return this.#client.send(new ExecuteTransactionCommand({ TransactStatements, ...more }));
  }

  async put(TableName: string, item: Item): Promise<void> {
    await this.#client.send(new PutItemCommand({ TableName, Item: item }));
  }

  async stored(TableName: string, Key: Item): Promise<Item | undefined> {
    return (await this.#client.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }))).Item;
  }
}

/** Name and message of the error of a call that must be refused. */
export async function said(call: Promise<unknown>): Promise<string> {
  const { name, message } = await refusal(call);
  return `${name}: ${message}`;
}

/** Why a transaction was cancelled, statement by statement. */
export async function reasons(call: Promise<unknown>): Promise<(string | undefined)[]> {
  const error = await refusal(call);
  if (!(error instanceof TransactionCanceledException)) throw error;
  return error.CancellationReasons!.map(({ Code, Message }) => (Message === undefined ? Code : `${Code}: ${Message}`));
}
