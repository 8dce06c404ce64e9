/**
 * Ascending keys of a node of a tree, and where a key stands among them.
 *
 * Each key is an object of its own somewhere in memory, and to look at one takes longer than to compare it. So what tells the keys of a node apart is kept
 * as numbers that lie next to each other: what all of them begin with, and of each key what comes after that. A search runs over those, and looks at a key
 * itself only where they leave the answer open (prefix truncation and "poor man's normalized keys": Graefe, "Modern B-Tree Techniques", 2011).
 */
import { compareKeys } from "./compare-keys.ts";

/** Bytes of a piece of the shared beginning: as many as a double holds exactly. */
const PIECE_BYTES = 6;
/** Bytes of a head; the sixth says how many of them the key has. */
const HEAD_BYTES = 5;
/** The key goes on after its head. */
const LONGER = HEAD_BYTES + 1;

/** The keys are kept as they are given: who changes the bytes of one later breaks the order. */
export class SortedKeys {
  /** How many bytes all keys begin with in common; fewer than they do after removals. */
  private shared = 0;
  /** How many numbers the shared bytes take. */
  private pieces = 0;
  /** The pieces of what is shared, and then the head of each key. */
  private numbers: number[] = [];

  /** @param list ascending; it belongs to this from now on */
  constructor(private list: Uint8Array[] = []) {
    this.measure();
  }

  get length(): number {
    return this.list.length;
  }

  /** The key at a place that exists. */
  at(place: number): Uint8Array {
    return this.list[place]!;
  }

  /** How many are before `key`. */
  countBefore(key: Uint8Array): number {
    return this.count(key, 0);
  }

  /** How many are before `key`, or are `key`. */
  countAtMost(key: Uint8Array): number {
    return this.count(key, 1);
  }

  /** Whether there is a key at this place, and it is `key`. */
  isAt(place: number, key: Uint8Array): boolean {
    const { list, numbers, pieces } = this;
    if (place >= list.length || this.sideOf(key) !== 0) return false;
    const head = headOf(key, this.shared);
    return numbers[pieces + place] === head && (isWhole(head) || compareKeys(list[place]!, key) === 0);
  }

  /** Puts the key at its place. */
  insert(place: number, key: Uint8Array): void {
    const { list } = this;
    const fits = list.length > 0 && this.begins(key);
    list.splice(place, 0, key);
    if (fits) this.numbers.splice(this.pieces + place, 0, headOf(key, this.shared));
    else this.measure();
  }

  /** Removes `count` from a place on. */
  remove(place: number, count: number): void {
    this.list.splice(place, count);
    this.numbers.splice(this.pieces + place, count);
  }

  /** Adds what sorts after all there are. */
  append(others: SortedKeys): void {
    for (const key of others.list) this.list.push(key);
    this.measure();
  }

  /** Puts another key at a place, which sorts there as well. */
  replace(place: number, key: Uint8Array): void {
    if (this.list[place] === key) return;
    const fits = this.begins(key);
    this.list[place] = key;
    if (fits) this.numbers[this.pieces + place] = headOf(key, this.shared);
    else this.measure();
  }

  /** Takes off all from a place on. */
  cut(place: number): SortedKeys {
    const rest = new SortedKeys(this.list.splice(place));
    this.measure();
    return rest;
  }

  copy(): SortedKeys {
    const copy = new SortedKeys();
    copy.list = this.list.slice();
    copy.numbers = this.numbers.slice();
    copy.shared = this.shared;
    copy.pieces = this.pieces;
    return copy;
  }

  /** How many compare with `key` as less than `limit`: 0 for those before it, 1 for itself too. */
  private count(key: Uint8Array, limit: number): number {
    const side = this.sideOf(key);
    if (side !== 0) return side < 0 ? 0 : this.list.length;
    const { list, numbers, pieces } = this;
    const head = headOf(key, this.shared);
    const whole = isWhole(head);
    let low = 0;
    let high = list.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = numbers[pieces + middle]!;
      const before = other === head ? (whole ? 0 : compareKeys(list[middle]!, key)) < limit : other < head;
      if (before) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /**
   * Where `key` stands to all keys by what those share: before them (-1), after them (1), or as far as that tells among them (0). One that ends within it
   * may count as among them; its head is then below all others.
   */
  private sideOf(key: Uint8Array): number {
    const { numbers, pieces, shared } = this;
    for (let i = 0; i < pieces; i++) {
      const from = i * PIECE_BYTES;
      const piece = pieceOf(key, from, Math.min(shared, from + PIECE_BYTES));
      const other = numbers[i]!;
      if (piece !== other) return piece < other ? -1 : 1;
    }
    return 0;
  }

  /** Whether `key` begins with what all share. */
  private begins(key: Uint8Array): boolean {
    return key.length >= this.shared && this.sideOf(key) === 0;
  }

  private measure(): void {
    const { list } = this;
    const first = list[0];
    const numbers: number[] = [];
    const shared = first === undefined ? 0 : sharedBytes(first, list[list.length - 1]!);
    for (let from = 0; from < shared; from += PIECE_BYTES) {
      numbers.push(pieceOf(first!, from, Math.min(shared, from + PIECE_BYTES)));
    }
    this.shared = shared;
    this.pieces = numbers.length;
    for (let i = 0; i < list.length; i++) numbers.push(headOf(list[i]!, shared));
    this.numbers = numbers;
  }
}

function sharedBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  let shared = 0;
  while (shared < length && a[shared] === b[shared]) shared++;
  return shared;
}

/** Bytes of a key as a number; those that are missing count as zero. */
function pieceOf(key: Uint8Array, from: number, to: number): number {
  let piece = 0;
  for (let i = from; i < to; i++) piece = piece * 256 + (i < key.length ? key[i]! : 0);
  return piece;
}

/** Of keys that are equal up to `from`: one that sorts before another has a lower head, or the same one, which then is not `isWhole`. Negative: it ends before. */
function headOf(key: Uint8Array, from: number): number {
  const length = key.length - from;
  if (length >= HEAD_BYTES) {
    const high = (key[from]! << 8) | key[from + 1]!;
    const low = (key[from + 2]! << 16) | (key[from + 3]! << 8) | key[from + 4]!;
    return (high * 0x1000000 + low) * 256 + (length > HEAD_BYTES ? LONGER : HEAD_BYTES);
  }
  return pieceOf(key, from, from + HEAD_BYTES) * 256 + length;
}

/** The key has nothing but its head: equal heads are those of equal keys. */
function isWhole(head: number): boolean {
  return head % 256 !== LONGER;
}
