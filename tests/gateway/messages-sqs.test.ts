/** `sqs`, from an AsyncAPI document to what the official client receives from this cloud's own queues. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { CreateQueueCommand, ReceiveMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { compileGateway } from "#control-plane/gateways";
import { type ClientCloud, startClientCloud } from "../support/client-cloud.ts";
import { sqsClientFor } from "../support/sqs.ts";
import { compiled, type RunningGateway, refusalsOf, starting } from "./support/compiled-gateway.ts";

const started = starting();
const open: { stop(): unknown }[] = [];
afterEach(async () => {
  await started.end();
  for (const one of open.splice(0)) await one.stop();
});

/** @param config of `sqs`, in YAML's flow style */
const description = (config: string): string => `asyncapi: 3.0.0
info: {title: Orders, version: "1"}
channels:
  orders:
    address: shops/{shop}/orders
    parameters: {shop: {}}
    messages: {order: {contentType: text/plain, payload: {type: string}}}
operations:
  sendOrder:
    action: send
    channel: {$ref: "#/channels/orders"}
    x-biplane-dispatch: {name: sqs, config: {${config.replaceAll("\n", " ")}}}
`;

const send = ({ url }: RunningGateway, body: string | Uint8Array = "one", headers: Record<string, string> = {}) =>
  fetch(`${url}/shops/north/orders`, {
    method: "POST",
    body: body as string,
    headers: { "Content-Type": "text/plain", ...headers },
  });

async function said(answer: Response): Promise<readonly [status: number, code: unknown]> {
  return [answer.status, ((await answer.json()) as { readonly code?: unknown }).code];
}

describe("with this cloud's own queues", () => {
  let here: ClientCloud;
  let client: SQSClient;
  beforeAll(async () => {
    here = await startClientCloud();
    client = sqsClientFor(here.environment);
  });
  afterAll(async () => {
    client?.destroy();
    await here?.dispose();
  });

  const queue = async (QueueName: string, Attributes: Record<string, string> = {}): Promise<string> =>
    (await client.send(new CreateQueueCommand({ QueueName, Attributes }))).QueueUrl!;

  const gateway = (url: string, more = "", secret = here.environment.AWS_SECRET_ACCESS_KEY!) =>
    started.gateway(
      compiled(
        description(`queue_url: "${url}", endpoint: "${here.environment.AWS_ENDPOINT_URL}", region: ${here.environment.AWS_REGION},
          access_key_id: "env://KEY", secret_access_key: "env://SECRET"${more}`),
      ),
      { secrets: { environment: { KEY: here.environment.AWS_ACCESS_KEY_ID!, SECRET: secret } } },
    );

  const receive = async (QueueUrl: string) =>
    (
      await client.send(
        new ReceiveMessageCommand({
          QueueUrl,
          MaxNumberOfMessages: 10,
          WaitTimeSeconds: 5,
          MessageAttributeNames: ["All"],
          MessageSystemAttributeNames: ["All"],
        }),
      )
    ).Messages ?? [];

  test("a message is received with its attributes, by the id that the client was told", async () => {
    const url = await queue("orders");
    const running = await gateway(url, ", headers_from_request: [X-Kind, X-Empty, X-Missing]");
    const answer = await send(running, "grüße 🚲", {
      "X-Kind": "first",
      "X-Empty": "",
      "X-Other": "no",
      Authorization: "Bearer s",
    });
    const body = (await answer.json()) as Readonly<Record<string, unknown>>;
    expect([answer.status, body]).toEqual([
      202,
      { status: "accepted", message_id: expect.stringMatching(/^[0-9a-f-]{36}$/) },
    ]);
    const [message, ...more] = await receive(url);
    expect(more).toEqual([]);
    expect([message!.MessageId, message!.Body]).toEqual([body.message_id as string, "grüße 🚲"]);
    expect(message!.MessageAttributes).toEqual({ "X-Kind": { DataType: "String", StringValue: "first" } });
  });

  test("groups and deduplication ids are made of the request", async () => {
    const url = await queue("orders.fifo", { FifoQueue: "true" });
    const running = await gateway(url, ', group_id: "{shop}", deduplication_id: "$request.header.Idempotency-Key"');
    const numbers: unknown[] = [];
    for (const [key, text] of [
      ["a", "one"],
      ["a", "one again"],
      ["b", "two"],
    ] as const) {
      const answer = await send(running, text, { "Idempotency-Key": key });
      numbers.push(answer.status, ((await answer.json()) as { sequence_number: string }).sequence_number.length > 0);
    }
    expect(numbers).toEqual([202, true, 202, true, 202, true]);
    const messages = await receive(url);
    expect(
      messages.map(({ Body, Attributes }) => [Body, Attributes?.MessageGroupId, Attributes?.MessageDeduplicationId]),
    ).toEqual([
      ["one", "north", "a"],
      ["two", "north", "b"],
    ]);
    expect(await said(await send(running, "x", { "Idempotency-Key": "a b" }))).toEqual([400, "bad-request"]);
    // Neither an id nor a queue that makes one of the body.
    expect(await said(await send(running, "x"))).toEqual([502, "sqs-publish-failed"]);
  });

  test("what no queue takes is the client's, and what is wrong here is not", async () => {
    const url = await queue("small", { MaximumMessageSize: "1024" });
    const running = await gateway(url);
    for (const body of ["", "a\u0001b", new Uint8Array([0xc3, 0x28])]) {
      expect((await send(running, body)).status).toBe(400);
    }
    expect(await said(await send(running, "x".repeat(1025)))).toEqual([413, "payload-too-large"]);
    expect((await send(running, "x".repeat(1024))).status).toBe(202);
    expect(await said(await send(await gateway(`${url}-missing`)))).toEqual([502, "sqs-publish-failed"]);
    expect(await said(await send(await gateway(url, "", "wrong")))).toEqual([502, "sqs-publish-failed"]);
  });
});

