/**
 * Whether a pattern matches somewhere in a text, in time that grows with the text alone: the automaton's states are followed all at once, and each set of them that was met
 * is remembered with where its characters lead (a deterministic automaton that is made as it is needed).
 */
import type { Automaton } from "./automaton.ts";
import { WORD } from "./char-set.ts";

/** A set of states before a character is looked at. */
interface Situation {
  /** States in which a set of characters is awaited or assertions are to be decided. */
  readonly kernel: readonly number[];
  readonly isStart: boolean;
  readonly isAfterWord: boolean;
  /** By the class of the next character: where it leads; `MATCH` when there is a match before it. */
  readonly next: (Situation | typeof MATCH | undefined)[];
  /** Whether there is a match if the text ends here; undefined while nobody has asked. */
  endsWell: boolean | undefined;
}

const MATCH = Symbol("match");

/** Situations that are kept; when there are more, all are forgotten and met anew. */
const SITUATIONS_MAX = 2_000;
const ASCII = 128;

export class LinearMatcher {
  readonly #automaton: Automaton;
  /** Where the classes of characters begin, ascending: characters of one class lead everywhere to the same. */
  readonly #bounds: readonly number[];
  readonly #asciiClasses = new Uint16Array(ASCII);
  /** By class: whether its characters are those of words. */
  readonly #isWord: readonly boolean[];
  /** By class: a character of it. */
  readonly #samples: readonly number[];
  #situations = new Map<string, Situation>();
  #first: Situation;
  readonly #marks: Uint32Array;
  #mark = 0;

  constructor(automaton: Automaton) {
    this.#automaton = automaton;
    const bounds = new Set([0]);
    const cut = (set: readonly (readonly [number, number])[]): void => {
      for (const [first, last] of set) bounds.add(first).add(last + 1);
    };
    cut(WORD);
    for (const state of automaton.states) if (state.type === "set") cut(state.set);
    this.#bounds = [...bounds].sort((left, right) => left - right);
    this.#samples = this.#bounds;
    this.#isWord = this.#bounds.map((code) => holds(WORD, code));
    for (let code = 0; code < ASCII; code++) this.#asciiClasses[code] = this.#search(code);
    this.#marks = new Uint32Array(automaton.states.length);
    this.#first = this.#situation([automaton.start], true, false);
  }

  test(text: string): boolean {
    let situation = this.#first;
    for (let at = 0; at < text.length; at++) {
      let code = text.charCodeAt(at);
      let found: number;
      if (code < ASCII) found = this.#asciiClasses[code]!;
      else {
        code = text.codePointAt(at)!;
        if (code > 0xffff) at++;
        found = this.#search(code);
      }
      const next = situation.next[found] ?? this.#step(situation, found);
      if (next === MATCH) return true;
      situation = next;
    }
    situation.endsWell ??= this.#reaches(situation, false, true).accepts;
    return situation.endsWell;
  }

  /** The class of a character: the last one that begins at it or before. */
  #search(code: number): number {
    let [low, high] = [0, this.#bounds.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#bounds[middle]! <= code) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #step(situation: Situation, found: number): Situation | typeof MATCH {
    const isWord = this.#isWord[found]!;
    const { accepts, awaiting } = this.#reaches(situation, isWord, false);
    let next: Situation | typeof MATCH = MATCH;
    if (!accepts) {
      const sample = this.#samples[found]!;
      // A match may begin anywhere.
      const kernel = new Set([this.#automaton.start]);
      for (const index of awaiting) {
        const state = this.#automaton.states[index]!;
        if (state.type === "set" && holds(state.set, sample)) kernel.add(state.next);
      }
      next = this.#situation(
        [...kernel].sort((left, right) => left - right),
        false,
        isWord,
      );
    }
    situation.next[found] = next;
    return next;
  }

  #situation(kernel: readonly number[], isStart: boolean, isAfterWord: boolean): Situation {
    const key = `${isStart ? "^" : ""}${isAfterWord ? "w" : ""}${kernel.join(",")}`;
    const known = this.#situations.get(key);
    if (known !== undefined) return known;
    if (this.#situations.size >= SITUATIONS_MAX) {
      this.#situations = new Map();
      this.#first = { ...this.#first, next: [] };
    }
    const made: Situation = { kernel, isStart, isAfterWord, next: [], endsWell: undefined };
    this.#situations.set(key, made);
    return made;
  }

  /** What is reached without a character, knowing what comes next. */
  #reaches(
    { kernel, isStart, isAfterWord }: Situation,
    isBeforeWord: boolean,
    isEnd: boolean,
  ): { readonly accepts: boolean; readonly awaiting: readonly number[] } {
    const { states } = this.#automaton;
    const mark = ++this.#mark;
    const awaiting: number[] = [];
    const stack = [...kernel];
    let accepts = false;
    for (let index = stack.pop(); index !== undefined; index = stack.pop()) {
      if (this.#marks[index] === mark) continue;
      this.#marks[index] = mark;
      const state = states[index]!;
      if (state.type === "accept") accepts = true;
      else if (state.type === "set") awaiting.push(index);
      else if (state.type === "split") stack.push(...state.next);
      else if (isTrue(state.assertion, isStart, isEnd, isAfterWord !== isBeforeWord)) stack.push(state.next);
    }
    return { accepts, awaiting };
  }
}

function isTrue(assertion: string, isStart: boolean, isEnd: boolean, isBoundary: boolean): boolean {
  if (assertion === "start") return isStart;
  if (assertion === "end") return isEnd;
  return assertion === "boundary" ? isBoundary : !isBoundary;
}

function holds(set: readonly (readonly [number, number])[], code: number): boolean {
  for (const [first, last] of set) if (code >= first && code <= last) return true;
  return false;
}
