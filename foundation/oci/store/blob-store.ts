/**
 * Blobs by digest on disk.
 *
 * - A blob is under its digest's name only when it is whole, checked and synced: it arrives in `arriving/`, and is renamed at the end. Killing the
 *   process or the machine at any point leaves no half blob under a digest.
 * - One arrival a digest at a time: whoever asks second waits, and finds the blob.
 * - `pin` keeps an image, and everything that it refers to, until `unpin`. `lease` keeps blobs while a pull or an unpacking is at work. `collect`
 *   removes the rest, and never what is pinned or leased at the moment of removal.
 */

import type { Disk } from "#foundation/runtime";
import { assertDigest, type Digest, digestOf, digestParts, isDigest } from "../content/digest.ts";
import { type Descriptor, type PlatformDescriptor, parseDocument } from "../content/manifest.ts";
import { isIndexType, isManifestType } from "../content/media-types.ts";
import { layerInvalid } from "../errors.ts";
import { ALGORITHMS, type StorePaths } from "./blob-layout.ts";
import { readIfPresent, unlinkIfPresent, writeDurably } from "./durable-files.ts";
import { encodePins, type Pins } from "./pins.ts";
import { type OpenBytes, receiveBlob } from "./receive-blob.ts";
import { Serial } from "./serial.ts";

/** Keeps blobs until it is released. Releasing twice does nothing. */
export interface Lease {
  /** Keeps further blobs as well. */
  add(digests: Iterable<Digest>): void;
  release(): void;
}

export interface Collection {
  readonly removedBlobs: number;
  readonly removedBytes: number;
}

/** Key of everything that changes what is kept. Digests are the other keys, and none looks like this. */
const PINS = "pins";
const READ_BYTES = 256 * 1024;

export class BlobStore {
  readonly #disk: Disk;
  readonly #paths: StorePaths;
  readonly #serial = new Serial();
  readonly #leases = new Map<Digest, number>();
  #pins: Pins;

  /** Use `openBlobStore`. */
  constructor(disk: Disk, paths: StorePaths, pins: Pins) {
    this.#disk = disk;
    this.#paths = paths;
    this.#pins = pins;
  }

  get pins(): Pins {
    return this.#pins;
  }

  has(digest: Digest): Promise<boolean> {
    return this.#disk.exists(this.#paths.blob(digest));
  }

