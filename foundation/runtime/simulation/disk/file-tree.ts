/**
 * The names of a simulated file system: directories, and what of their changes survives a power failure. Pure.
 *
 * Like contents, names exist twice: as programs see them and as the platter holds them. Changes since the last sync of their directory are kept
 * in one list, in order. A rename is atomic, as on any journalling file system: it survives whole or not at all.
 */

import type { Random } from "../../ports/random.ts";
import { chance } from "../seeded-random.ts";
import { FileContent } from "./file-content.ts";

/** A file, whatever its names. */
export interface FileNode {
  readonly kind: "file";
  readonly id: number;
  readonly content: FileContent;
  modifiedMs: number;
  /** How many names programs see. */
  links: number;
  /** How many handles are open. */
  handles: number;
  /** What is accounted against the capacity. */
  allocatedBytes: number;
}

/** A directory. */
export interface DirectoryNode {
  readonly kind: "directory";
  readonly id: number;
  modifiedMs: number;
  /** As programs see it. */
  readonly entries: Map<string, TreeNode>;
  /** As the platter holds it. */
  readonly durable: Map<string, TreeNode>;
}

export type TreeNode = FileNode | DirectoryNode;

/** Which names a power failure keeps: of the unsynced changes none, all, the first so many, or any that do not contradict each other. */
export type NameWriteBack = "none" | "all" | "prefix" | "any";

interface NameChange {
  readonly sequence: number;
  /** What happens to each name: it comes to mean the node, or nothing. */
  readonly effects: readonly {
    readonly directory: DirectoryNode;
    readonly name: string;
    readonly node: TreeNode | undefined;
  }[];
}

/** The directories of one file system. */
export class FileTree {
  readonly root: DirectoryNode;
  private nextId = 0;
  private sequence = 0;
  private unsynced: NameChange[] = [];

  constructor() {
    this.root = this.newDirectory(0);
  }

  newFile(modifiedMs: number): FileNode {
    const content = new FileContent();
    return { kind: "file", id: this.nextId++, content, modifiedMs, links: 0, handles: 0, allocatedBytes: 0 };
  }

  newDirectory(modifiedMs: number): DirectoryNode {
    return { kind: "directory", id: this.nextId++, modifiedMs, entries: new Map(), durable: new Map() };
  }

  /** Lets a name mean a node (create, make a directory) or nothing (unlink, remove). */
  setName(directory: DirectoryNode, name: string, node: TreeNode | undefined): void {
    this.change([{ directory, name, node }]);
  }

  /** Moves a name, atomically. */
  moveName(from: DirectoryNode, fromName: string, to: DirectoryNode, toName: string): void {
    const node = from.entries.get(fromName);
    this.change([
      { directory: from, name: fromName, node: undefined },
      { directory: to, name: toName, node },
    ]);
  }

  /** A position in the history of changes, to be given to `sync`. */
  mark(): number {
    return this.sequence;
  }

  /** Makes durable every change before `mark` that touches the directory, and the earlier ones that those build upon. */
  sync(directory: DirectoryNode, mark: number): void {
    const wanted = new Set<NameChange>();
    const names = new NameSet();
    const homes = new Set<TreeNode>();
    for (let index = this.unsynced.length - 1; index >= 0; index--) {
      const change = this.unsynced[index]!;
      const touches = change.sequence < mark && change.effects.some((effect) => effect.directory === directory);
      if (!touches && !buildsUpon(change, names, homes)) continue;
      wanted.add(change);
      for (const effect of change.effects) {
        names.add(effect.directory, effect.name);
        // A journal never takes a moved file out of its old directory while its new one does not exist yet.
        if (change.effects.length > 1 && effect.node !== undefined) homes.add(effect.directory);
      }
    }
    for (const change of this.unsynced) if (wanted.has(change)) makeDurable(change);
    this.unsynced = this.unsynced.filter((change) => !wanted.has(change));
  }

  /** A sync that failed: what it should have written is written or not, and will not be tried again. */
  failSync(directory: DirectoryNode, mark: number, random: Random): void {
    if (chance(random, 0.5)) this.sync(directory, mark);
  }

  /** The power failed: decides which names the platter holds, and lets programs see those. */
  losePower(writeBack: NameWriteBack, random: Random): void {
    const changes = this.unsynced;
    this.unsynced = [];
    const prefix = writeBack === "prefix" ? random.uint32() % (changes.length + 1) : 0;
    const lostNames = new NameSet();
    const lostNodes = new Set<TreeNode>();
    changes.forEach((change, index) => {
      const contradicts = change.effects.some(
        (effect) => lostNames.has(effect.directory, effect.name) || lostNodes.has(effect.directory),
      );
      const keep =
        writeBack === "all" || index < prefix || (writeBack === "any" && !contradicts && chance(random, 0.5));
      if (keep) {
        makeDurable(change);
        return;
      }
      for (const effect of change.effects) {
        lostNames.add(effect.directory, effect.name);
        if (effect.node !== undefined) lostNodes.add(effect.node);
      }
    });
    showDurable(this.root);
  }

  /** Every file that has a name, once. */
  *files(): Iterable<FileNode> {
    const seen = new Set<FileNode>();
    for (const node of walk(this.root)) {
      if (node.kind !== "file" || seen.has(node)) continue;
      seen.add(node);
      yield node;
    }
  }

  private change(effects: NameChange["effects"]): void {
    for (const { directory, name, node } of effects) {
      const before = directory.entries.get(name);
      if (before?.kind === "file") before.links--;
      if (node === undefined) directory.entries.delete(name);
      else {
        directory.entries.set(name, node);
        if (node.kind === "file") node.links++;
      }
    }
    this.unsynced.push({ sequence: this.sequence++, effects });
  }
}

/** A set of (directory, name) pairs. */
class NameSet {
  private readonly keys = new Set<string>();

  add(directory: DirectoryNode, name: string): void {
    this.keys.add(`${directory.id}/${name}`);
  }

  has(directory: DirectoryNode, name: string): boolean {
    return this.keys.has(`${directory.id}/${name}`);
  }
}

/** Whether later changes that touch these names, or that moved something into these directories, need this one. */
function buildsUpon(change: NameChange, names: NameSet, homes: ReadonlySet<TreeNode>): boolean {
  return change.effects.some(
    (effect) => names.has(effect.directory, effect.name) || (effect.node !== undefined && homes.has(effect.node)),
  );
}

function makeDurable(change: NameChange): void {
  for (const { directory, name, node } of change.effects) {
    if (node === undefined) directory.durable.delete(name);
    else directory.durable.set(name, node);
  }
}

function* walk(directory: DirectoryNode): Iterable<TreeNode> {
  for (const node of directory.entries.values()) {
    yield node;
    if (node.kind === "directory") yield* walk(node);
  }
}

/** Replaces what programs see by what the platter holds, from `directory` down, and counts links anew. */
function showDurable(directory: DirectoryNode): void {
  directory.entries.clear();
  for (const [name, node] of directory.durable) {
    directory.entries.set(name, node);
    if (node.kind === "directory") showDurable(node);
    else {
      node.links = 1;
      node.handles = 0;
    }
  }
}
