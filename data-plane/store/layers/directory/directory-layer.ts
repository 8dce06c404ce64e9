/**
 * Directories: paths of names, each with a short prefix for its keys. Moving one changes its path and no key of its contents. FoundationDB's, down to
 * its layout: both can work on the same keys.
 */
import type { Random } from "#foundation/runtime";
import type { ReadTransaction, StoreTransaction } from "../../client/index.ts";
import { compareKeys, prefixRange } from "../../keys/index.ts";
import { HighContentionAllocator } from "../allocator/index.ts";
import { Subspace } from "../subspace/index.ts";
import { Directory } from "./directory.ts";
import { DirectoryError } from "./errors.ts";
import { bytes, Nodes } from "./nodes.ts";

export type DirectoryPath = readonly string[];

export interface OpenOptions {
  /** What the directory must be for; not looked at when left out or empty. Written down where a directory is created. */
  readonly layer?: Uint8Array | undefined;
}

export interface CreateOptions extends OpenOptions {
  /** For its keys, instead of one that is allocated. */
  readonly prefix?: Uint8Array | undefined;
}

export interface DirectoryLayerOptions {
  readonly random: Random;
  /** Where the directories are written down; all keys from 0xFE on when left out. */
  readonly nodes?: Subspace | undefined;
  /** Where allocated prefixes lie; everywhere when left out. */
  readonly content?: Subspace | undefined;
  readonly allowManualPrefixes?: boolean | undefined;
}

const VERSION = [1, 0, 0] as const;
const PARTITION = bytes("partition");
const EMPTY = new Uint8Array(0);

interface Found {
  /** Undefined when there is nothing. */
  readonly node: Subspace | undefined;
  readonly layer: Uint8Array;
  readonly path: DirectoryPath;
  /** What is left of the path: beyond a partition, whose directories are elsewhere. */
  readonly rest: DirectoryPath;
}

export class DirectoryLayer {
  private readonly nodes: Nodes;
  private readonly content: Subspace;
  private readonly allocator: HighContentionAllocator;

  constructor(
    private readonly options: DirectoryLayerOptions,
    /** Of the partition whose directories these are; empty for those of the root. */
    readonly path: DirectoryPath = [],
  ) {
    const { nodes = new Subspace(Uint8Array.of(0xfe)), content = new Subspace(), random } = options;
    this.nodes = new Nodes(nodes);
    this.content = content;
    this.allocator = new HighContentionAllocator(this.nodes.root.subspace([bytes("hca")]), random);
  }

  /** Opens a directory, or creates it and what is missing above it. @throws DirectoryError, as all of these */
  createOrOpen(tx: StoreTransaction, path: DirectoryPath, options: OpenOptions = {}): Promise<Directory> {
    return this.openOrElse(
      tx,
      path,
      options,
      {},
      (layer, subpath) => layer.createOrOpen(tx, subpath, options),
      () => this.createNode(tx, path, options),
    );
  }

  /** Creates a directory that is not there, and what is missing above it. */
  create(tx: StoreTransaction, path: DirectoryPath, options: CreateOptions = {}): Promise<Directory> {
    return this.openOrElse(
      tx,
      path,
      options,
      { mustBeNew: true, prefix: options.prefix },
      (layer, subpath) => layer.create(tx, subpath, options),
      () => this.createNode(tx, path, options),
    );
  }

  open(tx: ReadTransaction, path: DirectoryPath, options: OpenOptions = {}): Promise<Directory> {
    return this.openOrElse(
      tx,
      path,
      options,
      {},
      (layer, subpath) => layer.open(tx, subpath, options),
      async () => {
        throw missing(path);
      },
    );
  }

  /** Gives a directory another path, whose parent must be there. Its keys stay as they are. */
  async move(tx: StoreTransaction, from: DirectoryPath, to: DirectoryPath): Promise<Directory> {
    await this.checkVersionToWrite(tx);
    checkPath(from);
    checkPath(to);
    if (from.every((name, i) => to[i] === name)) {
      throw new DirectoryError("cannot_move_into_itself", "A directory cannot be moved below itself.");
    }
    const source = await this.find(tx, from);
    const target = await this.find(tx, to);
    if (source.node === undefined) throw missing(from);
    if (isBeyond(source) || isBeyond(target)) {
      if (!isBeyond(source) || !isBeyond(target) || !samePath(source.path, target.path)) {
        throw new DirectoryError("cannot_move_between_partitions", "A directory stays within its partition.");
      }
      return this.partitionAt(source.node, source.path).move(tx, source.rest, target.rest);
    }
    if (target.node !== undefined) throw existing(to);
    const parent = await this.find(tx, to.slice(0, -1));
    if (parent.node === undefined) {
      throw new DirectoryError("parent_does_not_exist", `There is no directory above ${shown(to)}: create it first.`);
    }
    this.nodes.link(tx, parent.node, to[to.length - 1]!, this.nodes.prefixOf(source.node));
    await this.unlink(tx, from);
    return this.directoryOf(source.node, to, source.layer);
  }

