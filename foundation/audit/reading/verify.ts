/** Walking the chain: is this the history that was written? */
import type { Database } from "#foundation/sql";
import { type AuditCheckpoint, chainHash, hex } from "../chain.ts";
import { RETAIN_ACTION } from "../retention.ts";
import type { Reader } from "./reader.ts";

/** Rows of a step: about 5 µs each, so 2.5 ms without a break for others. */
const STEP_ROWS = 500;

export interface VerifyOptions {
  /** A place that the history must pass through: one that `head` gave earlier. */
  readonly checkpoint?: AuditCheckpoint;
  readonly onProgress?: (progress: { readonly checked: number; readonly total: number }) => void;
  readonly signal?: AbortSignal;
}

/**
 * - `changed`: the record, its hash, or where the log says that it starts, is not what was written
 * - `missing`: records are gone from the middle
 * - `outOfOrder`: a record stands in another's place
 * - `truncated`: the end is gone
 * - `rewritten`: the chain is whole, but not the one that the checkpoint was taken of
 * - `unnamed`: the log does not say which one it is, or says another name than its records
 */
export type AuditProblem = "changed" | "missing" | "outOfOrder" | "truncated" | "rewritten" | "unnamed";

export type AuditVerdict =
  | {
      readonly sound: true;
      /** Name of the log. */
      readonly log: string;
      /** The first record there is: 1 until retention has removed some. */
      readonly firstSequence: number;
      readonly head: AuditCheckpoint;
      /** Records checked. */
      readonly checked: number;
      /** What was made of the checkpoint: `beforeStart` when retention has removed that part of history. */
      readonly checkpoint?: "met" | "beforeStart";
    }
  | {
      readonly sound: false;
      readonly problem: AuditProblem;
      /** The first place where history is broken. */
      readonly sequence: number;
      readonly message: string;
      readonly checked: number;
    };

interface Place {
  readonly sequence: number;
  readonly hash: Uint8Array;
}

interface Start extends Place {
  readonly name: string;
}

interface HashedRow extends Place {
  /** The bytes as they are on disk: text that is no UTF-8 must not be repaired before it is hashed. */
  readonly bytes: Uint8Array;
}

type Broken = Extract<AuditVerdict, { readonly sound: false }>;

/**
 * @param acknowledged the last sequence that is known to have been written: the log may not end before it
 * @throws AuditError AuditUnavailable when the file cannot be read; the signal's reason
 */
