/**
 * Which teams need more members, on which nodes, who can give them what they lack, and who has been replaced.
 */
import type { Ref } from "#foundation/rpc";
import type { StorageTeam, TeamMember } from "#foundation/store-protocol";
import type { RecoveryNode } from "../recovery-view.ts";

export interface Vacancy {
  readonly tag: string;
  /** Where it can be filled, in order of preference; nowhere when no node is free. */
  readonly nodes: readonly RecoveryNode[];
}

/** One for each member that a team lacks of `replicas`; members that are lost do not count. A node holds one member of a team. */
export function vacanciesIn(
  teams: readonly StorageTeam[],
  replicas: number,
  nodes: readonly RecoveryNode[],
  lost: ReadonlySet<string>,
): readonly Vacancy[] {
  const able = nodes.filter(({ capabilities }) => capabilities.includes("storage"));
  return teams.flatMap(({ tag, members }) => {
    const nodesOf = (some: readonly TeamMember[]) => new Set(some.map(({ storage }) => nodeOf(storage, nodes)));
    const taken = nodesOf(members.filter(({ storage }) => !lost.has(storage.id)));
    const doubtful = nodesOf(members.filter(({ storage }) => lost.has(storage.id)));
    const present = members.filter(({ storage }) => !lost.has(storage.id)).length;
    const free = able
      .filter(({ node }) => !taken.has(node))
      // Where a member was lost comes last; among the others, where there is least.
      .sort((a, b) => Number(doubtful.has(a.node)) - Number(doubtful.has(b.node)) || storagesOn(a) - storagesOn(b));
    return Array.from({ length: Math.max(0, replicas - present) }, () => ({ tag, nodes: free }));
  });
}

/** Who serves, and holds all that a member should: the copy is as of one version, so it comes from one server. */
export function sourcesFor(id: string, teams: readonly StorageTeam[], lost: ReadonlySet<string>): readonly Ref[] {
  const own = teams.filter(({ members }) => members.some(({ storage }) => storage.id === id));
  const serves = ({ storage, status }: TeamMember): boolean =>
    status === "up" && storage.id !== id && !lost.has(storage.id);
  return (own[0]?.members ?? [])
    .filter(serves)
    .map(({ storage }) => storage)
    .filter((source) => own.every(({ members }) => members.some((one) => serves(one) && one.storage.id === source.id)));
}

/** Without those lost members whose place is taken: only where as many as are wanted are up without them. */
export function withoutReplaced(
  teams: readonly StorageTeam[],
  replicas: number,
  lost: ReadonlySet<string>,
): readonly StorageTeam[] {
  return teams.map((team) => {
    const left = team.members.filter(({ storage }) => !lost.has(storage.id));
    return left.filter(({ status }) => status === "up").length >= replicas ? { ...team, members: left } : team;
  });
}

/** With one more member in a team, which has nothing yet. */
export function withNewMember(teams: readonly StorageTeam[], tag: string, storage: Ref): readonly StorageTeam[] {
  return teams.map((team) =>
    team.tag === tag ? { ...team, members: [...team.members, { storage, status: "down" as const }] } : team,
  );
}

/** The same servers with another status, and where they are now. */
export function withStatus(
  teams: readonly StorageTeam[],
  status: TeamMember["status"],
  storages: ReadonlyMap<string, Ref>,
): readonly StorageTeam[] {
  return teams.map((team) => ({
    ...team,
    members: team.members.map((member) => {
      const storage = storages.get(member.storage.id);
      return storage === undefined ? member : { storage, status };
    }),
  }));
}

/** The node that has registered the worker, or is where it was. */
function nodeOf({ id, address }: Ref, nodes: readonly RecoveryNode[]): string | undefined {
  const having = nodes.find(({ workers }) => workers.some((worker) => worker.id === id));
  return (having ?? nodes.find((node) => node.address === address))?.node;
}

function storagesOn({ workers }: RecoveryNode): number {
  return workers.filter(({ kind }) => kind === "storage").length;
}
