/**
 * A pattern by its positions (Glushkov 1961): which places of the pattern may take the next character, after a place has taken the last one.
 *
 * Sets of positions are bits in words. Positions are numbered as they stand in the pattern, so that most of them are followed by the next number: what follows a whole set is
 * then one shift of its words, and a few extras for those positions that are followed by others too (shift-and with exceptions). Counted repetitions, of which other forms
 * of matching are afraid, are nothing but shifts.
 */
import type { Automaton, State } from "./automaton.ts";
import { UnusablePattern } from "./syntax.ts";

/** What is true between two characters, as far as assertions ask. */
export interface Gap {
  readonly isStart: boolean;
  readonly isEnd: boolean;
  readonly isBoundary: boolean;
}

/** Positions with the same followers: `if any of (from) then add (to)`. Words outside the ranges are zero. */
interface Extra {
  readonly from: Uint32Array;
  readonly fromWord: number;
  readonly fromEnd: number;
  readonly to: Uint32Array;
  readonly toWord: number;
  readonly toEnd: number;
}

/** What may come after a gap of one kind. */
export interface Followers {
  /** Positions that are followed by the next number. */
  readonly chained: Uint32Array;
  /** Those that are about one word and another, four numbers each: the word, its bits, the other word, the bits that are added there. */
  readonly narrow: Int32Array;
  readonly wide: readonly Extra[];
  /** Positions after which the pattern may end here. */
  readonly accepting: Uint32Array;
  /** The positions that a match which begins here begins with. */
  readonly first: Uint32Array;
  /** Whether the empty text matches here. */
  readonly firstAccepts: boolean;
}

/**
 * Words that are looked at for one character, at most: some nanoseconds each, where a text meets something new with each character. Ordinary patterns need a few; those that
 * need more are counted repetitions in counted repetitions.
 */
const COST_MAX = 3_000;
/** Extras of up to so many words of both kinds are taken apart. */
const NARROW_MAX = 4;
/** Steps that are taken to find all followers. */
const VISITS_MAX = 4_000_000;

/** What a state leads to without a character: its positions, ascending, also as text. */
interface Closure {
  readonly accepts: boolean;
  readonly numbers: readonly number[];
  readonly text: string;
}

type SetState = Extract<State, { readonly type: "set" }>;

export class Positions {
  readonly #automaton: Automaton;
  readonly #numbers: Int32Array;
  readonly #marks: Uint32Array;
  #mark = 0;
  #visits = 0;
  /** In the order of the pattern. */
  readonly sets: readonly SetState[];
  /** How many words hold one bit for each position. */
  readonly words: number;
  /** Which of a gap's properties its assertions ask for. */
  readonly asksFor: Gap;

  constructor(automaton: Automaton) {
    this.#automaton = automaton;
    const { states } = automaton;
    this.#numbers = new Int32Array(states.length).fill(-1);
    this.#marks = new Uint32Array(states.length);
    const sets: SetState[] = [];
    // Automata are built from their end.
    for (let index = states.length - 1; index >= 0; index--) {
      const state = states[index]!;
      if (state.type === "set") this.#numbers[index] = sets.push(state) - 1;
    }
    this.sets = sets;
    this.words = Math.max(1, Math.ceil(sets.length / 32));
    const asks = (...wanted: readonly string[]): boolean =>
      states.some((state) => state.type === "assertion" && wanted.includes(state.assertion));
    this.asksFor = { isStart: asks("start"), isEnd: asks("end"), isBoundary: asks("boundary", "no-boundary") };
  }

  /** @throws UnusablePattern when following the positions would cost too much for each character */
  followers(gap: Gap): Followers {
    const { words } = this;
    const [chained, accepting] = [new Uint32Array(words), new Uint32Array(words)];
    const closures = new Map<number, Closure>();
    const after = this.sets.map(({ next }) => {
      const known = closures.get(next) ?? this.#closure(next, gap);
      closures.set(next, known);
      return known;
    });
    const users = new Map<string, number>();
    for (const { text } of after) users.set(text, (users.get(text) ?? 0) + 1);
    const extras = new Map<string, { readonly from: Uint32Array; readonly to: Uint32Array }>();
    for (const [position, { accepts, numbers, text }] of after.entries()) {
      if (accepts) setBit(accepting, position);
      // What others are followed by too stays whole: the ends of many alternatives are one extra.
      const isShared = users.get(text)! > 1;
      const others = isShared ? numbers : numbers.filter((number) => number !== position + 1);
      if (others.length < numbers.length) setBit(chained, position);
      if (others.length === 0) continue;
      const key = isShared ? text : others.join();
      const extra = extras.get(key) ?? { from: new Uint32Array(words), to: bitsOf(others, words) };
      extras.set(key, extra);
      setBit(extra.from, position);
    }
    const [narrow, wide] = takenApart(Array.from(extras.values(), rangedExtra));
    const cost = wide.reduce(
      (sum, { fromWord, fromEnd, toWord, toEnd }) => sum + (fromEnd - fromWord) + (toEnd - toWord),
      2 * words + narrow.length / 2,
    );
    if (cost > COST_MAX) throw new UnusablePattern("It is too large: each character would cost too much to look at.");
    const first = this.#closure(this.#automaton.start, gap);
    return { chained, narrow, wide, accepting, first: bitsOf(first.numbers, words), firstAccepts: first.accepts };
  }

