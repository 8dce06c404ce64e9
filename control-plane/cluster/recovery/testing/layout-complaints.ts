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

/** A layout without the status of its members, and without where they are. */
function shape(layout: Layout): string {
  const teams = layout.teams.map((team) => ({ ...team, members: team.members.map(({ storage }) => storage.id) }));
  return JSON.stringify({ ...layout, teams }, (_, value) => (typeof value === "bigint" ? String(value) : value));
}
