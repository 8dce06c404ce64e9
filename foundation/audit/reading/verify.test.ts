/** What somebody does to the file who can write it. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type Database, openDatabase } from "#foundation/sql";
import { event, type LogFixture, withLog, withoutTriggers } from "../testing/fixture.ts";
import { createReader } from "./reader.ts";
import { verifyChain } from "./verify.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

async function fill({ log }: LogFixture, count: number): Promise<void> {
  const all = Array.from({ length: count }, (_, index) =>
    log.append(event({ requestId: `r-${index}`, reason: "é\ufffd" })),
  );
  await Promise.all(all);
}

describe("verify() says what is wrong, and where", () => {
  const cases: readonly (readonly [name: string, change: string, problem: string, sequence: number])[] = [
    [
      "a record that was changed",
      "UPDATE records SET record = replace(record, 'r-2', 'r-9') WHERE sequence = 4",
      "changed",
      4,
    ],
    ["a hash that was changed", "UPDATE records SET hash = zeroblob(32) WHERE sequence = 4", "changed", 4],
    ["a record that is gone", "DELETE FROM records WHERE sequence = 4", "missing", 4],
    ["a beginning that is gone", "DELETE FROM records WHERE sequence <= 4", "missing", 1],
    ["an end that is gone", "DELETE FROM records WHERE sequence >= 9", "truncated", 9],
    ["everything gone", "DELETE FROM records", "truncated", 1],
    ["a record moved to the end", "UPDATE records SET sequence = 99 WHERE sequence = 4", "missing", 4],
    [
      "two records that have changed places",
      `UPDATE records SET (hash, record) = (SELECT hash, record FROM records other WHERE other.sequence = 9 - records.sequence)
       WHERE sequence IN (4, 5)`,
      "outOfOrder",
      4,
    ],
    ["another name", "UPDATE chain SET name = hex(zeroblob(32))", "changed", 0],
    ["another beginning", "UPDATE chain SET start_hash = zeroblob(32)", "changed", 0],
    ["a start that was moved on", "UPDATE chain SET start_sequence = 3", "changed", 1],
    ["no name", "DELETE FROM chain", "unnamed", 0],
    [
      "a beginning that is gone with a start made to fit",
      `UPDATE chain SET (start_sequence, start_hash) = (SELECT sequence, hash FROM records WHERE sequence = 4);
       DELETE FROM records WHERE sequence <= 4`,
      "unnamed",
      5,
    ],
  ];
  for (const [name, change, problem, sequence] of cases) {
    test(name, () =>
      withLog(async (fixture) => {
        await fill(fixture, 9);
        const checkpoint = await fixture.log.head();
        expect(checkpoint.sequence).toBe(10);
        const other = openDatabase({ path: fixture.path });
        withoutTriggers(other, (database) => database.exec(change));
        other.close();
        // The running log knows what it has written, even without a checkpoint.
        expect(await fixture.log.verify()).toMatchObject({ sound: false, problem, sequence });
        expect(await fixture.log.verify({ checkpoint })).toMatchObject({ sound: false, problem, sequence });
      }),
    );
  }

  test("a chain that was written anew, by the checkpoint", () =>
    withLog(async (fixture) => {
      await fill(fixture, 9);
      const checkpoint = { ...(await fixture.log.head()), hash: "0".repeat(64) };
      expect(await fixture.log.verify({ checkpoint })).toMatchObject({
        sound: false,
        problem: "rewritten",
        sequence: 10,
      });
      const later = { sequence: 11, hash: "0".repeat(64) };
      expect(await fixture.log.verify({ checkpoint: later })).toMatchObject({
        sound: false,
        problem: "truncated",
        sequence: 11,
      });
    }));

  test("an end that was cut off while nobody looked, by the checkpoint only", () =>
    withLog(async (fixture) => {
      await fill(fixture, 9);
      const checkpoint = await fixture.log.head();
      await fixture.tamper((database) => database.exec("DELETE FROM records WHERE sequence > 7"));
      expect(await fixture.log.verify()).toMatchObject({ sound: true });
      await fill(fixture, 9);
      expect(await fixture.log.verify({ checkpoint })).toMatchObject({
        sound: false,
        problem: "rewritten",
        sequence: 10,
      });
    }));

  test("nothing, when records are appended and removed meanwhile", () =>
    withLog(async (fixture) => {
      const { log, time } = fixture;
      await fill(fixture, 3000);
      time.advance(91 * DAY_MS);
      await fill(fixture, 3000);
      const seen: number[] = [];
      const verified = log.verify({ onProgress: ({ checked }) => seen.push(checked) });
      const retained = log.retain();
      await fill(fixture, 100);
      expect(await verified).toMatchObject({ sound: true });
      await retained;
      expect(await log.verify()).toMatchObject({ sound: true, firstSequence: 3002 });
      expect(seen.length).toBeGreaterThan(2);
    }));

  test("nothing, when retention overtakes it", () =>
    withLog(async (fixture) => {
      const { log, path } = fixture;
      await fill(fixture, 3000);
      const early = await log.head();
      await fill(fixture, 100);
      let overtaken = false;
      const verdict = await log.verify({
        checkpoint: early,
        onProgress() {
          if (overtaken) return;
          overtaken = true;
          const other = openDatabase({ path });
          other.exec(`UPDATE chain SET (start_sequence, start_hash) = (SELECT sequence, hash FROM records WHERE sequence = 3050);
            DELETE FROM records WHERE sequence <= 3050`);
          other.close();
        },
      });
      expect(verdict).toMatchObject({ sound: true, firstSequence: 3051, checkpoint: "beforeStart" });
    }));

  test("and stops when it is told to", () =>
    withLog(async (fixture) => {
      await fill(fixture, 3000);
      const end = new AbortController();
      const verified = fixture.log.verify({ signal: end.signal });
      end.abort(new Error("enough"));
      expect(await verified.catch((error: Error) => error.message)).toBe("enough");
    }));
});

describe("the triggers", () => {
  test("refuse what a hand in the file would do first", () =>
    withLog(async (fixture) => {
      await fill(fixture, 3);
      const other = openDatabase({ path: fixture.path });
      for (const change of [
        "UPDATE records SET hash = zeroblob(32)",
        "DELETE FROM records",
        "INSERT INTO records (sequence, hash, record) VALUES (99, x'00', '{}')",
        "REPLACE INTO records (sequence, hash, record) VALUES (2, x'00', '{}')",
        "UPDATE chain SET name = 'x'",
        "UPDATE chain SET start_sequence = -1",
        "DELETE FROM chain",
      ]) {
        expect(() => other.exec(change)).toThrow(/append-only|misnumbered|stays/);
      }
      other.close();
    }));
});

/** One change to what is stored; false when it would change nothing. */
type Change = (database: Database, pick: (below: number) => number) => boolean;

