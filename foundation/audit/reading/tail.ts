/** Following a log as it grows. */
import type { AuditEntry } from "../record.ts";
import { ENTRY_COLUMNS, type EntryRow, entryOfRow, type Reader } from "./reader.ts";

/** Records of a step. */
const STEP = 500;

export interface TailSource {
  readonly reader: Reader;
  /** @returns a function that ends the subscription */
  subscribe(listener: () => void): () => void;
}

/**
 * Yields every record after the sequence, in the order of the log and without gaps, first those that exist, then new ones once they are on disk. Ends when the signal is
 * aborted. The reader's own pace is the only buffer.
 */
export async function* tailRecords(
  { reader, subscribe }: TailSource,
  after: number,
  signal: AbortSignal,
): AsyncGenerator<readonly AuditEntry[], void, void> {
  let cursor = after;
  let wake = (): void => undefined;
  const poke = (): void => wake();
  const unsubscribe = subscribe(poke);
  signal.addEventListener("abort", poke);
  try {
    while (!signal.aborted) {
      const rows = reader.read((database) =>
        database
          .prepare<EntryRow>(`SELECT ${ENTRY_COLUMNS} FROM records WHERE sequence > ?1 ORDER BY sequence LIMIT ${STEP}`)
          .all(cursor),
      );
      if (rows.length > 0) {
        cursor = rows.at(-1)!.sequence;
        yield rows.map(entryOfRow);
        continue;
      }
      // Nothing can be written between the read and here: both happen in one step of this thread, which is told of each record.
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    unsubscribe();
    signal.removeEventListener("abort", poke);
  }
}
