import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { SeededRandom } from "#foundation/runtime/simulation";
import { Balancer, type BalancerOptions, type StrategyName } from "./balancer.ts";

const NAMES: readonly StrategyName[] = [
  "round-robin",
  "least-outstanding",
  "weighted-random",
  "random-two-choices",
  "consistent-hash",
];

const random = SeededRandom.fromSeed(7);

function balancerOf(
  strategy: StrategyName,
  weights: Readonly<Record<string, number>>,
  options: Partial<BalancerOptions> = {},
): Balancer<string> {
  const balancer = new Balancer<string>({ strategy, ...options });
  for (const [id, weight] of Object.entries(weights)) balancer.add(id, `to ${id}`, { nowMs: 0, weight });
  return balancer;
}

/** How often each is chosen, when each load is over before the next. */
function shares(balancer: Balancer<string>, picks: number, nowMs = 0): Record<string, number> {
  const counts: Record<string, number> = {};
  for (let turn = 0; turn < picks; turn++) {
    const pick = balancer.pick({ nowMs, random, key: `key ${turn}` })!;
    counts[pick.id] = (counts[pick.id] ?? 0) + 1;
    pick.done();
  }
  return counts;
}

describe("strategies", () => {
  test("round robin takes turns, by weight and evenly spread", () => {
    const order = (weights: Record<string, number>, picks: number): string => {
      const balancer = balancerOf("round-robin", weights);
      return Array.from({ length: picks }, () => balancer.pick({ nowMs: 0, random })!.id).join("");
    };
    expect(order({ a: 1, b: 1, c: 1 }, 7)).toBe("abcabca");
    expect(order({ a: 5, b: 1, c: 1 }, 7)).toBe("aabacaa");
    expect(order({ a: 3, b: 1 }, 8)).toBe("aabaaaba");
    expect(order({ a: 1, b: 0 }, 3)).toBe("aaa");
  });

  test("least outstanding gives to whom has least to do for its weight", () => {
    const balancer = balancerOf("least-outstanding", { a: 1, b: 1, c: 2 });
    const held = Array.from({ length: 8 }, () => balancer.pick({ nowMs: 0, random })!);
    expect(balancer.members.map(({ id, outstanding }) => [id, outstanding])).toEqual([
      ["a", 2],
      ["b", 2],
      ["c", 4],
    ]);
    for (const pick of held) if (pick.id === "b") pick.done();
    expect(balancer.pick({ nowMs: 0, random })!.id).toBe("b");
  });

  test("by chance, everybody has the share of its weight", () => {
    for (const strategy of ["weighted-random", "consistent-hash"] as const) {
      const counts = shares(balancerOf(strategy, { a: 1, b: 2, c: 5 }), 8000);
      expect(counts.a! / 1000).toBeWithin(0.85, 1.15);
      expect(counts.b! / 2000).toBeWithin(0.9, 1.1);
      expect(counts.c! / 5000).toBeWithin(0.93, 1.07);
    }
  });

  test("two choices keep the loads close together", () => {
    const balancer = balancerOf(
      "random-two-choices",
      Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`${i}`, 1])),
    );
    for (let turn = 0; turn < 5000; turn++) balancer.pick({ nowMs: 0, random });
    const loads = balancer.members.map(({ outstanding }) => outstanding);
    expect(Math.max(...loads) - Math.min(...loads)).toBeLessThan(12);
  });

  test("a key stays where it is; coming and going move only what they must", () => {
    const ids = Array.from({ length: 10 }, (_, i) => `10.0.0.${i}:80`);
    const balancer = balancerOf("consistent-hash", Object.fromEntries(ids.map((id) => [id, 1])));
    const keys = Array.from({ length: 2000 }, (_, i) => `user-${i}`);
    const places = (): string[] => keys.map((key) => balancer.pick({ nowMs: 0, random, key })!.id);
    const before = places();
    expect(places()).toEqual(before);
    balancer.setReady(ids[3]!, false, 0);
    const without = places();
    for (const [index, id] of without.entries()) if (before[index] !== ids[3]) expect(id).toBe(before[index]!);
    balancer.setReady(ids[3]!, true, 0);
    balancer.add("10.0.0.10:80", "new", { nowMs: 0 });
    const moved = places().filter((id, index) => id !== before[index]);
    expect(new Set(moved)).toEqual(new Set(["10.0.0.10:80"]));
    expect(moved.length / keys.length).toBeWithin(0.06, 0.13);
  });
});

