/**
 * Keys and values in the order of their bytes, as plainly as is fast enough for a test: keys are texts of one character a byte, in pieces that are short enough to
 * insert into. On purpose it shares nothing with the maps of the store.
 */

export interface Pair {
  readonly key: string;
  readonly value: Uint8Array;
}

export interface PlainMap {
  readonly size: number;
  get(key: string): Uint8Array | undefined;
  /** Undefined takes the key away. */
  put(key: string, value: Uint8Array | undefined): void;
  /** At most `limit` pairs of `[begin, end)`, from its end backwards when `reverse` is set. */
  range(begin: string, end: string, limit: number, reverse: boolean): readonly Pair[];
}

/** One character a byte: such texts sort as the bytes do. */
export function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}

const PIECE_MAX = 512;

export function plainMap(): PlainMap {
  const values = new Map<string, Uint8Array>();
  const pieces: string[][] = [];

  return {
    get size() {
      return values.size;
    },
    get: (key) => values.get(key),
    put(key, value) {
      const isThere = values.has(key);
      if (value === undefined) {
        if (isThere) remove(key);
        values.delete(key);
      } else {
        if (!isThere) insert(key);
        values.set(key, value);
      }
    },
    range(begin, end, limit, reverse) {
      const pairs: Pair[] = [];
      for (const key of reverse ? backward(begin, end) : forward(begin, end)) {
        if (pairs.length >= limit) break;
        pairs.push({ key, value: values.get(key)! });
      }
      return pairs;
    },
  };

  /** The last piece that begins with `key` or before; the first one when there is none. */
  function pieceFor(key: string): number {
    return Math.max(0, firstNot(pieces, (piece) => piece[0]! <= key) - 1);
  }

  function insert(key: string): void {
    const at = pieceFor(key);
    const piece = pieces[at];
    if (piece === undefined) {
      pieces.push([key]);
      return;
    }
    piece.splice(placeIn(piece, key), 0, key);
    if (piece.length > PIECE_MAX) pieces.splice(at + 1, 0, piece.splice(PIECE_MAX / 2));
  }

  function remove(key: string): void {
    const at = pieceFor(key);
    const piece = pieces[at]!;
    piece.splice(placeIn(piece, key), 1);
    if (piece.length === 0) pieces.splice(at, 1);
  }

  function* forward(begin: string, end: string): Generator<string> {
    let at = pieceFor(begin);
    let place = placeIn(pieces[at] ?? [], begin);
    for (; at < pieces.length; at++, place = 0) {
      for (const piece = pieces[at]!; place < piece.length; place++) {
        if (piece[place]! >= end) return;
        yield piece[place]!;
      }
    }
  }

  function* backward(begin: string, end: string): Generator<string> {
    let at = pieceFor(end);
    let place = placeIn(pieces[at] ?? [], end) - 1;
    while (at >= 0) {
      for (const piece = pieces[at] ?? []; place >= 0; place--) {
        if (piece[place]! < begin) return;
        yield piece[place]!;
      }
      at--;
      place = (pieces[at]?.length ?? 0) - 1;
    }
  }
}

/** Where `key` is in a piece, or would be. */
function placeIn(piece: readonly string[], key: string): number {
  return firstNot(piece, (other) => other < key);
}

/** The first place of which `holds` is false, when it is true of all before and false of all after. */
function firstNot<Item>(items: readonly Item[], holds: (item: Item) => boolean): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(items[middle]!)) low = middle + 1;
    else high = middle;
  }
  return low;
}
