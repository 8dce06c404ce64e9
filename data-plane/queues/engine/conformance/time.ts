/** Conformance: delays, visibility timeouts, retention, also while nobody looks and across restarts. */

import { expect, test } from "bun:test";
import {
  freshQueue,
  HOUR,
  MINUTE,
  newMessage,
  type QueueFixture,
  SECOND,
  sendBodies,
  takeBodies,
  takeOne,
  tally,
} from "./fixture.ts";

export function timeCases(fixture: () => QueueFixture): void {
  test("a received message is invisible for exactly its timeout, the queue's or the receive's", async () => {
    const { queueId } = await freshQueue(fixture());
    await sendBodies(fixture(), queueId, ["queue's", "receive's"]);
    await takeOne(fixture(), queueId);
    await takeOne(fixture(), queueId, { visibilityMs: 40 * SECOND });
    await fixture().pass(30 * SECOND - 1);
    expect(await takeBodies(fixture(), queueId)).toEqual([]);
    await fixture().pass(1);
    expect(await takeBodies(fixture(), queueId)).toEqual(["queue's"]);
    await fixture().pass(10 * SECOND - 1);
    expect(await takeBodies(fixture(), queueId)).toEqual([]);
    await fixture().pass(1);
    expect(await takeBodies(fixture(), queueId)).toEqual(["receive's"]);
  });

  test("a receive with a visibility of nothing hides nothing", async () => {
    const { queueId } = await freshQueue(fixture());
    await sendBodies(fixture(), queueId, ["a"]);
    for (const receiveCount of [1, 2, 3]) {
      expect(await takeOne(fixture(), queueId, { visibilityMs: 0 })).toMatchObject({ body: "a", receiveCount });
    }
    expect(await tally(fixture(), queueId)).toBe("1 0 0");
  });

  test("deadlines and receive counts are exact across a restart", async () => {
    const { queueId } = await freshQueue(fixture());
    await sendBodies(fixture(), queueId, ["a", "b"]);
    const { firstReceivedAt } = await takeOne(fixture(), queueId);
    await fixture().pass(10 * SECOND);
    await fixture().reopen();
    fixture().skip(20 * SECOND - 1);
    expect(await takeBodies(fixture(), queueId, 10, { visibilityMs: HOUR })).toEqual(["b"]);
    fixture().skip(1);
    expect(await takeOne(fixture(), queueId)).toMatchObject({ body: "a", receiveCount: 2, firstReceivedAt });
  });

  test("a delayed message appears when its delay is over, the message's or the queue's at sending", async () => {
    const queue = await freshQueue(fixture(), { delayMs: 10 * SECOND });
    const { engine } = fixture();
    const { queueId } = queue;
    await engine.send(queueId, [
      newMessage("queue's"),
      newMessage("own", { delayMs: 5 * SECOND }),
      newMessage("none", { delayMs: 0 }),
    ]);
    await engine.ensure({ ...queue, delayMs: 0 });
    expect(await takeBodies(fixture(), queueId)).toEqual(["none"]);
    await fixture().reopen();
    fixture().skip(5 * SECOND - 1);
    expect(await takeBodies(fixture(), queueId)).toEqual([]);
    fixture().skip(1);
    expect(await takeBodies(fixture(), queueId)).toEqual(["own"]);
    fixture().skip(5 * SECOND);
    expect(await takeBodies(fixture(), queueId)).toEqual(["queue's"]);
  });

  test("retention counts from sending, in every state, exactly", async () => {
    const { engine } = fixture();
    const { queueId } = await freshQueue(fixture(), { retentionMs: MINUTE });
    await sendBodies(fixture(), queueId, ["in flight", "visible"]);
    await engine.send(queueId, [newMessage("delayed", { delayMs: 15 * MINUTE })]);
    await fixture().pass(1 * SECOND);
    await sendBodies(fixture(), queueId, ["younger"]);
    const held = await takeOne(fixture(), queueId, { visibilityMs: HOUR });
    await fixture().pass(59 * SECOND - 1);
    expect(await tally(fixture(), queueId)).toBe("2 1 1");
    await fixture().pass(1);
    expect(await tally(fixture(), queueId)).toBe("1 0 0");
    expect(await engine.delete(queueId, [held.receiptHandle])).toEqual(["deleted"]);
    expect(await takeBodies(fixture(), queueId)).toEqual(["younger"]);
    await fixture().pass(1 * SECOND);
    expect(await tally(fixture(), queueId)).toBe("0 0 0");
  });

  test("a shorter retention applies to what is there", async () => {
    const queue = await freshQueue(fixture());
    const { queueId } = queue;
    await sendBodies(fixture(), queueId, ["old"]);
    await fixture().pass(5 * MINUTE);
    await sendBodies(fixture(), queueId, ["new"]);
    await fixture().engine.ensure({ ...queue, retentionMs: 2 * MINUTE });
    expect(await takeBodies(fixture(), queueId)).toEqual(["new"]);
    expect(await tally(fixture(), queueId)).toBe("0 1 0");
  });

  test("more than a piece of messages can come due, and run out, at one moment", async () => {
    const { engine } = fixture();
    const { queueId } = await freshQueue(fixture(), { retentionMs: HOUR });
    const total = 1000;
    for (let at = 0; at < total; at += 10) {
      await engine.send(
        queueId,
        Array.from({ length: 10 }, (_, index) => newMessage(String(at + index), { delayMs: MINUTE })),
      );
    }
    expect(await tally(fixture(), queueId)).toBe(`0 0 ${total}`);
    fixture().skip(MINUTE);
    expect(await tally(fixture(), queueId)).toBe(`${total} 0 0`);
    expect(await takeBodies(fixture(), queueId, 3)).toEqual(["0", "1", "2"]);
    fixture().skip(HOUR);
    expect(await takeBodies(fixture(), queueId)).toEqual([]);
    expect(await tally(fixture(), queueId)).toBe("0 0 0");
  });

  test("purged messages are gone at once, in every state; what comes after stays", async () => {
    const { engine } = fixture();
    const { queueId } = await freshQueue(fixture());
    await sendBodies(fixture(), queueId, ["a", "b"]);
    await engine.send(queueId, [newMessage("c", { delayMs: MINUTE })]);
    const held = await takeOne(fixture(), queueId);
    await engine.purge(queueId);
    expect(await tally(fixture(), queueId)).toBe("0 0 0");
    await sendBodies(fixture(), queueId, ["d"]);
    expect(await engine.delete(queueId, [held.receiptHandle])).toEqual(["deleted"]);
    await fixture().reopen();
    await fixture().pass(2 * MINUTE);
    expect(await takeBodies(fixture(), queueId)).toEqual(["d"]);
    expect(await tally(fixture(), queueId)).toBe("0 1 0");
  });
}
