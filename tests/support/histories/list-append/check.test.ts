/** The checker of transactions against a naive one that tries every order, and against one planted anomaly of each kind. */
import { describe, expect, test } from "bun:test";
import { randomFrom } from "../../random.ts";
import { checkListAppend } from "./check.ts";
import type { Anomaly, Level } from "./consistency.ts";
import type { Element, ListTransaction, Step } from "./transaction.ts";

/** `"x+1"` appends, `"x=1 2"` reads. */
function steps(text: string): readonly Step[] {
  return text.split(", ").map((step): Step => {
    const [key = "", element = ""] = step.split(/[+=]/);
    if (step.includes("+")) return { type: "append", key, element: Number(element) };
    return { type: "read", key, value: element === "" ? [] : element.split(" ").map(Number) };
  });
}

interface Placed {
  readonly begun?: number;
  readonly ended?: number;
  readonly client?: number;
  readonly outcome?: ListTransaction["outcome"];
}

/** A transaction that ran the whole time, unless said otherwise. */
function during(text: string, { begun = 0, ended = 100, client, outcome = "ok" }: Placed = {}): ListTransaction {
  return { client: client ?? text, begun, ended, outcome, steps: steps(text) };
}

const at = (time: number, text: string, client?: number): ListTransaction =>
  during(text, { begun: time, ended: time + 0.5, ...(client === undefined ? {} : { client }) });