  /**
   * Makes sure that a blob is there. `open` is asked only when it is not, for the bytes from an offset on: what arrived earlier is not asked for again.
   *
   * @returns whether it arrived now
   * @throws image_layer_invalid when the bytes are not those of the descriptor; what `open` throws (what has arrived is kept); DiskError
   */
  async receive(descriptor: Descriptor, open: OpenBytes): Promise<boolean> {
    return await this.#serial.run(descriptor.digest, async () => {
      const path = this.#paths.blob(descriptor.digest);
      if (await this.#disk.exists(path)) {
        const { sizeBytes } = await this.#disk.stat(path);
        if (sizeBytes !== descriptor.size) {
          throw layerInvalid(`The blob ${descriptor.digest} has ${sizeBytes} bytes, not ${descriptor.size}.`);
        }
        return false;
      }
      const partial = this.#paths.partial(descriptor.digest);
      await receiveBlob(this.#disk, partial, descriptor, open);
      await this.#disk.rename(partial, path);
      await this.#disk.syncDirectory(this.#paths.folder(digestParts(descriptor.digest).algorithm));
      return true;
    });
  }

  /** Keeps bytes that are in memory, and says what they are called. */
  async put(mediaType: string, bytes: Uint8Array): Promise<Descriptor> {
    const descriptor = { mediaType, digest: digestOf(bytes), size: bytes.length };
    await this.receive(descriptor, async function* (offset) {
      yield bytes.subarray(offset);
    });
    return descriptor;
  }

  /** The bytes of a blob from `offset` on. @throws DiskError ENOENT when it is not there */
  async *read(digest: Digest, offset = 0): AsyncGenerator<Uint8Array, void, void> {
    const file = await this.#disk.open(this.#paths.blob(digest), "read");
    try {
      for (let at = offset; ; ) {
        const bytes = await file.read(at, READ_BYTES);
        if (bytes.length === 0) return;
        at += bytes.length;
        yield bytes;
      }
    } finally {
      await file.close();
    }
  }

  /** A whole document, checked against its digest again. @throws image_layer_invalid when it is missing, too long or damaged */
  async document(descriptor: Descriptor, limit: number): Promise<Uint8Array> {
    if (descriptor.size > limit) throw layerInvalid(`The document ${descriptor.digest} is longer than ${limit} bytes.`);
    const bytes = await readIfPresent(this.#disk, this.#paths.blob(descriptor.digest));
    if (bytes === undefined) throw layerInvalid(`The document ${descriptor.digest} is not in the store.`);
    assertDigest(
      digestOf(bytes, digestParts(descriptor.digest).algorithm),
      descriptor.digest,
      "A document of the store",
    );
    return bytes;
  }

  lease(digests: Iterable<Digest> = []): Lease {
    const held = new Set<Digest>();
    let released = false;
    const add = (more: Iterable<Digest>): void => {
      for (const digest of more) {
        if (released || held.has(digest)) continue;
        held.add(digest);
        this.#leases.set(digest, (this.#leases.get(digest) ?? 0) + 1);
      }
    };
    add(digests);
    return {
      add,
      release: () => {
        released = true;
        for (const digest of held) {
          const left = this.#leases.get(digest)! - 1;
          if (left === 0) this.#leases.delete(digest);
          else this.#leases.set(digest, left);
        }
        held.clear();
      },
    };
  }

  /** Keeps an image under a name, in place of the one that had the name. Hold a lease on its blobs until this has resolved. */
  async pin(name: string, descriptor: PlatformDescriptor): Promise<void> {
    await this.#changePins((pins) => pins.set(name, descriptor));
  }

  /** Lets go of a name; its blobs stay until `collect`. */
  async unpin(name: string): Promise<void> {
    await this.#changePins((pins) => pins.delete(name));
  }

  async #changePins(change: (pins: Map<string, PlatformDescriptor>) => void): Promise<void> {
    await this.#serial.run(PINS, async () => {
      const next = new Map(this.#pins);
      change(next);
      await writeDurably(this.#disk, this.#paths.root, "index.json", encodePins(next));
      this.#pins = next;
    });
  }

  /** Removes what no name refers to and nobody has leased, and what never arrived to its end. Pins wait until it has ended. */
  async collect(): Promise<Collection> {
    return await this.#serial.run(PINS, async () => {
      const kept = await this.#reachable();
      let removedBlobs = 0;
      let removedBytes = 0;
      for (const digest of await this.#stored()) {
        if (kept.has(digest)) continue;
        const path = this.#paths.blob(digest);
        await this.#serial.run(digest, async () => {
          const size = (await this.#disk.stat(path)).sizeBytes;
          // Looked at last, with no await between this and the call: a lease taken later finds the blob gone, and asks for it again.
          if (this.#leases.has(digest)) return;
          await this.#disk.unlink(path);
          removedBlobs++;
          removedBytes += size;
        });
      }
      for (const digest of await this.#arriving()) {
        await this.#serial.run(digest, async () => {
          if (!this.#leases.has(digest)) await unlinkIfPresent(this.#disk, this.#paths.partial(digest));
        });
      }
      return { removedBlobs, removedBytes };
    });
  }

  /** Everything that the pinned images refer to. What an index names without having been fetched is not missed. */
  async #reachable(): Promise<ReadonlySet<Digest>> {
    const seen = new Set<Digest>();
    const ahead: Descriptor[] = [...this.#pins.values()];
    for (let next = ahead.pop(); next !== undefined; next = ahead.pop()) {
      if (seen.has(next.digest)) continue;
      seen.add(next.digest);
      if (!isIndexType(next.mediaType) && !isManifestType(next.mediaType)) continue;
      const bytes = await readIfPresent(this.#disk, this.#paths.blob(next.digest));
      if (bytes === undefined) continue;
      const document = parseDocument(bytes, next.mediaType);
      if (document.kind === "index") ahead.push(...document.manifests);
      else ahead.push(document.config, ...document.layers);
    }
    return seen;
  }

  async #stored(): Promise<readonly Digest[]> {
    const found: Digest[] = [];
    for (const algorithm of ALGORITHMS) {
      for (const hex of await this.#disk.readDirectory(this.#paths.folder(algorithm))) {
        const name = `${algorithm}:${hex}`;
        if (isDigest(name)) found.push(name);
      }
    }
    return found;
  }

  async #arriving(): Promise<readonly Digest[]> {
    const names = await this.#disk.readDirectory(this.#paths.arriving);
    return names.map((name) => name.replace("-", ":")).filter(isDigest);
  }
}
