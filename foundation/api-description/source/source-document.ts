/** One file of a description: its text, what it says, and where each part of it stands. */
import { type Json, pointerSteps } from "./json-value.ts";
import { readCommonYaml } from "./read-common-yaml.ts";
import { readJson } from "./read-json.ts";
import { readYaml } from "./read-yaml.ts";
import type { SourceLimits, SourceNode, SourceSlot, SyntaxProblem } from "./source-tree.ts";

/** A place in a text, both from 1; columns in UTF-16 code units, as editors count them. A byte order mark is no column. */
export interface TextPosition {
  readonly line: number;
  readonly column: number;
}

export class SourceDocument {
  #lineStarts: readonly number[] | undefined;

  private constructor(
    /** Its address, without a fragment: `file:///specs/api.yaml`. */
    readonly uri: string,
    /** As messages call it: `specs/api.yaml`. */
    readonly file: string,
    /** Without byte order mark. */
    readonly text: string,
    readonly root: SourceSlot | undefined,
    readonly problems: readonly SyntaxProblem[],
  ) {}

  /** Reads a text. Never throws: what is wrong is in `problems`, and `root` is there unless nothing can be trusted. */
  static read(uri: string, file: string, bytes: string | Uint8Array, limits: SourceLimits): SourceDocument {
    const decoded = decodeText(bytes);
    if (decoded === undefined) {
      const message = "The bytes are not UTF-8 (or UTF-16 with a byte order mark).";
      return new SourceDocument(uri, file, "", undefined, [{ code: "E1002", message, offset: 0 }]);
    }
    if (decoded.length > limits.lengthMax) {
      const message = `A document has at most ${limits.lengthMax.toLocaleString("en")} characters, not ${decoded.length.toLocaleString("en")}.`;
      return new SourceDocument(uri, file, decoded, undefined, [{ code: "E1006", message, offset: 0 }]);
    }
    const { root, problems } = readText(file, decoded, limits);
    return new SourceDocument(uri, file, decoded, root, problems);
  }

  get value(): Json | undefined {
    return this.root?.node.value;
  }

  /** The slot of a pointer; undefined when it leads nowhere. */
  slotAt(pointer: string): SourceSlot | undefined {
    let slot = this.root;
    for (const step of pointerSteps(pointer) ?? ["?"]) {
      if (slot === undefined) return undefined;
      slot = childSlot(slot.node, step);
    }
    return slot;
  }

  /**
   * Where the value of a pointer begins, or its key. What is not there: where the object begins that lacks it.
   */
  positionOf(pointer: string, part: "key" | "value" = "value"): TextPosition {
    const slot = this.slotAt(pointer);
    if (slot !== undefined) return this.positionAt(part === "key" ? slot.keyAt : slot.at);
    if (pointer === "") return this.positionAt(0);
    return this.positionOf(pointer.slice(0, pointer.lastIndexOf("/")), "key");
  }

  positionAt(offset: number): TextPosition {
    this.#lineStarts ??= lineStarts(this.text);
    const starts = this.#lineStarts;
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - starts[low]! + 1 };
  }
}

function childSlot(node: SourceNode, step: string): SourceSlot | undefined {
  if (node.entries !== undefined) return node.entries.get(step);
  return /^(0|[1-9][0-9]*)$/.test(step) ? node.items?.[Number(step)] : undefined;
}

/** JSON by its file's name, or by its first character: YAML refuses the tabs that JSON may be indented with. */
function readText(file: string, text: string, limits: SourceLimits): ReturnType<typeof readJson> {
  if (/\.json$/i.test(file)) return readJson(text, limits);
  if (/^\s*[[{]/.test(text)) {
    const json = readJson(text, limits);
    if (json.root !== undefined) return json;
  } else {
    const common = readCommonYaml(text, limits);
    if (common !== undefined) return common;
  }
  if (text.length <= limits.uncommonLengthMax) return readYaml(text, limits);
  const message = `YAML with tags, anchors within braces, flow over the whole document or an error in it has at most ${limits.uncommonLengthMax.toLocaleString("en")} characters.`;
  return { problems: [{ code: "E1006", message, offset: 0, hint: "Write it in plain block style, or as JSON." }] };
}

function decodeText(bytes: string | Uint8Array): string | undefined {
  if (typeof bytes === "string") return bytes.replace(/^\ufeff/, "");
  try {
    // The decoder drops the mark.
    return new TextDecoder(encodingOf(bytes), { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** YAML 1.2 §5.2, as far as a byte order mark tells. */
function encodingOf([first, second]: Uint8Array): "utf-8" | "utf-16le" | "utf-16be" {
  if (first === 0xff && second === 0xfe) return "utf-16le";
  return first === 0xfe && second === 0xff ? "utf-16be" : "utf-8";
}

function lineStarts(text: string): readonly number[] {
  const starts = [0];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return starts;
}
