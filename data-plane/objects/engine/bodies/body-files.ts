/** Opening stored bodies: wherever they are on their way from the journal or `staging/` to their place. */

import { closeSync, fstatSync, openSync, read, readSync } from "node:fs";
import { join } from "node:path";
import type { Database } from "#foundation/sql";
import { EngineError } from "../engine-error.ts";
import { bodyPath, stagingPath } from "../model/body-path.ts";
import { errnoOf } from "./file-operations.ts";
import { storedSize } from "./frame-cipher.ts";
import { INLINE_BYTES_MAX } from "./stager.ts";

/** Which stored body. */
export interface BodyAddress {
  /** The bucket's directory name. */
  readonly directory: string;
  readonly key: Uint8Array;
  readonly body: number;
  /** 0 for a whole object. */
  readonly part: number;
  /** Bytes on disk. */
  readonly storedSize: number;
}

/** An open stored body. It stays readable when the file is unlinked. */
export interface OpenBody {
  /** Reads exactly these bytes, at once. @throws EngineError Corrupt */
  readNow(offset: number, length: number): Uint8Array;
  /**
   * Reads exactly these bytes without blocking, into the given memory when they come from a file.
   * @throws EngineError Corrupt
   */
  read(offset: number, length: number, into?: Uint8Array): Promise<Uint8Array>;
  close(): void;
}

export interface BodyFiles {
  /** @throws EngineError Corrupt when the body is nowhere or has another size */
  open(address: BodyAddress): OpenBody;
  /** The file of a body, relative to the engine's directory; undefined while it is in the journal. */
  locate(address: BodyAddress): string | undefined;
}

/** Stored bytes of bodies that may be in the journal. */
const JOURNAL_STORED_MAX = storedSize(INLINE_BYTES_MAX);

export function openBodyFiles(database: Database, root: string): BodyFiles {
  const journal = database.prepare<{ data: Uint8Array }>("SELECT data FROM journal WHERE body = ?1");
  const inJournal = database.prepare<{ body: number }>("SELECT body FROM journal WHERE body = ?1");

  const openAt = (path: string): number | undefined => {
    try {
      return openSync(join(root, path), "r");
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return undefined;
      throw error;
    }
  };

  return {
    open(address) {
      if (address.storedSize <= JOURNAL_STORED_MAX) {
        const row = journal.get(address.body);
        if (row !== null && row !== undefined) {
          if (row.data.length !== address.storedSize) throw new EngineError("Corrupt");
          return bodyInMemory(row.data);
        }
      }
      const home = bodyPath(address.directory, address.key, address.body, address.part);
      // The rename may happen between the first two looks.
      const file = openAt(home) ?? openAt(stagingPath(address.body)) ?? openAt(home);
      if (file === undefined) throw new EngineError("Corrupt");
      return inFile(file, address.storedSize);
    },
    locate(address) {
      if (inJournal.get(address.body) !== undefined) return undefined;
      const home = bodyPath(address.directory, address.key, address.body, address.part);
      for (const path of [home, stagingPath(address.body), home]) {
        const file = openAt(path);
        if (file === undefined) continue;
        closeSync(file);
        return path;
      }
      return undefined;
    },
  };
}

/** A stored body that is in memory already. */
export function bodyInMemory(bytes: Uint8Array): OpenBody {
  const part = (offset: number, length: number): Uint8Array =>
    offset === 0 && length === bytes.length ? bytes : bytes.subarray(offset, offset + length);
  return { readNow: part, read: async (offset, length) => part(offset, length), close: () => undefined };
}

function inFile(file: number, storedSize: number): OpenBody {
  let open = true;
  const close = (): void => {
    if (!open) return;
    open = false;
    closeSync(file);
  };
  if (fstatSync(file).size !== storedSize) {
    close();
    throw new EngineError("Corrupt");
  }
  return {
    readNow(offset, length) {
      const bytes = new Uint8Array(length);
      let filled = 0;
      while (filled < length) {
        const count = readSync(file, bytes, filled, length - filled, offset + filled);
        if (count === 0) throw new EngineError("Corrupt");
        filled += count;
      }
      return bytes;
    },
    async read(offset, length, into) {
      const bytes = into === undefined ? new Uint8Array(length) : into.subarray(0, length);
      let filled = 0;
      while (filled < length) {
        const count = await readSome(file, bytes, filled, offset + filled);
        if (count === 0) throw new EngineError("Corrupt");
        filled += count;
      }
      return bytes;
    },
    close,
  };
}

function readSome(file: number, bytes: Uint8Array, filled: number, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    read(file, bytes, filled, bytes.length - filled, position, (error, count) => {
      if (error) reject(error);
      else resolve(count);
    });
  });
}
