/**
 * The teams of a cluster that has no layout yet, and which storage servers each of them gets.
 */
import type { Ref } from "#foundation/rpc";
import type { ClusterConfig, StorageTeam } from "#foundation/store-protocol";
import { compareKeys, KEYS_END } from "./key-order.ts";

/** Where teams begin and end; nobody is in them yet. Undefined when the configuration's splits are not in order. */
export function initialTeams({ splits }: Pick<ClusterConfig, "splits">): readonly StorageTeam[] | undefined {
  const begins = [new Uint8Array(0), ...splits];
  const ends = [...splits, KEYS_END];
  if (begins.some((begin, place) => compareKeys(begin, ends[place]!) >= 0)) return undefined;
  return begins.map((begin, place) => ({ tag: `team-${place}`, begin, end: ends[place]!, members: [] }));
}

/** How many members each team lacks. Members are never taken away. */
export function vacanciesOf(team: Pick<StorageTeam, "members">, replicas: number): number {
  return Math.max(0, replicas - team.members.length);
}

/** How many storage servers a new cluster wants: as many as its teams have vacancies, but no more than nodes, and no fewer than one team needs. */
export function storageWanted(teams: readonly StorageTeam[], replicas: number, nodes: number): number {
  const vacancies = teams.reduce((sum, team) => sum + vacanciesOf(team, replicas), 0);
  return Math.max(replicas, Math.min(vacancies, nodes));
}

/** Gives each team `replicas` different storage servers, in turn, so that each server is in about as many teams. */
export function dealStorage(
  teams: readonly StorageTeam[],
  storages: readonly Ref[],
  replicas: number,
): readonly StorageTeam[] {
  let next = 0;
  return teams.map((team) => ({
    ...team,
    members: Array.from({ length: replicas }, () => {
      const storage = storages[next++ % storages.length]!;
      return { storage, status: "up" as const };
    }),
  }));
}
