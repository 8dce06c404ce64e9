/**
 * `kill -9` at random moments while many send, receive and delete. Afterwards every acknowledged message was delivered, none that was acknowledged as deleted came back, and FIFO
 * groups kept their order, without duplicates of what was sent twice because nobody knew. And: the control plane goes, and messages go on.
 */
import { expect, test } from "bun:test";
import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  type Message,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import { type Cloud, type CloudProcess, createCloud } from "../support/cloud.ts";
import { randomFrom } from "../support/random.ts";
import { refusal } from "../support/s3.ts";
import { sqsClientFor } from "../support/sqs.ts";
import { until } from "../support/until.ts";

/** `npm test` kills this often; the soak (`BIPLANE_KILLS=200`) more. */
const KILLS = Number(process.env.BIPLANE_KILLS ?? 6);
const seed = Number(process.env.BIPLANE_SEED ?? Date.now() % 1_000_000);
const random = randomFrom(seed);
const MINUTE = 60_000;

const WORKERS = 3;
const GROUPS = 3;
/** Short, for what was in flight at a kill is waited for; deletions that took nearly as long prove nothing. */
const VISIBILITY_S = 5;
const SURE_WITHIN_MS = (VISIBILITY_S - 2) * 1000;

/** What is known of the messages of one queue. */
class Truth {
  readonly acknowledged = new Set<string>();
  readonly perhapsSent = new Set<string>();
  readonly seen = new Set<string>();
  readonly deleted = new Set<string>();
  readonly perhapsDeleted = new Set<string>();
  readonly problems: string[] = [];
  deliveries = 0;

  receive(body: string): void {
    this.deliveries += 1;
    this.seen.add(body);
    if (this.deleted.has(body)) this.problems.push(`${body} came back after it was deleted`);
    if (!this.acknowledged.has(body) && !this.perhapsSent.has(body)) this.problems.push(`${body} was never sent`);
  }
}

/** Messages of FIFO groups: `group/number`, numbered from 0. */
class GroupTruth extends Truth {
  /** Ids under which each body was delivered: more than one is a duplicate. */
  readonly ids = new Map<string, string>();

  receiveMessage({ Body: body = "", MessageId: id = "" }: Message): void {
    this.receive(body);
    const known = this.ids.get(body);
    if (known !== undefined && known !== id) this.problems.push(`${body} is there twice`);
    this.ids.set(body, id);
    const [group, number] = body.split("/");
    for (let earlier = 0; earlier < Number(number); earlier++) {
      const before = `${group}/${earlier}`;
      if (this.deleted.has(before) || this.perhapsDeleted.has(before) || this.#inHand.has(before)) continue;
      this.problems.push(`${body} was delivered before ${before}`);
    }
    this.#inHand.add(body);
  }
  /** Received in this round: a receive may bring several of one group, in order. */
  readonly #inHand = new Set<string>();
  newRound(): void {
    this.#inHand.clear();
  }
}

interface Round {
  readonly sqs: SQSClient;
  readonly standard: string;
  readonly fifo: string;
  over: boolean;
}

let sent = 0;

async function sendStandard({ sqs, standard: QueueUrl }: Round, truth: Truth): Promise<void> {
  const bodies = Array.from({ length: random() < 0.5 ? 1 : 5 }, () => `m${sent++}`);
  for (const body of bodies) truth.perhapsSent.add(body);
  if (bodies.length === 1) {
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: bodies[0] }));
  } else {
    const Entries = bodies.map((MessageBody, at) => ({ Id: `${at}`, MessageBody }));
    await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
  }
  for (const body of bodies) truth.acknowledged.add(body);
}

/** The next of a group; what was not answered is sent again under its deduplication id. */
async function sendToGroup(
  { sqs, fifo: QueueUrl }: Round,
  truth: GroupTruth,
  next: number[],
  group: number,
): Promise<void> {
  const body = `${group}/${next[group]!}`;
  truth.perhapsSent.add(body);
  await sqs.send(
    new SendMessageCommand({ QueueUrl, MessageBody: body, MessageGroupId: `${group}`, MessageDeduplicationId: body }),
  );
  truth.acknowledged.add(body);
  next[group]! += 1;
}