describe("checkListAppend()", () => {
  const failed = { outcome: "failed" } as const;
  const planted: readonly (readonly [Anomaly, Level, readonly ListTransaction[]])[] = [
    ["G1a", "read-committed", [during("x+1", failed), during("x=1")]],
    ["G1b", "read-committed", [during("x+1, x+2"), during("x=1")]],
    ["internal", "read-atomic", [during("x+1"), during("x=1, x=")]],
    ["future-read", "read-committed", [during("x=1, x+1"), during("x=1")]],
    ["dirty-update", "read-committed", [during("x+1", failed), during("x+2"), during("x=1 2")]],
    ["duplicate-elements", "read-uncommitted", [during("x+1"), during("x=1 1")]],
    ["incompatible-order", "read-committed", [during("x+1"), during("x+2"), during("x=1 2"), during("x=2")]],
    ["lost-update", "cursor-stability", [during("x=, x+1"), during("x=, x+2"), during("x=1 2")]],
    ["unwritten-read", "read-committed", [during("x=1"), during("x+2")]],
    ["G0", "read-uncommitted", [during("x+1, y+1"), during("x+2, y+2"), during("x=1 2, y=2 1")]],
    ["G1c", "read-committed", [during("x+1, y=1"), during("y+1, x=1")]],
    ["G-single-item", "consistent-view", [during("x+1, y+1"), during("x=1, y=")]],
    ["G-nonadjacent-item", "snapshot-isolation", [during("x+1"), during("y+1"), during("x=1, y="), during("y=1, x=")]],
    ["G2-item", "serializable", [during("x=, y+1"), during("y=, x+1")]],
    ["G0-process", "strong-session-read-uncommitted", [at(1, "x+1", 7), at(2, "x+2", 7), during("x=2 1")]],
    ["G1c-process", "strong-session-read-committed", [at(1, "x=1", 7), at(2, "x+1", 7)]],
    ["G-single-item-process", "strong-session-snapshot-isolation", [at(1, "x+1", 7), at(2, "x=", 7)]],
    [
      "G-nonadjacent-item-process",
      "strong-session-snapshot-isolation",
      [at(1, "x+1", 7), at(2, "y=", 7), at(1, "y+1", 8), at(2, "x=", 8)],
    ],
    ["G2-item-process", "strong-session-serializable", [at(1, "y+1", 7), at(2, "x=", 7), during("x+1, y=")]],
    ["G0-realtime", "strong-read-uncommitted", [at(1, "x+1"), at(2, "x+2"), at(3, "x=2 1")]],
    ["G1c-realtime", "strong-read-committed", [at(1, "x=1"), at(2, "x+1")]],
    ["G-single-item-realtime", "strong-snapshot-isolation", [at(1, "x+1"), at(2, "x=")]],
    [
      "G-nonadjacent-item-realtime",
      "strong-snapshot-isolation",
      [during("x+1", { ended: 2 }), during("y=", { begun: 3 }), during("y+1"), during("y=1, x=", { begun: 1 })],
    ],
    ["G2-item-realtime", "strict-serializable", [at(1, "y+1"), at(2, "x="), during("x+1, y=")]],
  ];
  for (const [type, level, history] of planted) {
    test(`finds ${type} and says that ${level} is missed`, () => {
      const { verdict, found, missed } = checkListAppend(history, { levels: [level] });
      expect([verdict, found.map((one) => one.type)]).toEqual(["violation", expect.arrayContaining([type])]);
      expect(missed.length).toBeGreaterThan(0);
    });
  }

  test("accepts what a store that runs one transaction at a time answers, whatever becomes unknown", () => {
    for (let seed = 1; seed <= 20; seed++) {
      const history = serialHistory(seed, { transactions: 120, keys: 3, clients: 6 });
      expect([seed, checkListAppend(history)]).toEqual([seed, { verdict: "ok", found: [], doubts: [], missed: [] }]);
    }
  });

  test("agrees with the trying of every order about small histories", () => {
    const counts = { ok: 0, violation: 0, undecided: 0 };
    for (let seed = 1; seed <= 500; seed++) {
      const history = damaged(seed, serialHistory(seed, { transactions: 6, keys: 2, clients: 3 }));
      for (const level of ["serializable", "strict-serializable"] as const) {
        const { verdict } = checkListAppend(history, { levels: [level] });
        counts[verdict]++;
        // Where nothing depends on anything, there is nothing to tell.
        if (verdict === "undecided") continue;
        expect([seed, level, verdict]).toEqual([
          seed,
          level,
          hasOrder(history, level === "strict-serializable") ? "ok" : "violation",
        ]);
      }
    }
    expect([counts.ok > 200, counts.violation > 200, counts.undecided < 50]).toEqual([true, true, true]);
  });

  test("finds the one stale read in a long history, and shows it", () => {
    const history = [...serialHistory(5, { transactions: 3_000, keys: 10, clients: 8 })];
    const last = Math.max(...history.map(({ ended }) => ended).filter(Number.isFinite));
    history.push(
      during("late+1", { begun: last + 1, ended: last + 2 }),
      during("late=", { begun: last + 3, ended: last + 4 }),
    );
    const { verdict, found } = checkListAppend(history);
    expect([verdict, found.map(({ type }) => type)]).toEqual(["violation", ["G-single-item-realtime"]]);
    expect(found[0]!.text).toBe(
      [
        "G-single-item-realtime:",
        "  T3000 before T3001 (realtime): T3000 had ended when T3001 began",
        "  T3001 before T3000 (rw): T3001 did not see 1, which T3000 appended to late",
        "where",
        `  T3000 (client late+1, ${last + 1} … ${last + 2}): append late 1`,
        `  T3001 (client late=, ${last + 3} … ${last + 4}): read late → []`,
      ].join("\n"),
    );
  });

  test("lets one of unknown outcome come later than what its client, and everybody, did after it", () => {
    const history = [
      during("x+1", { begun: 0, ended: 1, client: 7, outcome: "unknown" }),
      at(2, "x=", 7),
      at(3, "x=1", 8),
    ];
    for (const level of ["strong-session-serializable", "strict-serializable"] as const) {
      expect(checkListAppend(history, { levels: [level] }).verdict).toBe("ok");
    }
  });

  test("names a violation of which it may not look for the cycle, and never says that all is well", () => {
    const { verdict, found, doubts } = checkListAppend([during("x+1, y=1"), during("y+1, x=1")], {}, { edgesMax: 0 });
    expect([verdict, found.map(({ type }) => type), doubts]).toEqual([
      "violation",
      ["read-committed-cycle"],
      ["cycle-search-limit"],
    ]);
  });

  test("is undecided about a history of which it may not look for the cycles of a class", () => {
    const history = [during("x+1, y=1"), during("y+1, x=1")];
    const check = (edgesMax?: number) => checkListAppend(history, { anomalies: ["G1c"] }, { edgesMax }).verdict;
    expect([check(0), check()]).toEqual(["undecided", "violation"]);
  });

  test("refuses to judge when an element is appended twice", () => {
    expect(() => checkListAppend([during("x+1"), during("x+1")])).toThrow("1 is appended to x twice.");
  });
});

