/** Conformance: queues come, change, are marked, come back and go. */

import { expect, test } from "bun:test";
import type { ResourceId } from "#contracts";
import {
  freshId,
  freshQueue,
  newMessage,
  type QueueFixture,
  refusal,
  SECOND,
  sendBodies,
  takeBodies,
  takeOne,
  tally,
} from "./fixture.ts";

export function lifeCycleCases(fixture: () => QueueFixture): void {
  /** Everything that can be asked of one queue. */
  const refusals = async (queueId: ResourceId): Promise<readonly string[]> => {
    const { engine } = fixture();
    return Promise.all(
      [
        engine.send(queueId, [newMessage("x")]),
        engine.receive(queueId, { max: 1, waitMs: 0 }),
        engine.delete(queueId, ["x"]),
        engine.changeVisibility(queueId, [{ handle: "x", visibilityMs: 0 }]),
        engine.release(queueId, ["x"]),
        engine.purge(queueId),
        engine.counts(queueId),
        engine.peek(queueId, 1),
      ].map(refusal),
    );
  };

  test("an unknown queue is refused", async () => {
    expect(new Set(await refusals(freshId()))).toEqual(new Set(["NoSuchQueue"]));
    expect(await refusal(fixture().engine.beginDelete(freshId()))).toBe("NoSuchQueue");
  });

  test("ensuring twice changes nothing; other settings apply at once and are kept", async () => {
    const queue = await freshQueue(fixture());
    await sendBodies(fixture(), queue.queueId, ["a"]);
    await fixture().engine.ensure(queue);
    await fixture().engine.ensure({ ...queue, visibilityMs: 5 * SECOND });
    await fixture().reopen();
    await takeOne(fixture(), queue.queueId);
    await fixture().pass(5 * SECOND);
    expect(await takeBodies(fixture(), queue.queueId)).toEqual(["a"]);
    expect(await refusal(fixture().engine.ensure({ ...queue, fifo: true }))).toBe("OtherKind");
  });

  test("a marked queue is refused and keeps everything, also across a restart, until it is abandoned", async () => {
    const queue = await freshQueue(fixture());
    const { queueId } = queue;
    await sendBodies(fixture(), queueId, ["a", "b"]);
    const held = await takeOne(fixture(), queueId);
    await fixture().engine.beginDelete(queueId);
    await fixture().engine.beginDelete(queueId);
    await fixture().reopen();
    expect(await fixture().engine.marked()).toContain(queueId);
    await fixture().engine.ensure(queue);
    expect(new Set(await refusals(queueId))).toEqual(new Set(["NoSuchQueue"]));
    await fixture().engine.abandonDelete(queueId);
    await fixture().engine.abandonDelete(queueId);
    expect(await fixture().engine.marked()).not.toContain(queueId);
    expect(await tally(fixture(), queueId)).toBe("1 1 0");
    expect(await fixture().engine.delete(queueId, [held.receiptHandle])).toEqual(["deleted"]);
  });

  test("a dropped queue is refused for ever, also one that was never there", async () => {
    const queue = await freshQueue(fixture());
    const never = { ...queue, queueId: freshId() };
    await sendBodies(fixture(), queue.queueId, ["a"]);
    for (const { queueId } of [queue, never]) {
      await fixture().engine.drop(queueId);
      await fixture().engine.drop(queueId);
    }
    await fixture().reopen();
    for (const settings of [queue, never]) {
      expect(new Set(await refusals(settings.queueId))).toEqual(new Set(["NoSuchQueue"]));
      expect(await refusal(fixture().engine.ensure(settings))).toBe("NoSuchQueue");
      await fixture().engine.abandonDelete(settings.queueId);
      expect(await refusal(fixture().engine.counts(settings.queueId))).toBe("NoSuchQueue");
    }
  });

  test("when a name was deleted is remembered, also after a restart", async () => {
    const name = `somewhere/${freshId()}`;
    const lastDeletion = () => fixture().engine.lastDeletion(name);
    expect(await lastDeletion()).toBeUndefined();
    const { queueId } = await freshQueue(fixture(), { name });
    expect(await lastDeletion()).toBeUndefined();
    await fixture().engine.beginDelete(queueId);
    await fixture().pass(1000);
    await fixture().reopen();
    // Nobody has said whether it is gone.
    expect(await lastDeletion()).toBe(fixture().now());
    await fixture().engine.drop(queueId);
    const droppedAt = fixture().now();
    await fixture().pass(1000);
    await fixture().engine.drop(queueId);
    await fixture().reopen();
    expect(await lastDeletion()).toBe(droppedAt);
    await freshQueue(fixture(), { name });
    expect(await lastDeletion()).toBeUndefined();
  });

  test("a purge may be asked to be the first for a while, also after a restart", async () => {
    const { queueId } = await freshQueue(fixture());
    const purge = () => fixture().engine.purge(queueId, 60_000);
    await purge();
    await sendBodies(fixture(), queueId, ["a"]);
    await fixture().pass(59_999);
    await fixture().reopen();
    expect(await refusal(purge())).toBe("PurgedRecently");
    expect(await tally(fixture(), queueId)).toBe("1 0 0");
    await fixture().engine.purge(queueId);
    await fixture().pass(60_000);
    await purge();
    expect(await tally(fixture(), queueId)).toBe("0 0 0");
  });

  test("the kept queues are listed with what they hold", async () => {
    const { engine } = fixture();
    const plain = await freshQueue(fixture());
    const fifo = await freshQueue(fixture(), { fifo: true });
    const dropped = await freshQueue(fixture());
    await sendBodies(fixture(), plain.queueId, ["a", "b"]);
    await takeOne(fixture(), plain.queueId);
    await engine.beginDelete(fifo.queueId);
    await engine.drop(dropped.queueId);
    const kept = new Map((await engine.queues()).map((queue) => [queue.queueId, queue]));
    expect(kept.get(plain.queueId)).toEqual({ queueId: plain.queueId, marked: false, fifo: false, messages: 2 });
    expect(kept.get(fifo.queueId)).toEqual({ queueId: fifo.queueId, marked: true, fifo: true, messages: 0 });
    expect(kept.has(dropped.queueId)).toBe(false);
  });

  test("a closed engine says so", async () => {
    const { engine } = fixture();
    const { queueId } = await freshQueue(fixture());
    await fixture().reopen();
    expect(await refusal(engine.counts(queueId))).toBe("Unavailable");
    await engine.close();
    expect(await tally(fixture(), queueId)).toBe("0 0 0");
  });
}
