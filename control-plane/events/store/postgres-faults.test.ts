/** The log in PostgreSQL under many hands, and when the server or the way to it fails. */
import { afterAll, describe, expect, test } from "bun:test";
import type { EventEnvelope, EventId } from "#contracts";
import {
  openCutLine,
  startTestPostgres,
  type TestPostgres,
  testClient,
  whyNoPostgres,
} from "#foundation/sql/postgres/testing";
import { skipUnless } from "../../../tests/support/skips.ts";
import { until } from "../../../tests/support/until.ts";
import { Appender } from "../appender.ts";
import { bucketCreated, envelope, ORIGIN } from "../testing/sample-events.ts";
import type { AppendBatch, EventStore } from "./event-store.ts";
import { EventStoreError } from "./event-store-error.ts";
import { createPostgresLog, type PostgresLog } from "./testing/postgres-world.ts";

const missing = whyNoPostgres();
const server = missing === undefined ? await startTestPostgres() : undefined;
afterAll(() => server?.stop());

if (server === undefined) {
  skipUnless(false, missing!)("the log in PostgreSQL keeps every event, whatever fails", () => undefined);
} else {
  describe("many hands", () => manyHands(server));
  describe("faults", () => faults(server));
}

const START = 0 as EventId;

/** Batches under way in these tests: enough to meet in the middle, few enough to be over in a second. */
const BATCHES = 120;

/** A batch of one event. */
function one(id: number, name: string): AppendBatch {
  return { events: [envelope(id, bucketCreated(name))], idempotency: [], views: [], now: 0 };
}

async function withLog(server: TestPostgres, body: (log: PostgresLog) => Promise<void>): Promise<void> {
  const log = await createPostgresLog(server);
  try {
    await body(log);
  } finally {
    await log.close();
  }
}

async function codeOf(promise: Promise<unknown>): Promise<string | undefined> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error === undefined) return undefined;
  if (error instanceof EventStoreError) return error.code;
  throw error;
}

async function wholeLog(store: EventStore): Promise<readonly EventEnvelope[]> {
  const events: EventEnvelope[] = [];
  for (;;) {
    const page = await store.read((events.at(-1)?.id ?? START) as EventId, 1_000);
    if (page.length === 0) return events;
    events.push(...page);
  }
}

/** The names of buckets, in the order of the log; the numbers must be 1, 2, 3 … */
async function namesInLog(store: EventStore): Promise<readonly string[]> {
  const events = await wholeLog(store);
  expect(events.map(({ id }) => id as number)).toEqual(Array.from(events, (_, index) => index + 1));
  expect(await store.check()).toEqual([]);
  return events.map(({ payload }) => String("name" in payload ? payload.name : undefined));
}

/** As the control plane does it: after a failure the store is asked where the log ends, and only then goes on. */
async function appendLikeControlPlane(
  store: EventStore,
  names: readonly string[],
): Promise<"kept" | "lost" | "deposed"> {
  const appender = await Appender.open(store);
  const events = await appender.number(
    names.map((name) => bucketCreated(name)),
    ORIGIN,
  );
  try {
    await appender.commit({ events, idempotency: [], views: [], now: 0 });
    return "kept";
  } catch (error) {
    if (!(error instanceof EventStoreError)) throw error;
    if (error.code === "Deposed") return "deposed";
    expect(error.code).toBe("Unavailable");
    await appender.reset();
    return appender.head >= events.at(-1)!.id ? "kept" : "lost";
  }
}

