/** Patterns of ECMAScript with the flag `u` (ECMA-262 §22.2.1), as far as they can be matched in linear time. */
import { ANY, type CharSet, complement, DIGIT, DOT, propertySet, SPACE, union, WORD } from "./char-set.ts";

export type Assertion = "start" | "end" | "boundary" | "no-boundary";

export type Node =
  | { readonly type: "set"; readonly set: CharSet }
  | { readonly type: "assertion"; readonly assertion: Assertion }
  | { readonly type: "sequence"; readonly parts: readonly Node[] }
  | { readonly type: "choice"; readonly options: readonly Node[] }
  | { readonly type: "repeat"; readonly body: Node; readonly min: number; readonly max: number };

/** A pattern that is none, or that no linear time is enough for. */
export class UnusablePattern extends Error {
  override readonly name = "UnusablePattern";
}

/** Groups in groups. */
const DEPTH_MAX = 100;

/**
 * @param shapeOnly leaves open which characters have a Unicode property: to find that out takes a while
 * @throws UnusablePattern
 */
export function parsePattern(source: string, shapeOnly = false): Node {
  // The engine says what is a pattern at all; what is below may then take its form for granted.
  try {
    new RegExp(source, "u");
  } catch (error) {
    throw new UnusablePattern(error instanceof Error ? error.message : String(error));
  }
  return new Parser(source, shapeOnly ? () => ANY : propertySet).parse();
}

class Parser {
  /** Code points. */
  readonly #text: readonly string[];
  #at = 0;
  #depth = 0;

  readonly #property: (source: string) => CharSet;

  constructor(source: string, property: (source: string) => CharSet) {
    this.#text = [...source];
    this.#property = property;
  }

  parse(): Node {
    return this.#choice();
  }

