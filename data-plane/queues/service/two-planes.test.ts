/** What takes both planes: deleting a queue, following the catalog, and going on without a control plane. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  DeleteQueueCommand,
  ListQueuesCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
} from "@aws-sdk/client-sqs";
import type { QueueRecord, ResourceId } from "#contracts";
import { ACCOUNT, openWorld, REGION, refused, type World } from "../testing/world.ts";
import { queueDeletions } from "./queue-deletions.ts";

const SETTLED = "info a queue whose deletion was interrupted is settled";

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

async function create(QueueName: string): Promise<string> {
  return (await world.sqs.send(new CreateQueueCommand({ QueueName }))).QueueUrl!;
}
const send = (QueueUrl: string, MessageBody = "x") => world.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }));
const receive = async (QueueUrl: string) =>
  (await world.sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }))).Messages ?? [];
const recordOf = (name: string): QueueRecord => world.catalog.queue(ACCOUNT, REGION, name)!;
const kept = async (id: ResourceId) => (await world.engine.queues()).find(({ queueId }) => queueId === id);

/** Ends the world and opens it again on what is left. */
async function restart(): Promise<void> {
  world = await openWorld(await world.end());
}

describe("without a control plane", () => {
  test("messages go on, and queues can neither be made nor changed nor deleted", async () => {
    const url = await create("going-on");
    world.control.connected = false;
    await send(url, "on");
    const [message] = await receive(url);
    expect(message?.Body).toBe("on");
    await world.sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: message!.ReceiptHandle }));
    expect((await world.sqs.send(new ListQueuesCommand({}))).QueueUrls).toEqual([url]);
    for (const [operation, input] of [
      ["CreateQueue", { QueueName: "new" }],
      ["DeleteQueue", { QueueUrl: url }],
      ["SetQueueAttributes", { QueueUrl: url, Attributes: { DelaySeconds: "1" } }],
      ["TagQueue", { QueueUrl: url, Tags: { a: "b" } }],
    ] as const) {
      expect(await world.raw.json(operation, input)).toMatchObject({
        status: 503,
        code: "com.amazon.coral.service#ServiceUnavailableException",
        queryError: "ServiceUnavailable;Receiver",
      });
      expect((await world.raw.query({ Action: "CreateQueue", QueueName: "new" })).status).toBe(503);
    }
    await send(url, "still");
    world.control.connected = true;
    await create("new");
  });
});

describe("deleting", () => {
  test("whose answer is lost leaves the queue out of use until the answer comes", async () => {
    const url = await create("lost");
    const id = recordOf("lost").resourceId;
    await send(url);
    world.control.answersToLose = 1;
    expect((await world.raw.json("DeleteQueue", { QueueUrl: url })).status).toBe(503);
    expect((await kept(id))?.marked).toBe(true);
    while ((await kept(id)) !== undefined) await world.time.advanceSettled(100);
    const [first, second] = world.control.commands.filter(({ command }) => command.type === "queue.delete");
    expect(second?.origin.idempotencyKey).toBe(first!.origin.idempotencyKey!);
    expect(
      await refused(world.engine.ensure({ queueId: id, fifo: false, visibilityMs: 1, delayMs: 0, retentionMs: 1 })),
    ).toMatchObject({ code: "NoSuchQueue" });
  });

  test("that the control plane did not carry out is undone after a restart", async () => {
    const url = await create("kept");
    const id = recordOf("kept").resourceId;
    await send(url, "still here");
    await world.engine.beginDelete(id);
    expect((await refused(send(url))).name).toBe("QueueDoesNotExist");
    await restart();
    while (!world.logged().includes(SETTLED)) await Bun.sleep(1);
    expect((await kept(id))?.marked).toBe(false);
    expect((await receive(`${world.url}/${ACCOUNT}/kept`)).map(({ Body }) => Body)).toEqual(["still here"]);
    // Asked with something that changes nothing.
    expect(recordOf("kept").revision).toBe(2);
  });

  test("that the control plane carried out is finished after a restart", async () => {
    const url = await create("finished");
    const record = recordOf("finished");
    await send(url);
    await world.engine.beginDelete(record.resourceId);
    const remains = await world.end();
    remains.catalog.remove("queue", `${ACCOUNT}/${REGION}/finished`);
    world = await openWorld(remains);
    while (!world.logged().includes(SETTLED)) await Bun.sleep(1);
    expect(await kept(record.resourceId)).toBeUndefined();
    expect(world.logged().filter((line) => line.startsWith("error"))).toEqual([]);
  });

  test("stays undecided as long as nobody can be asked", async () => {
    await create("undecided");
    const id = recordOf("undecided").resourceId;
    await world.engine.beginDelete(id);
    const remains = await world.end();
    remains.control.connected = false;
    world = await openWorld(remains);
    await world.time.advanceSettled(5_000);
    expect((await kept(id))?.marked).toBe(true);
    world.control.connected = true;
    while ((await kept(id))?.marked !== false) await world.time.advanceSettled(100);
  });

  test("twice at the same moment asks once, and both hear of it", async () => {
    await create("twice");
    const deletions = queueDeletions(world.environment);
    const origin = { actor: "somebody", requestId: "r", idempotencyKey: "r" };
    const record = recordOf("twice");
    const outcomes = await Promise.all([deletions.delete(record, origin), deletions.delete(record, origin)]);
    expect(outcomes.map(({ ok }) => ok)).toEqual([true, true]);
    expect(world.control.commands.filter(({ command }) => command.type === "queue.delete")).toHaveLength(1);
    expect(await kept(record.resourceId)).toBeUndefined();
  });

  test("again while an interrupted deletion is being settled waits for that", async () => {
    await create("settling");
    const record = recordOf("settling");
    await world.engine.beginDelete(record.resourceId);
    const deletions = queueDeletions(world.environment);
    const asked = Promise.withResolvers<void>();
    world.control.held = asked.promise;
    const settled = deletions.settleInterrupted();
    while (world.control.commands.at(-1)?.command.type !== "queue.configure") await Bun.sleep(1);
    const deleted = deletions.delete(record, { actor: "somebody", requestId: "r", idempotencyKey: "r" });
    asked.resolve();
    await settled;
    expect((await deleted).ok).toBe(true);
    expect(await kept(record.resourceId)).toBeUndefined();
  });

  test("ends the waiting of those who wait for its messages", async () => {
    const url = await create("awaited");
    const waiting = refused(world.sqs.send(new ReceiveMessageCommand({ QueueUrl: url, WaitTimeSeconds: 20 })));
    await world.sqs.send(new DeleteQueueCommand({ QueueUrl: url }));
    expect((await waiting).name).toBe("QueueDoesNotExist");
  });
});

