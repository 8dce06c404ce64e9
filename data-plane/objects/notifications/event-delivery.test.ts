import { afterEach, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createVirtualTime } from "#foundation/runtime";
import { createLogger, createMetrics } from "#foundation/telemetry";
import { FakeDestination } from "../testing/fake-destination.ts";
import { FakeOutbox } from "../testing/fake-outbox.ts";
import { DELIVERY_PACE, type DeliveryPace, startEventDelivery } from "./event-delivery.ts";

const QUEUE = "arn:aws:sqs:us-east-1:111122223333:jobs";
const OTHER = "arn:aws:sqs:us-east-1:111122223333:others";
const SECOND = 1000;
const HOUR = 3600 * SECOND;

function open(pace: Partial<DeliveryPace> = {}, outbox = new FakeOutbox()) {
  const time = createVirtualTime(Date.UTC(2026, 0, 1));
  const destination = new FakeDestination();
  const lines: { readonly level: string; readonly msg: string }[] = [];
  const logger = createLogger({
    sink: { write: (line) => void lines.push(JSON.parse(line)), flush: () => undefined },
  });
  const start = () =>
    startEventDelivery(
      {
        engine: { outbox },
        clock: time.clock,
        timers: time.timers,
        logger,
        metrics: createMetrics(),
        eventDestinations: [destination],
      },
      { ...DELIVERY_PACE, ...pace },
    );
  let delivery = start();
  closing = () => delivery.close();
  return {
    time,
    destination,
    outbox,
    lines,
    write: (key: string, arn = QUEUE) => outbox.add(arn, key, time.clock.now()),
    async restart() {
      await delivery.close();
      delivery = start();
    },
    close: () => delivery.close(),
    /** Keys that arrived, in order. */
    keys: () => destination.records.map(({ s3 }) => s3.object.key),
    /** Sizes of a key's events, which are their numbers. */
    numbersOf: (key: string) =>
      destination.records.filter(({ s3 }) => s3.object.key === key).map(({ s3 }) => s3.object.size!),
  };
}

let closing: (() => Promise<void>) | undefined;
afterEach(() => closing?.());

