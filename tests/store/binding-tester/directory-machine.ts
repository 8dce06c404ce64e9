/**
 * The directory instructions of the binding tester (apple/foundationdb, `bindings/bindingtester/spec/directoryLayerTester.md`).
 */

import type { Database, StoreTransaction } from "#data-plane/store/client";
import { type Directory, DirectoryLayer, Subspace } from "#data-plane/store/layers";
import { pack, type Tuple, type TupleElement } from "#data-plane/store/tuple";
import type { Random } from "#foundation/runtime";
import type { BoundTransaction } from "./bound-transaction.ts";
import type { Stack } from "./stack.ts";
import { concat } from "./tuple-operations.ts";

type Entry = DirectoryLayer | Directory | Subspace | undefined;

const bytes = (text: string) => new TextEncoder().encode(text);
const CREATING = new Set([
  "DIRECTORY_CREATE_SUBSPACE",
  "DIRECTORY_CREATE_LAYER",
  "DIRECTORY_CREATE_OR_OPEN",
  "DIRECTORY_CREATE",
  "DIRECTORY_OPEN",
  "DIRECTORY_MOVE",
  "DIRECTORY_MOVE_TO",
  "DIRECTORY_OPEN_SUBSPACE",
]);

export class DirectoryMachine {
  private readonly entries: Entry[];
  private current = 0;
  private onError = 0;

  constructor(
    private readonly db: Database,
    private readonly stack: Stack,
    private readonly random: Random,
  ) {
    this.entries = [new DirectoryLayer({ random })];
  }

  /** @param transaction undefined: one of its own, on the database */
  async step(
    operation: string,
    index: number,
    transaction: BoundTransaction | undefined,
    snapshot: boolean,
  ): Promise<void> {
    const push = (value: TupleElement) => this.stack.push(index, value);
    try {
      await this.run(operation, push, new Runner(this.db, transaction?.checkDeferred(), snapshot));
    } catch {
      if (CREATING.has(operation)) this.entries.push(undefined);
      push(bytes("DIRECTORY_ERROR"));
    }
  }

  private async run(operation: string, push: (value: TupleElement) => void, runner: Runner): Promise<void> {
    const { stack } = this;
    switch (operation) {
      case "DIRECTORY_CREATE_SUBSPACE": {
        const path = await this.popTuple();
        this.entries.push(new Subspace(await stack.popBytes()).subspace(path));
        return;
      }
      case "DIRECTORY_CREATE_LAYER": {
        const [nodes, content] = [this.entries[await stack.popNumber()], this.entries[await stack.popNumber()]];
        const allowManualPrefixes = (await stack.popNumber()) === 1;
        if (nodes === undefined || content === undefined) this.entries.push(undefined);
        else {
          const spaces = { nodes: subspaceOf(nodes), content: subspaceOf(content) };
          this.entries.push(new DirectoryLayer({ ...spaces, allowManualPrefixes, random: this.random }));
        }
        return;
      }
      case "DIRECTORY_CHANGE":
        this.current = await stack.popNumber();
        if (this.entries[this.current] === undefined) this.current = this.onError;
        return;
      case "DIRECTORY_SET_ERROR_INDEX":
        this.onError = await stack.popNumber();
        return;
      case "DIRECTORY_CREATE_OR_OPEN": {
        const [path, layer] = [await this.popPath(), await this.popBytesOrNone()];
        this.entries.push(await runner.write((tx) => this.directory.createOrOpen(tx, path, { layer })));
        return;
      }
      case "DIRECTORY_CREATE": {
        const [path, layer, prefix] = [await this.popPath(), await this.popBytesOrNone(), await this.popBytesOrNone()];
        this.entries.push(await runner.write((tx) => this.directory.create(tx, path, { layer, prefix })));
        return;
      }
      case "DIRECTORY_OPEN": {
        const [path, layer] = [await this.popPath(), await this.popBytesOrNone()];
        this.entries.push(await runner.read((tx) => this.directory.open(tx, path, { layer })));
        return;
      }
      case "DIRECTORY_MOVE": {
        const [from, to] = [await this.popPath(), await this.popPath()];
        this.entries.push(await runner.write((tx) => this.directory.move(tx, from, to)));
        return;
      }
      case "DIRECTORY_MOVE_TO": {
        const to = await this.popPath();
        const { directory } = this;
        if (directory instanceof DirectoryLayer) throw new Error("The root cannot be moved.");
        this.entries.push(await runner.write((tx) => directory.moveTo(tx, to)));
        return;
      }
      case "DIRECTORY_REMOVE": {
        const path = await this.popPathOrNone();
        await runner.write((tx) => this.directory.remove(tx, path));
        return;
      }
      case "DIRECTORY_REMOVE_IF_EXISTS": {
        const path = await this.popPathOrNone();
        await runner.write((tx) => this.directory.removeIfExists(tx, path));
        return;
      }
      case "DIRECTORY_LIST": {
        const path = await this.popPathOrNone();
        push(pack(await runner.read((tx) => this.directory.list(tx, path))));
        return;
      }
      case "DIRECTORY_EXISTS": {
        const path = await this.popPathOrNone();
        push((await runner.read((tx) => this.directory.exists(tx, path))) ? 1 : 0);
        return;
      }
      // Operands are popped before anything can fail.
      case "DIRECTORY_PACK_KEY": {
        const tuple = await this.popTuple();
        push(this.subspace.pack(tuple));
        return;
      }
      case "DIRECTORY_UNPACK_KEY": {
        const key = await stack.popBytes();
        for (const element of this.subspace.unpack(key)) push(element);
        return;
      }
      case "DIRECTORY_RANGE": {
        const tuple = await this.popTuple();
        const { begin, end } = this.subspace.range(tuple);
        push(begin);
        push(end);
        return;
      }
      case "DIRECTORY_CONTAINS": {
        const key = await stack.popBytes();
        push(this.subspace.contains(key) ? 1 : 0);
        return;
      }
      case "DIRECTORY_OPEN_SUBSPACE": {
        const tuple = await this.popTuple();
        this.entries.push(this.subspace.subspace(tuple));
        return;
      }
      case "DIRECTORY_LOG_SUBSPACE": {
        const key = concat(await stack.popBytes(), pack([this.current]));
        const { prefix } = this.subspace;
        await runner.write(async (tx) => tx.set(key, prefix));
        return;
      }
      case "DIRECTORY_LOG_DIRECTORY": {
        const log = new Subspace(await stack.popBytes()).subspace([this.current]);
        await runner.write((tx) => this.logDirectory(tx, log));
        return;
      }
      case "DIRECTORY_STRIP_PREFIX": {
        const text = await stack.popBytes();
        const { subspace } = this;
        if (!subspace.contains(text)) throw new Error("The prefix is another one.");
        push(text.slice(subspace.prefix.length));
        return;
      }
      default:
        throw new Error(`There is no instruction ${operation}.`);
    }
  }

