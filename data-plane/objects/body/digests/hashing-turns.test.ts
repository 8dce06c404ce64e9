import { expect, test } from "bun:test";
import { createHash, randomBytes } from "node:crypto";
import { HashingTurns, type Turn } from "./hashing-turns.ts";
import { SEGMENT_BYTES, SEGMENTS } from "./protocol.ts";

/** A sender of one body: puts bytes where the protocol wants them. */
class Sender {
  readonly #turns: HashingTurns;
  readonly #number: number;
  readonly #hash = createHash("md5");

  constructor(turns: HashingTurns, number: number) {
    this.#turns = turns;
    this.#number = number;
    turns.begin(number, ["MD5", "CRC32"]);
  }

  send(length = SEGMENT_BYTES): void {
    const bytes = randomBytes(length);
    this.#hash.update(bytes);
    this.#turns.segment(this.#number, bytes);
  }

  end(): string {
    this.#turns.end(this.#number);
    return this.#hash.digest("hex");
  }
}

const md5Of = (turn: Turn | undefined, number: number): string | undefined => {
  const digest = turn?.finished.find(({ body }) => body === number)?.digests.get("MD5");
  return digest && Buffer.from(digest).toString("hex");
};

test("a body's first turn waits for others to come, until its sender would have to wait", () => {
  const turns = new HashingTurns();
  const sender = new Sender(turns, 1);
  for (let segment = 1; segment < SEGMENTS - 1; segment++) {
    sender.send();
    expect(turns.turn()).toBeUndefined();
  }
  sender.send();
  expect(turns.turn()?.taken).toEqual([1]);
});

test("a body alone is hashed as it comes", () => {
  const turns = new HashingTurns();
  const sender = new Sender(turns, 1);
  for (let segment = 0; segment < SEGMENTS - 1; segment++) sender.send();
  while (turns.turn() !== undefined) {
    // Until nothing waits.
  }
  sender.send();
  expect(turns.turn()?.taken).toEqual([1]);
});

test("a turn takes one segment of each body, and is put off while one has none", () => {
  const turns = new HashingTurns();
  const senders = [1, 2, 3].map((number) => new Sender(turns, number));
  for (const sender of senders) for (let segment = 0; segment < SEGMENTS - 1; segment++) sender.send();
  expect(turns.turn()?.taken).toEqual([1, 2, 3]);
  expect(turns.turn()?.taken).toEqual([1, 2, 3]);
  expect(turns.turn()?.taken).toEqual([1, 2, 3]);
  senders[0]!.send();
  senders[2]!.send();
  expect(turns.turn()).toBeUndefined();
  senders[1]!.send();
  expect(turns.turn()?.taken).toEqual([1, 2, 3]);
});

test("a body that stands still holds up nobody", () => {
  const turns = new HashingTurns();
  const still = new Sender(turns, 1);
  const sender = new Sender(turns, 2);
  for (let segment = 0; segment < SEGMENTS - 1; segment++) sender.send();
  expect(turns.turn()?.taken).toEqual([2]);
  sender.send(100);
  const digest = sender.end();
  const rest = [turns.turn(), turns.turn(), turns.turn()];
  expect(rest.map((turn) => turn?.taken)).toEqual([[2], [2], [2]]);
  expect(md5Of(rest[2], 2)).toBe(digest);
  const empty = still.end();
  expect(md5Of(turns.turn(), 1)).toBe(empty);
  expect(turns.turn()).toBeUndefined();
});

test("a segment whose memory is wanted is hashed at once", () => {
  const turns = new HashingTurns();
  const senders = [1, 2, 3].map((number) => new Sender(turns, number));
  senders[0]!.send(1000);
  expect(turns.turn()).toBeUndefined();
  turns.hurry(1);
  expect(turns.turn()?.taken).toEqual([1]);
  senders[0]!.send(1000);
  expect(turns.turn()).toBeUndefined();
  for (const number of [2, 99]) turns.hurry(number);
  expect(turns.turn()).toBeUndefined();
});

test("bodies of any number that begin and end at any time keep their digests", () => {
  const turns = new HashingTurns();
  const expected = new Map<number, string>();
  const got = new Map<number, string>();
  const waiting = new Map<number, number>();
  const senders = new Map<number, Sender>();
  let begun = 0;
  for (let step = 0; step < 400; step++) {
    const chance = (step * 7919) % 13;
    if (chance < 2 && begun < 12) {
      begun += 1;
      senders.set(begun, new Sender(turns, begun));
      waiting.set(begun, 0);
    }
    for (const [number, sender] of senders) {
      if (waiting.get(number)! < SEGMENTS && (step + number) % 3 === 0) {
        sender.send((step * 131) % 4 === 0 ? (step * 977) % 2000 : 4096);
        waiting.set(number, waiting.get(number)! + 1);
      }
      if ((step * number) % 37 !== 36) continue;
      expected.set(number, sender.end());
      senders.delete(number);
    }
    const turn = turns.turn();
    for (const body of turn?.taken ?? []) waiting.set(body, waiting.get(body)! - 1);
    for (const { body } of turn?.finished ?? []) got.set(body, md5Of(turn, body)!);
  }
  for (const [number, sender] of senders) expected.set(number, sender.end());
  for (let turn = turns.turn(); turn !== undefined; turn = turns.turn()) {
    for (const { body } of turn.finished) got.set(body, md5Of(turn, body)!);
  }
  expect(got.size).toBe(12);
  expect(got).toEqual(expected);
});