describe("who takes load", () => {
  test("who is ready, has a weight and is not excluded", () => {
    for (const strategy of NAMES) {
      const balancer = balancerOf(strategy, { a: 1, b: 1, c: 0, d: 1, e: 1 });
      balancer.setReady("a", false, 0);
      balancer.drain("b", 1000, 0);
      const exclude = (id: string): boolean => id === "d";
      for (let turn = 0; turn < 20; turn++) {
        const pick = balancer.pick({ nowMs: 0, random, key: `${turn}`, exclude })!;
        expect([pick.id, pick.target]).toEqual(["e", "to e"]);
      }
      balancer.remove("e");
      expect(balancer.pick({ nowMs: 0, random, exclude })).toBeUndefined();
    }
  });

  test("those that are out, when all are and it is to fail open; never those that drain", () => {
    const balancer = balancerOf("round-robin", { a: 1, b: 1, c: 1 }, { failOpen: true });
    balancer.setReady("a", false, 0);
    expect(Object.keys(shares(balancer, 9)).sort()).toEqual(["b", "c"]);
    balancer.setReady("b", false, 0);
    balancer.drain("c", 1000, 0);
    expect(Object.keys(shares(balancer, 9)).sort()).toEqual(["a", "b"]);
  });

  test("who is preferred, as long as that is ready", () => {
    const balancer = balancerOf("round-robin", { a: 1, b: 1 });
    const prefer = (): string | undefined => balancer.pick({ nowMs: 0, random, prefer: "b" })?.id;
    expect([prefer(), prefer(), prefer()]).toEqual(["b", "b", "b"]);
    balancer.drain("b", 1000, 0);
    expect(prefer()).toBe("a");
  });

  test("a new one gradually, in a slow start", () => {
    const balancer = balancerOf("round-robin", { a: 1 }, { slowStartMs: 1000 });
    balancer.add("b", "b", { nowMs: 10_000 });
    const share = (nowMs: number): number => (shares(balancer, 1000, nowMs).b ?? 0) / 1000;
    expect(share(10_000)).toBeCloseTo(0.1 / 1.1, 2);
    expect(share(10_250)).toBeCloseTo(0.25 / 1.25, 2);
    expect(share(10_500)).toBeCloseTo(0.5 / 1.5, 2);
    expect(share(11_000)).toBeCloseTo(0.5, 2);
    balancer.setReady("b", false, 11_000);
    balancer.setReady("b", true, 12_000);
    expect(share(12_000)).toBeCloseTo(0.1 / 1.1, 2);
  });
});

describe("draining", () => {
  test("lasts until there is nothing more to do, or the delay is over", () => {
    const balancer = balancerOf("round-robin", { a: 1, b: 1, c: 1 });
    const held = ["a", "b"].map((prefer) => balancer.pick({ nowMs: 0, random, prefer })!);
    for (const id of ["a", "b", "c"]) balancer.drain(id, 300, 100);
    expect(balancer.tick(100).map(({ id }) => id)).toEqual(["c"]);
    held[0]!.done();
    held[0]!.done();
    expect(balancer.tick(200).map(({ id, outstanding }) => [id, outstanding])).toEqual([["a", 0]]);
    expect(balancer.tick(399)).toEqual([]);
    expect(balancer.tick(400).map(({ id, outstanding }) => [id, outstanding])).toEqual([["b", 1]]);
    expect(balancer.members).toEqual([]);
    held[1]!.done();
  });

  test("ends when the member is wanted again", () => {
    const balancer = balancerOf("round-robin", { a: 1 });
    balancer.drain("a", 300, 0);
    balancer.setReady("a", true, 10);
    expect(balancer.pick({ nowMs: 10, random })).toBeUndefined();
    balancer.add("a", "again", { nowMs: 20 });
    expect(balancer.pick({ nowMs: 20, random })?.target).toBe("again");
    expect(balancer.tick(1000)).toEqual([]);
  });
});

type Step =
  | { readonly kind: "add" | "remove" | "drain" | "ready" | "out"; readonly id: string }
  | { readonly kind: "pick" | "done" | "tick" };

test("whatever happens: only the ready are chosen, the counts are right, and who drains goes", () => {
  const id = fc.constantFrom("a", "b", "c", "d");
  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.record({ kind: fc.constantFrom("add" as const, "remove", "drain", "ready", "out"), id }),
    fc.record({ kind: fc.constantFrom("pick" as const, "pick", "done", "tick") }),
  );
  fc.assert(
    fc.property(fc.constantFrom(...NAMES), fc.array(step, { maxLength: 60 }), (strategy, steps) => {
      const balancer = new Balancer<string>({ strategy, slowStartMs: 50 });
      const states = new Map<string, { state: string; deadline: number; held: { done(): void }[] }>();
      let nowMs = 0;
      for (const action of steps) {
        nowMs += 7;
        switch (action.kind) {
          case "add": {
            balancer.add(action.id, action.id, { nowMs });
            const known = states.get(action.id);
            if (known === undefined) states.set(action.id, { state: "ready", deadline: 0, held: [] });
            else if (known.state === "draining") known.state = "ready";
            break;
          }
          case "remove":
            balancer.remove(action.id);
            states.delete(action.id);
            break;
          case "drain": {
            balancer.drain(action.id, 40, nowMs);
            const known = states.get(action.id);
            if (known !== undefined && known.state !== "draining") {
              known.state = "draining";
              known.deadline = nowMs + 40;
            }
            break;
          }
          case "ready":
          case "out": {
            balancer.setReady(action.id, action.kind === "ready", nowMs);
            const known = states.get(action.id);
            if (known !== undefined && known.state !== "draining") known.state = action.kind;
            break;
          }
          case "pick": {
            const pick = balancer.pick({ nowMs, random, key: `${nowMs}` });
            const ready = [...states.values()].some(({ state }) => state === "ready");
            expect(pick !== undefined).toBe(ready);
            if (pick === undefined) break;
            expect(states.get(pick.id)!.state).toBe("ready");
            states.get(pick.id)!.held.push(pick);
            break;
          }
          case "done":
            [...states.values()]
              .find(({ held }) => held.length > 0)
              ?.held.pop()
              ?.done();
            break;
          case "tick": {
            const due = [...states].filter(
              ([, { state, deadline, held }]) => state === "draining" && (held.length === 0 || deadline <= nowMs),
            );
            expect(
              balancer
                .tick(nowMs)
                .map((member) => member.id)
                .sort(),
            ).toEqual(due.map(([name]) => name).sort());
            for (const [name] of due) states.delete(name);
            break;
          }
        }
        for (const member of balancer.members) {
          expect(member.outstanding).toBe(states.get(member.id)!.held.length);
          expect(member.state as string).toBe(states.get(member.id)!.state);
        }
        expect(balancer.members.length).toBe(states.size);
      }
    }),
    { numRuns: 100 },
  );
});
