import type { ReadTransaction, StoreTransaction } from "../../client/index.ts";
import type { Subspace } from "../subspace/index.ts";
import type { CreateOptions, DirectoryLayer, DirectoryPath, OpenOptions } from "./directory-layer.ts";
import { DirectoryError } from "./errors.ts";

/** What a directory is made of. */
export interface DirectoryParts {
  readonly path: DirectoryPath;
  readonly layer: Uint8Array;
  /** Undefined for a partition. */
  readonly contents: Subspace | undefined;
  /** Where the directory itself is kept. */
  readonly within: DirectoryLayer;
  /** Where its subdirectories are: another one than `within` for a partition. */
  readonly below: DirectoryLayer;
}

/** A directory that was opened. It stays usable after it was moved or removed by somebody else, and knows nothing of that. */
export class Directory {
  /** From the root on, through partitions. */
  readonly path: DirectoryPath;
  /** What the program that made it said it is for. "partition" is one that can be moved, or copied, as a whole. */
  readonly layer: Uint8Array;
  private readonly parts: DirectoryParts;

  constructor(parts: DirectoryParts) {
    this.path = parts.path;
    this.layer = parts.layer;
    this.parts = parts;
  }

  /**
   * The keys of the directory.
   *
   * @throws DirectoryError partition_has_no_contents: all keys of a partition belong to its subdirectories
   */
  get contents(): Subspace {
    const { contents } = this.parts;
    if (contents === undefined) {
      throw new DirectoryError(
        "partition_has_no_contents",
        "A partition holds subdirectories, and no keys of its own.",
      );
    }
    return contents;
  }

  /** See `DirectoryLayer.createOrOpen`; the path starts here, as in all that follow. */
  createOrOpen(tx: StoreTransaction, path: DirectoryPath, options?: OpenOptions): Promise<Directory> {
    return this.parts.below.createOrOpen(tx, this.subpath(path), options);
  }

  create(tx: StoreTransaction, path: DirectoryPath, options?: CreateOptions): Promise<Directory> {
    return this.parts.below.create(tx, this.subpath(path), options);
  }

  open(tx: ReadTransaction, path: DirectoryPath, options?: OpenOptions): Promise<Directory> {
    return this.parts.below.open(tx, this.subpath(path), options);
  }

  list(tx: ReadTransaction, path: DirectoryPath = []): Promise<string[]> {
    return this.parts.below.list(tx, this.subpath(path));
  }

  move(tx: StoreTransaction, from: DirectoryPath, to: DirectoryPath): Promise<Directory> {
    return this.parts.below.move(tx, this.subpath(from), this.subpath(to));
  }

  /** Moves this directory to a path that starts at the root. */
  async moveTo(tx: StoreTransaction, to: DirectoryPath): Promise<Directory> {
    const { within } = this.parts;
    const depth = within.path.length;
    if (within.path.some((name, i) => to[i] !== name)) {
      throw new DirectoryError("cannot_move_between_partitions", "A directory stays within its partition.");
    }
    return within.move(tx, this.path.slice(depth), to.slice(depth));
  }

  /** Removes the directory at the path, this one itself without a path. */
  remove(tx: StoreTransaction, path: DirectoryPath = []): Promise<void> {
    const layer = this.layerOf(path);
    return layer.remove(tx, this.subpath(path, layer));
  }

  removeIfExists(tx: StoreTransaction, path: DirectoryPath = []): Promise<boolean> {
    const layer = this.layerOf(path);
    return layer.removeIfExists(tx, this.subpath(path, layer));
  }

  exists(tx: ReadTransaction, path: DirectoryPath = []): Promise<boolean> {
    const layer = this.layerOf(path);
    return layer.exists(tx, this.subpath(path, layer));
  }

  private layerOf(path: DirectoryPath): DirectoryLayer {
    return path.length === 0 ? this.parts.within : this.parts.below;
  }

  private subpath(path: DirectoryPath, layer: DirectoryLayer = this.parts.below): DirectoryPath {
    return [...this.path.slice(layer.path.length), ...path];
  }
}
