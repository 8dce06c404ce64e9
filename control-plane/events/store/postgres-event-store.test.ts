import { afterAll, describe, expect, test } from "bun:test";
import type { EventId } from "#contracts";
import { createVirtualTime } from "#foundation/runtime";
import { PostgresError } from "#foundation/sql/postgres";
import { startTestPostgres, type TestPostgres, testClient, whyNoPostgres } from "#foundation/sql/postgres/testing";
import { skipUnless } from "../../../tests/support/skips.ts";
import { until } from "../../../tests/support/until.ts";
import { bucketCreated, envelope } from "../testing/sample-events.ts";
import { eventStoreConformance, type StoreUnderTest } from "./conformance.ts";
import { eventStoreAgreesWithNaive } from "./conformance-random.ts";
import { openPostgresEventStore } from "./postgres-event-store.ts";
import { preparePostgresLog } from "./postgres-log.ts";
import { APPEND_ONLY, DEPOSED, MISNUMBERED, POSTGRES_EVENT_STORE_MIGRATIONS } from "./postgres-schema.ts";
import { createPostgresLog, type PostgresLog } from "./testing/postgres-world.ts";

/** The version of the schema that this program needs. */
const CURRENT = POSTGRES_EVENT_STORE_MIGRATIONS.length;
const missing = whyNoPostgres();
const server = missing === undefined ? await startTestPostgres() : undefined;
afterAll(() => server?.stop());

if (server === undefined) {
  skipUnless(false, missing!)("event store: PostgreSQL keeps what every store must", () => undefined);
} else {
  const createLog = async (): Promise<StoreUnderTest> => {
    const log = await createPostgresLog(server);
    return { open: () => log.open(), dispose: () => log.close() };
  };
  eventStoreConformance("PostgreSQL", createLog);
  eventStoreAgreesWithNaive("PostgreSQL", 10, createLog);
  describe("the log in PostgreSQL", () => rolesAndSchema(server));
}

const COLUMNS =
  "id, aggregate_type, aggregate_id, aggregate_sequence, type, version, occurred_at, actor, org, request_id, correlation_id, causation_id, payload, epoch";

/** Copies event 1 under another number, sequence and epoch. */
const copyOfEvent = (id: number, sequence: number, epoch: number, rest = ""): string =>
  `INSERT INTO events (${COLUMNS}) SELECT ${id}, aggregate_type, aggregate_id, ${sequence}, ${COLUMNS.split(", ").slice(4, -1).join(", ")}, ${epoch}
   FROM events WHERE id = 1 ${rest}`;

async function stateOf(promise: Promise<unknown>): Promise<string | undefined> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return error instanceof PostgresError ? (error.sqlState ?? error.code) : undefined;
}

