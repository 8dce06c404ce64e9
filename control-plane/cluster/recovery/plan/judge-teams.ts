/**
 * Which members of the old teams go on, and from which version the new logs have to begin for them.
 */
import type { StorageTeam, TeamMember, Version } from "#foundation/store-protocol";
import type { Stall } from "../stalls.ts";

export interface JudgedTeams {
  /** Every member of the old teams, each up or down. */
  readonly teams: readonly StorageTeam[];
  /** D: what every member that is up has on its disk. */
  readonly durableVersion: Version;
}

/**
 * A member is up when it is locked and the logs still have all that follows on its state; the others are kept, and join again later. Storage is never
 * taken out of a team here: it holds what the logs do not.
 *
 * @param durable what is on the disk of each locked storage server, by its id
 * @param oldest entries above it are in the logs
 */
export function judgeTeams(
  teams: readonly StorageTeam[],
  durable: ReadonlyMap<string, Version>,
  oldest: Version,
  liveMin: number,
): JudgedTeams | Extract<Stall, { reason: "insufficient_replication" | "log_gap" }> {
  const reached = (member: TeamMember): boolean => durable.has(member.storage.id);
  const isUp = (member: TeamMember): boolean => (durable.get(member.storage.id) ?? -1n) >= oldest;
  const unreached = teams.filter(({ members }) => members.filter(reached).length < liveMin);
  if (unreached.length > 0) return { reason: "insufficient_replication", tags: unreached.map(({ tag }) => tag) };
  const behind = teams.find(({ members }) => members.filter(isUp).length < liveMin);
  if (behind !== undefined) {
    const versions = behind.members.filter(reached).map(({ storage }) => durable.get(storage.id)!);
    return { reason: "log_gap", durable: least(versions), oldest };
  }
  return {
    teams: teams.map((team) => ({
      ...team,
      members: team.members.map((member) => ({ ...member, status: isUp(member) ? "up" : "down" })),
    })),
    durableVersion: least(
      teams.flatMap(({ members }) => members.filter(isUp).map(({ storage }) => durable.get(storage.id)!)),
    ),
  };
}

/** Storage servers that are up, each once. */
export function membersThatAre(status: TeamMember["status"], teams: readonly StorageTeam[]): readonly TeamMember[] {
  const byId = new Map<string, TeamMember>();
  for (const { members } of teams) {
    for (const member of members) if (member.status === status) byId.set(member.storage.id, member);
  }
  return [...byId.values()];
}

function least(versions: readonly Version[]): Version {
  return versions.reduce((a, b) => (b < a ? b : a));
}