  /** What is reached from a state without a character. */
  #closure(from: number, gap: Gap): Closure {
    const { states } = this.#automaton;
    const mark = ++this.#mark;
    const numbers: number[] = [];
    const stack = [from];
    let accepts = false;
    for (let index = stack.pop(); index !== undefined; index = stack.pop()) {
      if (this.#marks[index] === mark) continue;
      this.#marks[index] = mark;
      if (++this.#visits > VISITS_MAX)
        throw new UnusablePattern("It is too large: too much in it can be left out at once.");
      const state = states[index]!;
      if (state.type === "accept") accepts = true;
      else if (state.type === "set") numbers.push(this.#numbers[index]!);
      else if (state.type === "split") stack.push(...state.next);
      else if (holdsIn(state.assertion, gap)) stack.push(state.next);
    }
    numbers.sort((left, right) => left - right);
    return { accepts, numbers, text: numbers.join() };
  }
}

function holdsIn(assertion: string, { isStart, isEnd, isBoundary }: Gap): boolean {
  if (assertion === "start") return isStart;
  if (assertion === "end") return isEnd;
  return assertion === "boundary" ? isBoundary : !isBoundary;
}

/** The positions that may take the next character, before it is looked at which of them do. */
export function follow(from: Uint32Array, followers: Followers, into: Uint32Array): void {
  const { chained, narrow, wide, first } = followers;
  let carry = 0;
  for (let word = 0; word < into.length; word++) {
    const moved = from[word]! & chained[word]!;
    into[word] = (moved << 1) | carry | first[word]!;
    carry = moved >>> 31;
  }
  for (let index = 0; index < narrow.length; index += 4) {
    if ((from[narrow[index]!]! & narrow[index + 1]!) !== 0) into[narrow[index + 2]!]! |= narrow[index + 3]!;
  }
  for (let index = 0; index < wide.length; index++) {
    const extra = wide[index]!;
    for (let word = extra.fromWord; word < extra.fromEnd; word++) {
      if ((from[word]! & extra.from[word]!) === 0) continue;
      for (let target = extra.toWord; target < extra.toEnd; target++) into[target]! |= extra.to[target]!;
      break;
    }
  }
}

function rangedExtra({ from, to }: Pick<Extra, "from" | "to">): Extra {
  const [fromWord, fromEnd] = rangeOf(from);
  const [toWord, toEnd] = rangeOf(to);
  return { from, fromWord, fromEnd, to, toWord, toEnd };
}

/** Those about few words in numbers one after the other, which is faster. */
function takenApart(extras: readonly Extra[]): readonly [Int32Array, readonly Extra[]] {
  const narrow: number[] = [];
  const wide = extras.filter(({ from, fromWord, fromEnd, to, toWord, toEnd }) => {
    if ((fromEnd - fromWord) * (toEnd - toWord) > NARROW_MAX) return true;
    for (let word = fromWord; word < fromEnd; word++) {
      for (let target = toWord; target < toEnd; target++) narrow.push(word, from[word]!, target, to[target]!);
    }
    return false;
  });
  return [Int32Array.from(narrow), wide];
}

export function shareBits(left: Uint32Array, right: Uint32Array): boolean {
  for (let word = 0; word < left.length; word++) if ((left[word]! & right[word]!) !== 0) return true;
  return false;
}

export function setBit(bits: Uint32Array, position: number): void {
  bits[position >>> 5]! |= 1 << (position & 31);
}

function bitsOf(positions: readonly number[], words: number): Uint32Array {
  const bits = new Uint32Array(words);
  for (const position of positions) setBit(bits, position);
  return bits;
}

/** The first word that is not zero, and the one after the last. */
function rangeOf(bits: Uint32Array): readonly [number, number] {
  const first = bits.findIndex((word) => word !== 0);
  return first === -1 ? [0, 0] : [first, bits.findLastIndex((word) => word !== 0) + 1];
}
