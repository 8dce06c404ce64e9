/**
 * Takes bodies in: small ones stay in memory until their commit carries them into the journal, large ones stream into `staging/<body>`.
 */

import type { Random } from "#foundation/runtime";
import { EngineError } from "../engine-error.ts";
import { stagingPath } from "../model/body-path.ts";
import type { StagedBody } from "../port.ts";
import { type BodyKey, encryptionOfRecord } from "./cipher-record.ts";
import { isNoSpace, type StagingFiles } from "./file-operations.ts";
import { openSealer, SALT_BYTES, type Sealer, sealBody } from "./frame-cipher.ts";
import { createWriteBuffers, GatheredWriter } from "./gathered-writer.ts";
import { shareSync } from "./shared-sync.ts";
import type { SpaceGuard } from "./space-guard.ts";

/**
 * Plain bytes up to which a body is committed inside the metadata transaction: one fsync instead of three, and no file to create before the answer.
 * Measured at 64 concurrent puts, CPU of the whole process for each: 64 KiB 176 µs against 780 µs by way of `staging/`, 128 KiB 397 against 639, 256 KiB 700
 * against 821, 512 KiB 1,569 against 928. The crossing is near 256 KiB; half of it, because journal bytes are written three times.
 */
export const INLINE_BYTES_MAX = 128 * 1024;

/** Bytes of small bodies held in memory until their commits: with more than 64 MiB waiting, further ones go through `staging/`. */
const INLINE_WAITING_BYTES_MAX = 64 * 1024 * 1024;

/** A body in the journal is written to the log, to the database, and to its file. */
const JOURNAL_COPIES = 3;

/** What the rows of a version take in log and database, roughly. */
const RECORD_BYTES = 4096;

/** What the engine knows of a staged body. */
export interface StagedRecord {
  readonly body: number;
  readonly size: number;
  readonly cipher: string | null;
  /** Stored bytes for the journal; null when they are in `staging/<body>`. */
  readonly data: Uint8Array | null;
}

export interface Stager {
  /** @param sizeHint plain bytes, where they are known: large bodies then go to their file at once */
  stage(source: AsyncIterable<Uint8Array>, key: BodyKey | null, sizeHint?: number): Promise<StagedBody>;
  stageBytes(bytes: Uint8Array, key: BodyKey | null): Promise<StagedBody>;
  /** Takes the record out: a body is committed or discarded once. Undefined when that has happened. */
  take(body: StagedBody): StagedRecord | undefined;
  /** The record that was taken has been committed or given up: its bytes are no longer held. */
  release(record: StagedRecord): void;
  /** Removes the file of a body that was taken and not committed. */
  remove(record: StagedRecord): Promise<void>;
}

export interface StagerOptions {
  readonly files: StagingFiles;
  readonly random: Random;
  readonly space: SpaceGuard;
  readonly nextBody: () => number | Promise<number>;
  /** False while the journal holds as much as it may: small bodies then take the slower way of large ones, which holds their writers back. */
  readonly mayInline: () => boolean;
}

