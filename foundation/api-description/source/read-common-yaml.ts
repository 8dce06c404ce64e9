/**
 * A fast reader of the YAML that descriptions are commonly written in: block mappings and lists, scalars of all styles, flow collections,
 * comments, anchors with their aliases, merge keys. Everything else (tags, directives, several documents …) and everything that might be an error makes it give up,
 * and the whole parser reads the text. It must never read something differently than that parser: a test compares them.
 *
 * The reason is time: three megabytes take the whole parser two seconds and this one a tenth of that.
 */
import { type FlowValue, readFlow } from "./common-yaml-flow.ts";
import { blockScalar, plainRest, quotedLines, quotedText } from "./common-yaml-scalars.ts";
import { anchorName, giveUp, isMarker, lineEnd, skipSpaces, trimmedEnd, Uncommon } from "./common-yaml-text.ts";
import {
  type ReadText,
  type SourceLimits,
  type SourceNode,
  type SourceSlot,
  scalarNode,
  TreeBuilder,
} from "./source-tree.ts";
import { plainScalar } from "./yaml-scalars.ts";

/** Undefined: not common YAML. */
export function readCommonYaml(text: string, limits: SourceLimits): ReadText | undefined {
  // A carriage return alone, other line breaks and control characters are for the whole parser.
  if (/\r(?!\n)|[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u0085\u2028\u2029\ufeff]/.test(text)) return undefined;
  try {
    return { root: new CommonYaml(text, limits).document(), problems: [] };
  } catch (error) {
    if (error instanceof Uncommon) return undefined;
    throw error;
  }
}

