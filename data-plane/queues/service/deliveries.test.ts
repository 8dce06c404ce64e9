/** Answers that do not reach anybody. */
import { afterAll, beforeAll, expect, spyOn, test } from "bun:test";
import { connect } from "node:net";
import { CreateQueueCommand, ReceiveMessageCommand, SendMessageCommand } from "@aws-sdk/client-sqs";
import type { AnsweredRequest, CallContext, Operation } from "#data-plane/service";
import { signRequest } from "#foundation/aws/sigv4";
import { systemClock } from "#foundation/runtime";
import { ACCOUNT, openWorld, REGION, type World } from "../testing/world.ts";

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

async function queueWith(QueueName: string, MessageBody: string): Promise<string> {
  const { QueueUrl } = await world.sqs.send(new CreateQueueCommand({ QueueName }));
  await world.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }));
  return QueueUrl!;
}

const counts = (name: string) => world.engine.counts(world.catalog.queue(ACCOUNT, REGION, name)!.resourceId);

test("messages whose answer could not be sent are there again, uncounted; those that arrived are not", async () => {
  const QueueUrl = await queueWith("unsent", "x");
  const receive = world.service.operations.get("ReceiveMessage") as Operation<unknown, { Messages?: object[] }>;
  const deliver = async (complete: boolean): Promise<void> => {
    const request = {} as CallContext["request"];
    const { Messages } = await receive.handle({ QueueUrl }, { request, region: REGION } as CallContext);
    expect(Messages).toHaveLength(1);
    const answered = { operation: "ReceiveMessage", request } as AnsweredRequest;
    world.service.requestAnswered!(answered)!(0, complete);
  };
  await deliver(false);
  while ((await counts("unsent")).visible === 0) await Bun.sleep(1);
  const { Messages } = await world.sqs.send(
    new ReceiveMessageCommand({
      QueueUrl,
      MessageSystemAttributeNames: ["ApproximateReceiveCount"],
      VisibilityTimeout: 0,
    }),
  );
  expect(Messages?.[0]?.Attributes).toEqual({ ApproximateReceiveCount: "1" });
  await deliver(true);
  expect(await counts("unsent")).toMatchObject({ visible: 0, inFlight: 1 });
});

/** A receive that waits, as the bytes of a request. */
function longPoll(QueueUrl: string | undefined): string {
  const body = JSON.stringify({ QueueUrl, WaitTimeSeconds: 20 });
  const key = { accessKeyId: "AKIATEST000000000001", secretAccessKey: "secret" };
  const { headers } = signRequest(
    {
      method: "POST",
      path: "/",
      query: "",
      headers: [
        ["host", new URL(world.url).host],
        ["content-type", "application/x-amz-json-1.0"],
        ["x-amz-target", "AmazonSQS.ReceiveMessage"],
        ["content-length", String(body.length)],
      ],
    },
    Buffer.from(body),
    { credential: key, region: REGION, service: "sqs", now: systemClock.now() },
  );
  return `POST / HTTP/1.1\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n${body}`;
}

test.each([
  ["a client that hangs up while it waits", 1],
  ["a client that hangs up with more requests behind the one that waits", 4],
])("%s gets nothing, and nothing is lost", async (_name, requests) => {
  const { QueueUrl } = await world.sqs.send(new CreateQueueCommand({ QueueName: `hung-up-${requests}` }));
  const { hostname, port } = new URL(world.url);
  const socket = connect(Number(port), hostname);
  const receive = spyOn(world.engine, "receive");
  socket.write(longPoll(QueueUrl).repeat(requests));
  while (receive.mock.calls.length === 0) await Bun.sleep(1);
  receive.mockRestore();
  const waiting = world.sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 }));
  socket.destroy();
  await world.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "for whoever stays" }));
  expect((await waiting).Messages?.map(({ Body }) => Body)).toEqual(["for whoever stays"]);
});