function manyHands(server: TestPostgres): void {
  test("a sequence of the database hands out numbers before the commit, so that a reader by cursor loses events; ours cannot", () =>
    withLog(server, async (log) => {
      const shell = () => testClient(server.owner, { search_path: log.schema });
      const [early, late, reader] = [shell(), shell(), shell()];
      await reader.script("CREATE TABLE naive (id bigserial PRIMARY KEY, name text)");
      const naive = async (cursor: number): Promise<readonly number[]> =>
        (await reader.read<{ id: string }>("SELECT id FROM naive WHERE id > $1 ORDER BY id", [cursor])).map(({ id }) =>
          Number(id),
        );
      let seen: readonly number[] = [];
      await early.transaction(async (transaction) => {
        await transaction.query("INSERT INTO naive (name) VALUES ('early')");
        await late.query("INSERT INTO naive (name) VALUES ('late')");
        seen = await naive(0);
      });
      // Event 1 is committed, and no reader at cursor 2 will ever see it.
      expect([seen, await naive(seen.at(-1)!), await naive(0)]).toEqual([[2], [], [1, 2]]);

      const store = await log.open();
      const insert = (id: number): string =>
        `INSERT INTO events VALUES (${id}, 'bucket', 'b${id}', 1, 'bucket.created', 1, 0, 'a', 'o', 'r', 'c', NULL, '{}', ${store.epoch})`;
      let contested: Promise<string | undefined> | undefined;
      await early.transaction(async (transaction) => {
        await transaction.query(insert(1));
        // Number 2 cannot be had before 1 is committed, and whoever wants 1 waits for whoever has it.
        await expect(late.query(insert(2))).rejects.toThrow("there is no event before event 2");
        contested = codeOf(store.append(one(1, "b1")));
        expect(await store.read(START, 10)).toEqual([]);
      });
      expect(await contested).toBe("Misnumbered");
      expect((await store.read(START, 10)).map(({ id }) => id as number)).toEqual([1]);
      for (const client of [early, late, reader]) await client.close();
    }));

  test("a reader by cursor on a connection of its own sees every event once and in order, through takeovers under load", () =>
    withLog(server, async (log) => {
      const readers = await log.open();
      const total = BATCHES;
      const acknowledged: string[] = [];
      let done = false;
      const seen: EventEnvelope[] = [];
      const reading = (async () => {
        for (;;) {
          const last = done;
          const page = await readers.read((seen.at(-1)?.id ?? START) as EventId, 7);
          seen.push(...page);
          if (last && page.length === 0) return;
        }
      })();
      let next = 0;
      /** Appends until it is deposed or all is done. */
      const lead = async (store: EventStore): Promise<void> => {
        while (next < total) {
          const batch = next++;
          const names = Array.from({ length: 1 + (batch % 5) }, (_, index) => `${batch}-${index}`);
          const fate = await appendLikeControlPlane(store, names);
          if (fate === "deposed") return;
          expect(fate).toBe("kept");
          acknowledged.push(...names);
        }
      };
      const leaders: Promise<void>[] = [];
      for (let taken = 1; taken <= 6; taken++) {
        leaders.push(lead(await log.open()));
        while (next < (taken * total) / 6) await Bun.sleep(1);
      }
      await Promise.all(leaders);
      done = true;
      await reading;
      const names = await namesInLog(readers);
      // A deposed leader has kept nothing of what it was refused: the log is what was acknowledged, in that order.
      expect(names).toEqual(acknowledged);
      expect(seen).toEqual([...(await wholeLog(readers))]);
    }));

  test("who takes over waits for what is being written, so that nothing is written after it", () =>
    withLog(server, async (log) => {
      const first = await log.open();
      const record = { scope: "s", fingerprint: "f", answer: "before", expiresAt: 1 };
      const remember = (answer: string): AppendBatch => ({
        events: [],
        idempotency: [{ ...record, answer }],
        views: [],
        now: 0,
      });
      await first.append(remember("before"));
      const blocker = testClient(server.owner, { search_path: log.schema });
      const witness = await observer(server, log);
      const ended: string[] = [];
      let both: Promise<unknown> | undefined;
      await blocker.transaction(async (transaction) => {
        await transaction.query("SELECT FROM idempotency FOR UPDATE");
        const writing = first.append(remember("during")).then(() => ended.push("written"));
        await until("the write waits", async () => (await witness.waiting()) === 1);
        const taking = log.open().then(() => ended.push("taken over"));
        await until("the take-over waits for the write", async () => (await witness.waiting()) === 2, 3_000);
        both = Promise.all([writing, taking]);
      });
      await both;
      expect(ended).toEqual(["written", "taken over"]);
      expect(await codeOf(first.append(remember("after")))).toBe("Deposed");
      expect(await first.findIdempotency("s", 0)).toMatchObject({ answer: "during" });
      await blocker.close();
      await witness.close();
    }));
}

