/** A document as it was read: values, and where in the text each key and value begins. */
import type { Json } from "./json-value.ts";

/** A value in its place. */
export interface SourceSlot {
  /** Offset of the key; of the value itself for items of lists and for the whole document. */
  readonly keyAt: number;
  /** Offset of the value. Of an alias: where the alias is written. */
  readonly at: number;
  readonly node: SourceNode;
}

/** A value. One that is referred to by aliases is shared by all of its slots. */
export interface SourceNode {
  readonly value: Json;
  /** Of an object. */
  readonly entries?: ReadonlyMap<string, SourceSlot>;
  /** Of a list. */
  readonly items?: readonly SourceSlot[];
  /** Values in it, itself included, with aliases counted as often as they are used. */
  readonly size: number;
  /** Levels of lists and objects below it. */
  readonly height: number;
}

/** Something in the text that makes it no document. */
export interface SyntaxProblem {
  readonly code: "E1002" | "E1005" | "E1006";
  readonly message: string;
  readonly offset: number;
  readonly hint?: string;
}

export interface ReadText {
  /** Undefined when nothing of it can be trusted. */
  readonly root?: SourceSlot;
  readonly problems: readonly SyntaxProblem[];
}

export interface SourceLimits {
  /** UTF-16 code units of one document. */
  readonly lengthMax: number;
  /** The same for YAML that only the whole parser reads, which takes ten times as long and as much memory. */
  readonly uncommonLengthMax: number;
  /** Lists in objects in lists … */
  readonly depthMax: number;
  /** Values in one document, with aliases counted as often as they are used. */
  readonly valuesMax: number;
}

export const SOURCE_LIMITS: SourceLimits = {
  // The largest public descriptions are about 12 MB.
  lengthMax: 32 * 1024 * 1024,
  uncommonLengthMax: 8 * 1024 * 1024,
  // A schema that is written out nests three levels for each level of the data.
  depthMax: 200,
  // 32 MB of text hold fewer values than this, so that only aliases can reach it.
  valuesMax: 4_000_000,
};

/** Scalars are many and all alike. */
export const scalarNode = (value: Json): SourceNode => ({ value, size: 1, height: 0 });

/** Puts objects and lists together within limits. */
export class TreeBuilder {
  readonly problems: SyntaxProblem[] = [];

  constructor(readonly limits: SourceLimits) {}

  object(entries: ReadonlyMap<string, SourceSlot>): SourceNode {
    const value: Record<string, Json> = Object.create(null);
    let size = 1;
    let height = 0;
    for (const [key, { node }] of entries) {
      value[key] = node.value;
      size += node.size;
      if (node.height > height) height = node.height;
    }
    return { value, entries, size, height: height + 1 };
  }

  list(items: readonly SourceSlot[]): SourceNode {
    const value: Json[] = [];
    let size = 1;
    let height = 0;
    for (const { node } of items) {
      value.push(node.value);
      size += node.size;
      if (node.height > height) height = node.height;
    }
    return { value, items, size, height: height + 1 };
  }

  syntax(offset: number, message: string, hint?: string): void {
    this.problems.push({ code: "E1002", message, offset, hint });
  }

  duplicate(offset: number, key: string): void {
    const shown = key.length > 64 ? `${key.slice(0, 64)}…` : key;
    const hint = "Which of the two would be meant depends on who reads the file: remove one.";
    this.problems.push({ code: "E1005", message: `The key ${JSON.stringify(shown)} is there twice.`, offset, hint });
  }

  tooDeep(offset: number): void {
    const message = `Nested more than ${this.limits.depthMax} levels deep.`;
    this.problems.push({ code: "E1006", message, offset });
  }

  tooMany(offset: number): void {
    const count = this.limits.valuesMax.toLocaleString("en");
    const message = `More than ${count} values once its aliases are written out.`;
    const hint = "Aliases of aliases multiply. Use $ref for what is shared.";
    this.problems.push({ code: "E1006", message, offset, hint });
  }
}

/** Ends the reading at the first thing after which nothing can be trusted. The problem is noted already. */
export class Unreadable extends Error {}
