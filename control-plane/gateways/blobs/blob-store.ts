/**
 * A content-addressed store beside the event log: in the same database file or the same PostgreSQL database, so that a backup of the one has the other, and so that control planes
 * over one log see the same contents. Whoever has lost the log writes nothing here either.
 *
 * A blob is kept as documents of the event store: parts in base64, and last of all a head that says how many there are. Without a head there is no blob.
 */
import { createHash } from "node:crypto";
import type { EventStore } from "#control-plane/events";

/** Largest blob. The largest artifacts hold a description of 8 MiB and its plan. */
export const BLOB_BYTES_MAX = 64 * 1024 * 1024;

/** One part: small enough that writing it holds nobody up for long. 384 KiB are 512 KiB of base64. */
const PART_BYTES = 384 * 1024;

const PREFIX = "gateway-blob/";
/** Names read at once. */
const PAGE = 500;

interface Head {
  readonly sizeBytes: number;
  readonly parts: number;
}

/** Keeps contents from being collected while no event names them yet. */
export interface BlobHold {
  readonly digests: readonly string[];
  release(): void;
}

/** What is kept is not what was written. */
export class BlobDamaged extends Error {
  override readonly name = "BlobDamaged";
}

export interface BlobStore {
  /**
   * Keeps contents durably; what is there already is not written again. Held until released.
   *
   * @returns with the digests in the order of the contents: `sha256:` and 64 hexadecimal digits
   * @throws EventStoreError Deposed, Unavailable; RangeError for one that is too large
   */
  put(contents: readonly Uint8Array[]): Promise<BlobHold>;
  /** @returns undefined: there is none */
  sizeOf(digest: string): Promise<number | undefined>;
  /**
   * Part by part; nothing is read before it is asked for.
   *
   * @returns undefined: there is none
   * @throws BlobDamaged while it is read
   */
  stream(
    digest: string,
  ): Promise<{ readonly sizeBytes: number; readonly parts: AsyncIterable<Uint8Array> } | undefined>;
  /** All of it. @throws BlobDamaged */
  read(digest: string): Promise<Uint8Array | undefined>;
  /** Drops one that was kept a moment ago and is not needed after all, unless somebody else holds it. */
  discard(digest: string, isNeeded: () => boolean): Promise<void>;
  /** Drops what nobody needs and nobody holds, and what a crash has left half written. @returns how many went */
  collect(isNeeded: (digest: string) => boolean): Promise<number>;
}

const nameOf = (digest: string): string => PREFIX + digest.slice("sha256:".length);
const partName = (digest: string, part: number): string => `${nameOf(digest)}/${String(part).padStart(5, "0")}`;
const digestOf = (bytes: Uint8Array): string => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

/** Lets others have their turn between two parts: stores that are in this thread write at once. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export function createBlobStore(store: Pick<EventStore, "document" | "documentNames" | "putDocument">): BlobStore {
  const holds = new Map<string, number>();
  let last: Promise<unknown> = Promise.resolve();

  /** One writer at a time: nothing is dropped that somebody has just found to be there. */
  function alone<Result>(step: () => Promise<Result>): Promise<Result> {
    const run = last.then(step, step);
    last = run.catch(() => undefined);
    return run;
  }

  async function headOf(digest: string): Promise<Head | undefined> {
    const text = await store.document(nameOf(digest));
    return text === undefined ? undefined : (JSON.parse(text) as Head);
  }

  async function write(digest: string, bytes: Uint8Array): Promise<void> {
    if ((await headOf(digest)) !== undefined) return;
    const parts = Math.ceil(bytes.byteLength / PART_BYTES);
    for (let part = 0; part < parts; part++) {
      const piece = bytes.subarray(part * PART_BYTES, (part + 1) * PART_BYTES);
      await store.putDocument({ name: partName(digest, part), text: Buffer.from(piece).toString("base64") });
      await turn();
    }
    const head: Head = { sizeBytes: bytes.byteLength, parts };
    await store.putDocument({ name: nameOf(digest), text: JSON.stringify(head) });
  }

  async function* partsOf(digest: string, { parts, sizeBytes }: Head): AsyncGenerator<Uint8Array, void, void> {
    const hash = createHash("sha256");
    let size = 0;
    for (let part = 0; part < parts; part++) {
      const text = await store.document(partName(digest, part));
      if (text === undefined) throw new BlobDamaged(`part ${part} of ${digest} is missing`);
      const bytes = Buffer.from(text, "base64");
      hash.update(bytes);
      size += bytes.byteLength;
      // Before the last part goes out, so that nobody takes damaged contents for whole ones.
      if (part === parts - 1) {
        if (size !== sizeBytes || `sha256:${hash.digest("hex")}` !== digest)
          throw new BlobDamaged(`${digest} is damaged`);
      }
      yield bytes;
    }
  }

  async function stream(digest: string) {
    const head = await headOf(digest);
    return head === undefined ? undefined : { sizeBytes: head.sizeBytes, parts: partsOf(digest, head) };
  }

  function hold(digests: readonly string[]): BlobHold {
    for (const digest of digests) holds.set(digest, (holds.get(digest) ?? 0) + 1);
    let held = true;
    return {
      digests,
      release() {
        if (!held) return;
        held = false;
        for (const digest of digests) {
          const left = holds.get(digest)! - 1;
          if (left === 0) holds.delete(digest);
          else holds.set(digest, left);
        }
      },
    };
  }

  /** Digests that anything is kept of, in order, each once. */
  async function* kept(): AsyncGenerator<string, void, void> {
    // Behind the prefix itself, so that other documents are not walked through.
    let after = PREFIX;
    let before = "";
    for (;;) {
      const names = await store.documentNames(PREFIX, after, PAGE);
      for (const name of names) {
        const digest = `sha256:${name.slice(PREFIX.length).split("/")[0]}`;
        if (digest !== before) yield digest;
        before = digest;
      }
      if (names.length < PAGE) return;
      after = names.at(-1)!;
    }
  }

  async function drop(digest: string): Promise<void> {
    // The head first: what is left after a crash is parts without one.
    await store.putDocument({ name: nameOf(digest), text: null });
    const prefix = `${nameOf(digest)}/`;
    for (;;) {
      const names = await store.documentNames(prefix, prefix, PAGE);
      for (const name of names) await store.putDocument({ name, text: null });
      if (names.length < PAGE) return;
    }
  }

  return {
    async put(contents) {
      const large = contents.find(({ byteLength }) => byteLength > BLOB_BYTES_MAX);
      if (large !== undefined)
        throw new RangeError(`a blob has ${BLOB_BYTES_MAX} bytes at most, not ${large.byteLength}`);
      const held = hold(contents.map(digestOf));
      try {
        for (const [index, bytes] of contents.entries()) await alone(() => write(held.digests[index]!, bytes));
        return held;
      } catch (error) {
        held.release();
        throw error;
      }
    },
    sizeOf: async (digest) => (await headOf(digest))?.sizeBytes,
    stream,
    async read(digest) {
      const found = await stream(digest);
      if (found === undefined) return undefined;
      const pieces: Uint8Array[] = [];
      for await (const piece of found.parts) pieces.push(piece);
      return Buffer.concat(pieces);
    },
    discard: (digest, isNeeded) =>
      alone(async () => {
        if (!isNeeded() && !holds.has(digest)) await drop(digest);
      }),
    async collect(isNeeded) {
      let dropped = 0;
      for await (const digest of kept()) {
        dropped += await alone(async () => {
          if (isNeeded(digest) || holds.has(digest)) return 0;
          await drop(digest);
          return 1;
        });
        await turn();
      }
      return dropped;
    },
  };
}
