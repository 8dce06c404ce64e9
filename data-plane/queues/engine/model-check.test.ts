/**
 * Random histories of eight consumers, run on the engine and on a naive model side by side: what is received, in which order, every outcome and every count
 * must agree, while consumers forget what they hold, come late, and the engine is opened again.
 */

import { afterAll, beforeAll, expect, test } from "bun:test";
import fc from "fast-check";
import { openEmbeddedFixture } from "./conformance/embedded-fixture.ts";
import { freshId, newMessage, type QueueFixture, tally } from "./conformance/fixture.ts";
import { NAIVE_DEFAULTS, type NaiveMessage, NaiveQueue, type NaiveSettings } from "./conformance/naive-model.ts";
import type { QueueSettings, ReceivedMessage } from "./port.ts";

const CONSUMERS = 8;
const SECOND = 1000;

const consumer = fc.nat(CONSUMERS - 1);
const visibility = fc.option(
  fc.constantFrom(0, 5, 30, 100).map((seconds) => seconds * SECOND),
  { nil: undefined },
);
const pick = fc.nat(1000);

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("send" as const),
      group: fc.constantFrom("g", "h", "i"),
      count: fc.integer({ min: 1, max: 4 }),
      duplicate: fc.nat(3),
      delayMs: fc.option(fc.constantFrom(0, 3 * SECOND, 40 * SECOND), { nil: undefined }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("receive" as const),
      consumer,
      max: fc.integer({ min: 1, max: 6 }),
      visibilityMs: visibility,
      attempt: fc.option(fc.constantFrom("a", "b"), { nil: undefined }),
    }),
  },
  { weight: 8, arbitrary: fc.record({ do: fc.constant("delete" as const), consumer, pick }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("change" as const),
      consumer,
      pick,
      visibilityMs: fc.constantFrom(0, 1, 20, 43_200).map((seconds) => seconds * SECOND),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("release" as const), consumer, pick }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("crash" as const), consumer }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("pass" as const),
      ms: fc.constantFrom(1, SECOND, 4 * SECOND, 31 * SECOND, 301 * SECOND),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: "reopen" as const }) },
  { weight: 1, arbitrary: fc.constant({ do: "purge" as const }) },
  { weight: 2, arbitrary: fc.constant({ do: "receiveDead" as const }) },
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

const settings = fc.record({
  fifo: fc.boolean(),
  visibilityMs: fc.constantFrom(0, 10 * SECOND, 30 * SECOND),
  delayMs: fc.constantFrom(0, 0, 5 * SECOND),
  retentionMs: fc.constantFrom(60 * SECOND, NAIVE_DEFAULTS.retentionMs),
  perGroupDeduplication: fc.boolean(),
  maxReceiveCount: fc.constantFrom(undefined, 1, 3),
});

let opened: QueueFixture | undefined;
const fixture = (): QueueFixture => opened!;
beforeAll(async () => {
  opened = await openEmbeddedFixture("inline");
});
afterAll(() => opened?.close());

/** What a consumer holds: the engine's handle and the model's receipt. */
interface Held {
  readonly handle: string;
  readonly message: NaiveMessage;
  readonly receipt: object;
}

/** One pair of queues on the engine and in the model. */
class Run {
  readonly #queueId = freshId();
  readonly #deadId = freshId();
  readonly #dead: NaiveQueue;
  readonly #model: NaiveQueue;
  readonly #naive: NaiveSettings;
  readonly #held: Held[][] = Array.from({ length: CONSUMERS }, () => []);
  #bodies = 0;

  constructor(naive: NaiveSettings) {
    this.#naive = naive;
    this.#dead = new NaiveQueue({ ...NAIVE_DEFAULTS, fifo: naive.fifo });
    this.#model = new NaiveQueue(naive, this.#dead);
  }

