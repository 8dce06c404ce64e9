import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type EventStore, openSqliteEventStore } from "#control-plane/events";
import { createPostgresLog } from "#control-plane/events/store/testing";
import { systemRandom } from "#foundation/runtime";
import { startTestPostgres, whyNoPostgres } from "#foundation/sql/postgres/testing";
import { skipUnless } from "../../../tests/support/skips.ts";
import { BLOB_BYTES_MAX, createBlobStore } from "./blob-store.ts";
import { expectBlobsKept, expectBlobsWhole } from "./conformance.ts";

async function onSqlite(body: (open: () => EventStore) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "biplane-blobs-"));
  const opened: EventStore[] = [];
  try {
    await body(() => {
      const store = openSqliteEventStore({ path: join(directory, "events.sqlite"), random: systemRandom });
      opened.push(store);
      return store;
    });
  } finally {
    for (const store of opened) await store.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

test("on SQLite: what is put is there until nobody needs it", () =>
  onSqlite(async (open) => {
    const store = open();
    // The same opening: another one would take the log over.
    await expectBlobsKept(store, () => store);
  }));

test("on SQLite: whole or not at all", () => onSqlite((open) => expectBlobsWhole(open())));

test("on SQLite: whoever has lost the log writes nothing, and whoever has it reads what was written", () =>
  onSqlite(async (open) => {
    const before = open();
    const held = await createBlobStore(before).put([Buffer.from("first")]);
    const after = createBlobStore(open());
    await expect(createBlobStore(before).put([Buffer.from("late")])).rejects.toMatchObject({ code: "Deposed" });
    expect(Buffer.from((await after.read(held.digests[0]!))!).toString()).toBe("first");
  }));

test("one that is too large is refused, and holds nothing", () =>
  onSqlite(async (open) => {
    const blobs = createBlobStore(open());
    await expect(blobs.put([new Uint8Array(BLOB_BYTES_MAX + 1)])).rejects.toThrow(RangeError);
  }));

const missing = whyNoPostgres();
const server = missing === undefined ? await startTestPostgres() : undefined;
afterAll(() => server?.stop());
const onPostgres = skipUnless(server !== undefined, missing ?? "");

onPostgres(
  "on PostgreSQL: what is put is there until nobody needs it, for a control plane on another machine too",
  async () => {
    const log = await createPostgresLog(server!);
    const store = await log.open();
    await expectBlobsKept(store, () => store);
    const held = await createBlobStore(store).put([Buffer.from("first")]);
    const other = createBlobStore(await log.open());
    expect(Buffer.from((await other.read(held.digests[0]!))!).toString()).toBe("first");
    await expect(createBlobStore(store).put([Buffer.from("late")])).rejects.toMatchObject({ code: "Deposed" });
    await log.close();
  },
  60_000,
);

onPostgres(
  "on PostgreSQL: whole or not at all",
  async () => {
    const log = await createPostgresLog(server!);
    await expectBlobsWhole(await log.open());
    await log.close();
  },
  60_000,
);
