/**
 * Concurrent clients on one key: is there an order of their operations that explains every answer and respects which ended before which began?
 * (Herlihy and Wing 1990; the search is that of Wing and Gong 1993.) Run with the engine in threads of its own, where reads and writes take different ways.
 */

import { afterAll, beforeAll, expect, test } from "bun:test";
import type { BucketId } from "#contracts";
import { type EmbeddedFixture, openEmbeddedFixture } from "./conformance/embedded-fixture.ts";
import { etagOf, freshBucket, put, query, refusal, remove, text } from "./conformance/fixture.ts";

type Kind = "put" | "putIfAbsent" | "putIfMatch" | "delete" | "head" | "list";

interface Operation {
  readonly kind: Kind;
  readonly value: string;
  /** For `putIfMatch`: the value that must be there. */
  readonly match: string;
  readonly began: number;
  ended: number;
  /** What was answered: a value read, "(nothing)", or an outcome. */
  answer: string;
}

const CLIENTS = 5;
const STEPS = 6;
const NOTHING = "(nothing)";

let fixture: EmbeddedFixture;
beforeAll(async () => {
  fixture = await openEmbeddedFixture("worker");
});
afterAll(() => fixture.close());

async function perform(bucketId: BucketId, { kind, value, match }: Operation): Promise<string> {
  const { engine } = fixture;
  switch (kind) {
    case "put":
      return refusal(put(engine, bucketId, "k", text(value)));
    case "putIfAbsent":
      return refusal(put(engine, bucketId, "k", text(value), { precondition: { ifAbsent: true } }));
    case "putIfMatch":
      return refusal(put(engine, bucketId, "k", text(value), { precondition: { ifMatch: etagOf(text(match)) } }));
    case "delete":
      return refusal(remove(engine, bucketId, "k"));
    case "head":
      return (await engine.head(bucketId, "k"))?.etag ?? NOTHING;
    case "list":
      return (await engine.list(query(bucketId))).entries[0]?.etag ?? NOTHING;
  }
}

/** The state and answer of an operation applied alone; the state is an etag or NOTHING. */
function sequential(state: string, { kind, value, match }: Operation): { state: string; answer: string } {
  const etag = etagOf(text(value));
  const done = { state: etag, answer: "(fulfilled)" };
  switch (kind) {
    case "put":
      return done;
    case "putIfAbsent":
      return state === NOTHING ? done : { state, answer: "PreconditionFailed" };
    case "putIfMatch":
      if (state === NOTHING) return { state, answer: "NoSuchKey" };
      return state === etagOf(text(match)) ? done : { state, answer: "PreconditionFailed" };
    case "delete":
      return { state: NOTHING, answer: "(fulfilled)" };
    case "head":
    case "list":
      return { state, answer: state };
  }
}

function isLinearizable(history: readonly Operation[]): boolean {
  const seen = new Set<string>();
  const search = (left: number, state: string): boolean => {
    if (left === 0) return true;
    const mark = `${left} ${state}`;
    if (seen.has(mark)) return false;
    seen.add(mark);
    const open = history.filter((_, index) => (left & (1 << index)) !== 0);
    const firstEnd = Math.min(...open.map(({ ended }) => ended));
    for (const [index, operation] of history.entries()) {
      if ((left & (1 << index)) === 0 || operation.began > firstEnd) continue;
      const next = sequential(state, operation);
      if (next.answer === operation.answer && search(left & ~(1 << index), next.state)) return true;
    }
    return false;
  };
  return search((1 << history.length) - 1, NOTHING);
}

async function runClients(bucketId: BucketId): Promise<Operation[]> {
  const history: Operation[] = [];
  let moment = 0;
  const below = (bound: number): number => Math.floor(Math.random() * bound);
  const client = async (): Promise<void> => {
    for (let step = 0; step < STEPS; step++) {
      const kinds: readonly Kind[] = ["put", "putIfAbsent", "putIfMatch", "delete", "head", "head", "list"];
      const operation: Operation = {
        kind: kinds[below(kinds.length)]!,
        value: `v${below(4)}`,
        match: `v${below(4)}`,
        began: moment++,
        ended: 0,
        answer: "",
      };
      history.push(operation);
      operation.answer = await perform(bucketId, operation);
      operation.ended = moment++;
      for (let turns = below(3); turns > 0; turns--) await new Promise((resolve) => setImmediate(resolve));
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  return history;
}

test("concurrent histories of a key are linearizable", async () => {
  for (let round = 0; round < 60; round++) {
    const history = await runClients(freshBucket());
    if (!isLinearizable(history)) throw new Error(`no order explains ${JSON.stringify(history, null, 1)}`);
  }
});

test("the search refuses a history with a stale read", () => {
  const operation = (kind: Kind, began: number, ended: number, answer: string): Operation => ({
    kind,
    value: "v",
    match: "",
    began,
    ended,
    answer,
  });
  const etag = etagOf(text("v"));
  expect(isLinearizable([operation("put", 0, 1, "(fulfilled)"), operation("head", 2, 3, etag)])).toBe(true);
  expect(isLinearizable([operation("put", 0, 1, "(fulfilled)"), operation("head", 2, 3, NOTHING)])).toBe(false);
  expect(
    isLinearizable([
      operation("put", 0, 9, "(fulfilled)"),
      operation("list", 1, 2, etag),
      operation("head", 3, 4, NOTHING),
    ]),
  ).toBe(false);
});
