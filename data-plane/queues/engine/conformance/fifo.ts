/** Conformance: FIFO queues. */

import { expect, test } from "bun:test";
import {
  changeOne,
  freshQueue,
  groupMessage,
  HOUR,
  MINUTE,
  type QueueFixture,
  SECOND,
  take,
  takeBodies,
  takeOne,
  tally,
} from "./fixture.ts";

export function fifoCases(fixture: () => QueueFixture): void {
  const fifo = (settings = {}) => freshQueue(fixture(), { fifo: true, ...settings });
  const send = (queueId: Awaited<ReturnType<typeof fifo>>["queueId"], group: string, ...bodies: string[]) =>
    fixture().engine.send(
      queueId,
      bodies.map((body) => groupMessage(group, body)),
    );

  test("sequence numbers have twenty digits and increase, across restarts", async () => {
    const { queueId } = await fifo();
    const outcomes = [...(await send(queueId, "g", "a", "b")), ...(await send(queueId, "h", "c"))];
    await fixture().reopen();
    outcomes.push(...(await send(queueId, "g", "d")));
    const numbers = outcomes.map((outcome) => outcome.sequenceNumber!);
    for (const number of numbers) expect(number).toMatch(/^\d{20}$/);
    expect([...numbers].sort()).toEqual(numbers);
    expect(new Set(numbers).size).toBe(4);
    const received = await take(fixture(), queueId, 10);
    expect(received.map((message) => message.sequenceNumber).sort()).toEqual(numbers);
    expect(received[0]).toMatchObject({ groupId: "g", deduplicationId: "a" });
  });

  test("one receive returns several of a group in order, then of the next", async () => {
    const { queueId } = await fifo();
    await send(queueId, "g", "g1");
    await send(queueId, "h", "h1", "h2");
    await send(queueId, "g", "g2", "g3");
    expect(await takeBodies(fixture(), queueId, 4)).toEqual(["g1", "g2", "g3", "h1"]);
    expect(await takeBodies(fixture(), queueId, 4)).toEqual([]);
    expect(await tally(fixture(), queueId)).toBe("1 4 0");
  });

  test("a group with a message in flight waits; other groups do not", async () => {
    const { engine } = fixture();
    const { queueId } = await fifo();
    await send(queueId, "g", "g1", "g2");
    await send(queueId, "h", "h1");
    const g1 = await takeOne(fixture(), queueId);
    expect(g1.body).toBe("g1");
    expect(await takeBodies(fixture(), queueId)).toEqual(["h1"]);
    await send(queueId, "g", "g3");
    expect(await takeBodies(fixture(), queueId)).toEqual([]);
    await engine.delete(queueId, [g1.receiptHandle]);
    expect(await takeBodies(fixture(), queueId)).toEqual(["g2", "g3"]);
  });

  test("a group waits for all of its messages in flight", async () => {
    const { engine } = fixture();
    const { queueId } = await fifo();
    await send(queueId, "g", "1", "2", "3");
    const [one, two] = await take(fixture(), queueId, 2);
    await engine.delete(queueId, [two!.receiptHandle]);
    expect(await takeBodies(fixture(), queueId)).toEqual([]);
    await engine.delete(queueId, [one!.receiptHandle]);
    expect(await takeBodies(fixture(), queueId)).toEqual(["3"]);
  });

  test("what becomes visible again comes first", async () => {
    const { queueId } = await fifo();
    await send(queueId, "g", "1", "2", "3");
    await take(fixture(), queueId, 2);
    await fixture().pass(30 * SECOND);
    expect(await takeBodies(fixture(), queueId)).toEqual(["1", "2", "3"]);
    await fixture().pass(10 * SECOND);
    const again = await take(fixture(), queueId);
    expect(again).toEqual([]);
    await fixture().pass(20 * SECOND);
    const first = await takeOne(fixture(), queueId);
    expect(first).toMatchObject({ body: "1", receiveCount: 3 });
    expect(await changeOne(fixture(), queueId, first.receiptHandle, 0)).toBe("changed");
    expect(await takeBodies(fixture(), queueId, 1)).toEqual(["1"]);
  });

  test("an expired handle deletes nothing", async () => {
    const { engine } = fixture();
    const { queueId } = await fifo();
    await send(queueId, "g", "1");
    const { receiptHandle } = await takeOne(fixture(), queueId);
    await fixture().pass(30 * SECOND);
    expect(await engine.delete(queueId, [receiptHandle])).toEqual(["expired"]);
    await takeOne(fixture(), queueId);
    expect(await engine.delete(queueId, [receiptHandle])).toEqual(["stale"]);
    expect(await tally(fixture(), queueId)).toBe("0 1 0");
  });

  test("a deduplication id counts once in five minutes, also after deletion, purge and restart", async () => {
    const { queueId } = await fifo();
    const first = groupMessage("g", "same");
    const [original] = await fixture().engine.send(queueId, [first]);
    expect(original).toEqual({ messageId: first.messageId, sequenceNumber: expect.any(String), duplicate: false });
    const { receiptHandle } = await takeOne(fixture(), queueId);
    await fixture().engine.delete(queueId, [receiptHandle]);
    await fixture().engine.purge(queueId);
    fixture().skip(5 * MINUTE - 1);
    await fixture().reopen();
    const duplicate = await fixture().engine.send(queueId, [groupMessage("other group", "same")]);
    expect(duplicate).toEqual([{ ...original!, duplicate: true }]);
    expect(await tally(fixture(), queueId)).toBe("0 0 0");
    await fixture().pass(1);
    const [later] = await fixture().engine.send(queueId, [groupMessage("g", "same")]);
    expect(later?.duplicate).toBe(false);
    expect(await takeBodies(fixture(), queueId)).toEqual(["same"]);
  });

  test("duplicates within one batch count once", async () => {
    const { queueId } = await fifo();
    const outcomes = await send(queueId, "g", "x", "x", "y");
    expect(outcomes.map((outcome) => outcome.duplicate)).toEqual([false, true, false]);
    expect(outcomes[1]?.sequenceNumber).toBe(outcomes[0]!.sequenceNumber);
    expect(await takeBodies(fixture(), queueId)).toEqual(["x", "y"]);
  });

  test("with the message group as its scope a deduplication id counts per group", async () => {
    const { queueId } = await fifo({ deduplicationScope: "messageGroup" });
    await send(queueId, "g", "same");
    expect((await send(queueId, "h", "same"))[0]?.duplicate).toBe(false);
    expect((await send(queueId, "g", "same"))[0]?.duplicate).toBe(true);
    expect(await tally(fixture(), queueId)).toBe("2 0 0");
  });

  test("a repeated attempt gets the same messages under the same handles and a new deadline", async () => {
    const { queueId } = await fifo();
    await send(queueId, "g", "1", "2");
    await send(queueId, "h", "3");
    const first = await take(fixture(), queueId, 2, { attemptId: "attempt" });
    await fixture().pass(10 * SECOND);
    await fixture().reopen();
    expect(await take(fixture(), queueId, 2, { attemptId: "attempt" })).toEqual([...first]);
    expect(await takeBodies(fixture(), queueId, 2, { attemptId: "another" })).toEqual(["3"]);
    await fixture().pass(30 * SECOND - 1);
    expect(await tally(fixture(), queueId)).toBe("0 3 0");
    await fixture().pass(1);
    const after = await take(fixture(), queueId, 2, { attemptId: "attempt" });
    expect(after.map((message) => message.receiveCount)).toEqual([2, 2]);
    await fixture().engine.delete(queueId, [after[0]!.receiptHandle]);
    expect(await takeBodies(fixture(), queueId, 1, { attemptId: "attempt" })).toEqual(["3"]);
  });

  test("an attempt is not repeated when a visibility was changed, nor after five minutes", async () => {
    const { queueId } = await fifo();
    await send(queueId, "g", "1");
    const [held] = await take(fixture(), queueId, 1, { attemptId: "a", visibilityMs: HOUR });
    await fixture().pass(5 * MINUTE);
    expect(await takeBodies(fixture(), queueId, 1, { attemptId: "a" })).toEqual([]);
    await changeOne(fixture(), queueId, held!.receiptHandle, 0);
    const [again] = await take(fixture(), queueId, 1, { attemptId: "b" });
    await changeOne(fixture(), queueId, again!.receiptHandle, MINUTE);
    expect(await takeBodies(fixture(), queueId, 1, { attemptId: "b" })).toEqual([]);
  });

  test("a delayed message holds its group back", async () => {
    const queue = await fifo({ delayMs: 10 * SECOND });
    const { queueId } = queue;
    await send(queueId, "g", "1");
    await fixture().engine.ensure({ ...queue, delayMs: 0 });
    await send(queueId, "g", "2");
    await send(queueId, "h", "3");
    expect(await tally(fixture(), queueId)).toBe("2 0 1");
    expect(await takeBodies(fixture(), queueId)).toEqual(["3"]);
    await fixture().pass(10 * SECOND);
    expect(await takeBodies(fixture(), queueId)).toEqual(["1", "2"]);
  });

  test("what runs out of retention lets its group go on", async () => {
    const { queueId } = await fifo({ retentionMs: MINUTE });
    await send(queueId, "g", "1");
    await send(queueId, "h", "2");
    await fixture().pass(30 * SECOND);
    await send(queueId, "g", "3");
    await send(queueId, "h", "4");
    await takeOne(fixture(), queueId, { visibilityMs: HOUR });
    await fixture().pass(30 * SECOND);
    expect(await takeBodies(fixture(), queueId)).toEqual(["3", "4"]);
    expect(await tally(fixture(), queueId)).toBe("0 2 0");
  });

  test("beyond the limit of messages in flight a receive finds nothing", async () => {
    const { inFlightMax } = fixture();
    const { queueId } = await fifo();
    for (let index = 0; index < inFlightMax + 2; index++) await send(queueId, `group ${index}`, String(index));
    let held = 0;
    for (let more = -1; more !== 0; held += Math.max(more, 0)) more = (await take(fixture(), queueId, 10)).length;
    expect(held).toBe(inFlightMax);
  });

  test("a released receive leaves its group as it was", async () => {
    const { engine } = fixture();
    const { queueId } = await fifo();
    await send(queueId, "g", "1", "2", "3");
    const held = await take(fixture(), queueId, 2);
    await engine.release(
      queueId,
      held.map((message) => message.receiptHandle),
    );
    expect((await take(fixture(), queueId, 10)).map(({ body, receiveCount }) => `${body} ${receiveCount}`)).toEqual([
      "1 1",
      "2 1",
      "3 1",
    ]);
  });

  test("a deep group that waits hides no other", async () => {
    const { queueId } = await fifo();
    for (let at = 0; at < 50; at++) {
      await send(queueId, "deep", ...Array.from({ length: 10 }, (_, index) => `deep ${at * 10 + index}`));
    }
    await send(queueId, "late", "late");
    expect(await takeBodies(fixture(), queueId, 1)).toEqual(["deep 0"]);
    expect(await takeBodies(fixture(), queueId, 10)).toEqual(["late"]);
  });
}
