/** Any store against a deliberately naive one, under operations at random: whatever is asked of both, both say the same. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import type { EventEnvelope, EventId } from "#contracts";
import { bucketConfigured, envelope } from "../testing/sample-events.ts";
import type { StoreUnderTest } from "./conformance.ts";
import type { AppendBatch, EventStore, IdempotencyRecord, ViewProgress, ViewRowChange } from "./event-store.ts";
import { EventStoreError } from "./event-store-error.ts";

const AGGREGATES = ["a", "b", "c"] as const;
const VIEWS = ["v", "w"] as const;
const KEYS = ["k", "ä", "K"] as const;
const SCOPES = ["s", "t"] as const;

/** What a store holds, written down in the plainest way. */
class NaiveLog {
  events: EventEnvelope[] = [];
  rows = new Map<string, Map<string, string>>(VIEWS.map((view) => [view, new Map()]));
  checkpoints = new Map<string, { version: number; through: number }>();
  quarantine = new Map<string, string>();
  records = new Map<string, IdempotencyRecord>();
  notes = new Map<string, string>();

  sequenceOf(aggregateId: string): number {
    return this.events.filter((event) => event.aggregateId === aggregateId).length;
  }

  change(view: string, changes: readonly ViewRowChange[]): void {
    for (const { key, row } of changes) {
      if (row === null) this.rows.get(view)!.delete(key);
      else this.rows.get(view)!.set(key, row);
    }
  }

  append({ events, views, idempotency }: AppendBatch): void {
    this.events.push(...events);
    for (const record of idempotency) this.records.set(record.scope, record);
    for (const { view, changes } of views) {
      this.change(view, changes);
      const checkpoint = this.checkpoints.get(view);
      if (checkpoint !== undefined && events.length > 0) checkpoint.through = events.at(-1)!.id;
    }
  }

  save({ checkpoint: { view, version, through }, changes, quarantined, replace }: ViewProgress): void {
    if (replace) {
      this.rows.set(view, new Map());
      for (const key of [...this.quarantine.keys()]) if (key.endsWith(` ${view}`)) this.quarantine.delete(key);
    }
    this.change(view, changes);
    for (const { view: of, eventId, reason } of quarantined) this.quarantine.set(`${eventId} ${of}`, reason);
    this.checkpoints.set(view, { version, through });
  }
}

type Operation =
  | {
      readonly kind: "append";
      readonly aggregates: readonly string[];
      /** Makes the batch one that does not continue the log. */
      readonly spoil: "no" | "skip" | "repeat" | "sequence";
      readonly views: readonly { readonly view: string; readonly changes: readonly ViewRowChange[] }[];
      readonly records: readonly { readonly scope: string; readonly answer: string; readonly lasts: number }[];
    }
  | {
      readonly kind: "save";
      readonly view: string;
      readonly version: number;
      readonly changes: readonly ViewRowChange[];
      readonly poison: number | null;
      readonly replace: boolean;
    }
  | { readonly kind: "note"; readonly value: string }
  | { readonly kind: "take over" }
  | { readonly kind: "pass"; readonly ms: number };

const change = fc.record({
  key: fc.constantFrom(...KEYS),
  row: fc.oneof(
    fc.constant(null),
    fc.nat(9).map((digit) => `{"n":${digit}}`),
  ),
});
const changes = fc.array(change, { maxLength: 4 });
const view = fc.constantFrom(...VIEWS);

const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("append" as const),
      aggregates: fc.array(fc.constantFrom(...AGGREGATES), { maxLength: 5 }),
      spoil: fc.constantFrom("no", "no", "no", "skip", "repeat", "sequence"),
      views: fc.array(fc.record({ view, changes }), { maxLength: 3 }),
      records: fc.array(
        fc.record({ scope: fc.constantFrom(...SCOPES), answer: fc.string(), lasts: fc.integer({ min: 1, max: 50 }) }),
        { maxLength: 2 },
      ),
    }) as fc.Arbitrary<Operation>,
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("save" as const),
      view,
      version: fc.nat(3),
      changes,
      poison: fc.option(fc.nat(3)),
      replace: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("note" as const), value: fc.string() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("take over" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("pass" as const), ms: fc.nat(40) }) },
);

