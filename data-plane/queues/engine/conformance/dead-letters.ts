/** Conformance: messages that nobody manages to process. */

import { expect, test } from "bun:test";
import {
  freshId,
  freshQueue,
  groupMessage,
  MINUTE,
  newMessage,
  type QueueFixture,
  SECOND,
  sendBodies,
  take,
  takeBodies,
  takeOne,
  tally,
} from "./fixture.ts";

export function deadLetterCases(fixture: () => QueueFixture): void {
  async function withDeadLetters(fifo: boolean, maxReceiveCount: number) {
    const dead = await freshQueue(fixture(), { fifo });
    const redrive = { deadLetterQueueId: dead.queueId, maxReceiveCount };
    const source = await freshQueue(fixture(), { fifo, redrive });
    return { dead: dead.queueId, source: source.queueId };
  }

  test("a message moves at the receive beyond the last one allowed, as it was", async () => {
    const { engine } = fixture();
    const { dead, source } = await withDeadLetters(false, 2);
    const sent = newMessage("poison", { attributes: "{}", attributesMd5: "x" });
    const sentAt = fixture().now();
    await engine.send(source, [sent]);
    for (const receiveCount of [1, 2]) {
      expect(await takeOne(fixture(), source)).toMatchObject({ body: "poison", receiveCount });
      await fixture().pass(30 * SECOND);
      expect(await tally(fixture(), dead)).toBe("0 0 0");
    }
    await sendBodies(fixture(), source, ["sound"]);
    expect(await tally(fixture(), source)).toBe("2 0 0");
    expect(await takeBodies(fixture(), source, 1)).toEqual(["sound"]);
    expect(await tally(fixture(), source)).toBe("0 1 0");
    expect(await tally(fixture(), dead)).toBe("1 0 0");
    const { size: _, ...kept } = sent;
    expect(await takeOne(fixture(), dead)).toMatchObject({
      ...kept,
      sentAt,
      // Goes on: two in the source.
      receiveCount: 3,
      deadLetterSource: source,
    });
  });

  test("handles of a message that moved delete nothing", async () => {
    const { engine } = fixture();
    const { dead, source } = await withDeadLetters(false, 1);
    await sendBodies(fixture(), source, ["poison"]);
    const { receiptHandle } = await takeOne(fixture(), source);
    await fixture().pass(30 * SECOND);
    expect(await takeBodies(fixture(), source)).toEqual([]);
    expect(await engine.delete(source, [receiptHandle])).toEqual(["deleted"]);
    expect(await engine.delete(dead, [receiptHandle])).toEqual(["invalid"]);
    expect(await tally(fixture(), dead)).toBe("1 0 0");
  });

  test("retention goes on counting from the first sending", async () => {
    const dead = await freshQueue(fixture(), { retentionMs: 2 * MINUTE });
    const redrive = { deadLetterQueueId: dead.queueId, maxReceiveCount: 1 };
    const { queueId } = await freshQueue(fixture(), { redrive });
    await sendBodies(fixture(), queueId, ["old"]);
    await takeOne(fixture(), queueId);
    await fixture().pass(MINUTE);
    await sendBodies(fixture(), dead.queueId, ["new"]);
    expect(await takeBodies(fixture(), queueId)).toEqual([]);
    expect(await tally(fixture(), dead.queueId)).toBe("2 0 0");
    await fixture().pass(MINUTE);
    expect(await takeBodies(fixture(), dead.queueId)).toEqual(["new"]);
  });

  test("in a FIFO dead-letter queue retention begins anew, though the message is as old as before", async () => {
    const dead = await freshQueue(fixture(), { fifo: true, retentionMs: 2 * MINUTE });
    const redrive = { deadLetterQueueId: dead.queueId, maxReceiveCount: 1 };
    const { queueId } = await freshQueue(fixture(), { fifo: true, redrive });
    const sentAt = fixture().now();
    await fixture().engine.send(queueId, [groupMessage("g", "old")]);
    await takeOne(fixture(), queueId);
    await fixture().pass(MINUTE);
    expect(await takeBodies(fixture(), queueId)).toEqual([]);
    await fixture().pass(2 * MINUTE - 1);
    expect((await fixture().engine.peek(dead.queueId, 1))[0]?.sentAt).toBe(sentAt);
    expect(await tally(fixture(), dead.queueId)).toBe("1 0 0");
    await fixture().pass(1);
    expect(await tally(fixture(), dead.queueId)).toBe("0 0 0");
  });

  test("in a FIFO queue the group goes on, and its messages arrive in order", async () => {
    const { engine } = fixture();
    const { dead, source } = await withDeadLetters(true, 1);
    await engine.send(source, [groupMessage("g", "1"), groupMessage("g", "2")]);
    expect(await takeBodies(fixture(), source, 2)).toEqual(["1", "2"]);
    await engine.send(source, [groupMessage("g", "3")]);
    await fixture().pass(30 * SECOND);
    expect(await takeBodies(fixture(), source)).toEqual(["3"]);
    expect(await tally(fixture(), source)).toBe("0 1 0");
    const moved = await take(fixture(), dead, 10);
    expect(moved.map((message) => `${message.groupId} ${message.body}`)).toEqual(["g 1", "g 2"]);
    expect(moved[0]?.sequenceNumber).toMatch(/^\d{20}$/);
    // Two messages that shared a deduplication id, hours apart, are two dead letters.
    for (const message of moved) expect(message.deduplicationId).toBe(message.messageId);
  });

  test("who waits at the dead-letter queue is woken", async () => {
    const { engine } = fixture();
    const { dead, source } = await withDeadLetters(false, 1);
    await sendBodies(fixture(), source, ["poison"]);
    await takeOne(fixture(), source, { visibilityMs: 5 * SECOND });
    const waiting = engine.receive(dead, { max: 1, waitMs: 20 * SECOND });
    const trigger = engine.receive(source, { max: 1, waitMs: 10 * SECOND });
    await fixture().pass(5 * SECOND);
    expect((await waiting).map((message) => message.body)).toEqual(["poison"]);
    await fixture().pass(20 * SECOND);
    expect(await trigger).toEqual([]);
  });

  test("without its dead-letter queue a message stays where it is", async () => {
    const redrive = { deadLetterQueueId: freshId(), maxReceiveCount: 1 };
    const { queueId } = await freshQueue(fixture(), { redrive, visibilityMs: 0 });
    await sendBodies(fixture(), queueId, ["a"]);
    for (const receiveCount of [1, 2, 3]) expect(await takeOne(fixture(), queueId)).toMatchObject({ receiveCount });
  });

  test("many spent messages hide no sound one", async () => {
    const { dead, source } = await withDeadLetters(false, 1);
    const total = 250;
    for (let at = 0; at < total; at += 10) {
      await sendBodies(
        fixture(),
        source,
        Array.from({ length: 10 }, (_, index) => String(at + index)),
      );
      await take(fixture(), source, 10, { visibilityMs: 0 });
    }
    await sendBodies(fixture(), source, ["sound"]);
    expect(await takeBodies(fixture(), source, 1)).toEqual(["sound"]);
    expect(await tally(fixture(), dead)).toBe(`${total} 0 0`);
  });
}
