import { describe, expect, test } from "bun:test";
import { answerAuditQuery, parseAuditQuery, parseAuditTail } from "./answer-query.ts";
import { auditLines } from "./reading/tail-lines.ts";
import { allRecords, event, STARTED_AT, withLog } from "./testing/fixture.ts";

function refusal(search: string): string {
  try {
    parseAuditQuery(search);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "AuditQueryInvalid") return error.message;
    throw error;
  }
  return "accepted";
}

describe("parseAuditQuery()", () => {
  test("reads every parameter", () => {
    const search =
      "from=2026-01-01&to=2026-01-02T03:04:05Z&actor=arn:aws:iam::1:user/ada&accountId=111111111111&accessKeyId=AKIA1&action=iam:*" +
      "&decision=denied&resource=arn:aws:s3:::photos/&category=action&requestId=r-1&after=17-3&limit=7&order=oldest";
    expect(parseAuditQuery(search)).toEqual({
      from: Date.UTC(2026, 0, 1),
      to: Date.UTC(2026, 0, 2, 3, 4, 5),
      actor: "arn:aws:iam::1:user/ada",
      accountId: "111111111111",
      accessKeyId: "AKIA1",
      action: "iam:*",
      decision: "denied",
      resource: "arn:aws:s3:::photos/",
      category: "action",
      requestId: "r-1",
      after: "17-3",
      limit: 7,
      order: "oldest",
    });
    expect(parseAuditQuery("")).toEqual({ limit: 100 });
    expect(parseAuditQuery("from=1767225600000")).toEqual({ from: STARTED_AT, limit: 100 });
  });

  test("says what is wrong", () => {
    expect(refusal("user=ada")).toBe('The query parameter "user" is not known here.');
    expect(refusal("actor=a&actor=b")).toBe('The query parameter "actor" is given twice.');
    expect(refusal("limit=0")).toBe('"limit" must be a whole number from 1 to 1000.');
    expect(refusal("limit=1e2")).toBe('"limit" must be a whole number from 1 to 1000.');
    expect(refusal("decision=maybe")).toBe('"decision" does not have its form: One of allowed, denied, failed.');
    expect(refusal("from=yesterday")).toStartWith('"from" does not have its form:');
    expect(refusal("from=2026-13-45")).toBe('"from" is no time: 2026-13-45.');
    expect(refusal("from=2026-01-01T00:00:00")).toStartWith('"from" does not have its form:');
    expect(refusal("after=x")).toBe('"after" does not have its form: The next of the page before.');
    expect(refusal("actor=a%0Ab")).toStartWith('"actor" does not have its form:');
  });
});

test("parseAuditTail() reads the cursor", () => {
  expect(parseAuditTail("after=17")).toBe(17);
  expect(parseAuditTail("after=0")).toBe(0);
  expect(parseAuditTail("")).toBeUndefined();
  expect(parseAuditTail("after=-1")).toBeUndefined();
  expect(() => parseAuditTail("after=x")).toThrow('"after" must be a whole number from -1');
});

test("answerAuditQuery() pages through what matches, auditLines() writes a line for each", () =>
  withLog(async ({ log }) => {
    for (let count = 0; count < 5; count++) await log.append(event({ requestId: `r-${count}` }));
    await log.append(event({ action: "s3:PutObject" }));
    const seen: string[] = [];
    for (let after = ""; ; ) {
      const page = await answerAuditQuery(log, `action=iam:*&order=oldest&limit=2${after}`);
      seen.push(...page.items.map(({ requestId }) => requestId));
      if (page.next === undefined) break;
      after = `&after=${page.next}`;
    }
    expect(seen).toEqual(["r-0", "r-1", "r-2", "r-3", "r-4"]);
    const lines = auditLines(await allRecords(log)).split("\n");
    expect(lines.pop()).toBe("");
    expect(lines.map((line) => JSON.parse(line).sequence)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  }));
