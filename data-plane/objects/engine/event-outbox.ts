/** The outbox as the engine offers it: written by commits, read beside them. */

import type { Database, EngineHost } from "#foundation/sql";
import type { Announcement, DeletionAnnouncements, EventOutbox } from "./port.ts";
import { openOutboxReader } from "./reading/outbox-reader.ts";
import type { RecordOperations } from "./records/commands.ts";
import { storageError } from "./storage-error.ts";

/** What the engine's writes tell it. */
export interface CommittedOutbox extends EventOutbox {
  /** A write with this announcement was committed. */
  noticeCommit(announced: Announcement | DeletionAnnouncements): void;
}

export function openEventOutbox(records: EngineHost<RecordOperations>, database: Database): CommittedOutbox {
  const { destinations, waiting } = openOutboxReader(database);
  const listeners = new Set<(destination: string) => void>();
  const tell = (announcement: Announcement | undefined): void => {
    if (announcement === undefined) return;
    for (const listener of listeners) listener(announcement.destination);
  };
  return {
    destinations,
    waiting,
    async forget(destination, ids) {
      try {
        await records.apply("forgetEvents", { destination, ids });
      } catch (error) {
        throw storageError(error);
      }
    },
    onArrival(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    noticeCommit(announced) {
      if ("destination" in announced) return tell(announced);
      tell(announced.removed);
      tell(announced.marked);
    },
  };
}
