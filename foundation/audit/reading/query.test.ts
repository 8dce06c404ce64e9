/** Random records and random queries, answered by the log and by a naive reading of all records. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { openDatabase } from "#foundation/sql";
import type { AuditEntry, AuditEvent } from "../record.ts";
import { allRecords, event, withLog } from "../testing/fixture.ts";
import { type AuditQuery, type QueryEffort, queryRecords } from "./query.ts";

const ACTORS = ["arn:1", "arn:2", "arn:22", "é😀"] as const;
const ACTIONS = ["iam:CreateUser", "iam:CreateRole", "iam:", "iam;", "s3:GetObject", "auth.token"] as const;
const RESOURCES = [
  "arn:a",
  "arn:a/1",
  "arn:a/2",
  "arn:b",
  "arn:a\uffff",
  "arn:a\u{10ffff}x",
  "arn:a\ud7ffx",
  "arn:a\ue000",
  undefined,
] as const;
const KEYS = ["AKIA1", "AKIA2", undefined] as const;
const DECISIONS = ["allowed", "denied", "failed"] as const;
const CATEGORIES = ["authentication", "action", "mutation"] as const;
const REQUESTS = ["r-1", "r-2", "r-3"] as const;

const told: fc.Arbitrary<AuditEvent> = fc
  .record({
    actor: fc.constantFrom(...ACTORS),
    accountId: fc.constantFrom("1", "2", undefined),
    accessKeyId: fc.constantFrom(...KEYS),
    action: fc.constantFrom(...ACTIONS),
    resource: fc.constantFrom(...RESOURCES),
    decision: fc.constantFrom(...DECISIONS),
    category: fc.constantFrom(...CATEGORIES),
    requestId: fc.constantFrom(...REQUESTS),
  })
  .map(({ actor, accountId, accessKeyId, ...rest }) =>
    event({ ...rest, actor: { type: "user", id: actor, accountId, accessKeyId } }),
  );

function maybe<Value>(arbitrary: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> {
  return fc.option(arbitrary, { nil: undefined, freq: 3 });
}

const asked = fc.record({
  from: maybe(fc.nat(120)),
  to: maybe(fc.nat(120)),
  actor: maybe(fc.constantFrom(...ACTORS)),
  accountId: maybe(fc.constantFrom("1", "2")),
  accessKeyId: maybe(fc.constantFrom("AKIA1", "AKIA3")),
  action: maybe(fc.constantFrom(...ACTIONS, "iam:*", "iam:C*", "*", "x*", "i*")),
  decision: maybe(fc.constantFrom(...DECISIONS)),
  resource: maybe(fc.constantFrom("arn:a", "arn:a/", "arn:", "arn:a\uffff", "arn:a\u{10ffff}", "arn:a\ud7ff", "")),
  category: maybe(fc.constantFrom(...CATEGORIES)),
  requestId: maybe(fc.constantFrom(...REQUESTS)),
  order: fc.constantFrom("newest", "oldest", undefined),
  limit: fc.constantFrom(1, 3, 10, 1000),
});

const effort: fc.Arbitrary<QueryEffort> = fc.record({
  scanRows: fc.constantFrom(1, 2, 7, 5000),
  prefixRows: fc.constantFrom(0, 3, 10_000),
});

function matches(entry: AuditEntry, query: AuditQuery): boolean {
  const { actor } = entry;
  const action = query.action?.endsWith("*")
    ? entry.action.startsWith(query.action.slice(0, -1))
    : query.action === undefined || entry.action === query.action;
  return (
    action &&
    (query.from === undefined || entry.at >= query.from) &&
    (query.to === undefined || entry.at < query.to) &&
    (query.actor === undefined || actor.id === query.actor) &&
    (query.accountId === undefined || actor.accountId === query.accountId) &&
    (query.accessKeyId === undefined || actor.accessKeyId === query.accessKeyId) &&
    (query.decision === undefined || entry.decision === query.decision) &&
    (query.resource === undefined || query.resource === "" || entry.resource?.startsWith(query.resource) === true) &&
    (query.category === undefined || entry.category === query.category) &&
    (query.requestId === undefined || entry.requestId === query.requestId)
  );
}

test("every query finds what a reading of all records finds, page by page, whatever the effort", async () => {
  const runs = fc.array(fc.record({ event: told, passMs: fc.integer({ min: -30, max: 60 }) }), { maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(runs, fc.array(fc.tuple(asked, effort), { minLength: 20, maxLength: 20 }), (events, queries) =>
      withLog(async ({ log, time, path }) => {
        time.shiftWallClock(-time.clock.now());
        for (const { event: one, passMs } of events) {
          time.shiftWallClock(Math.max(passMs, -time.clock.now()));
          void log.append(one);
        }
        await log.append(event());
        const all = [...(await allRecords(log))].sort((a, b) => a.at - b.at || a.sequence - b.sequence);
        const database = openDatabase({ path, readOnly: true });
        for (const [query, within] of queries) {
          const found: AuditEntry[] = [];
          let pages = 0;
          for (let after: string | undefined; ; ) {
            const page = queryRecords(database, { ...query, after }, within);
            expect(page.items.length).toBeLessThanOrEqual(query.limit);
            found.push(...page.items);
            if (page.next === undefined) break;
            after = page.next;
            expect(++pages).toBeLessThan(500);
          }
          const expected = all.filter((entry) => matches(entry, query));
          expect(found).toEqual(query.order === "oldest" ? expected : expected.reverse());
        }
        database.close();
      }),
    ),
    { numRuns: 12 },
  );
});

describe("query()", () => {
  test("reads a rare prefix, a rare actor and a page of a common one among many records quickly", () =>
    withLog(async ({ log }) => {
      for (let count = 0; count < 12_000; count++) {
        const rare = count % 3000 === 0;
        void log.append(event({ action: rare ? "iam:CreateUser" : "s3:PutObject", requestId: String(count) }));
      }
      await log.append(event());
      const iam = await log.query({ action: "iam:*", decision: "allowed" });
      expect(iam.items).toHaveLength(5);
      expect(iam.next).toBeUndefined();
      const denied = await log.query({ action: "s3:*", decision: "denied" });
      expect(denied).toEqual({ items: [] });
      const page = await log.query({ actor: event().actor.id, limit: 3 });
      expect(page.items).toHaveLength(3);
      expect(page.next).toBeDefined();
    }));

  test("takes a prefix as characters, also at the edge of what UTF-16 needs two of", () =>
    withLog(async ({ log }) => {
      const names = ["a\ud7ff", "a\ud7ffx", "a\ue000", "a\u{10ffff}", "a\u{10ffff}x", "b"];
      await Promise.all(names.map((resource) => log.append(event({ resource }))));
      const found = async (resource: string) =>
        (await log.query({ resource, order: "oldest" })).items.map((entry) => entry.resource);
      expect(await found("a\ud7ff")).toEqual(names.slice(0, 2));
      expect(await found("a\u{10ffff}")).toEqual(names.slice(3, 5));
      expect(await found("a")).toEqual(names.slice(0, 5));
    }));

  test("refuses a cursor that is none", () =>
    withLog(async ({ log }) => {
      expect(await log.query({ after: "1; DROP" }).catch((error: { code: string }) => error.code)).toBe(
        "AuditQueryInvalid",
      );
    }));
});
