/** Classes of characters: those that are in the same of some sets are one class. */
import type { CharSet } from "./char-set.ts";

export interface Classes {
  /** The first code point of each range, ascending; the first is 0. */
  readonly bounds: Uint32Array;
  /** By range. */
  readonly classOfRange: Uint32Array;
  /** By class: which of the given sets hold its characters, ascending. */
  readonly members: readonly (readonly number[])[];
}

export function classesOf(sets: readonly CharSet[]): Classes {
  const distinct = distinctSets(sets);
  const cuts = new Set([0]);
  for (const { set } of distinct) for (const [first, last] of set) cuts.add(first).add(last + 1);
  const bounds = Uint32Array.from(cuts).sort();
  const cursors = new Uint32Array(distinct.length);
  const classOfRange = new Uint32Array(bounds.length);
  const classes = new Map<string, number>();
  const members: (readonly number[])[] = [];
  for (const [range, code] of bounds.entries()) {
    const holding = distinct.filter(({ set }, index) => {
      while (cursors[index]! < set.length && set[cursors[index]!]![1] < code) cursors[index]!++;
      const at = set[cursors[index]!];
      return at !== undefined && at[0] <= code;
    });
    const numbers = holding.flatMap(({ numbers: own }) => own).sort((left, right) => left - right);
    const key = numbers.join();
    let found = classes.get(key);
    if (found === undefined) {
      found = members.push(numbers) - 1;
      classes.set(key, found);
    }
    classOfRange[range] = found;
  }
  return { bounds, classOfRange, members };
}

interface Used {
  readonly set: CharSet;
  /** Where among the given sets it is. */
  readonly numbers: number[];
}

function distinctSets(sets: readonly CharSet[]): readonly Used[] {
  const byText = new Map<string, Used>();
  // What is repeated is one object many times.
  const byObject = new Map<CharSet, Used>();
  for (const [number, set] of sets.entries()) {
    let used = byObject.get(set);
    if (used === undefined) {
      const text = set.join(";");
      used = byText.get(text) ?? { set, numbers: [] };
      byText.set(text, used);
      byObject.set(set, used);
    }
    used.numbers.push(number);
  }
  return [...byText.values()];
}
