/** Which buckets there are, their numbers, states and counters. */

import type { Database } from "#foundation/sql";
import type { BucketReference } from "./commands.ts";
import type { BucketRow } from "./rows.ts";

/** What commands need to know of a bucket. */
export interface Bucket {
  readonly number: number;
  readonly state: "open" | "closed" | "dropped";
  /** False while `versions` certainly holds nothing of this bucket: look-ups there can be left out. */
  hasHistory: boolean;
}

/** Changes of a bucket's counters by one command. */
export interface CounterChange {
  readonly objects?: number;
  readonly versions?: number;
  readonly bytes?: number;
  readonly uploads?: number;
}

export interface BucketBook {
  /** The bucket, made with its first write. */
  obtain(reference: BucketReference): Bucket;
  find(id: string): BucketRow | undefined;
  count(bucket: Bucket, change: CounterChange): void;
  setState(id: string, state: BucketRow["state"]): void;
  /** After a rollback: memory may mirror rows that are not there. */
  forget(): void;
}

export function openBucketBook(database: Database): BucketBook {
  const byId = database.prepare<BucketRow>("SELECT * FROM buckets WHERE id = ?1");
  const byDirectory = database.prepare<{ number: number }>("SELECT number FROM buckets WHERE directory = ?1");
  const highest = database.prepare<{ number: number }>("SELECT coalesce(max(number), 0) AS number FROM buckets");
  const insert = database.prepare("INSERT INTO buckets (number, id, directory, state) VALUES (?1, ?2, ?3, 'open')");
  const setState = database.prepare("UPDATE buckets SET state = ?2 WHERE id = ?1");
  const count = database.prepare(
    `UPDATE buckets SET objects = objects + ?2, versions = versions + ?3, bytes = bytes + ?4, uploads = uploads + ?5
     WHERE number = ?1`,
  );
  const known = new Map<string, Bucket>();

  const create = (reference: BucketReference): BucketRow => {
    const number = highest.get()!.number + 1;
    // A bucket made again under the name of a deleted one has other objects: its directory must not be the same.
    const taken = byDirectory.get(reference.directory) !== undefined;
    const directory = taken ? `${reference.directory}~${number}` : reference.directory;
    insert.run(number, reference.id, directory);
    return byId.get(reference.id)!;
  };

  return {
    obtain(reference) {
      const cached = known.get(reference.id);
      if (cached !== undefined) return cached;
      const row = byId.get(reference.id) ?? create(reference);
      const bucket = { number: row.number, state: row.state, hasHistory: row.versions > row.objects };
      known.set(reference.id, bucket);
      return bucket;
    },
    find: (id) => byId.get(id),
    count(bucket, change) {
      count.run(bucket.number, change.objects ?? 0, change.versions ?? 0, change.bytes ?? 0, change.uploads ?? 0);
    },
    setState(id, state) {
      setState.run(id, state);
      known.delete(id);
    },
    forget: () => known.clear(),
  };
}
