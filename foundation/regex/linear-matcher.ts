/**
 * Whether a pattern matches somewhere in a text, in time that grows with the text alone: all positions of the pattern at which a match may be are followed at once. Which of
 * them were met before, and where characters led from there, is remembered: a deterministic automaton that is made as it is needed. A text that meets new ones all the time is
 * followed without remembering anything.
 */
import type { Automaton } from "./automaton.ts";
import { WORD } from "./char-set.ts";
import { classesOf } from "./classes.ts";
import { type Followers, follow, Positions, setBit, shareBits } from "./positions.ts";

/** Where a match may be, before a character is looked at. */
interface Situation {
  /** Positions that have taken the last character. */
  readonly taken: Uint32Array;
  readonly isStart: boolean;
  /** Only where the pattern asks for boundaries of words. */
  readonly isAfterWord: boolean;
  /** By the class of the next character: where it leads; `MATCH` when there is a match before it. */
  readonly next: (Situation | typeof MATCH | undefined)[];
  /** Whether there is a match if the text ends here; undefined while nobody has asked. */
  endsWell: boolean | undefined;
}

const MATCH = Symbol("match");

/** Words of situations that are kept; when there are more, all are forgotten and met anew. */
const KEPT_WORDS_MAX = 20_000;
/** What one text may add to what is remembered before it is followed without: a few, and one for so many characters. */
const NEW_AT_ONCE = 200;
const CHARACTERS_FOR_ANOTHER = 16;
const ASCII = 128;

export class LinearMatcher {
  readonly #positions: Positions;
  /** The first code point of each range of characters which lead everywhere to the same, ascending; and its class. */
  readonly #bounds: Uint32Array;
  readonly #classOfRange: Uint32Array;
  readonly #asciiClasses = new Uint16Array(ASCII);
  /** By class: whether its characters are those of words; the positions that take them. */
  readonly #isWord: readonly boolean[];
  readonly #takers: readonly Uint32Array[];
  /** By the kind of gap: 1 at the start, 2 at the end, 4 at a boundary of a word. */
  readonly #followers: (Followers | undefined)[] = [];
  #situations = new Map<string, Situation>();
  #first: Situation;

  /** @throws UnusablePattern when it is too large */
  constructor(automaton: Automaton) {
    const positions = new Positions(automaton);
    this.#positions = positions;
    const { bounds, classOfRange, members } = classesOf([WORD, ...positions.sets.map(({ set }) => set)]);
    this.#bounds = bounds;
    this.#classOfRange = classOfRange;
    this.#isWord = members.map((sets) => sets.includes(0));
    this.#takers = members.map((sets) => {
      const bits = new Uint32Array(positions.words);
      for (const set of sets) if (set > 0) setBit(bits, set - 1);
      return bits;
    });
    for (let code = 0; code < ASCII; code++) this.#asciiClasses[code] = this.#search(code);
    this.#first = newSituation(new Uint32Array(positions.words), true, false);
    // All kinds of gaps now, so that what is too large is known now.
    for (let gap = 0; gap < GAPS; gap++) this.#followersAt((gap & 1) !== 0, (gap & 2) !== 0, (gap & 4) !== 0);
  }

  test(text: string): boolean {
    let situation = this.#first;
    let allowance = NEW_AT_ONCE;
    for (let at = 0; at < text.length; at++) {
      let code = text.charCodeAt(at);
      let found: number;
      if (code < ASCII) found = this.#asciiClasses[code]!;
      else {
        code = text.codePointAt(at)!;
        found = this.#search(code);
      }
      let next = situation.next[found];
      if (next === undefined) {
        if (--allowance < -at / CHARACTERS_FOR_ANOTHER) return this.#testFrom(situation, text, at);
        next = this.#step(situation, found);
        situation.next[found] = next;
      }
      if (next === MATCH) return true;
      situation = next;
      if (code > 0xffff) at++;
    }
    situation.endsWell ??= this.#accepts(situation, false, true);
    return situation.endsWell;
  }

  /** The same for the rest of a text, without remembering. */
  #testFrom({ taken: before, isStart, isAfterWord }: Situation, text: string, from: number): boolean {
    let situation = { taken: before.slice(), isStart, isAfterWord };
    let spare = new Uint32Array(before.length);
    for (let at = from; at < text.length; at++) {
      const code = text.codePointAt(at)!;
      const found = code < ASCII ? this.#asciiClasses[code]! : this.#search(code);
      const isWord = this.#isWord[found]!;
      if (this.#accepts(situation, isWord, false)) return true;
      this.#take(situation, found, spare);
      const { taken } = situation;
      situation = { taken: spare, isStart: false, isAfterWord: isWord };
      spare = taken;
      if (code > 0xffff) at++;
    }
    return this.#accepts(situation, false, true);
  }

  /** The class of a character: that of the last range that begins at it or before. */
  #search(code: number): number {
    let [low, high] = [0, this.#bounds.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#bounds[middle]! <= code) low = middle;
      else high = middle - 1;
    }
    return this.#classOfRange[low]!;
  }

  #step(situation: Situation, found: number): Situation | typeof MATCH {
    const isWord = this.#isWord[found]!;
    if (this.#accepts(situation, isWord, false)) return MATCH;
    const taken = new Uint32Array(this.#positions.words);
    this.#take(situation, found, taken);
    return this.#remembered(taken, isWord && this.#positions.asksFor.isBoundary);
  }

  #accepts({ taken, isStart, isAfterWord }: SituationNow, isBeforeWord: boolean, isEnd: boolean): boolean {
    const followers = this.#followersAt(isStart, isEnd, isAfterWord !== isBeforeWord);
    return followers.firstAccepts || shareBits(taken, followers.accepting);
  }

  #take({ taken, isStart, isAfterWord }: SituationNow, found: number, into: Uint32Array): void {
    follow(taken, this.#followersAt(isStart, false, isAfterWord !== this.#isWord[found]!), into);
    const takers = this.#takers[found]!;
    for (let word = 0; word < into.length; word++) into[word]! &= takers[word]!;
  }

  #followersAt(isAtStart: boolean, isAtEnd: boolean, differs: boolean): Followers {
    const { asksFor } = this.#positions;
    const isStart = isAtStart && asksFor.isStart;
    const isEnd = isAtEnd && asksFor.isEnd;
    const isBoundary = differs && asksFor.isBoundary;
    const index = (isStart ? 1 : 0) + (isEnd ? 2 : 0) + (isBoundary ? 4 : 0);
    let followers = this.#followers[index];
    if (followers === undefined) {
      followers = this.#positions.followers({ isStart, isEnd, isBoundary });
      this.#followers[index] = followers;
    }
    return followers;
  }

  #remembered(taken: Uint32Array, isAfterWord: boolean): Situation {
    const key = (isAfterWord ? "w" : "-") + String.fromCharCode(...new Uint16Array(taken.buffer));
    const known = this.#situations.get(key);
    if (known !== undefined) return known;
    if (this.#situations.size * (taken.length + 8) > KEPT_WORDS_MAX) {
      this.#situations = new Map();
      this.#first = { ...this.#first, next: [] };
    }
    const made = newSituation(taken, false, isAfterWord);
    this.#situations.set(key, made);
    return made;
  }
}

type SituationNow = Pick<Situation, "taken" | "isStart" | "isAfterWord">;

/** Kinds of gaps. */
const GAPS = 8;

const newSituation = (taken: Uint32Array, isStart: boolean, isAfterWord: boolean): Situation => ({
  taken,
  isStart,
  isAfterWord,
  next: [],
  endsWell: undefined,
});