  private async logDirectory(tx: StoreTransaction, log: Subspace): Promise<void> {
    const { directory } = this;
    const exists = await directory.exists(tx);
    const children = exists ? await directory.list(tx) : [];
    const layer = directory instanceof DirectoryLayer ? new Uint8Array(0) : directory.layer;
    tx.set(log.pack(["path"]), pack(directory.path));
    tx.set(log.pack(["layer"]), pack([layer]));
    tx.set(log.pack(["exists"]), pack([exists ? 1 : 0]));
    tx.set(log.pack(["children"]), pack(children));
  }

  private get directory(): DirectoryLayer | Directory {
    const entry = this.entries[this.current];
    if (entry === undefined || entry instanceof Subspace) throw new Error("The current entry is no directory.");
    return entry;
  }

  private get subspace(): Subspace {
    return subspaceOf(this.entries[this.current]);
  }

  private async popTuple(): Promise<Tuple> {
    return this.stack.popMany(await this.stack.popNumber());
  }

  private async popPath(): Promise<string[]> {
    return (await this.popTuple()).map((name) =>
      name instanceof Uint8Array ? Buffer.from(name).toString() : String(name),
    );
  }

  private async popPathOrNone(): Promise<string[]> {
    return (await this.stack.popNumber()) === 0 ? [] : this.popPath();
  }

  private async popBytesOrNone(): Promise<Uint8Array | undefined> {
    const value = await this.stack.pop();
    return value instanceof Uint8Array ? value : undefined;
  }
}

/** Runs something in the transaction there is, or in one of its own. */
class Runner {
  constructor(
    private readonly db: Database,
    private readonly transaction: StoreTransaction | undefined,
    private readonly snapshot: boolean,
  ) {}

  write<T>(run: (tx: StoreTransaction) => Promise<T>): Promise<T> {
    return this.transaction === undefined ? this.db.transact(run) : run(this.transaction);
  }

  read<T>(run: (tx: StoreTransaction["snapshot"]) => Promise<T>): Promise<T> {
    if (this.transaction === undefined) return this.db.transact(run);
    return run(this.snapshot ? this.transaction.snapshot : this.transaction);
  }
}

function subspaceOf(entry: Entry): Subspace {
  if (entry instanceof Subspace) return entry;
  if (entry === undefined || entry instanceof DirectoryLayer) throw new Error("The entry has no keys of its own.");
  return entry.contents;
}
