/** Conformance: sending to and receiving from standard queues. */

import { expect, test } from "bun:test";
import {
  freshQueue,
  newMessage,
  type QueueFixture,
  refusal,
  SECOND,
  sendBodies,
  take,
  takeBodies,
  takeOne,
  tally,
} from "./fixture.ts";

export function standardCases(fixture: () => QueueFixture): void {
  test("a message comes back as it was sent, with its receipt", async () => {
    const { engine, now } = fixture();
    const { queueId } = await freshQueue(fixture());
    const sent = newMessage('body with \u0000-free text, emoji 🛩 and a quote "', {
      attributes: '{"colour":{"DataType":"String","StringValue":"blue"}}',
      attributesMd5: "0".repeat(32),
      systemAttributes: '{"AWSTraceHeader":"Root=1"}',
      groupId: "tenant",
      deduplicationId: "kept without effect",
    });
    expect(await engine.send(queueId, [sent])).toEqual([{ messageId: sent.messageId, duplicate: false }]);
    const { receiptHandle, ...received } = await takeOne(fixture(), queueId);
    expect(receiptHandle).toMatch(/^\S+$/);
    const { size: _, ...kept } = sent;
    expect(received).toEqual({ ...kept, sentAt: now(), receiveCount: 1, firstReceivedAt: now() });
  });

  test("messages come in the order of sending, at most as many as asked for, each to one consumer", async () => {
    const { queueId } = await freshQueue(fixture());
    await sendBodies(fixture(), queueId, ["a", "b", "c", "d"]);
    await sendBodies(fixture(), queueId, ["e"]);
    expect(await takeBodies(fixture(), queueId, 2)).toEqual(["a", "b"]);
    expect(await takeBodies(fixture(), queueId, 10)).toEqual(["c", "d", "e"]);
    expect(await takeBodies(fixture(), queueId, 10)).toEqual([]);
  });

  test("consumers at the same time share what is there", async () => {
    const { queueId } = await freshQueue(fixture());
    const bodies = Array.from({ length: 40 }, (_, index) => String(index));
    await Promise.all(bodies.map((body) => sendBodies(fixture(), queueId, [body])));
    const taken = await Promise.all(Array.from({ length: 12 }, () => takeBodies(fixture(), queueId, 4)));
    expect(taken.flat().sort()).toEqual([...bodies].sort());
  });

  test("counts are exact in every state", async () => {
    const { engine } = fixture();
    const { queueId } = await freshQueue(fixture());
    await sendBodies(fixture(), queueId, ["a", "b", "c"]);
    await engine.send(queueId, [newMessage("later", { delayMs: 20 * SECOND })]);
    expect(await tally(fixture(), queueId)).toBe("3 0 1");
    const [first] = await take(fixture(), queueId, 2);
    expect(await tally(fixture(), queueId)).toBe("1 2 1");
    await engine.delete(queueId, [first!.receiptHandle]);
    expect(await tally(fixture(), queueId)).toBe("1 1 1");
    await fixture().pass(30 * SECOND);
    expect(await tally(fixture(), queueId)).toBe("3 0 0");
    expect(await takeBodies(fixture(), queueId)).toEqual(["b", "c", "later"]);
  });

  test("the oldest message is told, in whatever state it is", async () => {
    const { engine, now } = fixture();
    const { queueId } = await freshQueue(fixture());
    expect((await engine.counts(queueId)).oldestSentAt).toBeUndefined();
    const sentAt = now();
    await sendBodies(fixture(), queueId, ["a"]);
    await fixture().pass(5 * SECOND);
    await sendBodies(fixture(), queueId, ["b"]);
    const { receiptHandle } = await takeOne(fixture(), queueId);
    expect((await engine.counts(queueId)).oldestSentAt).toBe(sentAt);
    await engine.delete(queueId, [receiptHandle]);
    expect((await engine.counts(queueId)).oldestSentAt).toBe(sentAt + 5 * SECOND);
  });

  test("a large body and many small ones in one batch keep their own texts", async () => {
    const { engine } = fixture();
    const { queueId } = await freshQueue(fixture());
    const large = "0123456789abcdef".repeat(65_536);
    const sends = ["x", large, "y", "", "z"].map((body) => engine.send(queueId, [newMessage(body)]));
    await Promise.all(sends);
    const received = await take(fixture(), queueId, 10);
    expect(received.map((message) => message.body)).toEqual(["x", large, "y", "", "z"]);
  });

  test("a quiet group's message takes turns with the backlog of a busy one", async () => {
    const { engine } = fixture();
    const { queueId } = await freshQueue(fixture());
    const busy = Array.from({ length: 50 }, (_, index) => newMessage(`busy ${index}`, { groupId: "busy" }));
    for (let at = 0; at < busy.length; at += 10) await engine.send(queueId, busy.slice(at, at + 10));
    expect(await takeBodies(fixture(), queueId, 10)).toEqual(busy.slice(0, 10).map((message) => message.body));
    await engine.send(queueId, [newMessage("quiet 0", { groupId: "quiet" })]);
    await engine.send(queueId, [newMessage("quiet 1", { groupId: "quiet" })]);
    const next = await takeBodies(fixture(), queueId, 5);
    expect([...next].sort()).toEqual(["busy 10", "busy 11", "busy 12", "quiet 0", "quiet 1"]);
    expect(next.indexOf("quiet 0")).toBeLessThan(next.indexOf("quiet 1"));
  });

  test("a busy group and messages without one take turns too, each in its own order", async () => {
    const { engine } = fixture();
    const { queueId } = await freshQueue(fixture());
    for (let index = 0; index < 20; index++) await engine.send(queueId, [newMessage(`g${index}`, { groupId: "g" })]);
    await sendBodies(fixture(), queueId, ["0", "1", "2"]);
    const first = await takeBodies(fixture(), queueId, 6);
    expect(first.filter((body) => !body.startsWith("g"))).toEqual(["0", "1", "2"]);
    expect(first.filter((body) => body.startsWith("g"))).toEqual(["g0", "g1", "g2"]);
  });

  test("looking at messages changes nothing", async () => {
    const { engine, now } = fixture();
    const { queueId } = await freshQueue(fixture());
    await sendBodies(fixture(), queueId, ["a", "b"]);
    await engine.send(queueId, [newMessage("c", { delayMs: 60 * SECOND })]);
    await takeOne(fixture(), queueId);
    const expected = [
      `a inFlight ${now() + 30 * SECOND} 1`,
      "b visible undefined 0",
      `c delayed ${now() + 60 * SECOND} 0`,
    ];
    for (let look = 0; look < 2; look++) {
      const peeked = await engine.peek(queueId, 10);
      expect(
        peeked.map((message) => `${message.body} ${message.state} ${message.visibleAt} ${message.receiveCount}`),
      ).toEqual(expected);
    }
    expect((await engine.peek(queueId, 1)).map((message) => message.body)).toEqual(["a"]);
    expect(await tally(fixture(), queueId)).toBe("1 1 1");
  });

  test("queues do not see each other's messages", async () => {
    const one = await freshQueue(fixture());
    const other = await freshQueue(fixture());
    await sendBodies(fixture(), one.queueId, ["mine"]);
    expect(await takeBodies(fixture(), other.queueId)).toEqual([]);
    expect(await takeBodies(fixture(), one.queueId)).toEqual(["mine"]);
  });

  test("beyond the limit of messages in flight a receive is refused, until one is gone", async () => {
    const { engine, inFlightMax } = fixture();
    const { queueId } = await freshQueue(fixture());
    const bodies = Array.from({ length: inFlightMax + 5 }, (_, index) => String(index));
    await sendBodies(fixture(), queueId, bodies);
    const held = [];
    while (held.length < inFlightMax) held.push(...(await take(fixture(), queueId, 7)));
    expect(held.length).toBe(inFlightMax);
    expect(await refusal(take(fixture(), queueId))).toBe("OverLimit");
    await engine.delete(queueId, [held[0]!.receiptHandle]);
    expect(await takeBodies(fixture(), queueId)).toEqual([String(inFlightMax)]);
    expect(await refusal(take(fixture(), queueId))).toBe("OverLimit");
    await fixture().pass(30 * SECOND);
    expect((await take(fixture(), queueId, 10)).length).toBe(10);
  });
}
