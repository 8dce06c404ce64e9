/**
 * The worked examples of the plan, and what holds for every input.
 */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Layout, StorageTeam } from "#foundation/store-protocol";
import type { RecoveryNode } from "../recovery-view.ts";
import { nodesForMoreLogs } from "./better-layout.ts";
import { layoutFault } from "./check-layout.ts";
import { chooseLogs, isValidWindow, type LockedLog, logQuorum } from "./choose-logs.ts";
import { choosePlaces } from "./choose-places.ts";
import { dealStorage, initialTeams, storageWanted, vacanciesOf } from "./initial-teams.ts";
import { judgeTeams, membersThatAre } from "./judge-teams.ts";
import { compareKeys, KEYS_END } from "./key-order.ts";
import { locateWorker } from "./locate-worker.ts";
import { placeComponents } from "./place-components.ts";
import { rejoinVersion } from "./rejoin-version.ts";
import { pairSources } from "./replay-pairing.ts";
import { resolverBegins } from "./resolver-ranges.ts";

const ref = (id: string) => ({ address: `${id}:1`, id });
const log = (id: string, oldestVersion: bigint, lastVersion: bigint, knownCommitted = 0n): LockedLog => ({
  ...{ log: ref(id), oldestVersion, lastVersion, knownCommitted },
});
const team = (tag: string, ...ids: string[]): StorageTeam => ({
  ...{ tag, begin: new Uint8Array(0), end: KEYS_END },
  members: ids.map((id) => ({ storage: ref(id), status: "up" })),
});
const ids = (refs: readonly { readonly id: string }[]): readonly string[] => refs.map(({ id }) => id);

describe("which logs, and up to where", () => {
  const [A, B, C] = [log("A", 10n, 100n), log("B", 10n, 100n), log("C", 10n, 98n)];

  test("of three the one that lags is left out", () => {
    expect(chooseLogs(3, [A, B, C], 0n)).toEqual({
      recoveryVersion: 100n,
      oldestVersion: 10n,
      sources: [A.log, B.log],
    });
  });

  test("one of three cannot be reached", () => {
    expect(chooseLogs(3, [B, C], 0n)).toMatchObject({
      recoveryVersion: 98n,
      oldestVersion: 10n,
      sources: [B.log, C.log],
    });
  });

  test("majorities: two of three, two of two, one of one", () => {
    expect(chooseLogs(3, [C], 0n)).toEqual({ reason: "log_quorum", locked: 1, total: 3 });
    expect(chooseLogs(2, [A], 0n)).toEqual({ reason: "log_quorum", locked: 1, total: 2 });
    expect(chooseLogs(1, [A], 0n)).toMatchObject({ recoveryVersion: 100n });
    expect([1, 2, 3, 4, 5].map(logQuorum)).toEqual([1, 2, 2, 3, 3]);
  });

  test("windows that can be, and that cannot", () => {
    const valid = (oldestVersion: bigint, lastVersion: bigint) => isValidWindow({ oldestVersion, lastVersion });
    expect([valid(0n, 0n), valid(5n, 0n), valid(7n, 6n), valid(7n, 7n)]).toEqual([true, false, false, true]);
    expect(chooseLogs(2, [A, log("B", 7n, 6n)], 0n)).toEqual({ reason: "log_quorum", locked: 1, total: 2 });
  });

  test("it goes as far as something is known to be committed, or on disk elsewhere", () => {
    const logs = [log("A", 10n, 100n), log("B", 10n, 98n), log("C", 10n, 98n)];
    expect(chooseLogs(3, logs, 0n)).toMatchObject({ recoveryVersion: 98n });
    expect(chooseLogs(3, logs, 99n)).toMatchObject({ recoveryVersion: 100n, sources: [ref("A")] });
    expect(chooseLogs(3, [...logs.slice(1), log("A", 10n, 100n, 99n)], 0n)).toMatchObject({ recoveryVersion: 100n });
    expect(chooseLogs(3, logs, 101n)).toEqual({ reason: "log_gap", durable: 101n, oldest: 100n });
  });

  test("the largest least version of any majority, and all logs that reach it", () => {
    const versions = fc.bigInt({ min: 0n, max: 20n });
    const several = fc.uniqueArray(fc.record({ id: fc.string({ minLength: 1 }), last: versions }), {
      ...{ minLength: 1, maxLength: 6, selector: ({ id }) => id },
    });
    fc.assert(
      fc.property(several, fc.nat(3), (locked, unreached) => {
        const total = locked.length + unreached;
        const logs = locked.map(({ id, last }) => log(id, 0n, last));
        const chosen = chooseLogs(total, logs, 0n);
        // All subsets, naively.
        let best: bigint | undefined;
        for (let bits = 1; bits < 1 << logs.length; bits++) {
          const subset = logs.filter((_, place) => (bits >> place) & 1);
          if (subset.length * 2 <= total) continue;
          const least = subset.map(({ lastVersion }) => lastVersion).reduce((a, b) => (b < a ? b : a));
          if (best === undefined || least > best) best = least;
        }
        if (best === undefined) return expect(chosen).toMatchObject({ reason: "log_quorum" });
        const reach = logs.filter(({ lastVersion }) => lastVersion >= best).map((one) => one.log.id);
        expect(chosen).toMatchObject({ recoveryVersion: best });
        if ("sources" in chosen) expect([...ids(chosen.sources)].sort()).toEqual(reach.sort());
      }),
    );
  });
});

