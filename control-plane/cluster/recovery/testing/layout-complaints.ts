/**
 * What is wrong in the cluster of fakes at the moment when a layout is committed.
 */
import type { Layout } from "#foundation/store-protocol";
import { EPOCH_KEY, type FakeCluster } from "./fake-cluster.ts";
import { hex } from "./fake-components.ts";

export function layoutComplaints(cluster: FakeCluster, layout: Layout, director: string): readonly string[] {
  const { layout: before, hosts, acked } = cluster;
  const complaints: string[] = [];
  const say = (text: string): void => void complaints.push(`epoch ${layout.epoch}: ${text}`);
  if (layout.director !== director) say("the layout names another director");
  if (before?.epoch === layout.epoch) {
    if (shape(before) !== shape(layout)) say("I1: two layouts in one epoch");
    for (const complaint of memberComplaints(cluster, before, layout)) say(complaint);
    return complaints;
  }
  for (const [key, { version }] of acked) {
    if (version > layout.recoveryVersion)
      say(`I3: ${key} was acknowledged at ${version}, R is ${layout.recoveryVersion}`);
  }
  if (before !== undefined && layout.firstVersion <= before.firstVersion)
    say("versions of an older epoch are given again");
  const find = <Of>(of: (host: (typeof hosts)[number]) => ReadonlyMap<string, Of>, id: string): Of | undefined =>
    hosts.map((host) => of(host).get(id)).find((one) => one !== undefined);

  const entries = new Set<string>();
  // Each log trims by itself what storage servers have made durable.
  const trimmed = layout.logs.reduce((most, { id }) => bigger(most, find(({ logs }) => logs, id)?.oldest ?? 0n), 0n);
  for (const { id } of layout.logs) {
    const log = find(({ logs }) => logs, id);
    if (before?.logs.some((old) => old.id === id)) say(`log ${id} is of the old generation`);
    if (log === undefined || log.activated !== layout.epoch) {
      say(`log ${id} was not activated`);
      continue;
    }
    const system = log.entries.find(({ version }) => version >= layout.firstVersion);
    if (system === undefined || !new TextDecoder().decode(system.data).includes(EPOCH_KEY))
      say(`${id} lacks the system transaction`);
    const common = log.entries.filter(({ version }) => version > trimmed);
    entries.add(common.map(({ version, data }) => `${version}:${hex(data)}`).join(" "));
    if (log.finalized >= layout.epoch) say(`${id} is final before the layout`);
  }
  if (entries.size > 1) say("logs have different entries");
  for (const { storage, status } of layout.teams.flatMap(({ members }) => members)) {
    if (status === "down") continue;
    const server = find(({ storages }) => storages, storage.id);
    if (server === undefined || server.epoch !== layout.epoch || server.mode !== "running") {
      say(`storage ${storage.id} does not run`);
      continue;
    }
    if (server.recoveryVersion !== layout.recoveryVersion)
      say(`${storage.id} was rolled back to ${server.recoveryVersion}`);
    if (server.durableVersion > layout.recoveryVersion) say(`${storage.id} is durable beyond R`);
    if (server.applied.some(({ version }) => version > layout.recoveryVersion && version < layout.firstVersion)) {
      say(`I4: ${storage.id} shows versions that are in no generation`);
    }
    for (const { id } of layout.logs) {
      if ((find(({ logs }) => logs, id)?.oldest ?? 0n) > server.durableVersion)
        say(`${id} lacks what ${storage.id} needs`);
    }
  }
  return complaints;
}

function bigger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

/** What is wrong in how the members of teams have changed within an epoch. */
function memberComplaints({ hosts, config }: FakeCluster, before: Layout, layout: Layout): readonly string[] {
  return layout.teams.flatMap(({ members }, place) => {
    const old = before.teams[place]!.members;
    const up = members.filter(({ status }) => status === "up");
    const gone = old.filter(({ storage }) => !members.some((member) => member.storage.id === storage.id));
    const complaints =
      gone.length > 0 && up.length < config.replicas ? ["a member is taken out of a team too early"] : [];
    if (up.length === 0) complaints.push("nobody is up in a team");
    for (const { storage } of up) {
      const was = old.find((member) => member.storage.id === storage.id)?.status;
      if (was === "up") continue;
      if (was === undefined) complaints.push(`${storage.id} is new, and up at once`);
      const server = hosts.map(({ storages }) => storages.get(storage.id)).find((one) => one !== undefined);
      if (server?.epoch !== layout.epoch || server.mode !== "running")
        complaints.push(`${storage.id} is up and does not run`);
    }
    return complaints;
  });
}

/** A layout without the members of its teams. */
function shape(layout: Layout): string {
  const teams = layout.teams.map((team) => ({ ...team, members: [] }));
  return JSON.stringify({ ...layout, teams }, (_, value) => (typeof value === "bigint" ? String(value) : value));
}
