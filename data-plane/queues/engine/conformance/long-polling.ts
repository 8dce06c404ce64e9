/** Conformance: consumers that wait. */

import { expect, test } from "bun:test";
import {
  changeOne,
  freshQueue,
  groupMessage,
  newMessage,
  type QueueFixture,
  refusal,
  SECOND,
  sendBodies,
  takeOne,
  tally,
} from "./fixture.ts";

const WAIT_MS = 20 * SECOND;

/** A receive that is under way, and what has become of it so far. */
function poll({ engine }: QueueFixture, queueId: Parameters<typeof engine.receive>[0], signal?: AbortSignal) {
  const state: { outcome: string } = { outcome: "waiting" };
  const promise = engine
    .receive(queueId, { max: 10, waitMs: WAIT_MS, ...(signal === undefined ? {} : { signal }) })
    .then((messages) => {
      state.outcome = messages.map((message) => message.body).join(" ");
      return messages;
    });
  promise.catch((error: unknown) => {
    state.outcome = String(error);
  });
  return { state, promise };
}

export function longPollingCases(fixture: () => QueueFixture): void {
  test("a receive that finds something does not wait", async () => {
    const { queueId } = await freshQueue(fixture());
    await sendBodies(fixture(), queueId, ["a"]);
    const { promise } = poll(fixture(), queueId);
    expect((await promise).map((message) => message.body)).toEqual(["a"]);
  });

  test("an empty receive ends when its time is over, not before", async () => {
    const { queueId } = await freshQueue(fixture());
    const { state, promise } = poll(fixture(), queueId);
    await fixture().pass(WAIT_MS - 1);
    expect(state.outcome).toBe("waiting");
    await fixture().pass(1);
    expect(await promise).toEqual([]);
  });

  test("a send wakes who waits, without time passing", async () => {
    const { queueId } = await freshQueue(fixture());
    const { promise } = poll(fixture(), queueId);
    await sendBodies(fixture(), queueId, ["a"]);
    expect((await promise).map((message) => message.body)).toEqual(["a"]);
  });

  test("a receive and a send in one moment meet", async () => {
    for (let round = 0; round < 20; round++) {
      const { queueId } = await freshQueue(fixture());
      const { promise } = poll(fixture(), queueId);
      const sent = sendBodies(fixture(), queueId, ["a"]);
      expect((await promise).length).toBe(1);
      await sent;
    }
  });

  test("the end of a delay wakes who waits", async () => {
    const { engine } = fixture();
    const { queueId } = await freshQueue(fixture());
    await engine.send(queueId, [newMessage("a", { delayMs: 5 * SECOND })]);
    const early = poll(fixture(), queueId);
    await engine.send(queueId, [newMessage("b", { delayMs: 3 * SECOND })]);
    await fixture().pass(3 * SECOND - 1);
    expect(early.state.outcome).toBe("waiting");
    await fixture().pass(1);
    expect(early.state.outcome).toBe("b");
    const late = poll(fixture(), queueId);
    await fixture().pass(2 * SECOND - 1);
    expect(late.state.outcome).toBe("waiting");
    await fixture().pass(1);
    expect(late.state.outcome).toBe("a");
  });

  test("the end of a visibility timeout wakes who waits, also one that was shortened", async () => {
    const { queueId } = await freshQueue(fixture(), { visibilityMs: 10 * SECOND });
    await sendBodies(fixture(), queueId, ["a"]);
    await takeOne(fixture(), queueId);
    const first = poll(fixture(), queueId);
    await fixture().pass(10 * SECOND);
    expect(first.state.outcome).toBe("a");
    const [held] = await first.promise;
    const second = poll(fixture(), queueId);
    await fixture().pass(1 * SECOND);
    await changeOne(fixture(), queueId, held!.receiptHandle, 2 * SECOND);
    await fixture().pass(2 * SECOND - 1);
    expect(second.state.outcome).toBe("waiting");
    await fixture().pass(1);
    expect(second.state.outcome).toBe("a");
    const third = poll(fixture(), queueId);
    const [again] = await second.promise;
    await changeOne(fixture(), queueId, again!.receiptHandle, 0);
    expect((await third.promise).length).toBe(1);
  });

  test("who waits longest is served first", async () => {
    const { queueId } = await freshQueue(fixture());
    const polls = Array.from({ length: 3 }, () => poll(fixture(), queueId));
    await fixture().pass(1 * SECOND);
    for (const [index, body] of ["a", "b", "c"].entries()) {
      await sendBodies(fixture(), queueId, [body]);
      await polls[index]!.promise;
      expect(polls.map(({ state }) => state.outcome)).toEqual(
        ["a", "b", "c"].map((each, at) => (at <= index ? each : "waiting")),
      );
    }
  });

  test("many messages at once reach many who wait", async () => {
    const { engine } = fixture();
    const { queueId } = await freshQueue(fixture());
    const polls = Array.from({ length: 3 }, () => poll(fixture(), queueId));
    await fixture().pass(1 * SECOND);
    const batch = Array.from({ length: 25 }, (_, index) => newMessage(String(index)));
    await engine.send(queueId, batch);
    const received = (await Promise.all(polls.map(({ promise }) => promise))).flat();
    expect(received.length).toBe(25);
  });

  test("deleting a FIFO message wakes who waits for the next of its group", async () => {
    const { engine } = fixture();
    const { queueId } = await freshQueue(fixture(), { fifo: true });
    await engine.send(queueId, [groupMessage("g", "a"), groupMessage("g", "b")]);
    const { receiptHandle } = await takeOne(fixture(), queueId);
    const { state, promise } = poll(fixture(), queueId);
    await fixture().pass(1 * SECOND);
    expect(state.outcome).toBe("waiting");
    await engine.delete(queueId, [receiptHandle]);
    expect((await promise).map((message) => message.body)).toEqual(["b"]);
  });

  test("a caller who goes away swallows nothing and counts nothing", async () => {
    const { engine } = fixture();
    for (const moment of ["before", "while waiting", "with the send", "while taking"]) {
      const { queueId } = await freshQueue(fixture());
      const leaving = new AbortController();
      if (moment === "before") leaving.abort(new Error("gone"));
      if (moment === "while taking") await sendBodies(fixture(), queueId, ["a"]);
      const { promise, state } = poll(fixture(), queueId, leaving.signal);
      const other = moment === "while taking" ? undefined : poll(fixture(), queueId);
      if (moment === "while waiting") {
        await fixture().pass(1 * SECOND);
        leaving.abort(new Error("gone"));
      }
      const sent = moment === "while taking" ? undefined : engine.send(queueId, [newMessage("a")]);
      leaving.abort(new Error("gone"));
      await promise.catch(() => undefined);
      expect(state.outcome, moment).toBe("Error: gone");
      await sent;
      const [message] = other === undefined ? [await takeOne(fixture(), queueId)] : await other.promise;
      expect(message, moment).toMatchObject({ body: "a", receiveCount: 1 });
    }
  });

  test("one who is called and goes away passes the call on", async () => {
    const { engine } = fixture();
    const { queueId } = await freshQueue(fixture());
    const leaving = new AbortController();
    const first = poll(fixture(), queueId, leaving.signal);
    const second = poll(fixture(), queueId);
    await fixture().pass(1 * SECOND);
    const sent = engine.send(queueId, [newMessage("a")]).then(() => leaving.abort(new Error("gone")));
    await sent;
    await first.promise.catch(() => undefined);
    if (first.state.outcome !== "a") expect((await second.promise).map((message) => message.body)).toEqual(["a"]);
  });

  test("who waits at a queue that goes is told so", async () => {
    const { engine } = fixture();
    for (const end of ["beginDelete", "drop"] as const) {
      const { queueId } = await freshQueue(fixture());
      const { promise } = poll(fixture(), queueId);
      const outcome = refusal(promise);
      await fixture().pass(1 * SECOND);
      await engine[end](queueId);
      expect(await outcome).toBe("NoSuchQueue");
    }
  });

  test("who waits when the engine is closed is told so", async () => {
    const { queueId } = await freshQueue(fixture());
    const outcome = refusal(poll(fixture(), queueId).promise);
    await fixture().pass(1 * SECOND);
    await fixture().reopen();
    expect(await outcome).toBe("Unavailable");
  });

  test("waiting changes no counts", async () => {
    const { queueId } = await freshQueue(fixture());
    const { promise } = poll(fixture(), queueId);
    expect(await tally(fixture(), queueId)).toBe("0 0 0");
    await fixture().pass(WAIT_MS);
    await promise;
  });
}