describe("which storage servers go on", () => {
  const durable = (versions: Record<string, bigint>) => new Map(Object.entries(versions));

  test("all that are locked, from the least of them", () => {
    const judged = judgeTeams([team("t", "a", "b", "c")], durable({ a: 95n, b: 98n, c: 100n }), 90n, 1);
    expect(judged).toMatchObject({ durableVersion: 95n });
  });

  test("too few of a team", () => {
    expect(judgeTeams([team("t", "a", "b", "c")], durable({ a: 95n }), 90n, 2)).toEqual({
      ...{ reason: "insufficient_replication", tags: ["t"] },
    });
    expect(judgeTeams([team("t", "a"), team("u", "b")], durable({ a: 95n }), 90n, 1)).toEqual({
      ...{ reason: "insufficient_replication", tags: ["u"] },
    });
  });

  test("one that cannot be reached, or lacks what is trimmed, is down; nobody is left out", () => {
    const judged = judgeTeams([team("t", "a", "b", "c")], durable({ a: 95n, b: 5n }), 90n, 1);
    if ("reason" in judged) throw new Error(judged.reason);
    expect(judged.teams[0]!.members.map(({ status }) => status)).toEqual(["up", "down", "down"]);
    expect(judged.durableVersion).toBe(95n);
    expect(ids(membersThatAre("down", judged.teams).map(({ storage }) => storage))).toEqual(["b", "c"]);
  });

  test("the logs lack what all of a team need", () => {
    expect(judgeTeams([team("t", "a", "b")], durable({ a: 80n, b: 85n }), 90n, 1)).toEqual({
      ...{ reason: "log_gap", durable: 80n, oldest: 90n },
    });
  });

  test("one that is in two teams is one server", () => {
    const judged = judgeTeams([team("t", "a", "b"), team("u", "b", "c")], durable({ a: 1n, b: 2n, c: 3n }), 0n, 1);
    if ("reason" in judged) throw new Error(judged.reason);
    expect(membersThatAre("up", judged.teams)).toHaveLength(3);
  });

  test("D is never below what the logs begin with, and everybody who is up is at or above it", () => {
    const members = fc.uniqueArray(fc.record({ id: fc.constantFrom("a", "b", "c", "d", "e"), v: fc.bigInt(0n, 9n) }), {
      ...{ selector: ({ id }) => id },
    });
    fc.assert(
      fc.property(members, fc.bigInt(0n, 9n), fc.integer({ min: 1, max: 2 }), (locked, oldest, liveMin) => {
        const known = new Map<string, bigint>(locked.map(({ id, v }) => [id, v]));
        const teams = [team("t", "a", "b", "c"), team("u", "c", "d", "e")];
        const judged = judgeTeams(teams, known, oldest, liveMin);
        if ("reason" in judged) return;
        expect(judged.durableVersion).toBeGreaterThanOrEqual(oldest);
        for (const [place, { members: after }] of judged.teams.entries()) {
          expect(after.map(({ storage }) => storage)).toEqual(teams[place]!.members.map(({ storage }) => storage));
          const up = after.filter(({ status }) => status === "up");
          expect(up.length).toBeGreaterThanOrEqual(liveMin);
          for (const { storage } of up) expect(known.get(storage.id)!).toBeGreaterThanOrEqual(judged.durableVersion);
        }
      }),
    );
  });

  test("one that joins again goes back to R, or goes on in its own epoch; nothing else", () => {
    const layout = { recoveryVersion: 100n, firstVersion: 1100n };
    const logs = [{ oldestVersion: 90n, lastVersion: 1500n }];
    expect([80n, 95n, 100n, 500n, 1200n, 1600n].map((durable) => rejoinVersion(durable, layout, logs))).toEqual([
      ...[undefined, 100n, 100n, undefined, 1200n, undefined],
    ]);
    expect(rejoinVersion(95n, layout, [])).toBeUndefined();
  });
});