/** Everything that can be read, from the naive log and as the store says it. */
async function expectSame(naive: NaiveLog, store: EventStore, now: number): Promise<void> {
  expect(await store.head()).toBe(naive.events.length as EventId);
  expect(await store.read(0 as EventId, 1_000)).toEqual(naive.events);
  const aggregates = AGGREGATES.map((aggregateId) => ({ aggregateType: "bucket" as const, aggregateId }));
  expect(await store.lastSequences(aggregates)).toEqual(AGGREGATES.map((id) => naive.sequenceOf(id)));
  for (const name of VIEWS) {
    const sorted = [...naive.rows.get(name)!].sort(([left], [right]) =>
      Buffer.compare(Buffer.from(left), Buffer.from(right)),
    );
    expect(await store.viewRows(name, null, 10)).toEqual(sorted.map(([key, row]) => ({ key, row })));
  }
  expect(
    (await store.viewCheckpoints()).map(({ through, ...rest }) => ({ ...rest, through: through as number })),
  ).toEqual(
    [...naive.checkpoints].map(([name, at]) => ({ view: name, ...at })).sort((a, b) => (a.view < b.view ? -1 : 1)),
  );
  expect((await store.quarantined()).map(({ eventId, view: of, reason }) => [`${eventId} ${of}`, reason])).toEqual(
    [...naive.quarantine].sort(([left], [right]) => (left < right ? -1 : 1)),
  );
  for (const scope of SCOPES) {
    const record = naive.records.get(scope);
    expect(await store.findIdempotency(scope, now)).toEqual(
      record !== undefined && record.expiresAt > now ? record : undefined,
    );
  }
  expect(await store.note("n")).toBe(naive.notes.get("n"));
}

function batchOf(naive: NaiveLog, given: Extract<Operation, { kind: "append" }>, now: number): AppendBatch {
  const sequences = new Map<string, number>();
  const events = given.aggregates.map((aggregate, index) => {
    const sequence = (sequences.get(aggregate) ?? naive.sequenceOf(aggregate)) + 1;
    sequences.set(aggregate, sequence);
    const id = naive.events.length + 1 + index + (given.spoil === "skip" ? 1 : given.spoil === "repeat" ? -1 : 0);
    const made = envelope(
      id,
      bucketConfigured(aggregate, index, aggregate),
      sequence + (given.spoil === "sequence" ? 1 : 0),
    );
    return JSON.parse(JSON.stringify(made)) as EventEnvelope;
  });
  const idempotency = given.records.map(({ scope, answer, lasts }) => ({
    scope,
    fingerprint: "f",
    answer,
    expiresAt: now + lasts,
  }));
  return { events, idempotency, views: given.views, now };
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => "done",
    (error: unknown) => (error instanceof EventStoreError ? error.code : String(error)),
  );
}

/** Registers the test under the implementation's name. */
export function eventStoreAgreesWithNaive(name: string, numRuns: number, create: () => Promise<StoreUnderTest>): void {
  test(`event store: ${name} says what a naive one says, whatever is done to both`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 12, size: "max" }), async (operations) => {
        const log = await create();
        try {
          await runBoth(log, operations);
        } finally {
          await log.dispose();
        }
      }),
      { numRuns },
    );
  });
}

async function runBoth(log: StoreUnderTest, operations: readonly Operation[]): Promise<void> {
  const naive = new NaiveLog();
  let store = await log.open();
  let now = 1_700_000_000_000;
  for (const given of operations) {
    if (given.kind === "append") {
      const batch = batchOf(naive, given, now);
      const spoilt = given.spoil !== "no" && batch.events.length > 0;
      expect(await codeOf(store.append(batch))).toBe(spoilt ? "Misnumbered" : "done");
      if (!spoilt) naive.append(batch);
    } else if (given.kind === "save") {
      const progress: ViewProgress = {
        checkpoint: { view: given.view, version: given.version, through: naive.events.length as EventId },
        changes: given.changes,
        quarantined:
          given.poison === null
            ? []
            : [{ view: given.view, eventId: given.poison as EventId, reason: `r${given.version}` }],
        replace: given.replace,
      };
      await store.saveView(progress);
      naive.save(progress);
    } else if (given.kind === "note") {
      const { value } = given;
      await store.setNote("n", value);
      naive.notes.set("n", value);
    } else if (given.kind === "pass") now += given.ms;
    else {
      const before = store;
      store = await log.open();
      expect(await codeOf(before.setNote("n", "too late"))).toBe("Deposed");
    }
    await expectSame(naive, store, now);
  }
  expect(await store.check()).toEqual([]);
}
