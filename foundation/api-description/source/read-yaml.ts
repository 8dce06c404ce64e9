/** Reads YAML 1.2 into a tree with places. What JSON cannot say is refused: a description is JSON, however it is written. */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Pair,
  parseAllDocuments,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";
import {
  type ReadText,
  type SourceLimits,
  type SourceNode,
  type SourceSlot,
  scalarNode,
  TreeBuilder,
  Unreadable,
} from "./source-tree.ts";

/**
 * Core schema also where a `%YAML 1.1` says otherwise, in which `no` would be false and dates would be dates. Keys are compared here: the
 * parser compares each with each. Merge keys too: here they keep their places.
 */
const OPTIONS = {
  version: "1.2",
  schema: "core",
  merge: false,
  uniqueKeys: false,
  resolveKnownTags: false,
  prettyErrors: false,
  logLevel: "silent",
} as const;

export function readYaml(text: string, limits: SourceLimits): ReadText {
  const reading = new YamlReading(limits);
  try {
    const root = reading.stream(text);
    return { root, problems: reading.tree.problems };
  } catch (error) {
    if (error instanceof Unreadable) return { problems: reading.tree.problems };
    // The parser calls itself for each list in a list: some thousands of brackets are more than a stack holds.
    if (!(error instanceof RangeError)) throw error;
    reading.tree.tooDeep(0);
    return { problems: reading.tree.problems };
  }
}

/** A node that is being read: an alias to it would contain itself. */
const OPEN = Symbol("open");

class YamlReading {
  readonly tree: TreeBuilder;
  readonly #anchors = new Map<string, SourceNode | typeof OPEN>();
  /** Values so far, aliases written out. */
  #values = 0;

  constructor(limits: SourceLimits) {
    this.tree = new TreeBuilder(limits);
  }

  /** The document; undefined when it is not one to trust. */
  stream(text: string): SourceSlot | undefined {
    const documents = parseAllDocuments(text, OPTIONS);
    if (!Array.isArray(documents) || documents.length === 0) {
      this.tree.syntax(0, "The document is empty.");
      return undefined;
    }
    for (const { errors, warnings } of documents as Document.Parsed[]) {
      // A warning of the parser is a tag that it does not know.
      for (const { message, pos } of [...errors, ...warnings]) {
        if (/call stack/i.test(message)) {
          this.tree.tooDeep(pos[0]);
          return undefined;
        }
        this.tree.syntax(pos[0], sentence(message));
      }
    }
    const [document, second] = documents as Document.Parsed[];
    if (second !== undefined) {
      const hint = "One file holds one description: remove the line --- between them, or make two files.";
      this.tree.syntax(second.range[0], "A second document begins here.", hint);
    }
    // Values that are put together around an error are guesses.
    if (this.tree.problems.length > 0) return undefined;
    const at = offsetOf(document!.contents, 0);
    return { keyAt: at, at, node: this.#node(document!.contents, at, 0) };
  }

  #node(node: unknown, at: number, depth: number): SourceNode {
    if (++this.#values > this.tree.limits.valuesMax) this.#tooMany(at);
    if (isAlias(node)) return this.#alias(node.source, at, depth);
    const anchor = isMap(node) || isSeq(node) || isScalar(node) ? node.anchor : undefined;
    if (anchor !== undefined) this.#anchors.set(anchor, OPEN);
    const read = this.#content(node, at, depth);
    if (anchor !== undefined) this.#anchors.set(anchor, read);
    return read;
  }

  #content(node: unknown, at: number, depth: number): SourceNode {
    if (node === null) return scalarNode(null);
    if (isScalar(node)) return this.#scalar(node.value, at);
    if (depth >= this.tree.limits.depthMax) {
      this.tree.tooDeep(at);
      throw new Unreadable();
    }
    if (isMap(node)) return this.#map(node, depth + 1);
    if (isSeq(node)) return this.#list(node, depth + 1);
    this.tree.syntax(at, "This is nothing that JSON could say.");
    return scalarNode(null);
  }