function rolesAndSchema(server: TestPostgres): void {
  const withLog = (body: (log: PostgresLog) => Promise<void>) => async (): Promise<void> => {
    const log = await createPostgresLog(server);
    try {
      await body(log);
    } finally {
      await log.close();
    }
  };

  test(
    "refuses changes by the role of the running program, whatever it tries",
    withLog(async (log) => {
      const store = await log.open();
      await store.append({ events: [1, 2].map(event), idempotency: [], views: [], now: 0 });
      const shell = testClient(server.runtime, { search_path: log.schema });
      const forbidden = [
        "UPDATE events SET actor = 'me'",
        "UPDATE events SET epoch = epoch WHERE id = 1",
        "DELETE FROM events WHERE id = 2",
        "DELETE FROM events WHERE false",
        "TRUNCATE events",
        "TRUNCATE events CASCADE",
        copyOfEvent(1, 1, store.epoch, "ON CONFLICT (id) DO UPDATE SET actor = 'me'"),
        "ALTER TABLE events DISABLE TRIGGER ALL",
        "DROP TRIGGER events_stay ON events",
        "CREATE OR REPLACE FUNCTION events_stay() RETURNS trigger LANGUAGE sql AS ''",
        "DROP TABLE events CASCADE",
        `DROP SCHEMA ${log.schema} CASCADE`,
        "CREATE TABLE other (id int)",
        "SET session_replication_role = replica",
        `SET ROLE ${server.owner.user}`,
        "UPDATE control_plane SET control_plane_id = 'x'",
        "DELETE FROM control_plane",
        "UPDATE schema_migrations SET checksum = ''",
      ];
      for (const sql of forbidden) expect(await stateOf(shell.script(sql)), sql).toBe("42501");
      expect(await stateOf(shell.script("UPDATE control_plane SET epoch = epoch - 1"))).toBe(APPEND_ONLY);
      expect(await store.check()).toEqual([]);
      await shell.close();
    }),
  );

  test(
    "refuses changes by its owner too, and rows that do not continue it from anybody",
    withLog(async (log) => {
      const store = await log.open();
      const { epoch } = store;
      await store.append({ events: [1, 2].map(event), idempotency: [], views: [], now: 0 });
      const shell = testClient(server.owner, { search_path: log.schema });
      const refused: Readonly<Record<string, string>> = {
        "UPDATE events SET actor = 'me'": APPEND_ONLY,
        "DELETE FROM events WHERE false": APPEND_ONLY,
        "TRUNCATE events": APPEND_ONLY,
        [copyOfEvent(1, 1, epoch, "ON CONFLICT (id) DO UPDATE SET actor = 'me'")]: APPEND_ONLY,
        [copyOfEvent(4, 2, epoch)]: MISNUMBERED,
        [copyOfEvent(3, 3, epoch)]: MISNUMBERED,
        [copyOfEvent(3, 2, epoch - 1)]: DEPOSED,
        [copyOfEvent(3, 2, epoch + 1)]: DEPOSED,
        [copyOfEvent(2, 2, epoch)]: "23505",
        [copyOfEvent(3, 1, epoch)]: "23505",
        [copyOfEvent(0, 2, epoch)]: "23514",
        "UPDATE control_plane SET epoch = epoch - 1": APPEND_ONLY,
        "UPDATE control_plane SET control_plane_id = 'x'": APPEND_ONLY,
        "DELETE FROM control_plane": APPEND_ONLY,
        "TRUNCATE control_plane": APPEND_ONLY,
      };
      for (const [sql, state] of Object.entries(refused)) expect(await stateOf(shell.script(sql)), sql).toBe(state);
      expect(await store.check()).toEqual([]);
      await shell.script(copyOfEvent(3, 2, epoch));
      expect(await store.check()).toEqual([]);
      // With the triggers gone the damage happens, and the check finds it.
      await shell.script("ALTER TABLE events DISABLE TRIGGER USER; DELETE FROM events WHERE id = 1");
      expect(await store.check()).toEqual([
        "the log has a gap before event 2",
        "the log has a gap before event 3",
        "the aggregate's sequence is broken at event 3",
      ]);
      await shell.close();
    }),
  );

  test(
    "is not opened by a role that could change it, nor one that may not look",
    withLog(async (log) => {
      await expect(openPostgresEventStore(log.options("owner"))).rejects.toMatchObject({
        code: "SignInRefused",
        message: expect.stringMatching(/may change or remove events.*docs\/operating\.md/),
      });
      await expect(preparePostgresLog(log.options("owner"), server.owner.user)).rejects.toThrow("may change or remove");
      await expect(preparePostgresLog(log.options("owner"), 'no "such"; role')).rejects.toThrow("there is no role");
      const shell = testClient(server.owner);
      await shell.script(`REVOKE ALL ON SCHEMA ${log.schema} FROM ${server.runtime.user}`);
      const refusal = expect(log.open()).rejects;
      await refusal.toMatchObject({
        code: "MigrationsPending",
        message: expect.stringContaining("--database-owner"),
      });
      await shell.close();
    }),
  );

  test(
    "is opened with its own schema only: not an older, a newer or a changed one",
    withLog(async (log) => {
      const shell = testClient(server.owner, { search_path: log.schema });
      await shell.script(`INSERT INTO schema_migrations VALUES (${CURRENT + 1}, 'of tomorrow', 'x')`);
      await expect(log.open()).rejects.toMatchObject({ code: "SchemaTooNew" });
      await expect(preparePostgresLog(log.options("owner"), server.runtime.user)).rejects.toMatchObject({
        code: "SchemaTooNew",
      });
      await shell.script(`DELETE FROM schema_migrations WHERE version >= ${CURRENT}`);
      await expect(log.open()).rejects.toMatchObject({
        code: "MigrationsPending",
        message: expect.stringContaining(
          `has schema ${CURRENT - 1}, this program needs ${CURRENT}; start once with --database-owner`,
        ),
      });
      await shell.script("UPDATE schema_migrations SET checksum = 'x' WHERE version = 1");
      await expect(log.open()).rejects.toMatchObject({ code: "MigrationChanged" });
      const nothing = { ...log.options("runtime"), schema: "nothing_here" };
      await expect(openPostgresEventStore(nothing)).rejects.toMatchObject({
        code: "MigrationsPending",
        message: expect.stringContaining("has schema 0"),
      });
      await shell.close();
    }),
  );

  test(
    "is not opened where commits are answered before they are on the disk",
    withLog(async (log) => {
      const shell = testClient(server.administrator);
      await shell.script(`ALTER ROLE ${server.runtime.user} SET synchronous_commit = off`);
      await expect(log.open()).rejects.toThrow("synchronous_commit is off");
      await shell.script(`ALTER ROLE ${server.runtime.user} RESET synchronous_commit`);
      await log.open();
      await shell.close();
    }),
  );

  test(
    "wakes those who follow it in other processes",
    withLog(async (log) => {
      // In a time that stands still nobody looks at the log: only the hint can wake.
      const first = await log.open({ timers: createVirtualTime(0).timers });
      const heads: number[] = [];
      first.onAppended((head) => heads.push(head));
      const second = await log.open();
      let last = 0;
      await until("a hint is heard", async () => {
        last += 2;
        await second.append({ events: [last - 1, last].map(event), idempotency: [], views: [], now: 0 });
        return heads.length > 0;
      });
      await until("the last hint is heard", () => heads.at(-1) === last);
      expect(new Set(heads).size).toBe(heads.length);
      expect(heads).toEqual(heads.toSorted((a, b) => a - b));
    }),
  );

  test(
    "tells who had it that somebody else has taken it over, though he does nothing",
    withLog(async (log) => {
      const first = await log.open({ timers: createVirtualTime(0).timers });
      const told: string[] = [];
      first.onDeposed((error) => told.push(error.code));
      // The hint is heard once the first listens.
      await until("the hint is heard", async () => {
        await (await log.open()).close();
        return told.length > 0;
      });
      expect(told).toEqual(["Deposed"]);
    }),
  );

  test(
    "stops whoever remembers events that the log has lost since, as when a copy that was behind takes the server's place",
    withLog(async (log) => {
      const store = await log.open();
      const told: string[] = [];
      store.onDeposed((error) => told.push(error.message));
      await store.append({ events: [1, 2, 3].map(event), idempotency: [], views: [], now: 0 });
      const shell = testClient(server.owner, { search_path: log.schema });
      await shell.script("ALTER TABLE events DISABLE TRIGGER USER; DELETE FROM events WHERE id > 1");
      await expect(store.head()).rejects.toMatchObject({ code: "Deposed" });
      expect(told).toEqual([
        "the log ends at event 1, but event 3 was in it before; restart to go on from what the log holds",
      ]);
      expect(await (await log.open()).head()).toBe(1 as EventId);
      await shell.close();
    }),
  );
}

function event(id: number) {
  return envelope(id, bucketCreated(`b${id}`));
}