describe("with services that are not what they should be", () => {
  const against = async (fetch: (request: Request) => Response | Promise<Response>, more = "") => {
    const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch, idleTimeout: 0 });
    open.push({ stop: () => server.stop(true) });
    return started.gateway(
      compiled(
        description(
          `queue_url: "http://127.0.0.1:${server.port}/1/q", region: eu-west-1, access_key_id: a, secret_access_key: "env://S"${more}`,
        ),
      ),
      { secrets: { environment: { S: "s" } } },
    );
  };
  const refusing = (type: string, status: number) => () => Response.json({ __type: type, message: "no" }, { status });

  test.each([
    ["throttles", refusing("com.amazonaws.sqs#RequestThrottled", 400), 503, "sqs-unavailable"],
    ["fails", () => new Response("<html>", { status: 500 }), 503, "sqs-unavailable"],
    ["refuses", refusing("com.amazonaws.sqs#QueueDoesNotExist", 400), 502, "sqs-publish-failed"],
    ["says nothing of a message", () => Response.json({}), 502, "sqs-publish-failed"],
    [
      "has got something else",
      () => Response.json({ MessageId: "m", MD5OfMessageBody: "0" }),
      502,
      "sqs-publish-failed",
    ],
    ["answers without an end", () => new Response("x".repeat(1 << 20)), 502, "sqs-publish-failed"],
    ["is slow", () => new Promise<Response>(() => {}), 504, "upstream-timeout"],
  ])("one that %s", async (_, fetch, status, code) => {
    expect(await said(await send(await against(fetch, status === 504 ? ", timeout: 0.3" : ", timeout: 20")))).toEqual([
      status,
      code,
    ]);
  });

  test("no more than so many are waited for", async () => {
    const running = await against(() => new Promise<Response>(() => {}), ", timeout: 0.5, max_in_flight: 2");
    const statuses = await Promise.all(Array.from({ length: 6 }, async () => (await send(running)).status));
    expect(statuses.sort()).toEqual([503, 503, 503, 503, 504, 504]);
  });
});

test("configurations that cannot be meant are refused by the compiler", () => {
  const rest = 'region: eu-west-1, access_key_id: a, secret_access_key: "env://S"';
  const refused = (config: string) => refusalsOf(description(`${config}, ${rest}`));
  expect(refused('queue_url: "https://sqs.eu-west-1.amazonaws.com/1/q"')).toEqual([]);
  for (const config of [
    'queue_url: "https://sqs.example"',
    'queue_url: "https://a:b@sqs.example/1/q"',
    'queue_url: "https://sqs.example/1/q.fifo"',
    'queue_url: "https://sqs.example/1/q", deduplication_id: x',
    'queue_url: "https://sqs.example/1/q.fifo", group_id: x, delay_seconds: 3',
    'queue_url: "https://sqs.example/1/q", headers_from_request: [AWS.X]',
    'queue_url: "https://sqs.example/1/q", headers_from_request: [a,b,c,d,e,f,g,h,i,j,k]',
    'queue_url: "https://sqs.example/1/q", ack_response: {body: ok}',
  ]) {
    expect([config, refused(config)]).toEqual([config, ["E1023"]]);
  }
  expect(refused('queue_url: "https://sqs.example/1/q", ack_response: {body: ok}, include_metadata: false')).toEqual(
    [],
  );
  const { diagnostics } = compileGateway({
    files: ["api.yaml"],
    read: () => Buffer.from(description(`queue_url: "http://sqs.example/1/q", ${rest}`)),
    provenance: { compiler: "test" },
  });
  expect(diagnostics.map(({ code }) => code)).toContain("E1031");
});
