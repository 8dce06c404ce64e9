/** Every refusal of the table, in both protocols, as it is on the wire. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { jsonType, queryForm } from "../testing/query-form.ts";
import { ACCOUNT, openWorld, type World } from "../testing/world.ts";
import { REFUSALS } from "./refusals.cases.ts";

let world: World;
beforeAll(async () => {
  world = await openWorld();
  const create = (QueueName: string, Attributes: object = {}) =>
    world.raw.json("CreateQueue", { QueueName, Attributes });
  await create("standard");
  await create("fifo.fifo", { FifoQueue: "true" });
  await create("content.fifo", { FifoQueue: "true", ContentBasedDeduplication: "true" });
  await create("busy", { DelaySeconds: "1" });
  await create("dlq");
  const deadLetterTargetArn = `arn:aws:sqs:us-east-1:${ACCOUNT}:dlq`;
  await create("source", { RedrivePolicy: JSON.stringify({ deadLetterTargetArn, maxReceiveCount: 1 }) });
});
afterAll(() => world.close());

/** Puts the names of the world where the table has placeholders; also within texts of JSON, and within handles. */
function placed<Value>(value: Value): Value {
  if (typeof value === "string") {
    const url = (name: string) => `${world.url}/${ACCOUNT}/${name}`;
    const decoded = value.startsWith("eyJ") ? Buffer.from(value, "base64").toString() : value;
    const text = decoded
      .replace(/^\$Q$/, url("standard"))
      .replace(/^\$F$/, url("fifo.fifo"))
      .replace(/^\$C$/, url("content.fifo"))
      .replaceAll("$A", `arn:aws:sqs:us-east-1:${ACCOUNT}`);
    return (decoded === value ? text : Buffer.from(text).toString("base64")) as Value;
  }
  if (Array.isArray(value)) return value.map(placed) as Value;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, placed(member)])) as Value;
}

const expected = (message: string | RegExp) =>
  typeof message === "string" ? placed(message) : expect.stringMatching(message);

describe("JSON", () => {
  for (const { about, operation, input, code, message, status = 400 } of REFUSALS) {
    test(`${operation}: ${about}`, async () => {
      const answer = await world.raw.json(operation, placed(input));
      expect(answer).toMatchObject({ status, queryError: `${code};Sender`, message: expected(message) });
      expect(answer.code).toBe(jsonType(code));
    });
  }
});

describe("query", () => {
  for (const { about, operation, input, code, message, status = 400 } of REFUSALS) {
    // What text of a form cannot say: an empty list is no parameter at all, and XML cannot carry control characters back.
    test(`${operation}: ${about}`, async () => {
      const answer = await world.raw.query({ Action: operation, ...queryForm(operation, placed(input)) });
      expect(answer).toMatchObject({ status, code, message: expected(message) });
    });
  }
});

describe("what is no request at all", () => {
  test.each([
    ["not JSON", "{", 400, "com.amazon.coral.service#SerializationException", "MalformedInput;Sender"],
    ["a list", "[]", 400, "com.amazon.coral.service#SerializationException", "MalformedInput;Sender"],
    [
      "a number for a text",
      '{"QueueName":7}',
      400,
      "com.amazon.coral.service#SerializationException",
      "MalformedInput;Sender",
    ],
  ])("%s", async (_about, body, status, code, queryError) => {
    expect(await world.raw.json("GetQueueUrl", body)).toMatchObject({ status, code, queryError });
  });

  test("an operation that SQS does not have", async () => {
    expect(await world.raw.json("Dance", {})).toMatchObject({
      status: 404,
      code: "com.amazon.coral.service#UnknownOperationException",
      queryError: "InvalidAction;Sender",
    });
    expect(await world.raw.query({ Action: "Dance" })).toMatchObject({ status: 400, code: "InvalidAction" });
  });

  test("a body that is larger than any request", async () => {
    const QueueUrl = `${world.url}/${ACCOUNT}/standard`;
    const answer = await world.raw.json("SendMessage", { QueueUrl, MessageBody: "x".repeat(5_000_000) });
    expect(answer.status).toBe(413);
  });

  test("a lone surrogate is no text", async () => {
    const QueueUrl = `${world.url}/${ACCOUNT}/standard`;
    const answer = await world.raw.json("SendMessage", `{"QueueUrl":"${QueueUrl}","MessageBody":"\\ud800"}`);
    expect(answer.code).toBe("com.amazonaws.sqs#InvalidMessageContents");
  });
});

test("the query protocol takes a queue from the path, as its first clients sent it", async () => {
  const sent = await world.raw.query({ Action: "SendMessage", MessageBody: "by path" }, `/${ACCOUNT}/standard`);
  expect(sent.status).toBe(200);
  expect(sent.text).toContain("<MD5OfMessageBody>");
  const received = await world.raw.query({ Action: "ReceiveMessage" }, `/${ACCOUNT}/standard/`);
  expect(received.text).toContain("<Body>by path</Body>");
});
