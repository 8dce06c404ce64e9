import { expect, test } from "bun:test";
import { randomFrom } from "../../random.ts";
import { type Pair, plainMap } from "./plain-map.ts";

test("a plain map holds what a sorted list of pairs holds, also when its pieces split and vanish", () => {
  const random = randomFrom(7);
  const below = (limit: number): number => Math.floor(random() * limit);
  const keyOf = (): string => String.fromCharCode(below(40), below(40));
  const map = plainMap();
  const naive = new Map<string, Uint8Array>();
  for (let step = 1; step <= 8_000; step++) {
    const key = keyOf();
    // Grows for a while and then shrinks to nothing.
    const isPut = (below(4) !== 0) === step < 5_000;
    const value = isPut ? Uint8Array.of(below(256)) : undefined;
    map.put(key, value);
    if (value === undefined) naive.delete(key);
    else naive.set(key, value);
    if (step % 100 !== 0) continue;
    const all = [...naive].map(([key, value]): Pair => ({ key, value })).sort((a, b) => (a.key < b.key ? -1 : 1));
    const [begin, end] = [keyOf(), keyOf()];
    const inRange = all.filter((pair) => pair.key >= begin && pair.key < end);
    const limit = below(3) === 0 ? 1 + below(50) : Number.POSITIVE_INFINITY;
    expect(map.size).toBe(naive.size);
    expect(map.range("", "\xff", Number.POSITIVE_INFINITY, false)).toEqual(all);
    expect(map.range(begin, end, limit, false)).toEqual(inRange.slice(0, limit));
    expect(map.range(begin, end, limit, true)).toEqual([...inRange].reverse().slice(0, limit));
  }
});
