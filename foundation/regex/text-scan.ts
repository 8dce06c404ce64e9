/**
 * What of a text matches a pattern, told while the text still comes: no more is held back than what may yet become a part of a match. Each character costs what the pattern
 * costs, and never more for a longer text.
 */
import { automatonOf } from "./automaton.ts";
import { WORD } from "./char-set.ts";
import { classesOf } from "./classes.ts";
import { type Followers, follow, Positions, setBit } from "./positions.ts";
import { parsePattern, UnusablePattern } from "./syntax.ts";
import { unicodeForm } from "./unicode-form.ts";

/** Texts in order; `match` stands for a stretch of the text whose every character is in some match, once for each such stretch. */
export type ScannedPiece = { readonly kind: "text"; readonly text: string } | { readonly kind: "match" };

export interface TextScan {
  /** @returns what is certain now */
  push(text: string): readonly ScannedPiece[];
  /** The text has ended. @returns the rest */
  end(): readonly ScannedPiece[];
}

export interface ScanPattern {
  /**
   * Begins with a text.
   *
   * @param heldMax characters that are held back at most. Of a match that needs more of them to become certain, the first ones have passed already.
   */
  open(heldMax: number): TextScan;
}

/** Places of a pattern: all of them may have to be looked at for each character. */
const POSITIONS_MAX = 1_000;

/**
 * @throws UnusablePattern as `linearPattern`, and for patterns that are too large for texts that never end
 * @example
 * const keys = scanPattern("sk-[A-Za-z0-9]{20}").open(1024);
 * keys.push("use sk-"); // [{ kind: "text", text: "use " }]
 */
export function scanPattern(source: string): ScanPattern {
  const program = new ScanProgram(source);
  return { open: (heldMax) => new Scan(program, heldMax) };
}

/** What follows where, for a gap of one kind. */
interface Steps {
  readonly next: readonly (readonly number[])[];
  readonly first: readonly number[];
  readonly isAccepting: readonly boolean[];
}

class ScanProgram {
  readonly size: number;
  readonly #positions: Positions;
  readonly #bounds: Uint32Array;
  readonly #classOfRange: Uint32Array;
  /** By class: whether it is of words, and which positions take it. */
  readonly #isWord: readonly boolean[];
  readonly #takers: readonly (readonly boolean[])[];
  readonly #steps = new Map<number, Steps>();

  constructor(source: string) {
    const positions = new Positions(automatonOf(parsed(source)));
    this.#positions = positions;
    this.size = positions.sets.length;
    if (this.size > POSITIONS_MAX) throw new UnusablePattern("It is too large to be looked for while a text comes.");
    const { bounds, classOfRange, members } = classesOf([WORD, ...positions.sets.map(({ set }) => set)]);
    this.#bounds = bounds;
    this.#classOfRange = classOfRange;
    this.#isWord = members.map((sets) => sets.includes(0));
    this.#takers = members.map((sets) => positions.sets.map((_, position) => sets.includes(position + 1)));
  }

  classOf(code: number): number {
    let [low, high] = [0, this.#bounds.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#bounds[middle]! <= code) low = middle;
      else high = middle - 1;
    }
    return this.#classOfRange[low]!;
  }

  /** Whether a match is one only by what comes behind it. */
  get looksAhead(): boolean {
    const { isEnd, isBoundary } = this.#positions.asksFor;
    return isEnd || isBoundary;
  }

  isWord(found: number): boolean {
    return this.#isWord[found]!;
  }

  takes(found: number): readonly boolean[] {
    return this.#takers[found]!;
  }

  steps(isStart: boolean, isEnd: boolean, isBoundary: boolean): Steps {
    const key = (isStart ? 1 : 0) + (isEnd ? 2 : 0) + (isBoundary ? 4 : 0);
    let steps = this.#steps.get(key);
    if (steps === undefined) {
      steps = this.#stepsOf(this.#positions.followers({ isStart, isEnd, isBoundary }));
      this.#steps.set(key, steps);
    }
    return steps;
  }

  #stepsOf(followers: Followers): Steps {
    const { words } = this.#positions;
    const alone: Followers = { ...followers, first: new Uint32Array(words) };
    const next = this.#positions.sets.map((_, position) => {
      const from = new Uint32Array(words);
      setBit(from, position);
      const into = new Uint32Array(words);
      follow(from, alone, into);
      return numbersOf(into, this.size);
    });
    const accepting = new Set(numbersOf(followers.accepting, this.size));
    return {
      next,
      first: numbersOf(followers.first, this.size),
      isAccepting: next.map((_, position) => accepting.has(position)),
    };
  }
}

function parsed(source: string) {
  try {
    return parsePattern(source);
  } catch (error) {
    const form = unicodeForm(source);
    if (form === source) throw error;
    return parsePattern(form);
  }
}

function numbersOf(bits: Uint32Array, size: number): readonly number[] {
  const numbers: number[] = [];
  for (let at = 0; at < size; at++) if ((bits[at >>> 5]! & (1 << (at & 31))) !== 0) numbers.push(at);
  return numbers;
}

