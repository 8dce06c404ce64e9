/**
 * Where keys are: which team of a layout holds which part of a range. Pure.
 */
import type { Layout, StorageTeam } from "#foundation/store-protocol";
import { compareKeys, type KeyRange } from "../keys/index.ts";

/** The team that holds `key`; undefined beyond the last key that there may be. */
export function teamOf({ teams }: Layout, key: Uint8Array): StorageTeam | undefined {
  let low = 0;
  let high = teams.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (compareKeys(teams[middle]!.begin, key) <= 0) low = middle;
    else high = middle - 1;
  }
  const team = teams[low];
  return team !== undefined && compareKeys(team.begin, key) <= 0 && compareKeys(key, team.end) < 0 ? team : undefined;
}

/** The parts of a range by team, from the end it is read from. */
export function partsOf(
  { teams }: Layout,
  { begin, end }: KeyRange,
  reverse: boolean,
): readonly (KeyRange & { readonly team: StorageTeam })[] {
  const parts = teams
    .map((team) => ({
      team,
      begin: compareKeys(team.begin, begin) > 0 ? team.begin : begin,
      end: compareKeys(team.end, end) < 0 ? team.end : end,
    }))
    .filter((part) => compareKeys(part.begin, part.end) < 0);
  return reverse ? parts.reverse() : parts;
}
