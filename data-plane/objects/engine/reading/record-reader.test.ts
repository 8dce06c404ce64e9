/** Looks that need two statements, with a commit between the two. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BucketId } from "#contracts";
import { type Database, openDatabase, type Statement } from "#foundation/sql";
import { chanceOf } from "../model/ordered-id.ts";
import { isRefusal, type RecordOperations } from "../records/commands.ts";
import { createRecords } from "../records/create-records.ts";
import { listVersions } from "./listings.ts";
import { openRecordReader, type RecordReader } from "./record-reader.ts";

const BUCKET = { id: "bkt_test" as BucketId, directory: "test" };
const KEY = "key";

/** A connection that calls `between` once, after the first SELECT that is run while it is set. */
function interruptible(database: Database): { readonly view: Database; between: (() => void) | undefined } {
  const state: { readonly view: Database; between: (() => void) | undefined } = {
    between: undefined,
    view: Object.assign(Object.create(database) as Database, {
      transaction: <Result>(body: () => Result) => database.transaction(body),
      prepare<Row extends object>(sql: string): Statement<Row> {
        const statement = database.prepare<Row>(sql);
        const after = <Result>(result: Result): Result => {
          const { between } = state;
          state.between = undefined;
          between?.();
          return result;
        };
        return {
          get: (...parameters) => after(statement.get(...parameters)),
          all: (...parameters) => after(statement.all(...parameters)),
          run: (...parameters) => statement.run(...parameters),
        };
      },
    }),
  };
  return state;
}

describe("a version that moves between the tables while it is looked for", () => {
  let directory: string;
  let writer: Database;
  let connection: Database;
  let records: RecordOperations;
  let reader: RecordReader;
  let interruption: ReturnType<typeof interruptible>;
  let body = 0;

  const commit = <Result>(run: () => Result): Exclude<Result, { readonly refused: unknown }> => {
    const result = writer.transaction(run);
    if (isRefusal(result)) throw new Error(result.refused);
    return result as Exclude<Result, { readonly refused: unknown }>;
  };
  const versioned = { bucket: BUCKET, key: KEY, versioning: "Enabled" } as const;
  let changes = 0;
  const moment = () => {
    changes += 1;
    return { now: changes, chance: chanceOf(new Uint8Array(32).fill(changes)) };
  };
  const put = (etag: string) => {
    body += 1;
    const version = { owner: "1", size: 1, etag, cipher: null, lock: null, detail: null };
    const command = { ...versioned, ...moment(), version, body: { body, data: new Uint8Array(1) } };
    return commit(() => records.put(command)).version!;
  };
  const remove = (versionId?: string) =>
    commit(() =>
      records.delete({
        ...versioned,
        ...moment(),
        owner: "1",
        bypassGovernance: false,
        ...(versionId && { versionId }),
      }),
    ).versionId!;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "biplane-records-"));
    const path = join(directory, "objects.db");
    writer = openDatabase({ path });
    records = createRecords(writer).operations;
    connection = openDatabase({ path, readOnly: true });
    interruption = interruptible(connection);
    reader = openRecordReader(interruption.view);
  });
  afterEach(() => {
    connection.close();
    writer.close();
    rmSync(directory, { recursive: true });
  });

  /**
   * Runs `look` while the latest version is a delete marker that is taken away after the first, then after the second … statement of it.
   * @returns how many statements `look` runs
   */
  const whileMarkerGoes = (look: () => void): number => {
    for (let statements = 0; ; statements++) {
      const marker = remove();
      let left = statements;
      let gone = false;
      const later = () => {
        left -= 1;
        if (left >= 0) {
          interruption.between = later;
          return;
        }
        gone = true;
        remove(marker);
      };
      reader.place(BUCKET.id);
      interruption.between = later;
      look();
      interruption.between = undefined;
      if (!gone) return statements;
    }
  };

  test("the latest version is never one that was superseded before the look began", () => {
    put("old");
    put("new");
    const place = reader.place(BUCKET.id)!;
    // Before the marker went the latest was the marker, afterwards it is the newer object.
    const statements = whileMarkerGoes(() => expect(reader.latest(place, KEY)?.row.etag).toBeOneOf(["", "new"]));
    expect(statements).toBeGreaterThan(1);
  });

  test("a version is found by its id", () => {
    put("old");
    const wanted = put("new");
    const place = reader.place(BUCKET.id)!;
    const statements = whileMarkerGoes(() => expect(reader.version(place, KEY, wanted)?.row.etag).toBe("new"));
    expect(statements).toBeGreaterThan(1);
  });

  test("a key is in the listing of versions", () => {
    put("first");
    // So many that the walk jumps over their common prefix and looks into each table for what comes next.
    for (let other = 0; other < 40; other++) {
      const command = { ...versioned, ...moment(), key: `a/${other}`, owner: "1", bypassGovernance: false };
      commit(() => records.delete(command));
    }
    const query = { bucketId: BUCKET.id, prefix: "", delimiter: "/", limit: 10 };
    const statements = whileMarkerGoes(() => {
      const page = reader.snapshot(() => listVersions(reader, query));
      expect(page.entries.map(({ key }) => key)).toContain(KEY);
    });
    expect(statements).toBeGreaterThan(2);
  });
});
