/** The checker of linearizability against a naive one that tries every order, and against histories whose verdict is plain to see. */
import { describe, expect, test } from "bun:test";
import { randomFrom } from "../../random.ts";
import { checkLinearizable } from "./check.ts";
import {
  keyedRegisterModel,
  type RegisterInput,
  type RegisterOutput,
  registerModel,
  type TextMapInput,
  type TextMapOutput,
  textMapModel,
} from "./models.ts";
import type { Model, Operation, Outcome } from "./operation.ts";

type RegisterOperation = Operation<RegisterInput, RegisterOutput>;

const WRITTEN: Outcome<RegisterOutput> = { type: "ok", output: { type: "write" } };
const UNKNOWN = { type: "unknown" } as const;
const FAILED = { type: "failed" } as const;

function write(value: number, called: number, returned: number, outcome: Outcome<RegisterOutput> = WRITTEN) {
  return { client: 0, input: { type: "write", value }, called, returned, outcome } satisfies RegisterOperation;
}

function read(value: number | null, called: number, returned: number): RegisterOperation {
  return {
    client: 1,
    input: { type: "read" },
    called,
    returned,
    outcome: { type: "ok", output: { type: "read", value } },
  };
}

function cas(expected: number, value: number, done: boolean, called: number, returned: number): RegisterOperation {
  return {
    client: 2,
    input: { type: "cas", expected, value },
    called,
    returned,
    outcome: { type: "ok", output: { type: "cas", done } },
  };
}

const verdict = (...history: RegisterOperation[]): string => checkLinearizable(registerModel, history).verdict;

describe("checkLinearizable()", () => {
  test("accepts a history of nothing", () => {
    expect(verdict()).toBe("ok");
  });

  test("accepts a read that sees the old value while the write runs, and refuses it after the write has returned", () => {
    expect(verdict(write(1, 0, 10), read(null, 1, 2))).toBe("ok");
    expect(verdict(write(1, 0, 10), read(null, 11, 12))).toBe("violation");
  });

  test("refuses a value that goes away again", () => {
    expect(verdict(write(1, 0, 10), read(1, 1, 2), read(null, 3, 4))).toBe("violation");
  });

  test("takes what happens in one instant as concurrent", () => {
    expect(verdict(write(1, 0, 10), read(null, 10, 12))).toBe("ok");
  });

  test("lets an operation of unknown outcome take effect late, or never, but not before its call", () => {
    expect(verdict(write(1, 0, 1, UNKNOWN), read(null, 5, 6), read(1, 7, 8))).toBe("ok");
    expect(verdict(write(1, 0, 1, UNKNOWN), read(null, 5, 6))).toBe("ok");
    expect(verdict(read(1, 5, 6), write(1, 7, 8, UNKNOWN))).toBe("violation");
  });

  test("lets an operation of unknown outcome take effect once only", () => {
    const history = [write(1, 0, 1, UNKNOWN), read(1, 2, 3), write(2, 4, 5), read(1, 6, 7)];
    expect(verdict(...history)).toBe("violation");
    expect(verdict(...history, write(1, 0, 1, UNKNOWN))).toBe("ok");
  });

  test("refuses to see what failed", () => {
    expect(verdict(write(1, 0, 1, FAILED), read(null, 5, 6))).toBe("ok");
    expect(verdict(write(1, 0, 1, FAILED), read(1, 5, 6))).toBe("violation");
  });

  test("refuses two compare-and-sets of one value", () => {
    expect(verdict(write(1, 0, 1), cas(1, 2, true, 2, 10), cas(1, 3, false, 2, 10))).toBe("ok");
    expect(verdict(write(1, 0, 1), cas(1, 2, true, 2, 10), cas(1, 3, true, 2, 10))).toBe("violation");
  });

  test("refuses a text to which two concurrent appends were made and of which one is lost", () => {
    const append = (value: string): Operation<TextMapInput, TextMapOutput> => ({
      client: 0,
      input: { type: "append", key: "k", value },
      called: 0,
      returned: 5,
      outcome: { type: "ok", output: undefined },
    });
    const get = (output: string): Operation<TextMapInput, TextMapOutput> => ({
      client: 0,
      input: { type: "get", key: "k" },
      called: 6,
      returned: 7,
      outcome: { type: "ok", output },
    });
    const verdictOf = (seen: string) => checkLinearizable(textMapModel, [append("a"), append("b"), get(seen)]).verdict;
    expect(["ab", "ba", "a", "b", "aab"].map(verdictOf)).toEqual(["ok", "ok", "violation", "violation", "violation"]);
  });

  test("shows the smallest prefix without an order, and the answer that nothing explains", () => {
    const good = Array.from({ length: 50 }, (_, i) => [write(i, 10 * i, 10 * i + 2), read(i, 10 * i + 3, 10 * i + 4)]);
    const history = [...good.flat(), read(7, 501, 503), write(99, 502, 600), read(99, 700, 701)];
    const found = checkLinearizable(registerModel, history);
    if (found.verdict !== "violation") throw new Error(`The verdict is ${found.verdict}.`);
    expect({ ...found, prefix: found.prefix.length, longest: found.longest.length, text: "" }).toEqual({
      verdict: "violation",
      partition: "",
      isSmallest: true,
      last: read(7, 501, 503),
      prefix: 102,
      longest: 101,
      text: "",
    });
    expect(found.text).toContain("501 … 503  client 1: read → 7");
  });

  test("says that it is undecided when it may not search on, and never that all is well", () => {
    const tangled = Array.from({ length: 9 }, (_, i) => write(i, 0, 100));
    const history = [...tangled, read(50, 101, 102)];
    expect(checkLinearizable(registerModel, history, { stepsMax: 1_000 }).verdict).toBe("undecided");
    expect(checkLinearizable(registerModel, history).verdict).toBe("violation");
  });

  test("lets the violation of one key outweigh that another one is undecided", () => {
    const tangled = Array.from({ length: 9 }, (_, i) => write(i, 0, 100));
    const keyed = (key: string, one: RegisterOperation) => ({ ...one, input: { ...one.input, key } });
    const history = [...[...tangled, read(50, 101, 102)].map((one) => keyed("a", one)), keyed("b", read(1, 0, 1))];
    expect(checkLinearizable(keyedRegisterModel, history, { stepsMax: 1_000 })).toMatchObject({
      verdict: "violation",
      partition: "b",
    });
  });

  test("decides long histories of many clients", () => {
    expect(checkLinearizable(registerModel, runOf(1, 20_000, 8)).verdict).toBe("ok");
    const history = runOf(2, 2_000, 4);
    history.push(read(-1, 1_500, 1_501));
    expect(checkLinearizable(registerModel, history).verdict).toBe("violation");
  });

  test("agrees with the trying of every order about small histories", () => {
    const counts = { ok: 0, violation: 0, undecided: 0 };
    for (let seed = 1; seed <= 3_000; seed++) {
      const history = smallHistory(seed);
      const found = checkLinearizable(registerModel, history).verdict;
      counts[found]++;
      expect([seed, found]).toEqual([seed, hasOrder(registerModel, history) ? "ok" : "violation"]);
    }
    // Both must come up often for the comparison to mean something.
    expect([Math.min(counts.ok, counts.violation) > 500, counts.undecided]).toEqual([true, 0]);
  });
});