  get #next(): string | undefined {
    return this.#text[this.#at];
  }

  #take(expected: string): boolean {
    if (
      !this.#text
        .slice(this.#at, this.#at + expected.length)
        .join("")
        .startsWith(expected)
    )
      return false;
    this.#at += expected.length;
    return true;
  }

  #choice(): Node {
    const options = [this.#sequence()];
    while (this.#take("|")) options.push(this.#sequence());
    if (options.length === 1) return options[0]!;
    const sets = options.flatMap((option) => (option.type === "set" ? [option.set] : []));
    return sets.length === options.length ? { type: "set", set: union(sets) } : { type: "choice", options };
  }

  #sequence(): Node {
    const parts: Node[] = [];
    while (this.#next !== undefined && this.#next !== "|" && this.#next !== ")") parts.push(this.#term());
    return parts.length === 1 ? parts[0]! : { type: "sequence", parts };
  }

  #term(): Node {
    if (this.#take("^")) return { type: "assertion", assertion: "start" };
    if (this.#take("$")) return { type: "assertion", assertion: "end" };
    if (this.#take("\\b")) return { type: "assertion", assertion: "boundary" };
    if (this.#take("\\B")) return { type: "assertion", assertion: "no-boundary" };
    return this.#repeated(this.#atom());
  }

  #repeated(body: Node): Node {
    let bounds: readonly [number, number] | undefined;
    if (this.#take("*")) bounds = [0, Number.POSITIVE_INFINITY];
    else if (this.#take("+")) bounds = [1, Number.POSITIVE_INFINITY];
    else if (this.#take("?")) bounds = [0, 1];
    else if (this.#next === "{") bounds = this.#counted();
    if (bounds === undefined) return body;
    // How greedy it is makes no difference to whether there is a match.
    this.#take("?");
    return { type: "repeat", body, min: bounds[0], max: bounds[1] };
  }

  #counted(): readonly [number, number] {
    const close = this.#text.indexOf("}", this.#at);
    const [min = "", max] = this.#text
      .slice(this.#at + 1, close)
      .join("")
      .split(",");
    this.#at = close + 1;
    return [Number(min), max === undefined ? Number(min) : max === "" ? Number.POSITIVE_INFINITY : Number(max)];
  }

  #atom(): Node {
    if (this.#take("(")) return this.#group();
    if (this.#take("[")) return { type: "set", set: this.#class() };
    if (this.#take(".")) return { type: "set", set: DOT };
    if (this.#next === "\\") return { type: "set", set: this.#escape() };
    return { type: "set", set: single(this.#character()) };
  }

  #group(): Node {
    for (const lookaround of ["?=", "?!", "?<=", "?<!"]) {
      if (this.#take(lookaround))
        throw new UnusablePattern("Looking ahead or behind is not possible in a pattern here.");
    }
    if (!this.#take("?:") && this.#take("?<")) this.#at = this.#text.indexOf(">", this.#at) + 1;
    else if (this.#next === "?") throw new UnusablePattern("Flags within a pattern are not possible here.");
    if (++this.#depth > DEPTH_MAX) throw new UnusablePattern(`Groups may be nested ${DEPTH_MAX} deep.`);
    const node = this.#choice();
    this.#depth--;
    this.#take(")");
    return node;
  }

  #character(): number {
    return this.#text[this.#at++]!.codePointAt(0)!;
  }

  /** After the opening bracket. */
  #class(): CharSet {
    const isNegated = this.#take("^");
    const sets: CharSet[] = [];
    while (!this.#take("]")) {
      const first = this.#classAtom();
      // A hyphen stands for itself at the end of the class.
      if (
        first.length !== 1 ||
        first[0]![0] !== first[0]![1] ||
        this.#next !== "-" ||
        this.#text[this.#at + 1] === "]"
      ) {
        sets.push(first);
        continue;
      }
      this.#at++;
      sets.push([[first[0]![0], this.#classAtom()[0]![1]]]);
    }
    const set = union(sets);
    return isNegated ? complement(set) : set;
  }

  #classAtom(): CharSet {
    if (this.#next !== "\\") return single(this.#character());
    if (this.#take("\\b")) return single(0x08);
    if (this.#take("\\-")) return single(0x2d);
    return this.#escape();
  }

  /** At the backslash. */
  #escape(): CharSet {
    this.#at++;
    const letter = this.#text[this.#at++]!;
    switch (letter) {
      case "d":
        return DIGIT;
      case "D":
        return complement(DIGIT);
      case "w":
        return WORD;
      case "W":
        return complement(WORD);
      case "s":
        return SPACE;
      case "S":
        return complement(SPACE);
      case "p":
        return this.#property(this.#braced());
      case "P":
        return complement(this.#property(this.#braced()));
      case "t":
        return single(0x09);
      case "n":
        return single(0x0a);
      case "v":
        return single(0x0b);
      case "f":
        return single(0x0c);
      case "r":
        return single(0x0d);
      case "0":
        return single(0);
      case "c":
        return single(this.#character() % 32);
      case "x":
        return single(this.#hex(2));
      case "u":
        return single(this.#unicode());
    }
    if (/[1-9k]/.test(letter)) throw new UnusablePattern("Referring to a group is not possible in a pattern here.");
    return single(letter.codePointAt(0)!);
  }

  /** `{…}` */
  #braced(): string {
    const close = this.#text.indexOf("}", this.#at);
    const inner = this.#text.slice(this.#at + 1, close).join("");
    this.#at = close + 1;
    return inner;
  }

  #hex(digits: number): number {
    const text = this.#text.slice(this.#at, this.#at + digits).join("");
    this.#at += digits;
    return Number.parseInt(text, 16);
  }

  /** Behind `\u`. */
  #unicode(): number {
    if (this.#next === "{") return Number.parseInt(this.#braced(), 16);
    const lead = this.#hex(4);
    if (lead < 0xd800 || lead > 0xdbff || this.#text[this.#at] !== "\\" || this.#text[this.#at + 1] !== "u")
      return lead;
    const trail = Number.parseInt(this.#text.slice(this.#at + 2, this.#at + 6).join(""), 16);
    if (!(trail >= 0xdc00 && trail <= 0xdfff)) return lead;
    this.#at += 6;
    return 0x10000 + (lead - 0xd800) * 0x400 + (trail - 0xdc00);
  }
}

const single = (code: number): CharSet => [[code, code]];