function flip(bytes: Uint8Array, pick: (below: number) => number): Uint8Array {
  const changed = new Uint8Array(bytes);
  const place = pick(bytes.length);
  changed[place] = changed[place]! ^ (1 << pick(8));
  return changed;
}

function places(database: Database): readonly number[] {
  return database
    .prepare<{ sequence: number }>("SELECT sequence FROM records ORDER BY sequence")
    .all()
    .map(({ sequence }) => sequence);
}

function row(database: Database, sequence: number) {
  return database
    .prepare<{ hash: Uint8Array; record: Uint8Array }>(
      "SELECT hash, CAST(record AS BLOB) AS record FROM records WHERE sequence = ?1",
    )
    .get(sequence)!;
}

const CHANGES: Readonly<Record<string, Change>> = {
  "a bit of a record"(database, pick) {
    const all = places(database);
    const sequence = all[pick(all.length)]!;
    const record = flip(row(database, sequence).record, pick);
    database.prepare("UPDATE records SET record = CAST(?2 AS TEXT) WHERE sequence = ?1").run(sequence, record);
    return true;
  },
  "bytes added to a record"(database, pick) {
    const all = places(database);
    const sequence = all[pick(all.length)]!;
    const added = Buffer.concat([row(database, sequence).record, Buffer.from([" ", "\0", "x"][pick(3)]!)]);
    database.prepare("UPDATE records SET record = CAST(?2 AS TEXT) WHERE sequence = ?1").run(sequence, added);
    return true;
  },
  "bytes that read alike"(database, pick) {
    const all = places(database);
    const sequence = all[pick(all.length)]!;
    const { record } = row(database, sequence);
    const place = Buffer.from(record).indexOf("\ufffd");
    if (place === -1) return false;
    // No UTF-8: a reader that is lenient shows U+FFFD for it too.
    const changed = Buffer.concat([record.subarray(0, place), Buffer.from([0xff]), record.subarray(place + 3)]);
    database.prepare("UPDATE records SET record = CAST(?2 AS TEXT) WHERE sequence = ?1").run(sequence, changed);
    return true;
  },
  "a bit of a hash"(database, pick) {
    const all = places(database);
    const sequence = all[pick(all.length)]!;
    database
      .prepare("UPDATE records SET hash = ?2 WHERE sequence = ?1")
      .run(sequence, flip(row(database, sequence).hash, pick));
    return true;
  },
  "a sequence"(database, pick) {
    const all = places(database);
    const [from, to] = [all[pick(all.length)]!, [0, -3, 1_000_000][pick(3)]!];
    database.prepare("UPDATE records SET sequence = ?2 WHERE sequence = ?1").run(from, to);
    return true;
  },
  "all sequences"(database, pick) {
    const by = [1_000_000, -1_000_000][pick(2)]!;
    database.prepare("UPDATE records SET sequence = sequence + ?1").run(by);
    return true;
  },
  "records that are gone"(database, pick) {
    const all = places(database);
    const from = all[pick(all.length)]!;
    database.prepare("DELETE FROM records WHERE sequence >= ?1 AND sequence <= ?1 + ?2").run(from, pick(4));
    return true;
  },
  "an end that is gone"(database, pick) {
    const all = places(database);
    database.prepare("DELETE FROM records WHERE sequence >= ?1").run(all[pick(all.length)]!);
    return true;
  },
  "a beginning that is gone with a start made to fit"(database, pick) {
    const all = places(database);
    if (all.length < 2) return false;
    const through = all[pick(all.length - 1)]!;
    const { hash } = row(database, through);
    database.prepare("UPDATE chain SET start_sequence = ?1, start_hash = ?2").run(through, hash);
    database.prepare("DELETE FROM records WHERE sequence <= ?1").run(through);
    return true;
  },
  "two that have changed places"(database, pick) {
    const all = places(database);
    const [one, two] = [all[pick(all.length)]!, all[pick(all.length)]!];
    if (one === two) return false;
    const columns = [["record"], ["hash"], ["record", "hash"]][pick(3)]! as readonly ("record" | "hash")[];
    const [first, second] = [row(database, one), row(database, two)];
    for (const column of columns) {
      const put = database.prepare(
        `UPDATE records SET ${column} = ${column === "record" ? "CAST(?2 AS TEXT)" : "?2"} WHERE sequence = ?1`,
      );
      put.run(one, second[column]);
      put.run(two, first[column]);
    }
    return true;
  },
  "one more"(database, pick) {
    const all = places(database);
    const like = row(database, all[pick(all.length)]!);
    const sequence = [all[0]! - 1, all.at(-1)! + 2][pick(2)]!;
    database
      .prepare("INSERT INTO records (sequence, hash, record) VALUES (?1, ?2, CAST(?3 AS TEXT))")
      .run(sequence, like.hash, like.record);
    return true;
  },
  "the name"(database, pick) {
    const { name } = database.prepare<{ name: string }>("SELECT name FROM chain").get()!;
    database.prepare("UPDATE chain SET name = CAST(?1 AS TEXT)").run(flip(Buffer.from(name), pick));
    return true;
  },
  "where it starts"(database, pick) {
    const by = [1, -1, 3, -100, 100][pick(5)]!;
    database.prepare("UPDATE chain SET start_sequence = start_sequence + ?1").run(by);
    return true;
  },
  "the hash it starts with"(database, pick) {
    const { hash } = database.prepare<{ hash: Uint8Array }>("SELECT start_hash AS hash FROM chain").get()!;
    database.prepare("UPDATE chain SET start_hash = ?1").run(flip(hash, pick));
    return true;
  },
  "the start that is gone"(database) {
    database.exec("DELETE FROM chain");
    return true;
  },
};

