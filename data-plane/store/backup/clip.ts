import { compareKeys } from "../keys/index.ts";
import type { PlainMutation } from "../mutations/index.ts";
import type { ManifestTeam } from "./format.ts";

/**
 * What is left to do of a mutation of `version`: the parts of it in ranges whose pairs are older. Pure.
 *
 * @param teams in order of their ranges, without a hole
 */
export function clipMutation(
  mutation: PlainMutation,
  version: bigint,
  teams: readonly ManifestTeam[],
): PlainMutation[] {
  if (mutation.type !== "clear_range") {
    const { key } = mutation;
    const team = teams.find(({ begin, end }) => compareKeys(begin, key) <= 0 && compareKeys(key, end) < 0);
    return team !== undefined && version > team.version ? [mutation] : [];
  }
  const left: PlainMutation[] = [];
  for (const team of teams) {
    if (version <= team.version) continue;
    const begin = compareKeys(mutation.begin, team.begin) < 0 ? team.begin : mutation.begin;
    const end = compareKeys(mutation.end, team.end) < 0 ? mutation.end : team.end;
    if (compareKeys(begin, end) < 0) left.push({ type: "clear_range", begin, end });
  }
  return left;
}