/** Implicit keys have at most 1,024 characters (YAML 1.2 §7.4.2). */
const KEY_LENGTH_MAX = 1000;
/** First characters that make something else of a plain scalar. `-` and `?` may begin one, which is rare. */
const INDICATOR = /[-?:,[\]{}#&*!|>'"%@`]/;

/** Values that aliases may stand for in all. With more the whole parser reads it: what is merged is copied, and that it is too much is to be found out once. */
const ALIASED_MAX = 400_000;

/** A node that is being read: an alias to it would contain itself. */
const OPEN = Symbol("open");

class CommonYaml {
  readonly #tree: TreeBuilder;
  readonly #anchors = new Map<string, SourceNode | typeof OPEN>();
  /** Values that aliases stand for, as often as they are used. */
  #aliased = 0;
  /** Where the line begins that is read next, its indentation, and where its content begins and ends (without spaces at the end). */
  #line = 0;
  #indent = 0;
  #start = 0;
  #end = 0;
  #done = false;

  constructor(
    readonly text: string,
    limits: SourceLimits,
  ) {
    this.#tree = new TreeBuilder(limits);
  }

  document(): SourceSlot {
    this.#enter(0);
    if (this.text.slice(this.#start, this.#end) === "---" && this.#indent === 0) this.#nextLine();
    if (this.#done || this.#isMarked()) giveUp();
    const at = this.#start;
    const { node } = this.#block(-1, 0);
    // A scalar at the top is no description.
    if (!this.#done || node.height === 0) giveUp();
    // About as many as there are; where they are too many the whole parser says so.
    if (node.size + this.#aliased > this.#tree.limits.valuesMax) giveUp();
    return { keyAt: at, at, node };
  }

  /** Goes to the first line from `from` on that has content. */
  #enter(from: number): void {
    const { text } = this;
    let line = from;
    while (line < text.length) {
      let start = line;
      while (text.charCodeAt(start) === 32) start++;
      const code = text.charCodeAt(start);
      if (code === 9) giveUp();
      const stop = lineEnd(text, start);
      if (start < text.length && code !== 10 && code !== 13 && code !== 35) {
        this.#line = line;
        this.#start = start;
        this.#indent = start - line;
        this.#end = trimmedEnd(text, start, stop);
        return;
      }
      line = stop + 1;
    }
    this.#line = text.length;
    this.#start = text.length;
    this.#end = text.length;
    this.#indent = -1;
    this.#done = true;
  }

  #nextLine(): void {
    this.#enter(lineEnd(this.text, this.#start) + 1);
  }

  /** A line that begins or ends a document, or says something about it. */
  #isMarked(): boolean {
    return this.#indent === 0 && (this.text[this.#start] === "%" || isMarker(this.text, this.#start));
  }

  /** What begins on this line, below a parent at `parent`. */
  #block(parent: number, depth: number): SourceSlot {
    if (depth > this.#tree.limits.depthMax) giveUp();
    const at = this.#start;
    if (this.#isDash(at)) return { keyAt: at, at, node: this.#list(this.#indent, depth + 1) };
    const key = this.#key(at);
    if (key !== undefined) return { keyAt: at, at, node: this.#map(this.#indent, depth + 1, key) };
    return { keyAt: at, at, node: this.#inline(at, parent, depth) };
  }

  #map(indent: number, depth: number, firstKey: Key): SourceNode {
    if (depth > this.#tree.limits.depthMax) giveUp();
    const entries = new Map<string, SourceSlot>();
    let merged: readonly SourceNode[] | undefined;
    for (let key: Key | undefined = firstKey; ; key = this.#key(this.#start)) {
      if (key === undefined || this.#isMarked()) giveUp();
      const slot = this.#mapValue(key, indent, depth);
      if (key.merges) {
        if (merged !== undefined) giveUp();
        merged = objectsOf(slot.node);
      } else {
        if (entries.has(key.name)) giveUp();
        entries.set(key.name, slot);
      }
      if (this.#indent < indent) break;
      if (this.#indent > indent || this.#isDash(this.#start)) giveUp();
    }
    // The first one that has a key wins, and what is written out wins over all.
    for (const { entries: more } of merged ?? []) {
      for (const [name, slot] of more!) if (!entries.has(name)) entries.set(name, slot);
    }
    return this.#tree.object(entries);
  }

  #mapValue({ keyAt, after }: Key, indent: number, depth: number): SourceSlot {
    const at = skipSpaces(this.text, after, this.#end);
    if (this.text[at] === "&") {
      return { ...this.#anchored(at, (next) => this.#valueAt(next, keyAt, indent, depth)), keyAt };
    }
    // An empty value is where its key is.
    return this.#valueAt(at, keyAt, indent, depth) ?? { keyAt, at: keyAt, node: scalarNode(null) };
  }

  /** The value of a key, on its line or below it; undefined when it is empty. */
  #valueAt(at: number, keyAt: number, indent: number, depth: number): SourceSlot | undefined {
    if (at < this.#end && this.text[at] !== "#") return { keyAt, at, node: this.#inline(at, indent, depth) };
    this.#nextLine();
    if (this.#indent > indent) return { ...this.#block(indent, depth), keyAt };
    if (this.#indent === indent && this.#isDash(this.#start)) {
      return { keyAt, at: this.#start, node: this.#list(indent, depth + 1) };
    }
    return undefined;
  }

  /** What follows an anchor at `at`. */
  #anchored(at: number, read: (next: number) => SourceSlot | undefined): SourceSlot {
    const name = anchorName(this.text, at);
    const end = at + 1 + name.length;
    const next = skipSpaces(this.text, end, this.#end);
    if (next === end && next < this.#end) giveUp();
    if (this.text[next] === "&" || this.text[next] === "*") giveUp();
    this.#anchors.set(name, OPEN);
    const slot = read(next);
    if (slot === undefined) giveUp();
    this.#anchors.set(name, slot.node);
    return slot;
  }

  #alias(name: string, depth: number): SourceNode {
    const meant = this.#anchors.get(name);
    if (meant === undefined || meant === OPEN) giveUp();
    this.#aliased += meant.size;
    if (this.#aliased > ALIASED_MAX || depth + meant.height > this.#tree.limits.depthMax) giveUp();
    return meant;
  }

  #list(indent: number, depth: number): SourceNode {
    if (depth > this.#tree.limits.depthMax) giveUp();
    const items: SourceSlot[] = [];
    for (;;) {
      items.push(this.#item(indent, depth));
      if (this.#indent < indent) return this.#tree.list(items);
      if (this.#indent > indent) giveUp();
      // A list as the value of a key may stand as far left as the key.
      if (!this.#isDash(this.#start)) return this.#tree.list(items);
    }
  }

  #item(indent: number, depth: number): SourceSlot {
    const at = skipSpaces(this.text, this.#start + 1, this.#end);
    if (this.text[at] === "&") {
      return this.#anchored(at, (next) =>
        next >= this.#end || this.text[next] === "#"
          ? this.#itemBelow(indent, depth)
          : { keyAt: next, at: next, node: this.#inline(next, indent, depth) },
      );
    }
    if (at >= this.#end || this.text[at] === "#") return this.#itemBelow(indent, depth);
    // What follows the dash stands as if on a line of its own.
    const key = this.#isDash(at) ? undefined : this.#key(at);
    if (key === undefined && !this.#isDash(at)) return { keyAt: at, at, node: this.#inline(at, indent, depth) };
    this.#indent = at - this.#line;
    this.#start = at;
    const node = key === undefined ? this.#list(this.#indent, depth + 1) : this.#map(this.#indent, depth + 1, key);
    return { keyAt: at, at, node };
  }

  #itemBelow(indent: number, depth: number): SourceSlot {
    this.#nextLine();
    if (this.#indent <= indent) giveUp();
    return this.#block(indent, depth);
  }

  #isDash(at: number): boolean {
    return this.text[at] === "-" && (at + 1 >= this.#end || this.text[at + 1] === " ");
  }

  /** A key that begins here; undefined when there is none on this line. */
  #key(at: number): Key | undefined {
    const { text } = this;
    const first = text[at] ?? "";
    if (first === '"' || first === "'") {
      const quoted = quotedText(text, at, this.#end);
      if (quoted === undefined) return undefined;
      const colon = skipSpaces(text, quoted.end, this.#end);
      return this.#isColon(colon) ? this.#keyOf(quoted.value, at, colon, false) : undefined;
    }
    if (first === "[" || first === "{") return undefined;
    // Not `indexOf`: where no colon follows, each line would look through all that is left of the text.
    for (let colon = at; colon < this.#end; colon++) {
      if (!this.#isColon(colon)) continue;
      const name = text.slice(at, colon).trimEnd();
      if (name === "" || name.includes(" #") || name.includes("\t") || INDICATOR.test(first)) giveUp();
      return this.#keyOf(name, at, colon, name === "<<");
    }
    return undefined;
  }

  #keyOf(name: string, keyAt: number, colon: number, merges: boolean): Key {
    if (colon - keyAt > KEY_LENGTH_MAX) giveUp();
    return { name, keyAt, after: colon + 1, merges };
  }

  #isColon(at: number): boolean {
    return this.text[at] === ":" && at < this.#end && (at + 1 >= this.#end || this.text[at + 1] === " ");
  }

  /** A value that begins in the middle of a line, below a parent at `parent`. Goes to the line after it. */
  #inline(at: number, parent: number, depth: number): SourceNode {
    const { text } = this;
    const first = text[at]!;
    switch (first) {
      case '"':
      case "'": {
        const quoted = quotedText(text, at, this.#end) ?? quotedLines(text, at, parent);
        this.#finishLine(quoted.end);
        this.#below(parent);
        return scalarNode(quoted.value);
      }
      case "|":
      case ">": {
        const scalar = blockScalar(text, at, parent);
        this.#enter(scalar.end);
        return scalarNode(scalar.value);
      }
      case "*": {
        const name = anchorName(text, at);
        this.#finishLine(at + 1 + name.length);
        this.#below(parent);
        return this.#alias(name, depth);
      }
      case "[":
      case "{": {
        const flow = readFlow(text, at, parent, this.#tree.limits.depthMax - depth);
        this.#finishLine(flow.end);
        this.#below(parent);
        return this.#flowNode(flow.value, depth);
      }
      default:
        return this.#plain(at, parent);
    }
  }

  #plain(at: number, parent: number): SourceNode {
    const { text } = this;
    if (INDICATOR.test(text[at]!) && !/^-[^\s,[\]{}]/.test(text.slice(at, at + 2))) giveUp();
    let value = plainRest(text, at, this.#end);
    // After a comment no plain scalar goes on.
    let commented = at + value.length < this.#end;
    let from = lineEnd(text, at) + 1;
    this.#enter(from);
    while (this.#indent > parent) {
      if (commented) giveUp();
      const between = text.slice(from, this.#line);
      if (between.includes("#")) giveUp();
      const more = plainRest(text, this.#start, this.#end);
      commented = this.#start + more.length < this.#end;
      const emptyLines = between.split("\n").length - 1;
      value += (emptyLines === 0 ? " " : "\n".repeat(emptyLines)) + more;
      from = lineEnd(text, this.#start) + 1;
      this.#nextLine();
    }
    const meant = plainScalar(value);
    if (meant === undefined) giveUp();
    return scalarNode(meant);
  }

  /** Nothing but a comment may follow a value on its line. */
  #finishLine(end: number): void {
    // The value may have ended on a later line than it began.
    this.#start = end;
    this.#end = trimmedEnd(this.text, end, lineEnd(this.text, end));
    const next = skipSpaces(this.text, end, this.#end);
    if (next < this.#end && (this.text[next] !== "#" || next === end)) giveUp();
    this.#nextLine();
  }

  /** A value has ended: nothing deeper may follow. */
  #below(parent: number): void {
    if (this.#indent > parent) giveUp();
  }

  #flowNode(flow: FlowValue, depth: number): SourceNode {
    if (flow.alias !== undefined) return this.#alias(flow.alias, depth);
    if (flow.items !== undefined) {
      return this.#tree.list(flow.items.map((item) => this.#flowSlot(item, item.at, depth + 1)));
    }
    if (flow.entries === undefined) return scalarNode(flow.scalar);
    const entries = new Map<string, SourceSlot>();
    for (const { name, keyAt, value } of flow.entries) {
      if (entries.has(name)) giveUp();
      entries.set(name, this.#flowSlot(value, keyAt, depth + 1));
    }
    return this.#tree.object(entries);
  }

  #flowSlot(value: FlowValue, keyAt: number, depth: number): SourceSlot {
    return { keyAt, at: value.at, node: this.#flowNode(value, depth) };
  }
}

/** What `<<` merges: an object, or a list of them. */
function objectsOf(node: SourceNode): readonly SourceNode[] {
  const nodes = node.items === undefined ? [node] : node.items.map((item) => item.node);
  return nodes.every(({ entries }) => entries !== undefined) ? nodes : giveUp();
}

interface Key {
  readonly name: string;
  readonly keyAt: number;
  /** After the colon. */
  readonly after: number;
  /** A plain `<<`. */
  readonly merges: boolean;
}
