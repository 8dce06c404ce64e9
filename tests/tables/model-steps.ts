/** What can be done to a table and to its model alike, chosen at random. */
import { expect } from "bun:test";
import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  DynamoDBServiceException,
  ExecuteStatementCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { ATTRIBUTES, Inapplicable, randomActions, randomCondition } from "./naive-expressions.ts";
import { type KeyPart, keyParts, type NaiveTable, type Question, randomKeyValue } from "./naive-table.ts";
import { type Item, itemText, pick, type Random, typicalValue } from "./naive-values.ts";
import { attributeUpdates, olderCondition, randomOlderActions, randomOlderCondition } from "./older-parameters.ts";
import { ExpressionWriter, StatementWriter } from "./write-expressions.ts";

/** What a write came to, as a text. */
async function outcome(run: () => Promise<Item | undefined>): Promise<string> {
  try {
    const item = await run();
    return item === undefined ? "done" : itemText(item);
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException || error instanceof ConditionFailed) return "condition failed";
    if (error instanceof Inapplicable) return "invalid";
    if (error instanceof DynamoDBServiceException) {
      if (error.name === "ValidationException") return "invalid";
      if (error.name === "DuplicateItemException") return "condition failed";
    }
    throw error;
  }
}

class ConditionFailed extends Error {}

function unlessFailed<Result extends object>(result: Result | "failed"): Result {
  if (result === "failed") throw new ConditionFailed();
  return result;
}

/** One table and its model, and the steps that both take. A step fails when they do not agree. */
export class Pair {
  readonly #client: DynamoDBClient;
  readonly #random: Random;
  readonly #name: string;
  readonly #model: NaiveTable;

  constructor(client: DynamoDBClient, random: Random, name: string, model: NaiveTable) {
    this.#client = client;
    this.#random = random;
    this.#name = name;
    this.#model = model;
  }