describe("a new cluster", () => {
  test("one team without splits, and more with them, up to the last key", () => {
    expect(initialTeams({ splits: [] })).toEqual([
      { tag: "team-0", begin: new Uint8Array(0), end: KEYS_END, members: [] },
    ]);
    expect(initialTeams({ splits: [Uint8Array.of(1), Uint8Array.of(2)] })?.map(({ tag }) => tag)).toEqual([
      ...["team-0", "team-1", "team-2"],
    ]);
    for (const splits of [[[2], [1]], [[1], [1]], [[]], [[0xff, 0xff]]]) {
      expect(initialTeams({ splits: splits.map((split) => Uint8Array.from(split)) })).toBeUndefined();
    }
  });

  test("a team of two lacks one of three", () => {
    expect(vacanciesOf(team("t", "a", "b"), 3)).toBe(1);
    expect(vacanciesOf(team("t", "a", "b", "c", "d"), 3)).toBe(0);
  });

  test("storage servers are different ones in each team, and evenly used", () => {
    const splits = fc.nat(6).map((count) => Array.from({ length: count }, (_, place) => Uint8Array.of(place + 1)));
    fc.assert(
      fc.property(splits, fc.integer({ min: 1, max: 4 }), fc.nat(5), (keys, replicas, moreNodes) => {
        const teams = initialTeams({ splits: keys })!;
        const wanted = storageWanted(teams, replicas, replicas + moreNodes);
        expect(wanted).toBeGreaterThanOrEqual(replicas);
        const servers = Array.from({ length: wanted }, (_, place) => ref(`s${place}`));
        const dealt = dealStorage(teams, servers, replicas);
        for (const { members } of dealt) expect(new Set(members.map(({ storage }) => storage.id)).size).toBe(replicas);
        const uses = servers.map(
          ({ id }) => dealt.flatMap(({ members }) => members).filter((m) => m.storage.id === id).length,
        );
        expect(Math.max(...uses) - Math.min(...uses)).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe("places", () => {
  const nodes = (...names: string[]) => names.map((node) => ({ node, idle: [] as string[] }));
  const wanted = { desired: 3, minimum: 3, taken: [], mayShareNodes: false };

  test("an idle worker is taken, the others are made on nodes of their own", () => {
    const able = [...nodes("n1", "n2"), { node: "n3", idle: ["x"] }];
    expect(choosePlaces({ ...wanted, nodes: able })).toEqual([
      { node: "n3", idle: "x" },
      { node: "n1", idle: undefined },
      { node: "n2", idle: undefined },
    ]);
  });

  test("with one node for two that lack there are too few", () => {
    expect(choosePlaces({ ...wanted, nodes: [...nodes("n1"), { node: "n3", idle: ["x"] }] })).toEqual({
      needed: 2,
      have: 1,
    });
  });

  test("fewer than desired are taken when the minimum allows it", () => {
    expect(choosePlaces({ ...wanted, minimum: 2, nodes: nodes("n1", "n2") })).toHaveLength(2);
  });

  test("whatever there is: idle workers once, a node each unless it may be shared, never too many", () => {
    const able = fc.uniqueArray(fc.constantFrom("n1", "n2", "n3", "n4", "n5")).map((names) => nodes(...names));
    fc.assert(
      fc.property(
        able,
        fc.nat(4),
        fc.nat(5),
        fc.boolean(),
        fc.boolean(),
        (all, extra, minimum, mayShareNodes, hasTaken) => {
          const idle = all.map((one, place) => ({
            ...one,
            idle: place % 2 === 0 ? [`${one.node}-a`, `${one.node}-b`] : [],
          }));
          const taken = hasTaken && all.length > 0 ? [all[0]!.node] : [];
          const desired = minimum + extra;
          const places = choosePlaces({ desired, minimum, nodes: idle, taken, mayShareNodes });
          if ("needed" in places) return expect(places.have).toBeLessThan(places.needed);
          expect(places.length + taken.length).toBeGreaterThanOrEqual(minimum);
          expect(places.length).toBeLessThanOrEqual(Math.max(0, desired - taken.length));
          const workers = places.flatMap((place) => (place.idle === undefined ? [] : [place.idle]));
          expect(new Set(workers).size).toBe(workers.length);
          if (!mayShareNodes)
            expect(new Set([...taken, ...places.map(({ node }) => node)]).size).toBe(places.length + taken.length);
        },
      ),
    );
  });

  test("components are dealt to the nodes in turn", () => {
    expect(placeComponents(["a", "b", "c"], { proxies: 2, resolvers: 2 })).toEqual({
      ...{ sequencer: "a", proxies: ["b", "c"], resolvers: ["a", "b"] },
    });
    expect(placeComponents([], { proxies: 1, resolvers: 1 })).toBeUndefined();
  });

  test("new logs share the old ones", () => {
    const pairs = pairSources(4, ["o1", "o2"]);
    expect(pairs.map(([first]) => first)).toEqual(["o1", "o2", "o1", "o2"]);
    for (const sources of pairs) expect([...sources].sort()).toEqual(["o1", "o2"]);
    expect(pairSources(2, [])).toEqual([[], []]);
  });

  test("a worker is where its node is today", () => {
    const node: RecoveryNode = {
      ...{ node: "n", incarnation: 2n, address: "new:1", capabilities: [], workers: [{ id: "w", kind: "log" }] },
    };
    expect(locateWorker({ address: "old:1", id: "w" }, [node])).toEqual({ address: "new:1", id: "w" });
    expect(locateWorker({ address: "old:1", id: "v" }, [node])).toEqual({ address: "old:1", id: "v" });
  });

  test("nodes without a log are wanted while the logs are on too few", () => {
    const node = (name: string, ...capabilities: "log"[]): RecoveryNode => ({
      ...{ node: name, incarnation: 1n, address: `${name}:1`, capabilities, workers: [] },
    });
    const all = [node("a", "log"), node("b", "log"), node("c")];
    expect(nodesForMoreLogs(["a"], 3, all).map((one) => one.node)).toEqual(["b"]);
    expect(nodesForMoreLogs(["a"], 1, all)).toEqual([]);
    expect(nodesForMoreLogs(["a", "a"], 2, all).map((one) => one.node)).toEqual(["b"]);
  });

  test("ranges of resolvers begin with nothing, and rise", () => {
    expect(resolverBegins(2, [])).toEqual([new Uint8Array(0), Uint8Array.of(128)]);
    expect(
      resolverBegins(
        2,
        [1, 2, 3].map((byte) => Uint8Array.of(byte)),
      ),
    ).toEqual([new Uint8Array(0), Uint8Array.of(2)]);
    fc.assert(
      fc.property(fc.nat(300), fc.nat(40), (count, splits) => {
        const begins = resolverBegins(
          count,
          Array.from({ length: splits }, (_, place) => Uint8Array.of(place + 1)),
        );
        expect(begins).toHaveLength(Math.min(256, Math.max(1, count)));
        expect(begins[0]).toHaveLength(0);
        for (let place = 1; place < begins.length; place++) {
          expect(compareKeys(begins[place - 1]!, begins[place]!)).toBeLessThan(0);
        }
      }),
    );
  });
});

describe("a layout that cannot be one", () => {
  const layout: Layout = {
    ...{ epoch: 1n, director: "d", recoveryVersion: 0n, firstVersion: 10n, sequencer: ref("s") },
    ...{ proxies: [ref("p")], resolvers: [{ begin: new Uint8Array(0), resolver: ref("r") }] },
    ...{ logs: [ref("l")], teams: [team("t", "a")] },
  };
  const begin = Uint8Array.of(1);
  const down = (one: StorageTeam): StorageTeam => ({
    ...one,
    members: one.members.map(({ storage }) => ({ storage, status: "down" })),
  });

  test("this one can", () => expect(layoutFault(layout)).toBeUndefined());

  test.each<[string, Partial<Layout>]>([
    ["epoch", { epoch: 0n }],
    ["no_director", { director: "" }],
    ["versions", { recoveryVersion: 10n }],
    ["no_sequencer", { sequencer: { address: "", id: "s" } }],
    ["no_commit_proxies", { proxies: [] }],
    ["no_commit_proxies", { proxies: [{ address: "p:1", id: "" }] }],
    ["no_resolvers", { resolvers: [] }],
    ["resolver_ranges", { resolvers: [{ begin, resolver: ref("r") }] }],
    ["no_logs", { logs: [] }],
    ["logs_twice", { logs: [ref("l"), ref("l")] }],
    ["no_teams", { teams: [] }],
    ["team_ranges", { teams: [{ ...team("t", "a"), end: Uint8Array.of(0xff) }] }],
    ["team_ranges", { teams: [team("t", "a"), { ...team("u", "a"), begin }] }],
    [
      "tags_twice",
      {
        teams: [
          { ...team("t", "a"), end: begin },
          { ...team("t", "a"), begin },
        ],
      },
    ],
    ["no_live_member:t", { teams: [team("t")] }],
    ["no_live_member:t", { teams: [down(team("t", "a"))] }],
    ["member_twice:t", { teams: [team("t", "a", "a")] }],
    ["no_storage:t", { teams: [team("t", "")] }],
    [
      "up_and_down:a",
      {
        teams: [
          { ...team("t", "a"), end: begin },
          { ...team("u", "b"), begin, members: [...team("u", "b").members, ...down(team("u", "a")).members] },
        ],
      },
    ],
    ["not_encodable", { recoveryVersion: -1n }],
  ])("%s", (fault, change) => expect(layoutFault({ ...layout, ...change })).toBe(fault));
});