async function work(sqs: SQSClient, QueueUrl: string, truth: Truth): Promise<number> {
  const asked = Date.now();
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
  for (const message of Messages) {
    if (truth instanceof GroupTruth) truth.receiveMessage(message);
    else truth.receive(message.Body!);
  }
  // Some workers change their mind: the message is for others, at once. (Not in groups, where this one is responsible for the order.)
  const given = truth instanceof GroupTruth ? [] : Messages.filter(() => random() < 0.1);
  for (const { ReceiptHandle } of given) {
    await sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 }));
  }
  const finished = Messages.filter((message) => !given.includes(message));
  if (finished.length === 0) return Messages.length;
  for (const { Body } of finished) truth.perhapsDeleted.add(Body!);
  const Entries = finished.map(({ ReceiptHandle }, at) => ({ Id: `${at}`, ReceiptHandle }));
  const { Successful = [] } = await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
  if (Date.now() - asked < SURE_WITHIN_MS)
    for (const { Id } of Successful) truth.deleted.add(finished[Number(Id)]!.Body!);
  return Messages.length;
}

/** Does something over and over until the round is over; what a kill interrupts is no failure. */
async function repeat(round: Round, task: () => Promise<unknown>): Promise<void> {
  while (!round.over) {
    try {
      await task();
    } catch (error) {
      if (round.over) return;
      const { name } = error as Error;
      // Nobody answers between the kill and its notice here.
      if (!["TimeoutError", "Error", "TypeError", "AbortError"].includes(name)) throw error;
      await Bun.sleep(5);
    }
  }
}

test(
  `kill -9, ${KILLS} times (seed ${seed})`,
  async () => {
    const cloud = createCloud();
    const standard = new Truth();
    const groups = new GroupTruth();
    const next = Array.from({ length: GROUPS }, () => 0);
    try {
      for (let kill = 0; kill <= KILLS; kill++) {
        const process_ = await cloud.start("up", "--port", "0", "--api-port", "0");
        const sqs = sqsClientFor(await cloud.environment());
        const create = async (QueueName: string, Attributes: Record<string, string> = {}) => {
          const input = { QueueName, Attributes: { ...Attributes, VisibilityTimeout: `${VISIBILITY_S}` } };
          return (await sqs.send(new CreateQueueCommand(input))).QueueUrl!;
        };
        const round: Round = {
          sqs,
          standard: await create("standard"),
          fifo: await create("groups.fifo", { FifoQueue: "true" }),
          over: false,
        };
        groups.newRound();
        if (kill < KILLS) await runUntilKilled(round, process_, standard, groups, next);
        else await drain(round, standard, groups);
        sqs.destroy();
        if (kill === KILLS) await process_.stop();
      }
    } finally {
      await cloud.dispose();
    }
    expect([...standard.problems, ...groups.problems]).toEqual([]);
    expect([...standard.acknowledged].filter((body) => !standard.seen.has(body))).toEqual([]);
    expect([...groups.acknowledged].filter((body) => !groups.seen.has(body))).toEqual([]);
    // A run that did nothing would show nothing.
    expect(standard.acknowledged.size).toBeGreaterThan(20 * KILLS);
    expect(groups.deleted.size).toBeGreaterThan(0);
  },
  5 * MINUTE,
);