describe("the catalog", () => {
  test("makes queues known and changes them, wherever they were decided", async () => {
    const place = { accountId: ACCOUNT, region: REGION, name: "elsewhere" };
    const origin = { actor: "somebody", requestId: "r" };
    await world.control.execute({ type: "queue.create", ...place, sections: {} }, origin);
    const url = `${world.url}/${ACCOUNT}/elsewhere`;
    await send(url, "one");
    const { resourceId } = recordOf("elsewhere");
    await world.control.execute(
      { type: "queue.configure", ...place, resourceId, sections: { attributes: { DelaySeconds: "5" } } },
      origin,
    );
    await send(url, "two");
    expect((await receive(url)).map(({ Body }) => Body)).toEqual(["one"]);
    world.time.advance(5_000);
    expect((await receive(url)).map(({ Body }) => Body)).toEqual(["two"]);
  });

  test("that loses a queue is reported; its messages are kept, and there again with the queue", async () => {
    const url = await create("vanished");
    await send(url, "precious");
    const record = recordOf("vanished");
    world.catalog.remove("queue", `${ACCOUNT}/${REGION}/vanished`);
    const vanished =
      "error a queue that holds messages is gone from the control plane; they are kept, but cannot be reached";
    while (!world.logged().includes(vanished)) await Bun.sleep(1);
    expect((await refused(send(url))).name).toBe("QueueDoesNotExist");
    await restart();
    while (!world.logged().includes(vanished)) await Bun.sleep(1);
    world.catalog.put(record);
    expect((await receive(`${world.url}/${ACCOUNT}/vanished`)).map(({ Body }) => Body)).toEqual(["precious"]);
  });
});

test("messages, receive counts and handles survive a restart", async () => {
  const url = await create("durable");
  await world.sqs.send(new SetQueueAttributesCommand({ QueueUrl: url, Attributes: { VisibilityTimeout: "60" } }));
  await send(url, "held");
  const [held] = await receive(url);
  await restart();
  const again = `${world.url}/${ACCOUNT}/durable`;
  world.time.advance(59_999);
  expect(await receive(again)).toEqual([]);
  world.time.advance(1);
  const { Messages } = await world.sqs.send(
    new ReceiveMessageCommand({ QueueUrl: again, MessageSystemAttributeNames: ["ApproximateReceiveCount"] }),
  );
  expect(Messages?.[0]?.Attributes).toEqual({ ApproximateReceiveCount: "2" });
  // The worker that died comes back with its old handle: the message belongs to another one now.
  await world.sqs.send(new DeleteMessageCommand({ QueueUrl: again, ReceiptHandle: held!.ReceiptHandle }));
  expect((await world.engine.counts(recordOf("durable").resourceId)).inFlight).toBe(1);
  await world.sqs.send(new DeleteMessageCommand({ QueueUrl: again, ReceiptHandle: Messages![0]!.ReceiptHandle }));
  expect((await world.engine.counts(recordOf("durable").resourceId)).inFlight).toBe(0);
});

test("what is forbidden for a minute is forbidden after a restart, to the millisecond", async () => {
  const create = () => world.sqs.send(new CreateQueueCommand({ QueueName: "minute" }));
  const purge = (name: string) =>
    world.sqs.send(new PurgeQueueCommand({ QueueUrl: `${world.url}/${ACCOUNT}/${name}` }));
  const { QueueUrl } = await create();
  await world.sqs.send(new CreateQueueCommand({ QueueName: "emptied" }));
  await world.sqs.send(new DeleteQueueCommand({ QueueUrl }));
  await purge("emptied");
  world.time.advance(59_999);
  await restart();
  expect((await refused(create())).name).toBe("QueueDeletedRecently");
  expect((await refused(purge("emptied"))).name).toBe("PurgeQueueInProgress");
  world.time.advance(1);
  await create();
  await purge("emptied");
});

test("a service that stops answers those who wait", async () => {
  const url = await create("stopping");
  const waiting = world.sqs.send(new ReceiveMessageCommand({ QueueUrl: url, WaitTimeSeconds: 20 }));
  world.service.drain();
  expect((await waiting).Messages).toBeUndefined();
});