  async begin(): Promise<void> {
    const { fifo, visibilityMs, delayMs, retentionMs, perGroupDeduplication, maxReceiveCount } = this.#naive;
    const { visibilityMs: deadVisibilityMs, retentionMs: deadRetentionMs } = NAIVE_DEFAULTS;
    const dead = { visibilityMs: deadVisibilityMs, retentionMs: deadRetentionMs, delayMs: 0 };
    await fixture().engine.ensure({ queueId: this.#deadId, fifo, ...dead });
    const queue: QueueSettings = {
      queueId: this.#queueId,
      fifo,
      visibilityMs,
      delayMs,
      retentionMs,
      deduplicationScope: perGroupDeduplication ? "messageGroup" : "queue",
      ...(maxReceiveCount === undefined ? {} : { redrive: { deadLetterQueueId: this.#deadId, maxReceiveCount } }),
    };
    await fixture().engine.ensure(queue);
  }

  async take(one: Step): Promise<void> {
    const { engine } = fixture();
    const now = fixture().now();
    switch (one.do) {
      case "send":
        return this.#send(one);
      case "receive":
        return this.#receive(one);
      case "delete": {
        const held = this.#pick(one);
        if (held === undefined) return;
        const expected = this.#model.delete(now, held.message, held.receipt);
        expect(await engine.delete(this.#queueId, [held.handle])).toEqual([expected as "deleted"]);
        return;
      }
      case "change": {
        const held = this.#pick(one);
        if (held === undefined) return;
        const expected = this.#model.change(now, held.message, held.receipt, one.visibilityMs);
        const change = { handle: held.handle, visibilityMs: one.visibilityMs };
        expect(await engine.changeVisibility(this.#queueId, [change])).toEqual([expected as "changed"]);
        return;
      }
      case "release": {
        const held = this.#pick(one);
        if (held === undefined) return;
        this.#model.release(now, held.message, held.receipt);
        return engine.release(this.#queueId, [held.handle]);
      }
      case "crash":
        this.#held[one.consumer] = [];
        return;
      case "pass":
        return fixture().skip(one.ms);
      case "reopen":
        return fixture().reopen();
      case "receiveDead": {
        const expected = this.#dead.receive(now, 10, undefined, undefined);
        expect(summary(await engine.receive(this.#deadId, { max: 10, waitMs: 0 }))).toEqual(expected.map(countedOf));
        return;
      }
      case "purge":
        this.#model.messages = [];
        return engine.purge(this.#queueId);
    }
  }

  async check(): Promise<void> {
    const now = fixture().now();
    expect(await tally(fixture(), this.#queueId)).toBe(this.#model.counts(now));
    expect(await tally(fixture(), this.#deadId)).toBe(this.#dead.counts(now));
  }

  async end(): Promise<void> {
    await fixture().engine.drop(this.#queueId);
    await fixture().engine.drop(this.#deadId);
  }

  #pick({ consumer: who, pick: which }: { readonly consumer: number; readonly pick: number }): Held | undefined {
    const held = this.#held[who]!;
    return held[which % Math.max(held.length, 1)];
  }

  async #send({ group, count, duplicate, delayMs }: Extract<Step, { do: "send" }>): Promise<void> {
    const { fifo } = this.#naive;
    const batch = Array.from({ length: count }, () => {
      this.#bodies++;
      // Now and then an id that was sent not long ago.
      const deduplicationId = String(duplicate === 0 ? this.#bodies >> 2 : -this.#bodies);
      const extra = fifo ? { groupId: group, deduplicationId } : delayMs === undefined ? {} : { delayMs };
      return newMessage(String(this.#bodies), extra);
    });
    const now = fixture().now();
    const expected = batch.map(
      ({ body, groupId, deduplicationId, delayMs: own }) =>
        !this.#model.send(now, body, groupId, deduplicationId ?? "", own),
    );
    const outcomes = await fixture().engine.send(this.#queueId, batch);
    expect(outcomes.map((outcome) => outcome.duplicate)).toEqual(expected);
  }

  async #receive({ consumer: who, max, visibilityMs, attempt }: Extract<Step, { do: "receive" }>): Promise<void> {
    const attemptId = this.#naive.fifo ? attempt : undefined;
    const expected = this.#model.receive(fixture().now(), max, visibilityMs, attemptId);
    const received = await fixture().engine.receive(this.#queueId, {
      max,
      waitMs: 0,
      ...(visibilityMs === undefined ? {} : { visibilityMs }),
      ...(attemptId === undefined ? {} : { attemptId }),
    });
    expect(summary(received)).toEqual(expected.map(countedOf));
    expected.forEach((message, index) => {
      this.#held[who]!.push({ handle: received[index]!.receiptHandle, message, receipt: message.receipt! });
    });
  }
}

const summary = (received: readonly ReceivedMessage[]): readonly string[] =>
  received.map(({ body, receiveCount }) => `${body} ${receiveCount}`);
const countedOf = ({ body, receivedBefore, receives }: NaiveMessage): string => `${body} ${receivedBefore + receives}`;

test("the engine does what the naive model does", async () => {
  await fc.assert(
    fc.asyncProperty(settings, fc.array(step, { minLength: 20, maxLength: 80, size: "max" }), async (naive, steps) => {
      const run = new Run(naive);
      await run.begin();
      for (const one of steps) {
        await run.take(one);
        await run.check();
      }
      await run.end();
    }),
    { numRuns: Number(process.env.BIPLANE_MODEL_RUNS ?? 40) },
  );
}, 300_000);
