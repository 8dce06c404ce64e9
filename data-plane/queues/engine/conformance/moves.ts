/** Conformance: tasks that move messages out of a dead-letter queue. */

import { expect, test } from "bun:test";
import type { ResourceId } from "#contracts";
import {
  freshQueue,
  groupMessage,
  type QueueFixture,
  refusal,
  SECOND,
  sendBodies,
  take,
  takeBodies,
  tally,
} from "./fixture.ts";

let tasks = 0;

function freshTask(source: ResourceId, destination?: ResourceId, messagesPerSecondMax?: number) {
  tasks++;
  return {
    taskId: `task ${tasks}`,
    source,
    ...(destination === undefined ? {} : { destination }),
    ...(messagesPerSecondMax === undefined ? {} : { messagesPerSecondMax }),
  };
}

export function moveCases(fixture: () => QueueFixture): void {
  /** A dead-letter queue with messages of two sources. */
  async function deadLetters(fifo = false) {
    const dead = await freshQueue(fixture(), { fifo });
    const redrive = { deadLetterQueueId: dead.queueId, maxReceiveCount: 1 };
    const sources = [];
    for (const name of ["one", "two"]) {
      const { queueId } = await freshQueue(fixture(), { fifo, redrive, visibilityMs: 0 });
      const messages = ["a", "b", "c"].map((body) => groupMessage("g", `${name} ${body}`));
      await fixture().engine.send(queueId, messages);
      await take(fixture(), queueId, 10);
      await take(fixture(), queueId, 10);
      sources.push(queueId);
    }
    return { dead: dead.queueId, one: sources[0]!, two: sources[1]! };
  }

  test("without a destination each message goes back to its own source, as a new one", async () => {
    const { engine } = fixture();
    const { dead, one, two } = await deadLetters();
    expect(await tally(fixture(), dead)).toBe("6 0 0");
    const before = await engine.peek(dead, 10);
    await fixture().pass(10 * SECOND);
    const task = freshTask(dead);
    expect(await engine.startMove(task)).toEqual({
      ...task,
      status: "RUNNING",
      startedAt: fixture().now(),
      moved: 0,
      toMove: 6,
    });
    await fixture().pass(5 * SECOND);
    expect(await engine.move(task.taskId)).toMatchObject({ status: "COMPLETED", moved: 6 });
    expect(await tally(fixture(), dead)).toBe("0 0 0");
    const back = await engine.peek(one, 10);
    expect(back.map((message) => message.body)).toEqual(["one a", "one b", "one c"]);
    expect(await takeBodies(fixture(), two)).toEqual(["two a", "two b", "two c"]);
    for (const message of back) {
      expect(message.receiveCount).toBe(0);
      expect(message.deadLetterSource).toBeUndefined();
      expect(message.sentAt).toBeGreaterThan(before[0]!.sentAt);
      expect(before.map(({ messageId }) => messageId)).not.toContain(message.messageId);
    }
  });

  test("a rate is kept, progress is told, and cancelling ends it", async () => {
    const { engine } = fixture();
    const source = await freshQueue(fixture());
    const destination = await freshQueue(fixture());
    await sendBodies(
      fixture(),
      source.queueId,
      Array.from({ length: 30 }, (_, index) => String(index)),
    );
    const task = freshTask(source.queueId, destination.queueId, 2);
    await engine.startMove(task);
    await fixture().pass(5 * SECOND);
    const { moved } = (await engine.move(task.taskId))!;
    expect(moved).toBeGreaterThanOrEqual(9);
    expect(moved).toBeLessThanOrEqual(12);
    expect(await engine.cancelMove(task.taskId)).toMatchObject({ status: "CANCELLED", moved });
    await fixture().pass(5 * SECOND);
    expect(await tally(fixture(), destination.queueId)).toBe(`${moved} 0 0`);
    expect(await refusal(engine.cancelMove(task.taskId))).toBe("NoRunningMoveTask");
    expect(await refusal(engine.cancelMove("no such task"))).toBe("NoRunningMoveTask");
  });

  test("a task goes on after a restart", async () => {
    const source = await freshQueue(fixture());
    const destination = await freshQueue(fixture());
    await sendBodies(
      fixture(),
      source.queueId,
      Array.from({ length: 20 }, (_, index) => String(index)),
    );
    const task = freshTask(source.queueId, destination.queueId, 5);
    await fixture().engine.startMove(task);
    await fixture().pass(1 * SECOND);
    await fixture().reopen();
    await fixture().pass(5 * SECOND);
    expect(await fixture().engine.move(task.taskId)).toMatchObject({ status: "COMPLETED", moved: 20 });
    expect(await takeBodies(fixture(), destination.queueId, 3)).toEqual(["0", "1", "2"]);
  });

  test("one task at a time, and the latest are listed first", async () => {
    const { engine } = fixture();
    const source = await freshQueue(fixture());
    const destination = await freshQueue(fixture());
    const ids = [];
    for (let round = 0; round < 12; round++) {
      await sendBodies(fixture(), source.queueId, ["a"]);
      const task = freshTask(source.queueId, destination.queueId);
      ids.unshift(task.taskId);
      await engine.startMove(task);
      expect(await refusal(engine.startMove(freshTask(source.queueId, destination.queueId)))).toBe("MoveTaskActive");
      await fixture().pass(2 * SECOND);
    }
    const listed = await engine.moves(source.queueId, 10);
    expect(listed.map((task) => task.taskId)).toEqual(ids.slice(0, 10));
    expect(await engine.moves(source.queueId, 1)).toHaveLength(1);
  });

  test("a task fails, and says why, when it does not know where to go", async () => {
    const { engine } = fixture();
    const { dead, one } = await deadLetters();
    await engine.drop(one);
    const gone = freshTask(dead);
    await engine.startMove(gone);
    await fixture().pass(2 * SECOND);
    expect(await engine.move(gone.taskId)).toMatchObject({ status: "FAILED", failure: "DestinationNotFound" });
    const plain = await freshQueue(fixture());
    await sendBodies(fixture(), plain.queueId, ["never dead"]);
    const nowhere = freshTask(plain.queueId);
    await engine.startMove(nowhere);
    await fixture().pass(2 * SECOND);
    expect(await engine.move(nowhere.taskId)).toMatchObject({ status: "FAILED", failure: "NoSourceQueue", moved: 0 });
    const fifo = await freshQueue(fixture(), { fifo: true });
    const other = freshTask(plain.queueId, fifo.queueId);
    await engine.startMove(other);
    await fixture().pass(2 * SECOND);
    expect(await engine.move(other.taskId)).toMatchObject({ status: "FAILED", failure: "DestinationOfOtherKind" });
    expect(await tally(fixture(), plain.queueId)).toBe("1 0 0");
  });

  test("FIFO messages keep the order of their group", async () => {
    const { engine } = fixture();
    const { dead, one } = await deadLetters(true);
    const task = freshTask(dead, one);
    await engine.startMove(task);
    await fixture().pass(5 * SECOND);
    expect(await engine.move(task.taskId)).toMatchObject({ status: "COMPLETED", moved: 6 });
    const bodies = await takeBodies(fixture(), one, 10);
    expect(bodies.filter((body) => body.startsWith("one"))).toEqual(["one a", "one b", "one c"]);
    expect(bodies.filter((body) => body.startsWith("two"))).toEqual(["two a", "two b", "two c"]);
  });

  test("who waits at the destination is woken; what comes after the start stays", async () => {
    const { engine } = fixture();
    const source = await freshQueue(fixture());
    const destination = await freshQueue(fixture());
    await sendBodies(fixture(), source.queueId, ["before"]);
    const waiting = engine.receive(destination.queueId, { max: 10, waitMs: 20 * SECOND });
    await engine.startMove(freshTask(source.queueId, destination.queueId, 1));
    await sendBodies(fixture(), source.queueId, ["after"]);
    await fixture().pass(5 * SECOND);
    expect((await waiting).map((message) => message.body)).toEqual(["before"]);
    expect(await takeBodies(fixture(), source.queueId)).toEqual(["after"]);
  });

  test("queues that are not there are refused", async () => {
    const { engine } = fixture();
    const { queueId } = await freshQueue(fixture());
    expect(await refusal(engine.startMove(freshTask("no queue" as ResourceId)))).toBe("NoSuchQueue");
    expect(await refusal(engine.startMove(freshTask(queueId, "no queue" as ResourceId)))).toBe("NoSuchQueue");
    expect(await engine.move("no task")).toBeUndefined();
    expect(await engine.moves(queueId, 10)).toEqual([]);
  });
}
