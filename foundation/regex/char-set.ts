/** Sets of characters (code points) as sorted ranges. */

/** First and last of each range, ascending and apart. */
export type CharSet = readonly (readonly [number, number])[];

export const LAST = 0x10ffff;
export const ANY: CharSet = [[0, LAST]];
export const DIGIT: CharSet = [[0x30, 0x39]];
export const WORD: CharSet = union([DIGIT, [[0x41, 0x5a]], [[0x5f, 0x5f]], [[0x61, 0x7a]]]);
/** ECMA-262 §12.2 and §12.3: white space and line terminators. */
export const SPACE: CharSet = [
  [0x09, 0x0d],
  [0x20, 0x20],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
];
const LINE_ENDS: CharSet = [
  [0x0a, 0x0a],
  [0x0d, 0x0d],
  [0x2028, 0x2029],
];
export const DOT: CharSet = complement(LINE_ENDS);

export function union(sets: readonly CharSet[]): CharSet {
  const ranges = sets.flat().toSorted(([left], [right]) => left - right);
  const merged: [number, number][] = [];
  for (const [first, last] of ranges) {
    const before = merged.at(-1);
    if (before !== undefined && first <= before[1] + 1) before[1] = Math.max(before[1], last);
    else merged.push([first, last]);
  }
  return merged;
}

export function complement(set: CharSet): CharSet {
  const ranges: [number, number][] = [];
  let next = 0;
  for (const [first, last] of set) {
    if (first > next) ranges.push([next, first - 1]);
    next = last + 1;
  }
  if (next <= LAST) ranges.push([next, LAST]);
  return ranges;
}

const properties = new Map<string, CharSet>();

/** The characters of a Unicode property, as the engine knows it. @throws SyntaxError when there is no such property */
export function propertySet(source: string): CharSet {
  let set = properties.get(source);
  if (set === undefined) {
    set = union([...surrogatesWith(source), ...scalarsWith(source)]);
    properties.set(source, set);
  }
  return set;
}

const SURROGATES = [0xd800, 0xdfff] as const;
/** Characters that are looked at in one text. */
const CHUNK = 0x1000;

/** In one text after the other, as two of these would be one character. */
function* surrogatesWith(source: string): Generator<CharSet> {
  const native = new RegExp(`\\p{${source}}`, "u");
  for (let code = SURROGATES[0]; code <= SURROGATES[1]; code++)
    if (native.test(String.fromCharCode(code))) yield [[code, code]];
}

/** Runs of them in texts of many characters: to ask for each of a million by itself takes a fifth of a second. */
function* scalarsWith(source: string): Generator<CharSet> {
  const runs = new RegExp(`\\p{${source}}+`, "gu");
  for (let from = 0; from <= LAST; from += CHUNK) {
    const codes: number[] = [];
    for (let code = from; code < from + CHUNK; code++)
      if (code < SURROGATES[0] || code > SURROGATES[1]) codes.push(code);
    const text = String.fromCodePoint(...codes);
    for (const { index, 0: run } of text.matchAll(runs)) {
      const first = text.codePointAt(index)!;
      yield [[first, first + [...run].length - 1]];
    }
  }
}
