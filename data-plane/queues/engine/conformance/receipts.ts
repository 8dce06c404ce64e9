/** Conformance: receipt handles, deletions, changes of visibility. */

import { expect, test } from "bun:test";
import {
  changeOne,
  freshQueue,
  HOUR,
  type QueueFixture,
  SECOND,
  sendBodies,
  take,
  takeBodies,
  takeOne,
  tally,
} from "./fixture.ts";

export function receiptCases(fixture: () => QueueFixture): void {
  test("deleting removes for good; deleting again is no error", async () => {
    const { engine } = fixture();
    const { queueId } = await freshQueue(fixture());
    await sendBodies(fixture(), queueId, ["a"]);
    const { receiptHandle } = await takeOne(fixture(), queueId);
    expect(await engine.delete(queueId, [receiptHandle])).toEqual(["deleted"]);
    expect(await engine.delete(queueId, [receiptHandle])).toEqual(["deleted"]);
    await fixture().pass(60 * SECOND);
    expect(await takeBodies(fixture(), queueId)).toEqual([]);
  });

  test("a handle works after its timeout, until the message is received again", async () => {
    const { engine } = fixture();
    const { queueId } = await freshQueue(fixture());
    await sendBodies(fixture(), queueId, ["a", "b"]);
    const [a, b] = await take(fixture(), queueId, 2);
    await fixture().pass(31 * SECOND);
    expect(await engine.delete(queueId, [a!.receiptHandle])).toEqual(["deleted"]);
    const again = await takeOne(fixture(), queueId);
    expect(again).toMatchObject({ body: "b", receiveCount: 2, firstReceivedAt: b!.firstReceivedAt });
    expect(again.receiptHandle).not.toBe(b!.receiptHandle);
    expect(await engine.delete(queueId, [b!.receiptHandle])).toEqual(["stale"]);
    expect(await tally(fixture(), queueId)).toBe("0 1 0");
    expect(await engine.delete(queueId, [again.receiptHandle])).toEqual(["deleted"]);
    expect(await tally(fixture(), queueId)).toBe("0 0 0");
  });

  test("handles are good for their own queue only, and cannot be made up", async () => {
    const { engine } = fixture();
    const mine = await freshQueue(fixture());
    const theirs = await freshQueue(fixture());
    await sendBodies(fixture(), mine.queueId, ["a"]);
    await sendBodies(fixture(), theirs.queueId, ["b"]);
    const { receiptHandle } = await takeOne(fixture(), mine.queueId);
    const flipped = (receiptHandle[0] === "A" ? "B" : "A") + receiptHandle.slice(1);
    const made = [receiptHandle.slice(1), `${receiptHandle}A`, flipped, "", "x", "ü".repeat(22), "A".repeat(100_000)];
    for (const handle of made) {
      expect(await engine.delete(mine.queueId, [handle]), handle.slice(0, 30)).toEqual(["invalid"]);
      expect(await changeOne(fixture(), mine.queueId, handle, 0)).toBe("invalid");
    }
    expect(await engine.delete(theirs.queueId, [receiptHandle])).toEqual(["invalid"]);
    expect(await tally(fixture(), mine.queueId)).toBe("0 1 0");
    expect(await tally(fixture(), theirs.queueId)).toBe("1 0 0");
  });

  test("handles work across restarts and changes of settings", async () => {
    const queue = await freshQueue(fixture());
    await sendBodies(fixture(), queue.queueId, ["a"]);
    const { receiptHandle } = await takeOne(fixture(), queue.queueId);
    await fixture().reopen();
    await fixture().engine.ensure({ ...queue, visibilityMs: 5 * SECOND });
    expect(await tally(fixture(), queue.queueId)).toBe("0 1 0");
    expect(await fixture().engine.delete(queue.queueId, [receiptHandle])).toEqual(["deleted"]);
    expect(await tally(fixture(), queue.queueId)).toBe("0 0 0");
  });

  test("a batch has an outcome for each entry", async () => {
    const { engine } = fixture();
    const { queueId } = await freshQueue(fixture());
    await sendBodies(fixture(), queueId, ["a", "b"]);
    const [a, b] = await take(fixture(), queueId, 2);
    expect(await engine.delete(queueId, [a!.receiptHandle, "no handle", b!.receiptHandle])).toEqual([
      "deleted",
      "invalid",
      "deleted",
    ]);
  });

  test("a changed visibility counts from the change, longer or shorter", async () => {
    const { queueId } = await freshQueue(fixture());
    await sendBodies(fixture(), queueId, ["longer", "shorter"]);
    const [longer, shorter] = await take(fixture(), queueId, 2);
    await fixture().pass(10 * SECOND);
    expect(await changeOne(fixture(), queueId, longer!.receiptHandle, 60 * SECOND)).toBe("changed");
    expect(await changeOne(fixture(), queueId, shorter!.receiptHandle, 5 * SECOND)).toBe("changed");
    await fixture().pass(4 * SECOND);
    expect(await takeBodies(fixture(), queueId)).toEqual([]);
    await fixture().pass(1 * SECOND);
    expect(await takeBodies(fixture(), queueId, 10, { visibilityMs: HOUR })).toEqual(["shorter"]);
    await fixture().pass(54 * SECOND);
    expect(await takeBodies(fixture(), queueId)).toEqual([]);
    await fixture().pass(1 * SECOND);
    expect(await takeBodies(fixture(), queueId)).toEqual(["longer"]);
  });

  test("a visibility of nothing gives the message back at once, in its old place", async () => {
    const { queueId } = await freshQueue(fixture());
    await sendBodies(fixture(), queueId, ["a", "b"]);
    const { receiptHandle } = await takeOne(fixture(), queueId);
    expect(await changeOne(fixture(), queueId, receiptHandle, 0)).toBe("changed");
    expect(await tally(fixture(), queueId)).toBe("2 0 0");
    expect(await takeBodies(fixture(), queueId)).toEqual(["a", "b"]);
  });

  test("what is not in flight has no visibility to change", async () => {
    const { engine } = fixture();
    const { queueId } = await freshQueue(fixture());
    await sendBodies(fixture(), queueId, ["a"]);
    const first = await takeOne(fixture(), queueId);
    await fixture().pass(31 * SECOND);
    expect(await changeOne(fixture(), queueId, first.receiptHandle, 10 * SECOND)).toBe("notInFlight");
    const second = await takeOne(fixture(), queueId);
    expect(await changeOne(fixture(), queueId, first.receiptHandle, 10 * SECOND)).toBe("stale");
    await engine.delete(queueId, [second.receiptHandle]);
    expect(await changeOne(fixture(), queueId, second.receiptHandle, 10 * SECOND)).toBe("gone");
  });

  test("no message is in flight for longer than 12 hours", async () => {
    const { queueId } = await freshQueue(fixture());
    await sendBodies(fixture(), queueId, ["a"]);
    const { receiptHandle } = await takeOne(fixture(), queueId, { visibilityMs: 11 * HOUR });
    expect(await changeOne(fixture(), queueId, receiptHandle, 12 * HOUR)).toBe("changed");
    await fixture().pass(1 * SECOND);
    expect(await changeOne(fixture(), queueId, receiptHandle, 12 * HOUR)).toBe("tooLong");
    expect(await changeOne(fixture(), queueId, receiptHandle, 12 * HOUR - SECOND)).toBe("changed");
    await fixture().pass(12 * HOUR - 2 * SECOND);
    expect(await takeBodies(fixture(), queueId)).toEqual([]);
    await fixture().pass(1 * SECOND);
    expect(await takeBodies(fixture(), queueId)).toEqual(["a"]);
  });

  test("a receive that is released was none", async () => {
    const { engine } = fixture();
    const { queueId } = await freshQueue(fixture());
    await sendBodies(fixture(), queueId, ["a", "b"]);
    const [a] = await take(fixture(), queueId, 2);
    await engine.release(queueId, [a!.receiptHandle, "no handle"]);
    expect(await tally(fixture(), queueId)).toBe("1 1 0");
    expect(await engine.peek(queueId, 1)).toMatchObject([{ body: "a", receiveCount: 0, state: "visible" }]);
    await fixture().pass(1 * SECOND);
    const again = await takeOne(fixture(), queueId);
    expect(again).toMatchObject({ body: "a", receiveCount: 1, firstReceivedAt: fixture().now() });
    expect(await engine.delete(queueId, [a!.receiptHandle])).toEqual(["stale"]);
    expect(await engine.delete(queueId, [again.receiptHandle])).toEqual(["deleted"]);
  });
}
