/**
 * What the event log costs, in SQLite and in PostgreSQL beside each other: appends one after the other, each of one event or of a hundred, durable before they are
 * answered; bare, and as the control plane makes them (a view row and an idempotency record for each event).
 *
 *     npm run bench -- events [--seconds 3]
 *
 * PostgreSQL is a server of its own on this machine, with its defaults and `fsync` on, or the one that `BIPLANE_TEST_DATABASE_URL` names. Numbers are of one run on
 * one machine: compare only what was measured side by side.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { EventEnvelope, EventId } from "#contracts";
import { type AppendBatch, type EventStore, openSqliteEventStore } from "#control-plane/events";
import { createPostgresLog } from "#control-plane/events/store/testing";
import { systemRandom } from "#foundation/runtime";
import { startTestPostgres, whyNoPostgres } from "#foundation/sql/postgres/testing";

const { values } = parseArgs({ options: { seconds: { type: "string", default: "3" } } });
const MS = Number(values.seconds) * 1_000;
const VIEW = "buckets";

function event(id: number): EventEnvelope {
  return {
    id: id as EventId,
    aggregateType: "bucket",
    aggregateId: `bucket-${id}`,
    aggregateSequence: 1,
    type: "bucket.created",
    version: 1,
    occurredAt: 1_700_000_000_000 + id,
    actor: "arn:aws:iam::111122223333:user/ada",
    org: "111122223333",
    requestId: `request-${id}`,
    correlationId: `request-${id}`,
    causationId: null,
    payload: {
      bucketId: `bucket-${id}`,
      name: `photos-of-${id}`,
      accountId: "111122223333",
      region: "eu-west-1",
      objectLockEnabled: false,
      sections: { tagging: { TagSet: [{ Key: "team", Value: "storage" }] } },
    },
  } as unknown as EventEnvelope;
}

function batchOf(first: number, size: number, whole: boolean): AppendBatch {
  const events = Array.from({ length: size }, (_, index) => event(first + index));
  if (!whole) return { events, idempotency: [], views: [], now: 0 };
  const changes = events.map(({ aggregateId, payload }) => ({ key: aggregateId, row: JSON.stringify(payload) }));
  const idempotency = events.map(({ requestId }) => ({
    scope: `["ada","${requestId}"]`,
    fingerprint: "n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg",
    answer: "x".repeat(200),
    expiresAt: 1,
  }));
  return { events, idempotency, views: [{ view: VIEW, changes }], now: 0 };
}

interface Measured {
  readonly eventsPerSecond: number;
  readonly appendMsMedian: number;
  readonly appendMsP99: number;
}

async function measure(store: EventStore, size: number, whole: boolean): Promise<Measured> {
  let next = (await store.head()) + 1;
  const times: number[] = [];
  const begun = performance.now();
  while (performance.now() - begun < MS) {
    const batch = batchOf(next, size, whole);
    const before = performance.now();
    await store.append(batch);
    times.push(performance.now() - before);
    next += size;
  }
  const seconds = (performance.now() - begun) / 1_000;
  times.sort((left, right) => left - right);
  const at = (share: number): number => times[Math.floor((times.length - 1) * share)]!;
  return { eventsPerSecond: (times.length * size) / seconds, appendMsMedian: at(0.5), appendMsP99: at(0.99) };
}

async function measureAll(name: string, store: EventStore): Promise<void> {
  await store.saveView({
    checkpoint: { view: VIEW, version: 1, through: 0 as EventId },
    changes: [],
    quarantined: [],
    replace: true,
  });
  // The first statements of a session are planned and prepared.
  for (let warm = 0; warm < 20; warm++) await store.append(batchOf((await store.head()) + 1, 10, true));
  for (const [size, whole] of [
    [1, false],
    [100, false],
    [1, true],
    [100, true],
  ] as const) {
    const { eventsPerSecond, appendMsMedian, appendMsP99 } = await measure(store, size, whole);
    const what = `${String(size).padStart(3)} a batch${whole ? ", with row and record" : ""}`;
    const times = `median ${appendMsMedian.toFixed(2)} ms, p99 ${appendMsP99.toFixed(2)} ms`;
    console.log(
      `${name.padEnd(11)} ${what.padEnd(34)} ${String(Math.round(eventsPerSecond)).padStart(7)} events/s, ${times}`,
    );
  }
  const head = await store.head();
  const begun = performance.now();
  let cursor = 0 as EventId;
  while (cursor < head) cursor = (await store.read(cursor, 1_000)).at(-1)!.id;
  const readPerSecond = head / ((performance.now() - begun) / 1_000);
  console.log(
    `${name.padEnd(11)} ${"read from the start".padEnd(34)} ${String(Math.round(readPerSecond)).padStart(7)} events/s`,
  );
}

const directory = mkdtempSync(join(tmpdir(), "biplane-bench-events-"));
try {
  const store = openSqliteEventStore({ path: join(directory, "events.sqlite"), random: systemRandom });
  await measureAll("SQLite", store);
  await store.close();
} finally {
  rmSync(directory, { recursive: true, force: true });
}
const missing = whyNoPostgres();
if (missing !== undefined) console.log(`PostgreSQL was not measured: ${missing}`);
else {
  const server = await startTestPostgres({ durable: true });
  try {
    const log = await createPostgresLog(server);
    await measureAll("PostgreSQL", await log.open());
    await log.close();
  } finally {
    await server.stop();
  }
}