  #scalar(value: unknown, at: number): SourceNode {
    if (typeof value === "string" || typeof value === "boolean" || value === null) return scalarNode(value);
    if (typeof value === "number" && Number.isFinite(value)) return scalarNode(value);
    this.tree.syntax(at, "JSON has no such value.", "Put it in quotes if it is meant as text.");
    return scalarNode(null);
  }

  #alias(name: string, at: number, depth: number): SourceNode {
    const meant = this.#anchors.get(name);
    if (meant === undefined || meant === OPEN) {
      const message =
        meant === undefined ? "No anchor of this name comes before." : "This alias is inside what it stands for.";
      this.tree.syntax(at, message, meant === OPEN ? "Use $ref where a schema contains itself." : undefined);
      return scalarNode(null);
    }
    this.#values += meant.size - 1;
    if (this.#values > this.tree.limits.valuesMax) this.#tooMany(at);
    if (depth + meant.height > this.tree.limits.depthMax) {
      this.tree.tooDeep(at);
      throw new Unreadable();
    }
    return meant;
  }

  #list(node: YAMLSeq, depth: number): SourceNode {
    const items: SourceSlot[] = [];
    let last = node.range?.[0] ?? 0;
    for (const item of node.items) {
      last = offsetOf(item, last);
      items.push({ keyAt: last, at: last, node: this.#node(item, last, depth) });
    }
    return this.tree.list(items);
  }

  #map(node: YAMLMap, depth: number): SourceNode {
    const entries = new Map<string, SourceSlot>();
    const merged: SourceNode[] = [];
    let merges = 0;
    let last = node.range?.[0] ?? 0;
    for (const pair of node.items) {
      const keyAt = offsetOf(pair.key, last);
      const at = isEmpty(pair.value) ? keyAt : offsetOf(pair.value, keyAt);
      last = Math.max(last, at);
      if (isMergeKey(pair)) {
        if (merges++ > 0) this.tree.duplicate(keyAt, "<<");
        merged.push(...this.#merged(this.#node(pair.value, at, depth), at));
        continue;
      }
      const key = this.#key(pair.key, keyAt);
      const value = this.#node(pair.value, at, depth);
      if (key === undefined) continue;
      if (entries.has(key)) this.tree.duplicate(keyAt, key);
      else entries.set(key, { keyAt, at, node: value });
    }
    // The first one that has a key wins, and what is written out wins over all.
    for (const { entries: more } of merged) {
      for (const [key, slot] of more ?? []) if (!entries.has(key)) entries.set(key, slot);
    }
    return this.tree.object(entries);
  }

  /** What `<<` merges: an object, or a list of them. */
  #merged(node: SourceNode, at: number): readonly SourceNode[] {
    if (node.entries !== undefined) return [node];
    if (node.items?.every(({ node: item }) => item.entries !== undefined)) return node.items.map((item) => item.node);
    this.tree.syntax(at, "Only objects can be merged.");
    return [];
  }

  /** Keys are text as it is written: `200` is "200", `1.0` is "1.0". */
  #key(key: unknown, at: number): string | undefined {
    if (isScalar(key)) {
      if (key.anchor !== undefined)
        this.#anchors.set(key.anchor, scalarNode(typeof key.value === "string" ? key.value : (key.source ?? "")));
      if (typeof key.value === "string") return key.value;
      if (key.source !== undefined && key.source !== "") return key.source;
    }
    if (isAlias(key)) {
      const meant = this.#anchors.get(key.source);
      if (typeof meant === "object" && typeof meant.value === "string") return meant.value;
    }
    this.tree.syntax(at, "A key is text.");
    return undefined;
  }

  #tooMany(at: number): never {
    this.tree.tooMany(at);
    throw new Unreadable();
  }
}

/** A plain `<<`, as YAML 1.1 has it and files still use it. */
function isMergeKey({ key }: Pair): boolean {
  return isScalar(key) && key.value === "<<" && key.type === "PLAIN";
}

/** Nothing is written: such a value is where its key is. */
function isEmpty(node: unknown): boolean {
  return node === null || (isScalar(node) && node.value === null && (node.source ?? "") === "");
}

function offsetOf(node: unknown, otherwise: number): number {
  return isMap(node) || isSeq(node) || isScalar(node) || isAlias(node) ? (node.range?.[0] ?? otherwise) : otherwise;
}

function sentence(message: string): string {
  const printable = message.replace(/[\u0000-\u001f\u007f-\u009f]/g, " ").trim();
  return `This is not YAML: ${printable.slice(0, 1).toLowerCase()}${printable.slice(1, 300).replace(/\.$/, "")}.`;
}