export function createStager(options: StagerOptions): Stager {
  const { files, random, space } = options;
  const records = new WeakMap<StagedBody, StagedRecord>();
  let waitingBytes = 0;
  const mayInline = (size: number): boolean =>
    size <= INLINE_BYTES_MAX && waitingBytes < INLINE_WAITING_BYTES_MAX && space.mayJournal && options.mayInline();
  const buffers = createWriteBuffers();
  const syncStaging = shareSync(() => files.syncDirectory("staging"));

  const staged = (record: StagedRecord): StagedBody => {
    const body = Object.freeze({ size: record.size, encryption: encryptionOfRecord(record.cipher) });
    records.set(body, record);
    waitingBytes += record.data?.length ?? 0;
    return body;
  };

  const keepInMemory = async (body: number, plain: Uint8Array, key: BodyKey | null): Promise<StagedBody> => {
    await space.take(JOURNAL_COPIES * plain.length + RECORD_BYTES);
    return staged({
      body,
      size: plain.length,
      cipher: key?.record ?? null,
      // A view into a larger buffer would drag all of it across to the engine's thread.
      data: key !== null ? sealBody(key.key, random.bytes(SALT_BYTES), plain) : own(plain),
    });
  };

  const streamToFile = async (
    body: number,
    pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    key: BodyKey | null,
  ): Promise<StagedBody> => {
    const path = stagingPath(body);
    const file = await files.createNew(path).catch(refuseWhenFull);
    let size: number;
    try {
      const writer = new GatheredWriter(file, buffers, (bytes) => space.take(bytes + RECORD_BYTES));
      size = await copyToFile(writer, pieces, key && openSealer(key.key, random.bytes(SALT_BYTES)));
      await file.sync();
      await file.close();
      await syncStaging();
    } catch (error) {
      // Closing twice is an error of its own; the first failure is the one to tell.
      await file.close().catch(() => undefined);
      await files.remove(path).catch(() => undefined);
      return refuseWhenFull(error);
    }
    return staged({ body, size, cipher: key?.record ?? null, data: null });
  };

  return {
    async stage(source, key, sizeHint = 0) {
      const body = await options.nextBody();
      if (sizeHint > INLINE_BYTES_MAX) return streamToFile(body, source, key);
      const iterator = source[Symbol.asyncIterator]();
      const head: Uint8Array[] = [];
      let size = 0;
      let whole = false;
      try {
        while (!whole && mayInline(size)) {
          const { done, value } = await iterator.next();
          whole = done === true;
          if (whole) break;
          size += value.length;
          waitingBytes += value.length;
          // A producer may reuse its buffer after the next call; what is kept must be a copy.
          head.push(Uint8Array.from(value));
        }
      } finally {
        waitingBytes -= size;
      }
      if (whole) return keepInMemory(body, joined(head, size), key);
      return streamToFile(body, continued(head, iterator), key);
    },
    async stageBytes(bytes, key) {
      const body = await options.nextBody();
      if (mayInline(bytes.length)) return keepInMemory(body, bytes, key);
      return streamToFile(body, [bytes], key);
    },
    take(body) {
      const record = records.get(body);
      records.delete(body);
      return record;
    },
    release(record) {
      waitingBytes -= record.data?.length ?? 0;
    },
    async remove(record) {
      if (record.data === null) await files.remove(stagingPath(record.body));
    },
  };
}

function refuseWhenFull(error: unknown): never {
  throw isNoSpace(error) ? new EngineError("InsufficientStorage", {}, error) : error;
}

function own(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : Uint8Array.from(bytes);
}

function joined(pieces: readonly Uint8Array[], size: number): Uint8Array {
  if (pieces.length === 1) return pieces[0]!;
  const whole = new Uint8Array(size);
  let offset = 0;
  for (const piece of pieces) {
    whole.set(piece, offset);
    offset += piece.length;
  }
  return whole;
}

/** The pieces read so far and the rest; an iterator that is left early is told so. */
async function* continued(head: Uint8Array[], rest: AsyncIterator<Uint8Array>): AsyncIterable<Uint8Array> {
  // Taken out one by one: the upload may take hours yet.
  for (let piece = head.shift(); piece !== undefined; piece = head.shift()) yield piece;
  let ended = false;
  try {
    for (;;) {
      const { done, value } = await rest.next();
      if (done === true) {
        ended = true;
        return;
      }
      yield value;
    }
  } catch (error) {
    ended = true;
    throw error;
  } finally {
    if (!ended) await rest.return?.();
  }
}

/** Returns the plain size. */
async function copyToFile(
  writer: GatheredWriter,
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  sealer: Sealer | null,
): Promise<number> {
  let size = 0;
  try {
    for await (const piece of pieces) {
      size += piece.length;
      if (sealer === null) await writer.append(piece);
      else for (const stored of sealer.push(piece)) await writer.append(stored);
    }
    if (sealer !== null) for (const stored of sealer.end()) await writer.append(stored);
    await writer.finish();
    return size;
  } finally {
    await writer.abandon();
  }
}
