/** Looks at the events that wait for their delivery, through the engine's reading connection. */

import type { Database } from "#foundation/sql";
import { decodeKey } from "../model/key-order.ts";
import type { OutboxEvent } from "../port.ts";

interface OutboxRow {
  readonly id: number;
  readonly event: string;
  readonly key: Uint8Array;
  readonly time: number;
  readonly version: string | null;
  readonly size: number | null;
  readonly etag: string | null;
  readonly origin: string;
}

export interface OutboxReader {
  destinations(): readonly string[];
  waiting(destination: string, limit: number): readonly OutboxEvent[];
}

export function openOutboxReader(database: Database): OutboxReader {
  // One seek for each destination, however many events wait.
  const following = database.prepare<{ destination: string | null }>(
    "SELECT min(destination) AS destination FROM outbox WHERE destination > ?1",
  );
  const oldest = database.prepare<OutboxRow>(
    `SELECT id, event, key, time, version, size, etag, origin FROM outbox
     WHERE destination = ?1 ORDER BY id LIMIT ?2`,
  );
  return {
    destinations() {
      const found: string[] = [];
      for (let last = ""; ; ) {
        const next = following.get(last)?.destination;
        if (next === undefined || next === null) return found;
        found.push(next);
        last = next;
      }
    },
    waiting: (destination, limit) =>
      oldest.all(destination, limit).map(({ id, event, key, time, version, size, etag, origin }) => ({
        destination,
        id,
        event,
        key: decodeKey(key),
        time,
        versionId: version ?? undefined,
        size: size ?? undefined,
        etag: etag ?? undefined,
        origin,
      })),
  };
}
