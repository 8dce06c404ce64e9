import { expect, test } from "bun:test";
import type { Layout } from "#foundation/store-protocol";
import { partsOf, teamOf } from "./routing.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (key: Uint8Array) => new TextDecoder().decode(key);

/** Teams of `[, c)`, `[c, m)` and `[m, z)`. */
const LAYOUT = {
  teams: [
    ["one", "", "c"],
    ["two", "c", "m"],
    ["three", "m", "z"],
  ].map(([tag, begin, end]) => ({ tag: tag!, begin: bytes(begin!), end: bytes(end!), members: [] })),
} as unknown as Layout;

const partsOfRange = (begin: string, end: string, reverse = false) =>
  partsOf(LAYOUT, { begin: bytes(begin), end: bytes(end) }, reverse).map((part) => [
    part.team.tag,
    text(part.begin),
    text(part.end),
  ]);

test("6.2.6: a range is read from every team that holds a part of it, without gaps, from either end", () => {
  const parts = [
    ["one", "b", "c"],
    ["two", "c", "m"],
    ["three", "m", "n"],
  ];
  expect(partsOfRange("b", "n")).toEqual(parts);
  expect(partsOfRange("b", "n", true)).toEqual(parts.toReversed());
  expect(partsOfRange("c", "m")).toEqual([["two", "c", "m"]]);
  expect(partsOfRange("d", "d")).toEqual([]);
});

test("6.2.1: a key belongs to the one team whose range holds it, the end of a range to the next team", () => {
  const tags = ["", "b", "c", "l", "m", "y", "z"].map((key) => teamOf(LAYOUT, bytes(key))?.tag);
  expect(tags).toEqual(["one", "one", "two", "two", "three", "three", undefined]);
});
