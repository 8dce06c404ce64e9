/**
 * Which operations are done and which are not, kept so that both can be asked, changed and taken back in next to no time.
 */

const WORD_BITS = 16;
const FULL = 0xffff;

export interface DoneSet {
  has(index: number): boolean;
  add(index: number): void;
  remove(index: number): void;
  /** The same text for the same operations done; and no such text, with something after it, begins another one. */
  fingerprint(): string;
}

/**
 * Answered operations are done nearly in the order of their calls, so that a few words say where the order has arrived; those of unknown outcome may
 * stay open for ever, and are kept apart.
 *
 * @param answered of each operation, in the order of calls, whether it was answered
 */
export function doneSet(answered: readonly boolean[]): DoneSet {
  const ranks = [0, 0];
  const places = answered.map((isAnswered) => ranks[isAnswered ? 1 : 0]!++);
  const sets = ranks.map((count) => new Uint16Array(Math.ceil(count / WORD_BITS)));
  // All words of the answered before `low` are full; all from `high` on are empty.
  let low = 0;
  let high = 0;

  return {
    has: (index) => (setOf(index)[wordOf(index)]! & bitOf(index)) !== 0,
    add(index) {
      const word = wordOf(index);
      setOf(index)[word]! |= bitOf(index);
      if (answered[index] !== true) return;
      high = Math.max(high, word + 1);
      while (low < high && setOf(index)[low] === FULL) low++;
    },
    remove(index) {
      const word = wordOf(index);
      setOf(index)[word]! &= ~bitOf(index);
      if (answered[index] !== true) return;
      low = Math.min(low, word);
      while (high > 0 && setOf(index)[high - 1] === 0) high--;
    },
    fingerprint() {
      const window = sets[1]!.subarray(low, Math.max(low, high));
      // `low` takes two characters: a long history has more than 65,536 words.
      const head = String.fromCharCode(low & FULL, low >>> WORD_BITS, window.length);
      return head + text(window) + text(sets[0]!);
    },
  };

  function setOf(index: number): Uint16Array {
    return sets[answered[index] === true ? 1 : 0]!;
  }

  function wordOf(index: number): number {
    return Math.floor(places[index]! / WORD_BITS);
  }

  function bitOf(index: number): number {
    return 1 << (places[index]! % WORD_BITS);
  }
}

/** More arguments than this are not passed to one call. */
const ARGUMENTS_MAX = 8_192;

function text(words: Uint16Array): string {
  if (words.length <= ARGUMENTS_MAX) return String.fromCharCode(...words);
  let all = "";
  for (let at = 0; at < words.length; at += ARGUMENTS_MAX) {
    all += String.fromCharCode(...words.subarray(at, at + ARGUMENTS_MAX));
  }
  return all;
}

/** The indexes from 0 on, taken out and put back in the opposite order (Knuth, "Dancing links", 2000). */
export interface LinkedList {
  /** `length` when it is empty. */
  first(): number;
  /** The one after `index`; `length` after the last. */
  after(index: number): number;
  takeOut(index: number): void;
  putBack(index: number): void;
}

export function linkedList(length: number): LinkedList {
  const next = Int32Array.from({ length: length + 1 }, (_, index) => index + 1);
  const previous = Int32Array.from({ length: length + 1 }, (_, index) => index - 1);
  let first = 0;
  return {
    first: () => first,
    after: (index) => next[index]!,
    takeOut(index) {
      if (previous[index] === -1) first = next[index]!;
      else next[previous[index]!] = next[index]!;
      previous[next[index]!] = previous[index]!;
    },
    putBack(index) {
      if (previous[index] === -1) first = index;
      else next[previous[index]!] = index;
      previous[next[index]!] = index;
    },
  };
}
