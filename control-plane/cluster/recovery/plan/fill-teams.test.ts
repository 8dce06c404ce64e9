import { describe, expect, test } from "bun:test";
import type { StorageTeam } from "#foundation/store-protocol";
import type { RecoveryNode } from "../recovery-view.ts";
import { sourcesFor, vacanciesIn, withNewMember, withoutReplaced } from "./fill-teams.ts";
import { judgeTeams } from "./judge-teams.ts";
import { KEYS_END } from "./key-order.ts";
import { rejoinVersion } from "./rejoin-version.ts";

const ref = (id: string) => ({ address: `n-${id}:1`, id });
/** `a` is up, `-a` is down. */
const team = (tag: string, ...members: string[]): StorageTeam => ({
  ...{ tag, begin: new Uint8Array(0), end: KEYS_END },
  members: members.map((name) => ({
    storage: ref(name.replace("-", "")),
    status: name.startsWith("-") ? "down" : "up",
  })),
});
const node = (name: string, ...workers: string[]): RecoveryNode => ({
  ...{ node: name, incarnation: 1n, address: `n-${name}:1`, capabilities: ["storage"] },
  workers: workers.map((id) => ({ id, kind: "storage" as const })),
});
const nodes = [node("a", "a"), node("b", "b"), node("c", "x", "y"), node("d")];
const nobody = new Set<string>();
const places = (...args: Parameters<typeof vacanciesIn>) =>
  vacanciesIn(...args).map(({ tag, nodes: free }) => [tag, free.map((one) => one.node).join("")]);

describe("vacancies", () => {
  test("are on nodes that hold no member of the team, those with least first", () => {
    expect(places([team("t", "a", "b")], 3, nodes, nobody)).toEqual([["t", "dc"]]);
    expect(places([team("t", "a"), team("u", "b")], 2, nodes, nobody)).toEqual([
      ["t", "dbc"],
      ["u", "dac"],
    ]);
  });

  test("are none where there are as many as wanted, up or down", () => {
    expect(places([team("t", "a", "-b")], 2, nodes, nobody)).toEqual([]);
    expect(places([team("t", "a", "b")], 1, nodes, nobody)).toEqual([]);
  });

  test("are where a member is lost; its own node comes last", () => {
    expect(places([team("t", "a", "b")], 2, nodes, new Set(["b"]))).toEqual([["t", "dcb"]]);
  });

  test("without a node are vacancies all the same", () => {
    expect(places([team("t", "a", "b")], 3, nodes.slice(0, 2), nobody)).toEqual([["t", ""]]);
    const logsOnly = nodes.map((one) => ({ ...one, capabilities: ["log" as const] }));
    expect(places([team("t", "a")], 2, logsOnly, nobody)).toEqual([["t", ""]]);
  });
});

test("a copy comes from who is up in all teams of the server", () => {
  const ids = (teams: readonly StorageTeam[], lost = nobody) => sourcesFor("x", teams, lost).map(({ id }) => id);
  expect(ids([team("t", "a", "-x", "-b", "c")])).toEqual(["a", "c"]);
  expect(ids([team("t", "a", "-x", "c")], new Set(["a"]))).toEqual(["c"]);
  expect(ids([team("t", "a", "b", "-x"), team("u", "b", "c", "-x")])).toEqual(["b"]);
  expect(ids([team("t", "a", "-x"), team("u", "b", "-x")])).toEqual([]);
  expect(ids([team("t", "x"), team("u", "a")])).toEqual([]);
});

test("a lost member leaves once as many as wanted are up without it", () => {
  const left = (one: StorageTeam) =>
    withoutReplaced([one], 2, new Set(["b"]))[0]!
      .members.map(({ storage }) => storage.id)
      .join("");
  expect(left(team("t", "a", "b", "-c"))).toBe("abc");
  expect(left(team("t", "a", "b", "c"))).toBe("ac");
  expect(left(team("t", "a", "-b", "c"))).toBe("ac");
});

test("a new member counts for nothing in a recovery before it has been filled", () => {
  const teams = withNewMember([team("t", "a", "b")], "t", ref("new"));
  const judge = (own: bigint, oldest: bigint) => {
    const judged = judgeTeams(
      teams,
      new Map([
        ["a", 95n],
        ["b", 97n],
        ["new", own],
      ]),
      oldest,
      1,
    );
    if ("reason" in judged) throw new Error(judged.reason);
    return [judged.teams[0]!.members.map(({ status }) => status).join(" "), judged.durableVersion];
  };
  expect(judge(0n, 90n)).toEqual(["up up down", 95n]);
  expect(judge(50n, 90n)).toEqual(["up up down", 95n]);
  expect(judge(93n, 90n)).toEqual(["up up up", 93n]);
  // Logs that have everything from the beginning on have what an empty server lacks.
  expect(judge(0n, 0n)).toEqual(["up up up", 0n]);
  const alone = judgeTeams(teams, new Map([["new", 0n]]), 90n, 1);
  expect(alone).toEqual({ reason: "log_gap", durable: 0n, oldest: 90n });
  const epoch = { recoveryVersion: 100n, firstVersion: 200n };
  expect(rejoinVersion(0n, epoch, [{ oldestVersion: 90n, lastVersion: 100n }])).toBeUndefined();
});

test("a copy goes on from its version, also where that lies before the first one of the epoch", () => {
  const epoch = { recoveryVersion: 100n, firstVersion: 200n };
  const logs = [{ oldestVersion: 90n, lastVersion: 210n }];
  expect(rejoinVersion(150n, epoch, logs)).toBeUndefined();
  expect(rejoinVersion(150n, epoch, logs, 150n)).toBe(150n);
  expect(rejoinVersion(150n, epoch, logs, 140n)).toBeUndefined();
  expect(rejoinVersion(95n, epoch, logs, 95n)).toBe(100n);
  expect(rejoinVersion(80n, epoch, logs, 80n)).toBeUndefined();
  expect(rejoinVersion(220n, epoch, logs, 220n)).toBeUndefined();
});
