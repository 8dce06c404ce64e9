/** Events of writes, kept by the commits of the writes themselves until they are delivered. */

import type { Database } from "#foundation/sql";
import type { Announcement } from "../port.ts";
import type { ForgetEventsCommand } from "./commands.ts";
import type { VersionRow } from "./rows.ts";
import type { Sequence } from "./sequences.ts";

/** The version that an event is about; size and etag where the event tells them. */
export type AnnouncedVersion = Pick<VersionRow, "version"> & Partial<Pick<VersionRow, "size" | "etag">>;

export interface Outbox {
  /** Part of the transaction of the write: the event exists exactly when the write does. */
  add(announcement: Announcement, key: Uint8Array, now: number, version: AnnouncedVersion): void;
  forget(command: ForgetEventsCommand): void;
}

/** @param sequence orders the events as it orders the versions; its numbers are never given twice, so that forgetting twice is harmless */
export function openOutbox(database: Database, sequence: Sequence): Outbox {
  const add = database.prepare(
    `INSERT INTO outbox (destination, id, event, key, time, version, size, etag, origin)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)`,
  );
  const forget = database.prepare("DELETE FROM outbox WHERE destination = ?1 AND id = ?2");
  return {
    add({ destination, event, origin }, key, now, { version, size, etag }) {
      add.run(destination, sequence.next(), event, key, now, version, size ?? null, etag ?? null, origin);
    },
    forget({ destination, ids }) {
      for (const id of ids) forget.run(destination, id);
    },
  };
}