test("any single change is found", async () => {
  const history = fc.record({
    before: fc.nat(8),
    after: fc.integer({ min: 1, max: 8 }),
    retained: fc.boolean(),
    reopened: fc.boolean(),
  });
  const changes = fc.array(
    fc.record({ name: fc.constantFrom(...Object.keys(CHANGES)), picks: fc.infiniteStream(fc.nat()) }),
    {
      minLength: 10,
      maxLength: 30,
    },
  );
  await fc.assert(
    fc.asyncProperty(history, changes, ({ before, after, retained, reopened }, all) =>
      withLog(async (fixture) => {
        await fill(fixture, before);
        fixture.time.advance(100 * DAY_MS);
        if (reopened) await fixture.reopen();
        await fill(fixture, after);
        if (retained) await fixture.log.retain();
        const checkpoint = await fixture.log.head();
        await fixture.log.close();

        const writer = openDatabase({ path: fixture.path });
        const reader = createReader(fixture.path);
        // Without the computed columns, which refuse a text that is no JSON, and without triggers.
        writer.exec(`PRAGMA synchronous = OFF;
          CREATE TABLE plain (sequence INTEGER PRIMARY KEY, hash BLOB NOT NULL, record TEXT NOT NULL) STRICT;
          INSERT INTO plain SELECT sequence, hash, record FROM records;
          DROP TABLE records; ALTER TABLE plain RENAME TO records;
          DROP TRIGGER chain_goes_forward; DROP TRIGGER chain_stays`);
        expect(await verifyChain(reader, 0, { checkpoint })).toMatchObject({ sound: true, checkpoint: "met" });
        writer.exec("CREATE TABLE kept_records AS SELECT * FROM records");
        writer.exec("CREATE TABLE kept_chain AS SELECT * FROM chain");
        for (const { name, picks } of all) {
          const made = writer.transaction(() => CHANGES[name]!(writer, (below) => picks.next().value % below));
          const verdict = await verifyChain(reader, 0, { checkpoint });
          expect({ name, sound: verdict.sound }).toEqual({ name, sound: !made });
          writer.exec(`BEGIN; DELETE FROM records; INSERT INTO records SELECT * FROM kept_records;
            DELETE FROM chain; INSERT INTO chain SELECT * FROM kept_chain; COMMIT`);
        }
        reader.close();
        writer.close();
      }),
    ),
    { numRuns: 12 },
  );
});
