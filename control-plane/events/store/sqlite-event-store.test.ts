import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemRandom } from "#foundation/runtime";
import { openDatabase } from "#foundation/sql";
import { bucketCreated, envelope } from "../testing/sample-events.ts";
import { eventStoreConformance, type StoreUnderTest } from "./conformance.ts";
import { eventStoreAgreesWithNaive } from "./conformance-random.ts";
import type { EventStore } from "./event-store.ts";
import { openSqliteEventStore } from "./sqlite-event-store.ts";

async function createLog(): Promise<StoreUnderTest> {
  const directory = mkdtempSync(join(tmpdir(), "biplane-events-"));
  const opened: EventStore[] = [];
  return {
    open: async () => {
      const store = openSqliteEventStore({ path: join(directory, "events.sqlite"), random: systemRandom });
      opened.push(store);
      return store;
    },
    dispose: async () => {
      for (const store of opened) await store.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

eventStoreConformance("sqlite", createLog);
eventStoreAgreesWithNaive("sqlite", 25, createLog);

describe("the file of the embedded log", () => {
  test("refuses changes and removals from anyone, and replacing inserts", async () => {
    const directory = mkdtempSync(join(tmpdir(), "biplane-events-"));
    try {
      const path = join(directory, "events.sqlite");
      const store = openSqliteEventStore({ path, random: systemRandom });
      const events = [1, 2].map((id) => envelope(id, bucketCreated(`b${id}`)));
      await store.append({ events, idempotency: [], views: [], now: 0 });
      const shell = openDatabase({ path });
      const columns =
        "id, aggregate_type, aggregate_id, aggregate_sequence, type, version, occurred_at, actor, org, request_id, correlation_id, causation_id, epoch, payload";
      const forbidden = [
        "UPDATE events SET actor = 'me'",
        "UPDATE events SET epoch = epoch WHERE id = 1",
        "DELETE FROM events WHERE id = 2",
        "DELETE FROM events",
        `INSERT OR REPLACE INTO events (${columns}) SELECT ${columns} FROM events WHERE id = 1`,
        `INSERT OR REPLACE INTO events (${columns}) SELECT 3, ${columns.slice(4)} FROM events WHERE id = 1`,
        `INSERT INTO events (${columns}) SELECT 4, ${columns.slice(4)} FROM events WHERE id = 1`,
        "UPDATE control_plane SET epoch = epoch - 1",
        "UPDATE control_plane SET control_plane_id = 'x'",
        "DELETE FROM control_plane",
      ];
      for (const sql of forbidden) expect(() => shell.exec(sql), sql).toThrow();
      expect(await store.check()).toEqual([]);
      // With the triggers gone the damage happens, and the check finds it.
      shell.exec("DROP TRIGGER events_stay; DELETE FROM events WHERE id = 1");
      expect(await store.check()).toEqual(["the log has a gap before event 2"]);
      shell.close();
      await store.close();
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
