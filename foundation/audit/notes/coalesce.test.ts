import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createVirtualTime } from "#foundation/runtime";
import type { AuditEvent } from "../record.ts";
import { event } from "../testing/fixture.ts";
import { Coalescer, KINDS_OF_ALL, KINDS_OF_SOURCE, type NotedRecord, WINDOW_MS } from "./coalesce.ts";

const START = 1_000_000;

function fresh() {
  const time = createVirtualTime(START);
  return { time, coalescer: new Coalescer(time.clock) };
}

function denied(more: Partial<AuditEvent> = {}): AuditEvent {
  return event({ decision: "denied", reason: "No statement allows it.", sourceIp: "192.0.2.1", ...more });
}

const standsFor = (records: readonly NotedRecord[]): number =>
  records.reduce((sum, { count }) => sum + (count ?? 1), 0);

describe("take() and due()", () => {
  test("different actors, actions, decisions, reasons and sources are different kinds", () => {
    const { coalescer } = fresh();
    const kinds = [
      denied(),
      denied({ actor: { type: "user", id: "grace" } }),
      denied({ action: "iam:DeleteUser" }),
      denied({ decision: "failed" }),
      denied({ reason: "Statement 2 denies it." }),
      denied({ sourceIp: "192.0.2.2" }),
      denied({ sourceIp: undefined }),
    ];
    expect(kinds.filter((kind) => coalescer.take(kind) !== undefined)).toHaveLength(kinds.length);
    expect(kinds.filter((kind) => coalescer.take(kind) !== undefined)).toHaveLength(0);
  });

  test("a kind that ends leaves nothing, and begins again as a first", () => {
    const { time, coalescer } = fresh();
    coalescer.take(denied());
    time.advance(WINDOW_MS - 1);
    expect(coalescer.due()).toEqual([]);
    expect(coalescer.size).toBe(1);
    time.advance(1);
    expect(coalescer.due()).toEqual([]);
    expect(coalescer.size).toBe(0);
    expect(coalescer.take(denied())).toBeDefined();
  });

  test("a kind that goes on is one record a minute, in which only stands what they have in common", () => {
    const { time, coalescer } = fresh();
    coalescer.take(denied({ userAgent: "curl" }));
    const records: NotedRecord[] = [];
    for (let second = 1; second <= 300; second++) {
      time.advance(1000);
      records.push(...coalescer.due());
      const repeated = denied({ userAgent: "curl", resource: `arn:${second}`, requestId: `r-${second}` });
      expect(coalescer.take(repeated)).toBeUndefined();
    }
    expect(records).toHaveLength(5);
    expect(records[1]).toEqual({
      ...denied({ userAgent: "curl" }),
      resource: undefined,
      requestId: "r-60",
      at: START + 60_000,
      until: START + 119_000,
      count: 60,
    });
  });

  test("one source cannot use up what all have", () => {
    const { coalescer } = fresh();
    for (let kind = 0; kind < 10_000; kind++) coalescer.take(denied({ action: `guess:${kind}` }));
    expect(coalescer.size).toBe(KINDS_OF_SOURCE.capacity + 1);
    expect(coalescer.take(denied({ sourceIp: "192.0.2.2" }))).toBeDefined();
    const folded = coalescer.flush();
    expect(folded).toHaveLength(1);
    expect(folded[0]).toMatchObject({
      action: "various",
      sourceIp: "192.0.2.1",
      count: 10_000 - KINDS_OF_SOURCE.capacity,
    });
  });
});

test("what is counted together says what all of it has in common", () => {
  const { coalescer } = fresh();
  const many = (more: (index: number) => Partial<AuditEvent>) => {
    for (let index = 0; index < 300; index++) coalescer.take(denied(more(index)));
    return coalescer.flush()[0]!;
  };
  const refused = many((index) => ({ reason: `No statement allows it on ${index}.`, resource: `arn:${index}` }));
  expect(refused).toMatchObject({ action: "iam:CreateUser", actor: denied().actor, sourceIp: "192.0.2.1" });
  expect(refused.resource).toBeUndefined();
  expect(refused.reason).toStartWith("Too many different events");
  const guessed = many((index) => ({ actor: { type: "unproven", id: `AKIA${index}` } }));
  expect(guessed).toMatchObject({ actor: { type: "various", id: "various" }, reason: "No statement allows it." });
});

test("a count of like ones leaves out the key when several were used", () => {
  const { coalescer } = fresh();
  for (const accessKeyId of ["A", "A", "B"]) {
    coalescer.take(denied({ actor: { type: "user", id: "ada", accountId: "1", accessKeyId } }));
  }
  const [rest] = coalescer.flush();
  expect(rest?.actor).toEqual({ type: "user", id: "ada", accountId: "1" });
  expect(rest?.count).toBe(2);
  expect(coalescer.flush()).toEqual([]);
});

test("a source pays nothing for what all have used up", () => {
  const { time, coalescer } = fresh();
  for (let source = 0; source < KINDS_OF_ALL.capacity; source++)
    coalescer.take(denied({ sourceIp: `source ${source}` }));
  for (let kind = 0; kind < 500; kind++) expect(coalescer.take(denied({ action: `a:${kind}` }))).toBeUndefined();
  time.advance(20_000);
  const kinds = Array.from({ length: 20 }, (_, kind) => coalescer.take(denied({ action: `b:${kind}` })));
  expect(kinds.filter((record) => record !== undefined).length).toBe(20);
});

describe("a flood of ever new kinds from everywhere", () => {
  test("writes what the tokens allow, keeps few windows, and counts every event", () => {
    const { time, coalescer } = fresh();
    const records: NotedRecord[] = [];
    let told = 0;
    const minutes = 30;
    for (let second = 0; second < minutes * 60; second++) {
      for (let one = 0; one < 50; one++) {
        told++;
        // Each twice, so that each window has something left to write.
        const flood = denied({ sourceIp: `192.0.${second % 250}.${one}`, action: `guess:${Math.floor(told / 2)}` });
        const record = coalescer.take(flood);
        if (record !== undefined) records.push(record);
      }
      time.advance(1000);
      records.push(...coalescer.due());
      expect(coalescer.size).toBeLessThanOrEqual(KINDS_OF_ALL.capacity + 60 + 12);
    }
    records.push(...coalescer.flush());
    expect(standsFor(records)).toBe(told);
    expect(records.length).toBeLessThan(
      2 * (KINDS_OF_ALL.capacity + minutes * 60 * KINDS_OF_ALL.refillPerSecond) + minutes,
    );
  });

  test("whatever comes, every event is counted once", () => {
    const step = fc.record({ kind: fc.nat(300), source: fc.nat(3), passMs: fc.oneof(fc.constant(0), fc.nat(40_000)) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const { time, coalescer } = fresh();
        const records: NotedRecord[] = [];
        for (const { kind, source, passMs } of steps) {
          time.advance(passMs);
          records.push(...coalescer.due());
          const record = coalescer.take(denied({ action: `a:${kind}`, sourceIp: `192.0.2.${source}` }));
          if (record !== undefined) records.push(record);
        }
        time.advance(WINDOW_MS);
        records.push(...coalescer.due(), ...coalescer.flush());
        expect(standsFor(records)).toBe(steps.length);
        for (const { count, at, until } of records) if (count !== undefined) expect(until).toBeGreaterThanOrEqual(at);
      }),
    );
  });
});