export async function verifyChain(reader: Reader, acknowledged: number, options: VerifyOptions): Promise<AuditVerdict> {
  const walk = new Walk(reader.read(describe), acknowledged, options.checkpoint);
  for (;;) {
    options.signal?.throwIfAborted();
    const verdict = walk.step(reader);
    options.onProgress?.({ checked: walk.checked, total: walk.total });
    if (verdict !== undefined) return verdict;
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

interface Description {
  readonly start: Start | undefined;
  /** Undefined when there are no records. */
  readonly first: number | undefined;
  readonly last: number;
}

function startOf(database: Database): Start | undefined {
  return database.prepare<Start>("SELECT name, start_sequence AS sequence, start_hash AS hash FROM chain").get();
}

function describe(database: Database): Description {
  return database.transaction(() => {
    const ends = database
      .prepare<{ first: number | null; last: number }>(
        "SELECT min(sequence) AS first, coalesce(max(sequence), 0) AS last FROM records",
      )
      .get()!;
    return { start: startOf(database), first: ends.first ?? undefined, last: ends.last };
  });
}

class Walk {
  readonly #checkpoint: AuditCheckpoint | undefined;
  readonly #acknowledged: number;
  readonly #description: Description;
  #previous: Place;
  #firstSequence: number;
  #met: "met" | "beforeStart" | undefined;
  /** How far retention was allowed to go, by what the records say. */
  #retainedThrough = 0;
  #named = false;
  checked = 0;

  constructor(description: Description, acknowledged: number, checkpoint: AuditCheckpoint | undefined) {
    this.#description = description;
    this.#acknowledged = acknowledged;
    this.#checkpoint = checkpoint;
    this.#previous = description.start ?? { sequence: 0, hash: new Uint8Array() };
    this.#firstSequence = this.#previous.sequence + 1;
  }

  get total(): number {
    return Math.max(0, this.#description.last - this.#firstSequence + 1);
  }

  /** Checks the next rows; the verdict when there is one. */
  step(reader: Reader): AuditVerdict | undefined {
    const { start, last } = this.#description;
    if (start === undefined) return this.#broken("unnamed", 0, "the log has lost its name and its start");
    if (this.checked === 0) {
      const broken = this.#checkStart(start);
      if (broken !== undefined) return broken;
    }
    const { rows, now } = reader.read((database) =>
      database.transaction(() => ({ now: startOf(database), rows: rowsAfter(database, this.#previous.sequence) })),
    );
    if (now !== undefined && now.sequence > this.#previous.sequence) {
      // Retention has overtaken this walk: what it removed is not there to be checked.
      this.#previous = now;
      this.#firstSequence = now.sequence + 1;
      this.#compare(now);
      return undefined;
    }
    for (const row of rows) {
      const broken = this.#checkRow(row);
      if (broken !== undefined) return broken;
    }
    if (rows.length > 0 && this.#previous.sequence < last) return undefined;
    return this.#end(start);
  }

  #checkStart(start: Start): Broken | undefined {
    const { first } = this.#description;
    if (first !== undefined && first <= start.sequence) {
      return this.#broken(
        "changed",
        first,
        `the log says that it starts after record ${start.sequence}, which is there`,
      );
    }
    if (start.sequence === 0 && hex(start.hash) !== start.name) {
      return this.#broken("changed", 0, "the name of the log is not the one that its chain begins with");
    }
    return this.#compare(start);
  }

  #checkRow(row: HashedRow): Broken | undefined {
    const expected = this.#previous.sequence + 1;
    if (row.sequence !== expected) {
      const gone =
        row.sequence === expected + 1 ? `record ${expected} is` : `records ${expected} to ${row.sequence - 1} are`;
      return this.#broken("missing", expected, `${gone} missing`);
    }
    const record = parsed(row.bytes);
    const own = record?.sequence;
    if (typeof own === "number" && own !== row.sequence) {
      return this.#broken("outOfOrder", row.sequence, `record ${own} stands in the place of record ${row.sequence}`);
    }
    if (hex(chainHash(this.#previous.hash, row.bytes)) !== hex(row.hash) || own === undefined) {
      return this.#broken("changed", row.sequence, `record ${row.sequence}, or its hash, is not what was written`);
    }
    this.#read(record!);
    this.#previous = row;
    this.checked++;
    return this.#compare(row);
  }

  /** Takes note of the records by which the log speaks of itself. */
  #read(record: Readonly<Record<string, unknown>>): void {
    const details = record.details as Readonly<Record<string, string>> | undefined;
    if (details === undefined || details.log !== this.#description.start?.name) return;
    if (record.sequence === 1) this.#named = true;
    if (record.action !== RETAIN_ACTION) return;
    this.#named = true;
    this.#retainedThrough = Math.max(this.#retainedThrough, Number(details.through));
  }

  #compare(place: Place): Broken | undefined {
    const checkpoint = this.#checkpoint;
    if (checkpoint === undefined || this.#met !== undefined) return undefined;
    if (place.sequence > checkpoint.sequence) this.#met = "beforeStart";
    if (place.sequence !== checkpoint.sequence) return undefined;
    if (hex(place.hash) === checkpoint.hash) {
      this.#met = "met";
      return undefined;
    }
    const message = `the checkpoint's hash at ${checkpoint.sequence} is another one: history was written anew since it was taken`;
    return this.#broken("rewritten", checkpoint.sequence, message);
  }

  #end(start: Start): AuditVerdict {
    const head = this.#previous;
    const promised = Math.max(this.#acknowledged, this.#checkpoint?.sequence ?? 0, this.#description.last, 1);
    if (head.sequence < promised) {
      const message = `the log ends with record ${head.sequence}, but ${promised} had been written`;
      return this.#broken("truncated", head.sequence + 1, message);
    }
    if (!this.#named) {
      return this.#broken("unnamed", start.sequence + 1, "no record bears the name that the log gives itself");
    }
    if (this.#retainedThrough < start.sequence) {
      const message = `the log starts after record ${start.sequence}, and no retention on record has removed what was before`;
      return this.#broken("missing", this.#retainedThrough + 1, message);
    }
    return {
      sound: true,
      log: start.name,
      firstSequence: this.#firstSequence,
      head: { sequence: head.sequence, hash: hex(head.hash) },
      checked: this.checked,
      ...(this.#met === undefined ? {} : { checkpoint: this.#met }),
    };
  }

  #broken(problem: AuditProblem, sequence: number, message: string): Broken {
    return { sound: false, problem, sequence, message, checked: this.checked };
  }
}

function rowsAfter(database: Database, sequence: number): readonly HashedRow[] {
  return database
    .prepare<HashedRow>(
      `SELECT sequence, hash, CAST(record AS BLOB) AS bytes FROM records WHERE sequence > ?1 ORDER BY sequence LIMIT ${STEP_ROWS}`,
    )
    .all(sequence);
}

function parsed(bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
