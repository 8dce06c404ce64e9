/** The invariants of the workloads: what is right passes, and each mistake is named. */
import { describe, expect, test } from "bun:test";
import { randomFrom } from "../../random.ts";
import { checkLinearizable } from "../linearizability/check.ts";
import { type RegisterInput, type RegisterOutput, registerModel } from "../linearizability/models.ts";
import type { Operation } from "../linearizability/operation.ts";
import { checkBank } from "./bank.ts";
import { checkRing } from "./cycle.ts";
import { checkRegister, type RegisterRead, type RegisterWrite } from "./register.ts";

describe("checkBank()", () => {
  const rules = { accounts: ["a", "b"], total: 100n };
  const seen = (balances: Record<string, bigint>): string[] =>
    checkBank(rules, [{ name: "r1", balances: new Map(Object.entries(balances)) }]);

  test("accepts reads with the right sum", () => {
    expect([seen({ a: 60n, b: 40n }), seen({ a: 100n, b: 0n })]).toEqual([[], []]);
  });

  test("names another sum, an account that is missing or strange, and one that is overdrawn", () => {
    expect(seen({ a: 60n, b: 41n })).toEqual(["r1 sees a sum of 101, not 100."]);
    expect(seen({ a: 100n })).toEqual(["r1 does not see account b."]);
    expect(seen({ a: 60n, b: 30n, c: 10n })).toEqual(["r1 sees c, which is no account."]);
    expect(seen({ a: 110n, b: -10n })).toEqual(["r1 sees -10 in account b."]);
    const overdrawn = [{ name: "r1", balances: new Map(Object.entries({ a: 110n, b: -10n })) }];
    expect(checkBank({ ...rules, mayOverdraw: true }, overdrawn)).toEqual([]);
  });
});

describe("checkRing()", () => {
  const nodes = ["a", "b", "c", "d"];
  const ring = (text: string): string | undefined =>
    checkRing(new Map(text.split(" ").map((edge) => [edge[0]!, edge[1]!])), nodes);

  test("accepts one ring through every node, and a ring of none", () => {
    expect([ring("ab bc cd da"), ring("ac cb bd da"), checkRing(new Map(), [])]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  test("names two rings, a way that does not come back, and nodes that are missing or strange", () => {
    expect(ring("ab ba cd dc")).toBe("The ring from a has 2 of 4 nodes.");
    expect(ring("ab bc cb da")).toBe("The way from a comes to b again and never back.");
    expect(ring("ab bc cd")).toBe("Node d is missing.");
    expect(ring("ab bc cd dx")).toBe("Node d leads to x, which is none.");
    expect(ring("ab bc cd da xa")).toBe("x is no node.");
  });
});

describe("checkRegister()", () => {
  const write = (value: number, called: number, returned: number, outcome: RegisterWrite["outcome"] = "ok") => ({
    name: `w${value}`,
    value,
    called,
    returned,
    outcome,
  });
  const read = (value: number | undefined, called: number, returned: number): RegisterRead => ({
    name: `r${value}`,
    value,
    called,
    returned,
  });

  test("accepts reads of a value while it is written, and after", () => {
    expect(checkRegister([write(1, 0, 9)], [read(undefined, 1, 2), read(1, 3, 4), read(1, 10, 11)])).toEqual([]);
    expect(checkRegister([write(1, 0, 1, "unknown")], [read(undefined, 8, 9)])).toEqual([]);
  });

  test("names what cannot be", () => {
    expect(checkRegister([], [read(1, 0, 1)])).toEqual(["r1 saw 1, which nobody wrote."]);
    expect(checkRegister([write(1, 0, 1, "failed")], [read(1, 2, 3)])).toEqual(["r1 saw 1 of w1, which failed."]);
    expect(checkRegister([write(1, 5, 6)], [read(1, 2, 3)])).toEqual(["r1 saw 1 before w1 was called."]);
    expect(checkRegister([write(1, 0, 1)], [read(undefined, 2, 3)])).toEqual([
      "What the beginning wrote was there both before and after what w1 wrote.",
    ]);
    expect(checkRegister([write(1, 0, 1), write(2, 2, 3)], [read(1, 4, 5)])).toEqual([
      "What w1 wrote was there both before and after what w2 wrote.",
    ]);
    expect(() => checkRegister([write(1, 0, 1), write(1, 2, 3)], [])).toThrow("1 is written twice.");
  });

  test("agrees with the search for an order about random histories", () => {
    const counts = { ok: 0, violation: 0, undecided: 0 };
    for (let seed = 1; seed <= 2_000; seed++) {
      const random = randomFrom(seed * 49_979_687);
      const below = (limit: number): number => Math.floor(random() * limit);
      const outcomes = ["ok", "ok", "ok", "unknown", "failed"] as const;
      const writes = Array.from({ length: 1 + below(4) }, (_, value) => {
        const called = below(15);
        return write(value, called, called + below(6), outcomes[below(5)]!);
      });
      const reads = Array.from({ length: 1 + below(4) }, () => {
        const called = below(20);
        return read(below(5) === 0 ? undefined : below(writes.length), called, called + below(6));
      });
      const { verdict } = checkLinearizable(registerModel, [
        ...writes.map(writeOperation),
        ...reads.map(readOperation),
      ]);
      counts[verdict]++;
      expect([seed, checkRegister(writes, reads).length === 0 ? "ok" : "violation"]).toEqual([seed, verdict]);
    }
    expect([Math.min(counts.ok, counts.violation) > 300, counts.undecided]).toEqual([true, 0]);
  });
});

function writeOperation({ name, value, outcome, ...times }: RegisterWrite): Operation<RegisterInput, RegisterOutput> {
  const base = { ...times, client: name, input: { type: "write", value } } as const;
  return { ...base, outcome: outcome === "ok" ? { type: "ok", output: { type: "write" } } : { type: outcome } };
}

function readOperation({ name, value, called, returned }: RegisterRead): Operation<RegisterInput, RegisterOutput> {
  const output = { type: "read", value: value ?? null } as const;
  return { client: name, input: { type: "read" }, called, returned, outcome: { type: "ok", output } };
}
