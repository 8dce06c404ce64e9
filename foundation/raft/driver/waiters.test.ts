import { expect, test } from "bun:test";
import { Waiters } from "./waiters.ts";

function proposal(waiters: Waiters<string>, index: number, term: number): unknown[] {
  const told: unknown[] = [];
  waiters.awaitEntry(index, term, (result) => told.push(result));
  return told;
}

test("a proposal is told applied only for its own entry", () => {
  const waiters = new Waiters<string>();
  const own = proposal(waiters, 5, 2);
  const replaced = proposal(waiters, 6, 2);
  waiters.applied(5, 2, () => "done");
  waiters.applied(6, 3, () => "another's");
  expect(own).toEqual([{ outcome: "applied", index: 5, result: "done" }]);
  expect(replaced).toEqual([{ outcome: "refused", reason: "superseded", leader: 0 }]);
});

test("what a snapshot jumps over, what takes too long, and what is waiting at the end is unknown", () => {
  const waiters = new Waiters<string>();
  const [jumped, late, waiting] = [proposal(waiters, 5, 2), proposal(waiters, 6, 2), proposal(waiters, 7, 2)];
  waiters.jumped(5);
  waiters.giveUpEntry(6, 2);
  waiters.giveUpEntry(7, 1);
  waiters.stop();
  for (const told of [jumped, late, waiting]) expect(told).toEqual([{ outcome: "unknown" }]);
  expect(waiters.count).toBe(0);
});

test("a read is served when its index is applied, once, whatever is answered twice", () => {
  const waiters = new Waiters<string>();
  const told: unknown[] = [];
  waiters.awaitRead("a", (result) => told.push(result));
  waiters.serveReads(100);
  waiters.readAt("a", 5);
  waiters.readAt("a", 3);
  waiters.serveReads(4);
  expect(told).toEqual([]);
  waiters.serveReads(5);
  waiters.readAt("a", 5);
  waiters.serveReads(6);
  expect(told).toEqual([{ outcome: "ready", index: 5 }]);
});