interface Shape {
  readonly transactions: number;
  readonly keys: number;
  readonly clients: number;
}

/** Transaction i takes effect at time i, somewhere between its begin and its end, if it does. */
function serialHistory(seed: number, { transactions, keys, clients }: Shape): readonly ListTransaction[] {
  const random = randomFrom(seed * 104_729);
  const below = (limit: number): number => Math.floor(random() * limit);
  const lists = new Map<string, readonly Element[]>();
  const free = new Array<number>(clients).fill(-1);
  return Array.from({ length: transactions }, (_, time) => {
    const client = time % clients;
    const begun = Math.max(free[client]! + 0.01, time - random() * clients);
    const fate = below(10);
    const outcome = fate === 0 ? "failed" : fate === 1 ? "unknown" : "ok";
    const happens = outcome === "ok" || (outcome === "unknown" && below(2) === 0);
    const own = new Map(lists);
    const made = Array.from({ length: 1 + below(4) }, (_, place): Step => {
      const key = `k${below(keys)}`;
      const value = own.get(key) ?? [];
      if (below(2) === 0) return { type: "read", key, value: outcome === "ok" ? value : [] };
      const element = time * 10 + place;
      own.set(key, [...value, element]);
      return { type: "append", key, element };
    });
    if (happens) for (const [key, value] of own) lists.set(key, value);
    const ended = time + random() * 0.9;
    free[client] = ended;
    return { client, begun, ended: outcome === "ok" ? ended : Number.POSITIVE_INFINITY, outcome, steps: made };
  });
}

/** Some reads see less, or more, or things in another order. */
function damaged(seed: number, history: readonly ListTransaction[]): readonly ListTransaction[] {
  const random = randomFrom(seed * 15_485_863);
  const below = (limit: number): number => Math.floor(random() * limit);
  const elements = history.flatMap(({ steps }) => steps.flatMap((step) => (step.type === "append" ? [step] : [])));
  return history.map((transaction) => ({
    ...transaction,
    steps: transaction.steps.map((step): Step => {
      if (step.type === "append" || transaction.outcome !== "ok" || below(6) !== 0) return step;
      const kind = below(3);
      if (kind === 0) return { ...step, value: step.value.slice(0, -1) };
      if (kind === 1) return { ...step, value: [...step.value].reverse() };
      const added = elements.filter(({ key, element }) => key === step.key && !step.value.includes(element));
      return added.length === 0 ? step : { ...step, value: [...step.value, added[below(added.length)]!.element] };
    }),
  }));
}

/** The definition itself: an order of all that committed and any of the unknown in which every read is right. */
function hasOrder(history: readonly ListTransaction[], isStrict: boolean): boolean {
  const rest = new Set(history.filter(({ outcome }) => outcome !== "failed"));
  return extend(new Map());

  function extend(lists: ReadonlyMap<string, readonly Element[]>): boolean {
    if ([...rest].every(({ outcome }) => outcome === "unknown")) return true;
    for (const one of [...rest]) {
      const isFirst = [...rest].every((other) => other.outcome !== "ok" || other.ended >= one.begun);
      if (isStrict && !isFirst) continue;
      const next = run(one, lists);
      if (next === undefined) continue;
      rest.delete(one);
      const found = extend(next);
      rest.add(one);
      if (found) return true;
    }
    return false;
  }
}

function run(
  { outcome, steps }: ListTransaction,
  before: ReadonlyMap<string, readonly Element[]>,
): ReadonlyMap<string, readonly Element[]> | undefined {
  const lists = new Map(before);
  for (const step of steps) {
    const value = lists.get(step.key) ?? [];
    if (step.type === "append") lists.set(step.key, [...value, step.element]);
    else if (outcome === "ok" && step.value.join() !== value.join()) return undefined;
  }
  return lists;
}
