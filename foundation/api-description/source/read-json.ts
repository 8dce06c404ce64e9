/** Reads JSON (RFC 8259) into a tree with places. Stops at the first thing that is no JSON: what follows cannot be trusted. */
import {
  type ReadText,
  type SourceLimits,
  type SourceNode,
  type SourceSlot,
  scalarNode,
  TreeBuilder,
  Unreadable,
} from "./source-tree.ts";

export function readJson(text: string, limits: SourceLimits): ReadText {
  const reading = new JsonReading(text, limits);
  try {
    const root = reading.document();
    return { root, problems: reading.tree.problems };
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return { problems: reading.tree.problems };
  }
}

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
/** A string without escapes: most of them. */
const PLAIN = /[^"\\\u0000-\u001f]*/y;
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

class JsonReading {
  readonly tree: TreeBuilder;
  #at = 0;

  constructor(
    private readonly text: string,
    limits: SourceLimits,
  ) {
    this.tree = new TreeBuilder(limits);
  }

  document(): SourceSlot {
    this.#space();
    const root = this.#slot(0);
    this.#space();
    if (this.#at < this.text.length) this.#fail("Something follows the end of the document.");
    return root;
  }

  #slot(depth: number): SourceSlot {
    const at = this.#at;
    return { keyAt: at, at, node: this.#value(depth) };
  }

  #value(depth: number): SourceNode {
    switch (this.text[this.#at]) {
      case "{":
        return this.#object(depth + 1);
      case "[":
        return this.#list(depth + 1);
      case '"':
        return scalarNode(this.#string());
      case "t":
        return this.#word("true", true);
      case "f":
        return this.#word("false", false);
      case "n":
        return this.#word("null", null);
      default:
        return this.#number();
    }
  }

  #object(depth: number): SourceNode {
    this.#enter(depth);
    const entries = new Map<string, SourceSlot>();
    if (this.#ends("}")) return this.tree.object(entries);
    for (;;) {
      const keyAt = this.#at;
      if (this.text[keyAt] !== '"') this.#fail("A key is expected here, in double quotes.");
      const key = this.#string();
      this.#space();
      if (this.text[this.#at] !== ":") this.#fail("A colon is expected here.");
      this.#at++;
      this.#space();
      const at = this.#at;
      const node = this.#value(depth);
      if (entries.has(key)) this.tree.duplicate(keyAt, key);
      else entries.set(key, { keyAt, at, node });
      if (this.#next("}")) return this.tree.object(entries);
    }
  }

  #list(depth: number): SourceNode {
    this.#enter(depth);
    const items: SourceSlot[] = [];
    if (this.#ends("]")) return this.tree.list(items);
    for (;;) {
      items.push(this.#slot(depth));
      if (this.#next("]")) return this.tree.list(items);
    }
  }

  #enter(depth: number): void {
    if (depth > this.tree.limits.depthMax) {
      this.tree.tooDeep(this.#at);
      throw new Unreadable();
    }
    this.#at++;
    this.#space();
  }

  #ends(bracket: string): boolean {
    if (this.text[this.#at] !== bracket) return false;
    this.#at++;
    return true;
  }

  /** After a value: whether the end follows, instead of a comma. */
  #next(bracket: string): boolean {
    this.#space();
    if (this.#ends(bracket)) return true;
    if (this.text[this.#at] !== ",") this.#fail(`A comma or ${bracket} is expected here.`);
    this.#at++;
    this.#space();
    if (this.text[this.#at] === bracket) this.#fail("JSON has no comma after the last one.");
    return false;
  }

  #word(word: string, value: boolean | null): SourceNode {
    if (!this.text.startsWith(word, this.#at)) this.#fail("This is no JSON value.");
    this.#at += word.length;
    return scalarNode(value);
  }

  #number(): SourceNode {
    NUMBER.lastIndex = this.#at;
    const match = NUMBER.exec(this.text);
    if (match === null) this.#fail(this.#at < this.text.length ? "This is no JSON value." : "The text ends too early.");
    const value = Number(match[0]);
    if (!Number.isFinite(value)) this.#fail("This number is too large.");
    this.#at += match[0].length;
    return scalarNode(value);
  }

  #string(): string {
    const start = this.#at++;
    let whole = "";
    for (;;) {
      PLAIN.lastIndex = this.#at;
      const plain = PLAIN.exec(this.text)![0];
      this.#at += plain.length;
      whole += plain;
      const character = this.text[this.#at];
      if (character === '"') {
        this.#at++;
        return whole;
      }
      if (character === "\\") whole += this.#escape();
      else if (character === undefined) this.#fail("This text has no end.", start);
      else this.#fail("A control character in a text is written as an escape.");
    }
  }

  #escape(): string {
    const letter = this.text[this.#at + 1] ?? "";
    const hex = this.text.slice(this.#at + 2, this.#at + 6);
    if (letter === "u" && /^[0-9a-fA-F]{4}$/.test(hex)) {
      this.#at += 6;
      return String.fromCharCode(Number.parseInt(hex, 16));
    }
    const meant = Object.hasOwn(ESCAPES, letter) ? ESCAPES[letter] : undefined;
    if (meant === undefined) this.#fail("This escape means nothing.");
    this.#at += 2;
    return meant;
  }

  #space(): void {
    for (;;) {
      const code = this.text.charCodeAt(this.#at);
      if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return;
      this.#at++;
    }
  }

  #fail(message: string, at = this.#at): never {
    this.tree.syntax(at, message);
    throw new Unreadable();
  }
}