  /** Removes a directory, its contents and all below it. Who has it open can still write there, and should not. */
  async remove(tx: StoreTransaction, path: DirectoryPath): Promise<void> {
    if (!(await this.removeIfExists(tx, path))) throw missing(path);
  }

  /** @returns whether it was there */
  async removeIfExists(tx: StoreTransaction, path: DirectoryPath): Promise<boolean> {
    await this.checkVersionToWrite(tx);
    if (path.length === 0) throw new DirectoryError("cannot_remove_root", "The root cannot be removed.");
    checkPath(path);
    const found = await this.find(tx, path);
    if (found.node === undefined) return false;
    if (isBeyond(found)) return this.partitionAt(found.node, found.path).removeIfExists(tx, found.rest);
    await this.nodes.remove(tx, found.node);
    await this.unlink(tx, path);
    return true;
  }

  /** The names of the subdirectories, in order. */
  async list(tx: ReadTransaction, path: DirectoryPath = []): Promise<string[]> {
    await this.version(tx);
    checkPath(path);
    const found = await this.find(tx, path);
    if (found.node === undefined) throw missing(path);
    if (isPartition(found.layer)) return this.partitionAt(found.node, found.path).list(tx, found.rest);
    return (await this.nodes.children(tx, found.node)).map(({ name }) => name);
  }

  async exists(tx: ReadTransaction, path: DirectoryPath = []): Promise<boolean> {
    await this.version(tx);
    checkPath(path);
    const found = await this.find(tx, path);
    if (found.node === undefined) return false;
    return isBeyond(found) ? this.partitionAt(found.node, found.path).exists(tx, found.rest) : true;
  }

  private async openOrElse(
    tx: ReadTransaction,
    path: DirectoryPath,
    { layer }: OpenOptions,
    { mustBeNew = false, prefix }: { readonly mustBeNew?: boolean; readonly prefix?: Uint8Array | undefined },
    beyond: (layer: DirectoryLayer, subpath: DirectoryPath) => Promise<Directory>,
    otherwise: () => Promise<Directory>,
  ): Promise<Directory> {
    await this.version(tx);
    if (prefix !== undefined && this.options.allowManualPrefixes !== true) {
      throw new DirectoryError("manual_prefix_not_allowed", "Prefixes are allocated here, and not chosen.");
    }
    checkPath(path);
    if (path.length === 0) throw new DirectoryError("cannot_open_root", "The root holds directories, and no keys.");
    const found = await this.find(tx, path);
    if (found.node === undefined) return otherwise();
    if (isBeyond(found)) return beyond(this.partitionAt(found.node, found.path), found.rest);
    if (mustBeNew) throw existing(path);
    if (layer !== undefined && layer.length > 0 && compareKeys(layer, found.layer) !== 0) {
      throw new DirectoryError("incompatible_layer", `The directory ${shown(path)} is for another layer.`);
    }
    return this.directoryOf(found.node, path, found.layer);
  }

  private async createNode(tx: StoreTransaction, path: DirectoryPath, options: CreateOptions): Promise<Directory> {
    const { layer = EMPTY } = options;
    await this.checkVersionToWrite(tx);
    const prefix = options.prefix ?? (await this.allocatePrefix(tx));
    if (options.prefix !== undefined && !(await this.nodes.isFree(tx, prefix))) {
      throw new DirectoryError("prefix_in_use", "The prefix is that of another directory, or one is within the other.");
    }
    const parent = path.length === 1 ? this.nodes.root : await this.openNode(tx, path.slice(0, -1));
    const node = this.nodes.withPrefix(prefix);
    this.nodes.link(tx, parent, path[path.length - 1]!, prefix);
    this.nodes.setLayer(tx, node, layer);
    return this.directoryOf(node, path, layer);
  }

  private async allocatePrefix(tx: StoreTransaction): Promise<Uint8Array> {
    const allocated = await this.allocator.allocate(tx);
    const prefix = new Uint8Array([...this.content.prefix, ...allocated]);
    const { begin, end } = prefixRange(prefix);
    if ((await tx.getRangeAll(begin, end, { limit: 1 })).length > 0) {
      throw new DirectoryError("prefix_in_use", "There are keys already where a directory was to be.");
    }
    if (!(await this.nodes.isFree(tx.snapshot, prefix))) {
      throw new DirectoryError("prefix_in_use", "A prefix chosen by hand is where a directory was to be.");
    }
    return prefix;
  }

