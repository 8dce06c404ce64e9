/** What the port does not show: rows that go, memory that forgets, answers that stay small. */

import { afterEach, beforeEach, expect, test } from "bun:test";
import type { ResourceId } from "#contracts";
import { type Database, type Engine, openDatabase } from "#foundation/sql";
import type { Answer, Ask, CommandName, PackedMessage } from "./commands.ts";
import { createRecords, type RecordOperations } from "./create-records.ts";
import { HANDLE_KEY_BYTES } from "./receipt-handles.ts";
import { ANSWER_TEXTS_MAX } from "./record-context.ts";
import { PIECE_MESSAGES } from "./settling.ts";

const QUEUE = "queue" as ResourceId;
const FIFO = "fifo" as ResourceId;
const MINUTE = 60_000;
const ENVELOPE = '{"messageId":"m","bodyMd5":"x","senderId":"s"}';

let database: Database;
let records: Engine<RecordOperations>;
let now: number;

beforeEach(() => {
  database = openDatabase({ path: ":memory:" });
  records = createRecords(database, { newHandleKey: new Uint8Array(HANDLE_KEY_BYTES), inFlightMax: 120_000 });
  now = Date.UTC(2030, 0, 1);
  const shared = { visibilityMs: 30_000, delayMs: 0, retentionMs: 10 * MINUTE };
  ask("ensure", { settings: { queueId: QUEUE, fifo: false, ...shared } });
  ask("ensure", { settings: { queueId: FIFO, fifo: true, ...shared } });
});
afterEach(() => database.close());

/** Carries one command out, in a transaction that the caller may have opened. */
function ask<Name extends CommandName>(name: Name, what: Ask<Name>, texts = ""): Answer<Name> {
  const batch = { now, json: JSON.stringify([[name, what]]), texts };
  const { json } = database.transaction(() => records.operations.run(batch));
  return (JSON.parse(json) as [Answer<Name>])[0];
}

function send(
  queue: ResourceId,
  bodies: readonly string[],
  more: (index: number) => Partial<PackedMessage> = () => ({}),
) {
  const messages = bodies.map((body, index) => ({ envelope: ENVELOPE.length, body: body.length, ...more(index) }));
  return ask("send", { queue, messages }, bodies.map((body) => ENVELOPE + body).join(""));
}

function rows(table: string): number {
  return database.prepare<{ rows: number }>(`SELECT count(*) AS rows FROM ${table}`).get()!.rows;
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => String(index));

test("purged messages are invisible at once and their rows go piece by piece", () => {
  send(QUEUE, numbers(3 * PIECE_MESSAGES));
  send(FIFO, numbers(20), (index) => ({ groupId: `g${index % 5}`, deduplicationId: String(index), messageId: "m" }));
  for (const queue of [QUEUE, FIFO]) {
    ask("receive", { queue, max: 10 });
    ask("purge", { queue });
    expect(ask("counts", { queue })).toEqual({ visible: 0, inFlight: 0, delayed: 0, more: false });
  }
  send(QUEUE, ["new"]);
  const left = [rows("messages")];
  while (ask("tidy", {}).more) {
    left.push(rows("messages"));
    expect(left.at(-2)! - left.at(-1)!).toBeLessThanOrEqual(PIECE_MESSAGES);
    expect(left.length).toBeLessThan(50);
  }
  expect(["messages", "schedule", "receipts", "locks", "garbage"].map(rows)).toEqual([1, 1, 0, 0, 0]);
  expect(ask("counts", { queue: QUEUE }).visible).toBe(1);
});

test("a dropped queue leaves nothing but its name", () => {
  send(QUEUE, numbers(10));
  ask("receive", { queue: QUEUE, max: 10 });
  ask("drop", { queue: QUEUE });
  while (ask("tidy", {}).more);
  expect(["messages", "schedule", "receipts", "garbage"].map(rows)).toEqual([0, 0, 0, 0]);
  expect(database.prepare<{ state: string }>("SELECT state FROM queues WHERE id = ?1").get(QUEUE)?.state).toBe(
    "dropped",
  );
});

test("messages beyond retention go though nobody asks for their queue", () => {
  send(QUEUE, numbers(2 * PIECE_MESSAGES + 1));
  now += 10 * MINUTE;
  while (ask("tidy", {}).more);
  expect(["messages", "schedule"].map(rows)).toEqual([0, 0]);
});

test("deduplication ids and attempts are forgotten after five minutes, not before", () => {
  send(FIFO, numbers(3), (index) => ({ groupId: "g", deduplicationId: String(index), messageId: "m" }));
  ask("receive", { queue: FIFO, max: 1, attemptId: "a" });
  now += 5 * MINUTE - 1;
  ask("tidy", {});
  expect(["deduplication", "attempts"].map(rows)).toEqual([3, 1]);
  now += 1;
  ask("tidy", {});
  expect(["deduplication", "attempts"].map(rows)).toEqual([0, 0]);
});

test("what is rolled back is forgotten, and its numbers are not given again", () => {
  send(QUEUE, ["kept"]);
  expect(() =>
    database.transaction(() => {
      send(QUEUE, ["lost", "lost too"]);
      ask("receive", { queue: QUEUE, max: 10 });
      ask("ensure", {
        settings: { queueId: "other" as ResourceId, fifo: false, visibilityMs: 1, delayMs: 0, retentionMs: 1 },
      });
      throw new Error("disk full");
    }),
  ).toThrow("disk full");
  records.onRollback?.();
  expect(ask("counts", { queue: QUEUE })).toMatchObject({ visible: 1, inFlight: 0 });
  send(QUEUE, ["after"]);
  expect(ask("receive", { queue: QUEUE, max: 10 }).messages).toHaveLength(2);
  expect(ask("queues", {}).map((queue) => queue.queueId)).toEqual([QUEUE, FIFO]);
});

test("answers of one commit stay small: who comes too late asks again", () => {
  const large = "x".repeat(ANSWER_TEXTS_MAX / 4);
  for (let sent = 0; sent < 8; sent++) send(QUEUE, [large]);
  const receive = ["receive", { queue: QUEUE, max: 10 }];
  const batch = { now, json: JSON.stringify([receive, receive]), texts: "" };
  const { json, texts } = database.transaction(() => records.operations.run(batch));
  const [first, second] = JSON.parse(json) as [Answer<"receive">, Answer<"receive">];
  expect(first.messages.length).toBe(4);
  expect(second).toEqual({ messages: [], again: true });
  expect(texts.length).toBeLessThan(2 * ANSWER_TEXTS_MAX);
  expect(ask("receive", { queue: QUEUE, max: 10 }).messages).toHaveLength(4);
});

test("a look at large messages ends early", () => {
  for (let sent = 0; sent < 8; sent++) send(QUEUE, ["x".repeat(ANSWER_TEXTS_MAX / 4)]);
  expect(ask("peek", { queue: QUEUE, limit: 1000 })).toHaveLength(4);
});
