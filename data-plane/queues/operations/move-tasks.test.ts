/** Moving messages back out of dead-letter queues. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  CancelMessageMoveTaskCommand,
  CreateQueueCommand,
  DeleteQueueCommand,
  ListMessageMoveTasksCommand,
  ReceiveMessageCommand,
  ResourceNotFoundException,
  SendMessageCommand,
  StartMessageMoveTaskCommand,
} from "@aws-sdk/client-sqs";
import { ACCOUNT, openWorld, refused, type World } from "../testing/world.ts";

let world: World;
let queues = 0;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

interface Queue {
  readonly url: string;
  readonly arn: string;
}

async function queue(Attributes: Record<string, string> = {}): Promise<Queue> {
  const QueueName = `move${++queues}`;
  const { QueueUrl } = await world.sqs.send(new CreateQueueCommand({ QueueName, Attributes }));
  return { url: QueueUrl!, arn: `arn:aws:sqs:us-east-1:${ACCOUNT}:${QueueName}` };
}

async function pair(): Promise<{ readonly dead: Queue; readonly source: Queue }> {
  const dead = await queue();
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount: 1 });
  return { dead, source: await queue({ VisibilityTimeout: "0", RedrivePolicy }) };
}

const send = ({ url: QueueUrl }: Queue, MessageBody: string) =>
  world.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }));

async function receive({ url: QueueUrl }: Queue): Promise<readonly (string | undefined)[]> {
  const { Messages = [] } = await world.sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
  return Messages.map(({ Body }) => Body);
}

const tasksOf = async ({ arn: SourceArn }: Queue, MaxResults?: number) =>
  (await world.sqs.send(new ListMessageMoveTasksCommand({ SourceArn, MaxResults }))).Results ?? [];

/** Lets the task run, in its own time, until it has ended. */
async function ended(source: Queue): Promise<void> {
  for (let round = 0; round < 500; round++) {
    const [task] = await tasksOf(source);
    if (task?.Status !== "RUNNING") return;
    await world.time.advanceSettled(100);
  }
  throw new Error("the task does not end");
}

describe("a move task", () => {
  test("takes messages back to where they came from", async () => {
    const { dead, source } = await pair();
    for (const body of ["a", "b"]) await send(source, body);
    expect(await receive(source)).toEqual(["a", "b"]);
    expect(await receive(source)).toEqual([]);
    const { TaskHandle } = await world.sqs.send(new StartMessageMoveTaskCommand({ SourceArn: dead.arn }));
    expect(JSON.parse(Buffer.from(TaskHandle!, "base64").toString())).toMatchObject({ sourceArn: dead.arn });
    await ended(dead);
    const tasks = await tasksOf(dead);
    expect(tasks).toEqual([
      {
        Status: "COMPLETED",
        SourceArn: dead.arn,
        ApproximateNumberOfMessagesMoved: 2,
        ApproximateNumberOfMessagesToMove: 2,
        StartedTimestamp: expect.any(Number),
      },
    ]);
    expect((await receive(source)).toSorted()).toEqual(["a", "b"]);
    expect(await receive(dead)).toEqual([]);
  });

  test("takes them elsewhere, as fast as it may, one at a time, until it is cancelled", async () => {
    const { dead } = await pair();
    const elsewhere = await queue();
    for (let at = 0; at < 5; at++) await send(dead, String(at));
    const start = () =>
      world.sqs.send(
        new StartMessageMoveTaskCommand({
          SourceArn: dead.arn,
          DestinationArn: elsewhere.arn,
          MaxNumberOfMessagesPerSecond: 1,
        }),
      );
    const { TaskHandle } = await start();
    const error = await refused(start());
    expect(error.message).toBe(
      "There is already a task running. Only one active task is allowed for a source queue arn at a given time.",
    );
    const [running] = await tasksOf(dead);
    expect(running).toMatchObject({
      Status: "RUNNING",
      TaskHandle,
      DestinationArn: elsewhere.arn,
      MaxNumberOfMessagesPerSecond: 1,
      ApproximateNumberOfMessagesToMove: 5,
    });
    await world.time.advanceSettled(1_500);
    const { ApproximateNumberOfMessagesMoved: moved } = await world.sqs.send(
      new CancelMessageMoveTaskCommand({ TaskHandle }),
    );
    expect(moved).toBeGreaterThan(0);
    expect(moved).toBeLessThan(5);
    const [cancelled] = await tasksOf(dead);
    expect([cancelled?.Status, cancelled?.TaskHandle]).toEqual(["CANCELLED", undefined]);
    expect((await receive(elsewhere)).length).toBe(moved!);
    expect((await receive(dead)).length).toBe(5 - moved!);
    expect((await refused(world.sqs.send(new CancelMessageMoveTaskCommand({ TaskHandle })))).message).toBe(
      "Only active tasks can be cancelled.",
    );
  });

  test("fails when its destination goes, and says so", async () => {
    const { dead } = await pair();
    const elsewhere = await queue();
    for (let at = 0; at < 5; at++) await send(dead, String(at));
    await world.sqs.send(
      new StartMessageMoveTaskCommand({
        SourceArn: dead.arn,
        DestinationArn: elsewhere.arn,
        MaxNumberOfMessagesPerSecond: 1,
      }),
    );
    await world.sqs.send(new DeleteQueueCommand({ QueueUrl: elsewhere.url }));
    await ended(dead);
    const [task] = await tasksOf(dead, 10);
    expect(task).toMatchObject({ Status: "FAILED", FailureReason: "AWS.SimpleQueueService.NonExistentQueue" });
  });

  test("is for those who may do by hand what it does", async () => {
    const { dead, source } = await pair();
    const allowed = (Resource: string, ...Action: string[]) => ({ Effect: "Allow", Action, Resource });
    const ON_DEAD = ["sqs:StartMessageMoveTask", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"];
    const half = world.user("half", [allowed(dead.arn, ...ON_DEAD)]);
    const start = new StartMessageMoveTaskCommand({ SourceArn: dead.arn });
    expect((await refused(half.send(start))).message).toContain(`sqs:sendmessage on resource: ${source.arn}`);
    const whole = world.user("whole", [allowed(dead.arn, ...ON_DEAD), allowed(source.arn, "sqs:SendMessage")]);
    await whole.send(start);
    expect((await refused(world.other.send(start))).name).toContain("AccessDenied");
  });

  test("has a class of error for what is not there", async () => {
    const call = world.sqs.send(
      new StartMessageMoveTaskCommand({ SourceArn: `arn:aws:sqs:us-east-1:${ACCOUNT}:none` }),
    );
    expect(await refused(call)).toBeInstanceOf(ResourceNotFoundException);
  });
});