  /** The node at this path, created when it is missing. */
  private async openNode(tx: StoreTransaction, path: DirectoryPath): Promise<Subspace> {
    const directory = await this.createOrOpen(tx, path);
    return this.nodes.withPrefix(directory.contents.prefix);
  }

  private async unlink(tx: StoreTransaction, path: DirectoryPath): Promise<void> {
    const parent = await this.find(tx, path.slice(0, -1));
    if (parent.node !== undefined) this.nodes.unlink(tx, parent.node, path[path.length - 1]!);
  }

  /** Follows the path, up to a partition. */
  private async find(tx: ReadTransaction, path: DirectoryPath): Promise<Found> {
    let node: Subspace | undefined = this.nodes.root;
    let layer = await this.nodes.layer(tx, node);
    for (const [i, name] of path.entries()) {
      node = await this.nodes.child(tx, node, name);
      const so = { path: path.slice(0, i + 1), rest: path.slice(i + 1) };
      if (node === undefined) return { node, layer: EMPTY, ...so };
      layer = await this.nodes.layer(tx, node);
      if (isPartition(layer)) return { node, layer, ...so };
    }
    return { node, layer, path, rest: [] };
  }

  private directoryOf(node: Subspace, path: DirectoryPath, layer: Uint8Array): Directory {
    const whole = [...this.path, ...path];
    if (isPartition(layer)) {
      const below = this.partitionAt(node, path);
      return new Directory({ path: whole, layer, contents: undefined, within: this, below });
    }
    const contents = new Subspace(this.nodes.prefixOf(node));
    return new Directory({ path: whole, layer, contents, within: this, below: this });
  }

  /** The directories of a partition: their nodes are among its own keys. */
  private partitionAt(node: Subspace, path: DirectoryPath): DirectoryLayer {
    const prefix = this.nodes.prefixOf(node);
    const nodes = new Subspace(new Uint8Array([...prefix, 0xfe]));
    const { random } = this.options;
    return new DirectoryLayer({ random, nodes, content: new Subspace(prefix) }, [...this.path, ...path]);
  }

  /** @returns the version written down, when there is one. @throws DirectoryError for one that we do not understand */
  private async version(tx: ReadTransaction): Promise<readonly number[] | undefined> {
    const written = await tx.get(this.versionKey);
    if (written === undefined) return undefined;
    const view = new DataView(written.buffer, written.byteOffset, written.length);
    const version = written.length === 12 ? [0, 4, 8].map((at) => view.getUint32(at, true)) : [];
    if ((version[0] ?? Number.POSITIVE_INFINITY) > VERSION[0]) {
      throw new DirectoryError(
        "incompatible_version",
        `The directories are of version ${version.join(".")}, ours is 1.0.0.`,
      );
    }
    return version;
  }

  private async checkVersionToWrite(tx: StoreTransaction): Promise<void> {
    const version = await this.version(tx);
    if (version === undefined) {
      tx.set(this.versionKey, new Uint8Array(new Uint32Array(VERSION).buffer));
    } else if (version[1]! > VERSION[1]) {
      throw new DirectoryError("incompatible_version", `Directories of version ${version.join(".")} can only be read.`);
    }
  }

  private get versionKey(): Uint8Array {
    return this.nodes.root.pack([bytes("version")]);
  }
}

function isPartition(layer: Uint8Array): boolean {
  return compareKeys(layer, PARTITION) === 0;
}

/** The path goes on within a partition. */
function isBeyond({ node, layer, rest }: Found): boolean {
  return node !== undefined && isPartition(layer) && rest.length > 0;
}

function samePath(a: DirectoryPath, b: DirectoryPath): boolean {
  return a.length === b.length && a.every((name, i) => name === b[i]);
}

function checkPath(path: DirectoryPath): void {
  for (const name of path) {
    if (typeof name !== "string" || !name.isWellFormed()) {
      throw new DirectoryError("invalid_path", "A path is of texts, without halves of surrogate pairs.");
    }
  }
}

function shown(path: DirectoryPath): string {
  return `/${path.join("/")}`;
}

function missing(path: DirectoryPath): DirectoryError {
  return new DirectoryError("does_not_exist", `There is no directory ${shown(path)}.`);
}

function existing(path: DirectoryPath): DirectoryError {
  return new DirectoryError("already_exists", `There is a directory ${shown(path)} already.`);
}