async function runUntilKilled(
  round: Round,
  process_: CloudProcess,
  standard: Truth,
  groups: GroupTruth,
  next: number[],
): Promise<void> {
  const tasks = [
    ...Array.from({ length: WORKERS }, () => repeat(round, () => sendStandard(round, standard))),
    ...Array.from({ length: WORKERS }, () => repeat(round, () => work(round.sqs, round.standard, standard))),
    ...next.map((_, group) => repeat(round, () => sendToGroup(round, groups, next, group))),
    repeat(round, () => work(round.sqs, round.fifo, groups)),
  ];
  const enough = standard.acknowledged.size + 25 + Math.floor(random() * 75);
  await until("some messages are acknowledged", () => standard.acknowledged.size >= enough);
  await until("some messages of groups are acknowledged as deleted", () => groups.deleted.size > 0);
  await Bun.sleep(random() * 20);
  const killed = process_.kill();
  round.over = true;
  await killed;
  await Promise.all(tasks);
}

/** Takes what is left, also what was in flight when the last process died. */
async function drain({ sqs, standard, fifo }: Round, standardTruth: Truth, groups: GroupTruth): Promise<void> {
  for (const [QueueUrl, truth] of [
    [standard, standardTruth],
    [fifo, groups],
  ] as const) {
    for (;;) {
      if ((await work(sqs, QueueUrl, truth)) > 0) continue;
      const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["All"] }));
      const left =
        Number(Attributes?.ApproximateNumberOfMessages) + Number(Attributes?.ApproximateNumberOfMessagesNotVisible);
      if (left === 0) break;
      // Until the next one comes back, not longer.
      await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: VISIBILITY_S + 1, VisibilityTimeout: 0 }));
    }
  }
}

test(
  "what is forbidden for a minute is still forbidden after a kill",
  async () => {
    const cloud: Cloud = createCloud();
    try {
      let running = await cloud.start("up", "--port", "0", "--api-port", "0");
      let sqs = sqsClientFor(await cloud.environment());
      const create = (QueueName: string) => sqs.send(new CreateQueueCommand({ QueueName }));
      const { QueueUrl: deleted } = await create("deleted");
      await create("purged");
      // SDKs send to the queue's URL, and every start has another port here.
      const purge = async () => {
        const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: "purged" }));
        return sqs.send(new PurgeQueueCommand({ QueueUrl }));
      };
      await sqs.send(new DeleteQueueCommand({ QueueUrl: deleted }));
      await purge();
      await running.kill();
      running = await cloud.start("up", "--port", "0", "--api-port", "0");
      sqs.destroy();
      sqs = sqsClientFor(await cloud.environment());
      expect(await refusal(create("deleted"))).toMatchObject({ name: "QueueDeletedRecently" });
      expect(await refusal(purge())).toMatchObject({ name: "PurgeQueueInProgress" });
      sqs.destroy();
      await running.stop();
    } finally {
      await cloud.dispose();
    }
  },
  MINUTE,
);

test(
  "without a control plane messages go on, and queues are neither made nor deleted",
  async () => {
    const cloud: Cloud = createCloud();
    try {
      const control = await cloud.start("control", "--api-port", "0");
      await cloud.start("node", "--port", "0");
      const sqs = sqsClientFor(await cloud.environment());
      const create = (QueueName: string) => sqs.send(new CreateQueueCommand({ QueueName }));
      let QueueUrl: string | undefined;
      // A node is ready without a control plane; this one has yet to meet it.
      await until("the planes know each other", () =>
        create("before").then(
          (created) => {
            QueueUrl = created.QueueUrl;
            return true;
          },
          () => false,
        ),
      );
      await control.kill();
      await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "still" }));
      const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 5 }));
      expect(Messages?.map(({ Body }) => Body)).toEqual(["still"]);
      const Entries = [{ Id: "a", ReceiptHandle: Messages![0]!.ReceiptHandle! }];
      expect((await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }))).Successful).toHaveLength(1);
      for (const call of [() => create("after"), () => sqs.send(new DeleteQueueCommand({ QueueUrl }))]) {
        expect(await refusal(call())).toMatchObject({ name: "ServiceUnavailable", status: 503 });
      }
      sqs.destroy();
    } finally {
      await cloud.dispose();
    }
  },
  MINUTE,
);