  async step(): Promise<void> {
    const steps = [
      this.#put,
      this.#put,
      this.#update,
      this.#update,
      this.#statementUpdate,
      this.#olderUpdate,
      this.#delete,
      this.#query,
      this.#query,
      this.#olderScan,
      this.#scan,
      this.#get,
    ];
    await pick(this.#random, steps).call(this);
  }

  #key(): Item {
    const { hash, range } = this.#model.schema.key;
    const parts = range === undefined ? [hash] : [hash, range];
    return Object.fromEntries(parts.map((part) => [part.name, randomKeyValue(this.#random, part)]));
  }

  #item(): Item {
    const random = this.#random;
    const key = this.#key();
    const more = keyParts(this.#model.schema).filter(({ name }) => key[name] === undefined && random() < 0.7);
    return {
      ...key,
      ...Object.fromEntries(more.map((part) => [part.name, randomKeyValue(random, part)])),
      ...Object.fromEntries(ATTRIBUTES.filter(() => random() < 0.6).map((name) => [name, typicalValue(random, name)])),
    };
  }

  #condition() {
    return this.#random() < 0.4 ? randomCondition(this.#random) : undefined;
  }

  /** PutItem, or INSERT, whose condition is that there is no such item. */
  async #put(): Promise<void> {
    const item = this.#item();
    if (this.#random() < 0.2) {
      const writer = new StatementWriter();
      const members = Object.entries(item).map(([name, value]) => `'${name}': ${writer.value(value)}`);
      await this.#same(
        `INSERT ${itemText(item)}`,
        async () =>
          void unlessFailed(this.#model.get(item) === undefined ? this.#model.put(item, undefined) : "failed"),
        async () => (await this.#execute(`INSERT INTO "${this.#name}" VALUE {${members.join(", ")}}`, writer))[0],
      );
      return;
    }
    const condition = this.#condition();
    const writer = new ExpressionWriter();
    const expression =
      condition === undefined ? {} : { ConditionExpression: writer.condition(condition), ...writer.placeholders };
    await this.#same(
      `put ${itemText(item)} if ${JSON.stringify(expression)}`,
      async () => unlessFailed(this.#model.put(item, condition)).old,
      async () => {
        const input = { TableName: this.#name, Item: item, ReturnValues: "ALL_OLD" as const, ...expression };
        return (await this.#client.send(new PutItemCommand(input))).Attributes;
      },
    );
  }

  async #update(): Promise<void> {
    const key = this.#key();
    const actions = randomActions(this.#random, false);
    const condition = this.#condition();
    const writer = new ExpressionWriter();
    const UpdateExpression = writer.update(actions);
    const guard = condition === undefined ? {} : { ConditionExpression: writer.condition(condition) };
    const returned = pick(this.#random, ["ALL_OLD", "ALL_NEW"] as const);
    const input = {
      TableName: this.#name,
      Key: key,
      UpdateExpression,
      ...guard,
      ...writer.placeholders,
      ReturnValues: returned,
    };
    await this.#same(
      `update ${JSON.stringify(input)}`,
      async () => {
        const { old, item } = unlessFailed(this.#model.update(key, actions, condition, true));
        return returned === "ALL_OLD" ? old : item;
      },
      async () => (await this.#client.send(new UpdateItemCommand(input))).Attributes,
    );
  }

  async #statementUpdate(): Promise<void> {
    const key = this.#key();
    const actions = randomActions(this.#random, true);
    const condition = this.#condition();
    const writer = new StatementWriter();
    const changes = writer.update(actions);
    const links = Object.entries(key).map(([name, value]) => `"${name}" = ${writer.value(value)}`);
    if (condition !== undefined) links.push(writer.condition(condition));
    const statement = `UPDATE "${this.#name}" ${changes} WHERE ${links.join(" AND ")} RETURNING ALL NEW *`;
    await this.#same(
      `${statement} with ${JSON.stringify(writer.parameters)}`,
      async () => unlessFailed(this.#model.update(key, actions, condition, false)).item,
      async () => (await this.#execute(statement, writer))[0],
    );
  }

  /** AttributeUpdates, with Expected. */
  async #olderUpdate(): Promise<void> {
    const key = this.#key();
    const actions = randomOlderActions(this.#random);
    const condition = this.#random() < 0.4 ? randomOlderCondition(this.#random) : undefined;
    const input = {
      TableName: this.#name,
      Key: key,
      AttributeUpdates: attributeUpdates(actions),
      ...(condition !== undefined && { Expected: olderCondition(condition) }),
      ReturnValues: "ALL_NEW" as const,
    };
    await this.#same(
      `update ${JSON.stringify(input)}`,
      async () => unlessFailed(this.#model.update(key, actions, condition, true)).item,
      async () => (await this.#client.send(new UpdateItemCommand(input))).Attributes,
    );
  }

  /** ScanFilter. */
  async #olderScan(): Promise<void> {
    const filter = randomOlderCondition(this.#random);
    const input = { TableName: this.#name, ScanFilter: olderCondition(filter) };
    const found = await pagesOf((start) => this.#client.send(new ScanCommand({ ...input, ...start })));
    const what = `scan ${JSON.stringify(input)}`;
    expect(`${what}: ${texts(found)}`).toBe(`${what}: ${texts(this.#model.scan(undefined, filter))}`);
  }

  async #delete(): Promise<void> {
    const key = this.#key();
    const condition = this.#condition();
    const writer = new ExpressionWriter();
    const guard =
      condition === undefined ? {} : { ConditionExpression: writer.condition(condition), ...writer.placeholders };
    await this.#same(
      `delete ${itemText(key)} if ${JSON.stringify(guard)}`,
      async () => unlessFailed(this.#model.delete(key, condition)).old,
      async () => {
        const input = { TableName: this.#name, Key: key, ReturnValues: "ALL_OLD" as const, ...guard };
        return (await this.#client.send(new DeleteItemCommand(input))).Attributes;
      },
    );
  }

  async #get(): Promise<void> {
    const key = this.#key();
    await this.#same(
      `get ${itemText(key)}`,
      async () => this.#model.get(key),
      async () =>
        (await this.#client.send(new GetItemCommand({ TableName: this.#name, Key: key, ConsistentRead: true }))).Item,
    );
  }

  /** Query, and the same question in PartiQL. */
  async #query(): Promise<void> {
    const random = this.#random;
    const index = random() < 0.5 ? undefined : pick(random, [...this.#model.schema.indexes.keys()]);
    const key = index === undefined ? this.#model.schema.key : this.#model.schema.indexes.get(index)!;
    const question: Question = {
      index,
      hash: randomKeyValue(random, key.hash),
      range: key.range !== undefined && random() < 0.6 ? randomRange(random, key.range) : undefined,
      filter: this.#condition(),
    };
    const backward = random() < 0.4;
    const expected = this.#model.query(question);
    const inOrder = (items: readonly Item[]) =>
      items.map((item) => (key.range === undefined ? "" : itemText({ at: item[key.range.name]! })));
    const check = (what: string, items: readonly Item[]) => {
      expect(`${what}: ${texts(items)}`).toBe(`${what}: ${texts(expected)}`);
      const wanted = inOrder(expected);
      expect(inOrder(items)).toEqual(backward ? wanted.reverse() : wanted);
    };
    const writer = new ExpressionWriter();
    const links = [`${writer.path([key.hash.name])} = ${writer.value(question.hash)}`];
    if (question.range !== undefined) links.push(rangeText(writer.path([key.range!.name]), question.range, writer));
    const input = {
      TableName: this.#name,
      ...(index !== undefined && { IndexName: index }),
      KeyConditionExpression: links.join(" AND "),
      ...(question.filter !== undefined && { FilterExpression: writer.condition(question.filter) }),
      ...writer.placeholders,
      ScanIndexForward: !backward,
      ...(random() < 0.7 && { Limit: 1 + Math.floor(random() * 4) }),
    };
    check(
      `query ${JSON.stringify(input)}`,
      await pagesOf((start) => this.#client.send(new QueryCommand({ ...input, ...start }))),
    );

    const statement = new StatementWriter();
    const where = [`"${key.hash.name}" = ${statement.value(question.hash)}`];
    if (question.range !== undefined) where.push(rangeText(`"${key.range!.name}"`, question.range, statement));
    if (question.filter !== undefined) where.push(statement.condition(question.filter));
    const source = index === undefined ? `"${this.#name}"` : `"${this.#name}"."${index}"`;
    const sort = key.range === undefined ? "" : ` ORDER BY "${key.range.name}" ${backward ? "DESC" : "ASC"}`;
    const text = `SELECT * FROM ${source} WHERE ${where.join(" AND ")}${sort}`;
    check(`${text} with ${JSON.stringify(statement.parameters)}`, await this.#execute(text, statement, input.Limit));
  }

  async #scan(): Promise<void> {
    const random = this.#random;
    const index = random() < 0.5 ? undefined : pick(random, [...this.#model.schema.indexes.keys()]);
    const filter = this.#condition();
    const writer = new ExpressionWriter();
    const input = {
      TableName: this.#name,
      ...(index !== undefined && { IndexName: index }),
      ...(filter !== undefined && { FilterExpression: writer.condition(filter) }),
      ...writer.placeholders,
      ...(random() < 0.5 && { Limit: 1 + Math.floor(random() * 5) }),
    };
    const TotalSegments = 1 + Math.floor(random() * 3);
    const segments = await Promise.all(
      Array.from({ length: TotalSegments }, (_, Segment) =>
        pagesOf((start) => this.#client.send(new ScanCommand({ ...input, ...start, Segment, TotalSegments }))),
      ),
    );
    expect(`scan ${JSON.stringify(input)}: ${texts(segments.flat())}`).toBe(
      `scan ${JSON.stringify(input)}: ${texts(this.#model.scan(index, filter))}`,
    );
  }

  async #execute(Statement: string, { parameters }: StatementWriter, limit?: number): Promise<readonly Item[]> {
    const input = {
      Statement,
      ...(parameters.length > 0 && { Parameters: parameters }),
      ...(limit !== undefined && { Limit: limit }),
    };
    const items: Item[] = [];
    let token: string | undefined;
    do {
      const page = await this.#client.send(
        new ExecuteStatementCommand({ ...input, ...(token !== undefined && { NextToken: token }) }),
      );
      items.push(...page.Items!);
      token = page.NextToken;
    } while (token !== undefined);
    return items;
  }

  /** What both say must be the same. */
  async #same(
    what: string,
    model: () => Promise<Item | undefined>,
    service: () => Promise<Item | undefined>,
  ): Promise<void> {
    const expected = await outcome(async () => (await model()) ?? undefined);
    const actual = await outcome(async () => (await service()) ?? undefined);
    expect(`${what}: ${actual}`).toBe(`${what}: ${expected}`);
  }
}

interface AnyPage {
  readonly Items?: readonly Item[] | undefined;
  readonly LastEvaluatedKey?: Item | undefined;
}

async function pagesOf(
  read: (start: { readonly ExclusiveStartKey?: Item }) => Promise<AnyPage>,
): Promise<readonly Item[]> {
  const items: Item[] = [];
  let start: { readonly ExclusiveStartKey?: Item } = {};
  for (;;) {
    const page = await read(start);
    items.push(...page.Items!);
    if (page.LastEvaluatedKey === undefined) return items;
    start = { ExclusiveStartKey: page.LastEvaluatedKey };
  }
}

function texts(items: readonly Item[]): string {
  return items.map(itemText).sort().join("\n");
}

function randomRange(random: Random, part: KeyPart): NonNullable<Question["range"]> {
  const operator = pick(random, ["=", "<", "<=", ">", ">=", "BETWEEN"] as const);
  const values = [randomKeyValue(random, part), randomKeyValue(random, part)].sort(keyOrder);
  return { operator, values: operator === "BETWEEN" ? values : values.slice(0, 1) };
}

function keyOrder(a: AttributeValue, b: AttributeValue): number {
  if (a.N !== undefined) return Number(a.N) - Number(b.N);
  const bytes = (value: AttributeValue) => (value.B === undefined ? Buffer.from(value.S!) : Buffer.from(value.B));
  return Buffer.compare(bytes(a), bytes(b));
}

function rangeText(
  path: string,
  { operator, values }: NonNullable<Question["range"]>,
  writer: { value(value: AttributeValue): string },
): string {
  const [low, high] = values.map((value) => writer.value(value));
  return operator === "BETWEEN" ? `${path} BETWEEN ${low} AND ${high}` : `${path} ${operator} ${low}`;
}