describe("startEventDelivery()", () => {
  test("delivers what waits at the start and what comes later, once each", async () => {
    const outbox = new FakeOutbox();
    outbox.add(QUEUE, "early", 0);
    const world = open({}, outbox);
    await world.time.advanceSettled(0);
    world.write("late");
    await world.time.advanceSettled(0);
    expect(world.keys()).toEqual(["early", "late"]);
    expect(outbox.size).toBe(0);
    expect(world.destination.delivered[0]).toMatchObject({
      arn: QUEUE,
      source: { bucketArn: "arn:aws:s3:::photos", accountId: "111122223333", region: "us-east-1" },
    });
    await world.time.advanceSettled(HOUR);
    expect(world.destination.attempts).toBe(2);
  });

  test("a destination that does not take events is tried again, with rests that double up to a minute", async () => {
    const world = open();
    const at: number[] = [];
    const began = world.time.clock.now();
    world.destination.answer = () => {
      at.push((world.time.clock.now() - began) / SECOND);
      return "retry";
    };
    world.write("k");
    await world.time.advanceSettled(300 * SECOND);
    expect(at).toEqual([0, 1, 3, 7, 15, 31, 63, 123, 183, 243]);
    world.destination.answer = () => "delivered";
    await world.time.advanceSettled(60 * SECOND);
    expect(world.keys()).toEqual(["k"]);
    // Said once, however often it was tried.
    expect(world.lines.map(({ msg }) => msg)).toEqual([
      "events cannot be delivered now; they are kept and tried again",
    ]);
  });

  test("a destination that throws or never answers counts as one that does not take the event now", async () => {
    const world = open();
    world.destination.answer = () => {
      throw new Error("broken");
    };
    world.write("k");
    await world.time.advanceSettled(0);
    world.destination.answer = () => new Promise(() => undefined);
    await world.time.advanceSettled(SECOND + DELIVERY_PACE.patienceMs);
    expect(world.destination.attempts).toBe(2);
    world.destination.answer = () => "delivered";
    await world.time.advanceSettled(2 * SECOND);
    expect(world.keys()).toEqual(["k"]);
    expect(world.time.pendingTimers()).toBe(0);
  });

  test("a key's later event waits for its earlier one; other keys of the batch pass", async () => {
    const world = open();
    let isStuck = true;
    world.destination.answer = ({ body }) => (isStuck && body.includes('"key":"stuck"') ? "retry" : "delivered");
    await world.close();
    for (const key of ["stuck", "free", "stuck", "free"]) world.write(key);
    await world.restart();
    await world.time.advanceSettled(0);
    expect(world.keys()).toEqual(["free", "free"]);
    expect(world.destination.attempts).toBe(3);
    isStuck = false;
    await world.time.advanceSettled(SECOND);
    expect(world.numbersOf("stuck")).toEqual([1, 3]);
  });

  test("one destination in trouble holds up no other, even with one lane", async () => {
    const world = open({ lanes: 1, batch: 2 });
    world.destination.answer = ({ arn }) => (arn === QUEUE ? "retry" : "delivered");
    for (let key = 0; key < 5; key++) {
      world.write(`q${key}`);
      world.write(`o${key}`, OTHER);
    }
    await world.time.advanceSettled(0);
    expect(world.keys()).toHaveLength(5);
    expect(world.outbox.size).toBe(5);
  });

  test("events for a destination that is gone are dropped, and the log says how many", async () => {
    const world = open();
    world.destination.answer = () => "gone";
    for (const key of ["a", "b"]) world.write(key);
    await world.time.advanceSettled(0);
    expect([world.outbox.size, world.destination.attempts]).toEqual([0, 2]);
    expect(world.lines).toEqual([
      expect.objectContaining({ level: "warn", gone: 1 }),
      expect.objectContaining({ gone: 1 }),
    ]);
  });

  test("events that cannot be delivered for a day are given up", async () => {
    const world = open();
    world.destination.answer = () => "retry";
    world.write("k");
    await world.time.advanceSettled(24 * HOUR);
    expect(world.outbox.size).toBe(1);
    await world.time.advanceSettled(2 * 60 * SECOND);
    expect(world.outbox.size).toBe(0);
    expect(world.lines.at(-1)).toMatchObject({ level: "error", expired: 1 });
  });

  test("an old event that is under way when the delivery is closed is not given up", async () => {
    const world = open();
    world.destination.answer = () => new Promise(() => undefined);
    world.outbox.add(QUEUE, "k", world.time.clock.now() - 25 * HOUR);
    await world.time.advanceSettled(0);
    await world.close();
    expect(world.outbox.size).toBe(1);
  });

  test("an outbox that fails is tried again", async () => {
    const world = open();
    world.outbox.failure = new Error("read error");
    world.write("k");
    await world.time.advanceSettled(0);
    expect(world.keys()).toEqual([]);
    await world.time.advanceSettled(SECOND);
    expect(world.keys()).toEqual(["k"]);
  });

  test("what no service takes is kept and said once", async () => {
    const world = open();
    const arn = "arn:aws:lambda:us-east-1:111122223333:function:f";
    world.write("a", arn);
    world.write("b", arn);
    await world.time.advanceSettled(HOUR);
    expect(world.outbox.size).toBe(2);
    expect(world.lines).toHaveLength(1);
  });

  test("a damaged event is dropped, not tried for ever", async () => {
    const world = open();
    world.outbox.add(QUEUE, "k", 0, "{}");
    world.outbox.add(QUEUE, "l", 0, "nonsense");
    await world.time.advanceSettled(0);
    expect([world.outbox.size, world.destination.attempts]).toEqual([0, 0]);
  });

  test("memory holds one batch of a destination, whatever waits", async () => {
    const outbox = new FakeOutbox();
    for (let key = 0; key < 1000; key++) outbox.add(QUEUE, `k${key}`, 0);
    const world = open({ batch: 64, width: 8 }, outbox);
    let [running, most] = [0, 0];
    world.destination.answer = async (): Promise<"delivered"> => {
      most = Math.max(most, ++running);
      await Promise.resolve();
      running--;
      return "delivered";
    };
    await world.time.advanceSettled(0);
    expect(world.keys()).toHaveLength(1000);
    expect([outbox.largestBatch, most]).toEqual([64, 8]);
  });

  test("closing waits for no destination, and what was under way is delivered by the next start", async () => {
    const world = open();
    world.destination.answer = () => new Promise(() => undefined);
    world.write("k");
    await world.time.advanceSettled(0);
    await world.restart();
    world.destination.answer = () => "delivered";
    // The second start tried at once, before the answer changed.
    await world.time.advanceSettled(DELIVERY_PACE.patienceMs + 2 * SECOND);
    expect(world.keys()).toEqual(["k"]);
    await world.close();
    expect(world.time.pendingTimers()).toBe(0);
  });
});

test("whatever fails and restarts, every event arrives, and each key's in order", async () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant("write" as const), key: fc.integer({ min: 0, max: 3 }) }) },
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant("pass" as const), ms: fc.integer({ min: 0, max: 90_000 }) }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("restart" as const) }) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.infiniteStream(fc.nat(5)), async (steps, luck) => {
      const world = open({ batch: 3, width: 2, lanes: 1 });
      world.destination.answer = () => {
        const { value } = luck.next();
        if (value === 0) return "retry";
        if (value === 1) throw new Error("broken");
        if (value === 2) return new Promise(() => undefined);
        return "delivered";
      };
      const written = new Map<string, number[]>();
      let count = 0;
      for (const one of steps) {
        if (one.kind === "write") {
          const key = `k${one.key}`;
          written.set(key, [...(written.get(key) ?? []), ++count]);
          world.write(key);
        } else if (one.kind === "pass") await world.time.advanceSettled(one.ms);
        else await world.restart();
      }
      world.destination.answer = () => "delivered";
      await world.time.advanceSettled(10 * 60 * SECOND);
      expect(world.outbox.size).toBe(0);
      for (const [key, numbers] of written) {
        // Again is allowed; out of order for the first time is not.
        expect([...new Set(world.numbersOf(key))]).toEqual(numbers);
      }
      await world.close();
    }),
    { numRuns: 60 },
  );
});
