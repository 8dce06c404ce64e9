/**
 * Whether a layout can be one: asked of the old one before anything is built upon it, and of the new one before anybody hears of it.
 */
import { encode } from "#foundation/binary";
import type { Ref } from "#foundation/rpc";
import { type Layout, layout as layoutCodec, type StorageTeam } from "#foundation/store-protocol";
import { compareKeys, KEYS_END } from "./key-order.ts";

/** What is wrong with it, in a few words; undefined when nothing is. */
export function layoutFault(layout: Layout): string | undefined {
  if (layout.epoch < 1n) return "epoch";
  if (layout.director === "") return "no_director";
  if (layout.firstVersion <= layout.recoveryVersion) return "versions";
  if (!isRef(layout.sequencer)) return "no_sequencer";
  if (layout.proxies.length === 0 || !layout.proxies.every(isRef)) return "no_commit_proxies";
  if (layout.resolvers.length === 0 || !layout.resolvers.every(({ resolver }) => isRef(resolver)))
    return "no_resolvers";
  if (!areRanges(layout.resolvers.map(({ begin }) => begin))) return "resolver_ranges";
  if (layout.logs.length === 0 || !layout.logs.every(isRef)) return "no_logs";
  if (new Set(layout.logs.map(({ id }) => id)).size < layout.logs.length) return "logs_twice";
  const team = teamsFault(layout.teams);
  if (team !== undefined) return team;
  // What cannot be written cannot be committed either.
  try {
    encode(layoutCodec, layout);
  } catch {
    return "not_encodable";
  }
  return undefined;
}

function teamsFault(teams: readonly StorageTeam[]): string | undefined {
  if (teams.length === 0) return "no_teams";
  if (!areRanges(teams.map(({ begin }) => begin))) return "team_ranges";
  const ends = [...teams.slice(1).map(({ begin }) => begin), KEYS_END];
  if (teams.some(({ end }, place) => compareKeys(end, ends[place]!) !== 0)) return "team_ranges";
  if (new Set(teams.map(({ tag }) => tag)).size < teams.length) return "tags_twice";
  const statuses = new Map<string, string>();
  for (const { tag, members } of teams) {
    if (!members.some(({ status }) => status === "up")) return `no_live_member:${tag}`;
    if (new Set(members.map(({ storage }) => storage.id)).size < members.length) return `member_twice:${tag}`;
    for (const { storage, status } of members) {
      if (!isRef(storage)) return `no_storage:${tag}`;
      if ((statuses.get(storage.id) ?? status) !== status) return `up_and_down:${storage.id}`;
      statuses.set(storage.id, status);
    }
  }
  return undefined;
}

/** Whether these are first keys of ranges that leave nothing out. */
function areRanges(begins: readonly Uint8Array[]): boolean {
  if (begins[0]!.length > 0) return false;
  const ends = [...begins.slice(1), KEYS_END];
  return begins.every((begin, place) => compareKeys(begin, ends[place]!) < 0);
}

function isRef(ref: Ref | undefined): boolean {
  return ref !== undefined && ref.address !== "" && ref.id !== "";
}