/** What a correct register answers to clients that call all the time: each operation takes effect somewhere between call and return. */
function runOf(seed: number, operations: number, clients: number): RegisterOperation[] {
  const random = randomFrom(seed);
  const history: RegisterOperation[] = [];
  const free = new Array<number>(clients).fill(0);
  let value: number | null = null;
  for (let i = 0; i < operations; i++) {
    // Effects come in the order of i, at time i.
    const client = i % clients;
    const called = Math.max(free[client]! + 0.1, i - random() * clients);
    const returned = i + random() * 0.9;
    free[client] = returned;
    if (random() < 0.5) {
      history.push({ ...read(value, called, returned), client });
    } else {
      value = i;
      // Some are not answered: they take effect all the same.
      const outcome = random() < 0.001 ? UNKNOWN : WRITTEN;
      history.push({ ...write(value, called, returned, outcome), client });
    }
  }
  return history;
}

/** Up to seven operations with answers of which some fit. */
function smallHistory(seed: number): RegisterOperation[] {
  const random = randomFrom(seed * 7_919);
  const below = (limit: number): number => Math.floor(random() * limit);
  return Array.from({ length: 3 + below(5) }, () => {
    const called = below(12);
    const returned = called + below(8);
    const kind = below(10);
    if (kind < 4) return read(below(4) === 0 ? null : below(3), called, returned);
    const outcome = below(3) === 0 ? UNKNOWN : below(6) === 0 ? FAILED : undefined;
    if (kind < 8) return write(below(3), called, returned, outcome);
    const one = cas(below(3), below(3), below(2) === 0, called, returned);
    return outcome === undefined ? one : { ...one, outcome };
  });
}

/** The definition itself: an order of all that is answered and of any of the unknown, that keeps what returned before what was called later. */
function hasOrder<State, Input, Output>(
  model: Model<State, Input, Output>,
  history: readonly Operation<Input, Output>[],
): boolean {
  const rest = new Set(history.filter(({ outcome }) => outcome.type !== "failed"));
  return extend(model.initial);

  function extend(state: State): boolean {
    if ([...rest].every(({ outcome }) => outcome.type === "unknown")) return true;
    for (const one of [...rest]) {
      const isFirst = [...rest].every((other) => other.outcome.type !== "ok" || other.returned >= one.called);
      if (!isFirst) continue;
      const answer = one.outcome.type === "ok" ? { output: one.outcome.output } : undefined;
      const next = model.step(state, one.input, answer);
      if (next === undefined) continue;
      rest.delete(one);
      const found = extend(next);
      rest.add(one);
      if (found) return true;
    }
    return false;
  }
}