function faults(server: TestPostgres): void {
  test("an append whose answer is lost is found out before anything else", () =>
    withLog(server, async (log) => {
      const line = await openCutLine(server.administrator.port);
      const store = await log.open({ address: { port: line.port } });
      await store.append(one(1, "b1"));
      const witness = await observer(server, log);
      line.swallowAnswers();
      const lost = codeOf(store.append(one(2, "b2")));
      await until("the event is in the log", async () => (await witness.head()) === 2);
      line.cut();
      expect(await lost).toBe("Unavailable");
      expect(await store.head()).toBe(2 as EventId);
      await store.append(one(3, "b3"));
      expect(await namesInLog(store)).toEqual(["b1", "b2", "b3"]);
      await witness.close();
      await line.close();
    }));

  test("an append that still waits when its connection is cut never appears once the log was asked", () =>
    withLog(server, async (log) => {
      const line = await openCutLine(server.administrator.port);
      const store = await log.open({ address: { port: line.port } });
      const witness = await observer(server, log);
      const blocker = testClient(server.owner, { search_path: log.schema });
      let lost: Promise<string | undefined> | undefined;
      await blocker.transaction(async (transaction) => {
        await transaction.query("SELECT FROM control_plane FOR UPDATE");
        lost = codeOf(store.append(one(1, "lost")));
        await until("the append waits", async () => (await witness.waiting()) === 1);
        line.cut();
        expect(await lost).toBe("Unavailable");
        expect(await witness.waiting()).toBe(1);
        expect(await store.head()).toBe(START);
        expect(await witness.waiting()).toBe(0);
      });
      expect(await store.head()).toBe(START);
      await store.append(one(1, "next"));
      expect(await namesInLog(store)).toEqual(["next"]);
      await blocker.close();
      await witness.close();
      await line.close();
    }));

  test("connections cut at random under load lose nothing that was acknowledged and double nothing", () =>
    withLog(server, async (log) => {
      const line = await openCutLine(server.administrator.port);
      const store = await log.open({ address: { port: line.port } });
      const kept: string[] = [];
      let cuts = 0;
      for (let batch = 0; batch < BATCHES; batch++) {
        const names = [`${batch}-a`, `${batch}-b`];
        const appending = appendLikeControlPlane(store, names);
        if (batch % 5 === 0) {
          // Anywhere between the question and the answer.
          for (let turn = batch % 4; turn > 0; turn--) await new Promise<void>((resolve) => setImmediate(resolve));
          if (batch % 10 === 0) line.swallowAnswers();
          await Bun.sleep(batch % 3);
          line.cut();
          cuts++;
        }
        if ((await appending) === "kept") kept.push(...names);
      }
      expect(cuts).toBe(BATCHES / 5);
      expect(await namesInLog(store)).toEqual(kept);
      await line.close();
    }));

  const own = skipUnless(
    server.process !== undefined,
    "a server named by BIPLANE_TEST_DATABASE_URL is not ours to kill",
  );
  own("a server that is killed in the middle comes back with everything that was acknowledged", () =>
    withLog(server, async (log) => {
      const store = await log.open();
      const kept: string[] = [];
      const fates = new Set<string>();
      for (let round = 0; round < 3; round++) {
        for (let batch = 0; batch < 10; batch++) {
          const names = [`${round}-${batch}`];
          const appending = appendLikeControlPlane(store, names);
          if (batch === 6) {
            await Bun.sleep(round);
            await server.process!.kill();
            // Meanwhile the store tries again, and waits longer each time.
            await Bun.sleep(50);
            await server.process!.start();
          }
          const fate = await appending;
          fates.add(fate);
          if (fate === "kept") kept.push(...names);
        }
      }
      expect(await namesInLog(store)).toEqual(kept);
      expect(kept.length).toBeGreaterThanOrEqual(27);
    }),
  );
}

/** Looks from outside, by a connection that nobody cuts. */
async function observer(server: TestPostgres, log: PostgresLog) {
  const address = { ...server.administrator, database: server.owner.database };
  const client = testClient(address, { search_path: log.schema });
  return {
    async head(): Promise<number> {
      return Number((await client.read<{ head: string }>("SELECT coalesce(max(id), 0) AS head FROM events"))[0]!.head);
    },
    /** How many sessions of stores wait for a lock. */
    async waiting(): Promise<number> {
      const rows = await client.read(
        "SELECT FROM pg_stat_activity WHERE application_name LIKE 'biplane-log-%' AND wait_event_type = 'Lock'",
      );
      return rows.length;
    },
    close: () => client.close(),
  };
}