/** A stretch that is in matches. */
interface Stretch {
  start: number;
  end: number;
  /** Whether it was told that it is there. */
  isTold: boolean;
}

const NOWHERE = -1;

class Scan implements TextScan {
  readonly #program: ScanProgram;
  readonly #heldMax: number;
  /** What was not told yet; begins at `#base` of the whole text. */
  #held = "";
  #base = 0;
  #at = 0;
  #isAfterWord = false;
  /** Half of a character, whose other half may come. */
  #half = "";
  /** By position: where the earliest match that has come there begins. */
  #starts: Float64Array;
  #spare: Float64Array;
  #active: number[] = [];
  /** In order, none touching another. */
  readonly #stretches: Stretch[] = [];

  constructor(program: ScanProgram, heldMax: number) {
    this.#program = program;
    this.#heldMax = heldMax;
    this.#starts = new Float64Array(program.size).fill(NOWHERE);
    this.#spare = new Float64Array(program.size).fill(NOWHERE);
  }

  push(text: string): readonly ScannedPiece[] {
    let whole = this.#half + text;
    this.#half = "";
    const last = whole.charCodeAt(whole.length - 1);
    if (last >= 0xd800 && last < 0xdc00) {
      this.#half = whole.slice(-1);
      whole = whole.slice(0, -1);
    }
    const pieces: ScannedPiece[] = [];
    for (const character of whole) this.#take(character, pieces);
    this.#tell(this.#certain(), pieces);
    return pieces;
  }

  end(): readonly ScannedPiece[] {
    const pieces: ScannedPiece[] = [];
    if (this.#half !== "") this.#take(this.#half, pieces);
    this.#half = "";
    this.#accept(this.#program.steps(this.#at === 0, true, this.#isAfterWord).isAccepting);
    this.#tell(this.#at, pieces);
    return pieces;
  }

  #take(character: string, pieces: ScannedPiece[]): void {
    const program = this.#program;
    const found = program.classOf(character.codePointAt(0)!);
    const isWord = program.isWord(found);
    const { next, first, isAccepting } = program.steps(this.#at === 0, false, isWord !== this.#isAfterWord);
    this.#accept(isAccepting);
    const takes = program.takes(found);
    const [starts, into] = [this.#starts, this.#spare];
    const active: number[] = [];
    const reach = (position: number, start: number): void => {
      if (!takes[position]) return;
      if (into[position] === NOWHERE) active.push(position);
      else if (into[position]! <= start) return;
      into[position] = start;
    };
    for (const position of this.#active) for (const one of next[position]!) reach(one, starts[position]!);
    for (const one of first) reach(one, this.#at);
    for (const position of this.#active) starts[position] = NOWHERE;
    this.#starts = into;
    this.#spare = starts;
    this.#active = active;
    this.#isAfterWord = isWord;
    this.#held += character;
    this.#at += character.length;
    if (!program.looksAhead) this.#accept(program.steps(false, false, false).isAccepting);
    // As each character comes, so that it makes no difference how the text is cut.
    if (this.#held.length > this.#heldMax) this.#tell(this.#certain(), pieces);
  }

  #accept(isAccepting: readonly boolean[]): void {
    let start = Number.POSITIVE_INFINITY;
    for (const position of this.#active) if (isAccepting[position]) start = Math.min(start, this.#starts[position]!);
    start = Math.max(start, this.#base);
    if (start >= this.#at) return;
    const stretch: Stretch = { start, end: this.#at, isTold: false };
    for (
      let last = this.#stretches.at(-1);
      last !== undefined && last.end >= stretch.start;
      last = this.#stretches.at(-1)
    ) {
      stretch.start = Math.min(stretch.start, last.start);
      stretch.isTold = last.isTold;
      this.#stretches.pop();
    }
    this.#stretches.push(stretch);
  }

  /** Up to where nothing changes any more. */
  #certain(): number {
    let certain = this.#at;
    for (const position of this.#active) certain = Math.min(certain, this.#starts[position]!);
    certain = Math.max(certain, this.#at - this.#heldMax, this.#base);
    // What is in a match stays in one.
    return this.#stretches.find(({ start, end }) => start <= certain && certain < end)?.end ?? certain;
  }

  #tell(upTo: number, pieces: ScannedPiece[]): void {
    let at = this.#base;
    const text = (end: number): void => {
      if (end > at) pieces.push({ kind: "text", text: this.#held.slice(at - this.#base, end - this.#base) });
    };
    for (const stretch of this.#stretches) {
      if (stretch.start > upTo || (stretch.start === upTo && !stretch.isTold)) break;
      text(stretch.start);
      if (!stretch.isTold) pieces.push({ kind: "match" });
      stretch.isTold = true;
      at = Math.max(at, Math.min(stretch.end, upTo));
    }
    text(upTo);
    this.#held = this.#held.slice(upTo - this.#base);
    this.#base = upTo;
    while (this.#stretches.length > 0 && this.#stretches[0]!.end < upTo) this.#stretches.shift();
  }
}
