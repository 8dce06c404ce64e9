import { describe, expect, test } from "bun:test";
import { compileArnPattern, compileResourcePattern } from "./arn-pattern.ts";
import { compileCondition } from "./conditions.ts";
import { isInRange, parseIpRange } from "./ip-range.ts";
import { compilePattern } from "./pattern.ts";
import type { ConditionContext } from "./types.ts";

function context(values: Readonly<Record<string, string | readonly string[]>>): ConditionContext {
  const lower = new Map(Object.entries(values).map(([key, value]) => [key.toLowerCase(), value]));
  return { get: (key) => lower.get(key) };
}

type Value = string | readonly string[] | undefined;

/** Operator, values of the policy, value of the request, whether it holds. */
const table: readonly (readonly [string, string | readonly string[], Value, boolean])[] = [
  ["StringEquals", "a", "a", true],
  ["StringEquals", "a", "A", false],
  ["StringEquals", ["a", "b"], "b", true],
  ["StringEquals", "a*", "ab", false],
  ["StringEquals", "a", undefined, false],
  ["StringEqualsIfExists", "a", undefined, true],
  ["StringEqualsIfExists", "a", "b", false],
  ["StringNotEquals", "a", "b", true],
  ["StringNotEquals", ["a", "b"], "b", false],
  ["StringNotEquals", "a", undefined, true],
  ["StringNotEqualsIfExists", "a", undefined, true],
  ["StringEqualsIgnoreCase", "Ab", "aB", true],
  ["StringNotEqualsIgnoreCase", "Ab", "aB", false],
  ["StringLike", "a*c?", "abbbcd", true],
  ["StringLike", "a*c?", "abbbc", false],
  ["StringLike", "*", "", true],
  ["StringLike", "", "", true],
  ["StringNotLike", "a*", "b", true],
  ["StringNotLike", ["a*", "b*"], "b", false],
  ["NumericEquals", "10", "10.0", true],
  ["NumericEquals", "10", "ten", false],
  ["NumericNotEquals", "10", "11", true],
  ["NumericNotEquals", "10", undefined, true],
  ["NumericLessThan", "10", "9", true],
  ["NumericLessThan", "10", "10", false],
  ["NumericLessThanEquals", "10", "10", true],
  ["NumericGreaterThan", "10", "100", true],
  ["NumericGreaterThanEquals", "10", "9.99", false],
  ["NumericLessThan", "10", undefined, false],
  ["DateEquals", "2026-06-01T12:00:00Z", "1780315200", true],
  ["DateEquals", "2026-06-01T14:00:00+02:00", "2026-06-01T12:00:00Z", true],
  ["DateLessThan", "2026-06-01", "2026-05-31T23:59:59Z", true],
  ["DateLessThan", "1780315200", "2026-06-01T11:59:59.999Z", true],
  ["DateGreaterThan", "2026-06-01T12:00:00Z", "2026-06-01T12:00:00Z", false],
  ["DateGreaterThanEquals", "2026-06-01T12:00:00", "2026-06-01T12:00:00Z", true],
  ["DateNotEquals", "2026", "2026-01-01T00:00:00Z", false],
  ["Bool", "true", "true", true],
  ["Bool", "TRUE", "true", true],
  ["Bool", "true", "false", false],
  ["Bool", "false", undefined, false],
  ["BoolIfExists", "false", undefined, true],
  ["BinaryEquals", "QmluYXJ5", "QmluYXJ5", true],
  ["BinaryEquals", "QmluYXJ5", "QmluYXJ6", false],
  ["IpAddress", "203.0.113.0/24", "203.0.113.77", true],
  ["IpAddress", "203.0.113.0/24", "203.0.114.1", false],
  ["IpAddress", "203.0.113.7", "203.0.113.7", true],
  ["IpAddress", "2001:db8:1234::/48", "2001:DB8:1234:5678::1", true],
  ["IpAddress", "2001:db8:1234::/48", "2001:db8:1235::1", false],
  ["IpAddress", "0.0.0.0/0", "::1", false],
  ["IpAddress", "10.0.0.0/8", "::ffff:10.1.2.3", true],
  ["NotIpAddress", "10.0.0.0/8", "11.0.0.1", true],
  ["NotIpAddress", ["10.0.0.0/8", "11.0.0.0/8"], "11.0.0.1", false],
  ["NotIpAddress", "10.0.0.0/8", undefined, true],
  ["ArnEquals", "arn:aws:sns:*:123456789012:topic", "arn:aws:sns:eu-west-1:123456789012:topic", true],
  ["ArnLike", "arn:aws:sns:*:topic", "arn:aws:sns:eu-west-1:123456789012:topic", false],
  ["ArnLike", "arn:aws:s3:::bucket/*", "arn:aws:s3:::bucket/a/b:c", true],
  ["ArnLike", "arn:*:s3:::bucket", "arn:aws:s3:::bucket", true],
  ["ArnLike", "arn:aws:*:::bucket", "arn:aws:s3:x::bucket", false],
  ["ArnNotLike", "arn:aws:s3:::a*", "arn:aws:s3:::b", true],
  ["ArnNotEquals", "arn:aws:s3:::a*", undefined, true],
  ["Null", "true", undefined, true],
  ["Null", "true", "", false],
  ["Null", "false", "x", true],
  ["Null", "false", undefined, false],
  ["Null", "true", [], true],
  ["ForAllValues:StringEquals", ["a", "b"], ["a", "b", "a"], true],
  ["ForAllValues:StringEquals", ["a", "b"], ["a", "c"], false],
  ["ForAllValues:StringEquals", "a", [], true],
  ["ForAllValues:StringEquals", "a", undefined, true],
  ["ForAllValues:StringEquals", "a", "", true],
  ["ForAnyValue:StringEquals", "", "", false],
  ["ForAllValues:StringNotEquals", "a", ["b", "c"], true],
  ["ForAllValues:StringNotEquals", "a", ["a", "c"], false],
  ["ForAnyValue:StringEquals", ["a", "b"], ["c", "b"], true],
  ["ForAnyValue:StringEquals", "a", ["c"], false],
  ["ForAnyValue:StringEquals", "a", undefined, false],
  ["ForAnyValue:StringEquals", "a", [], false],
  ["ForAnyValue:StringNotEquals", "a", ["a", "c"], true],
  ["ForAnyValue:StringNotEquals", "a", ["a"], false],
  ["ForAnyValue:StringNotEquals", "a", undefined, false],
  ["ForAnyValue:StringLike", "a*", "ab", true],
  ["ForAnyValue:StringEqualsIfExists", "a", undefined, true],
  ["StringLike", "b*", ["a", "bc"], true],
  ["StringNotLike", "b*", ["a", "bc"], false],
];

describe("condition operators", () => {
  for (const [operator, policy, request, holds] of table) {
    test(`${operator} ${JSON.stringify(policy)} with ${JSON.stringify(request)} ${holds ? "holds" : "does not hold"}`, () => {
      const values = typeof policy === "string" ? [policy] : policy;
      const condition = compileCondition({ operator, key: "Test:Key", values }, true);
      expect(condition(context(request === undefined ? {} : { "test:key": request }))).toBe(holds);
    });
  }
});

describe("patterns", () => {
  const on = { wildcards: true, variables: true };
  const ana = context({
    "aws:username": "ana",
    "aws:PrincipalTag/team": "a*",
    many: ["a", "b"],
    one: ["x"],
    "s3:prefix": "",
  });
  const cases: readonly (readonly [string, string, boolean])[] = [
    ["home/${aws:username}/*", "home/ana/file", true],
    ["home/${aws:username}/*", "home/bob/file", false],
    ["home/${aws:username}/file", "home/ana/file", true],
    ["home/${aws:username}/file", "home/ana/file2", false],
    ["home/?${aws:username}", "home/xana", true],
    ["home/${AWS:UserName}/?", "home/ana/f", true],
    ["${aws:PrincipalTag/team}", "a*", true],
    ["${aws:PrincipalTag/team}", "ab", false],
    ["${aws:PrincipalTag/none}", "", false],
    ["${aws:PrincipalTag/none, 'company'}/x", "company/x", true],
    ["${aws:username, 'company'}", "ana", true],
    ["${many}", "a", false],
    ["${one}", "x", true],
    ["${*}${?}${$}", "*?$", true],
    ["${*}", "a", false],
    ["a${", "a${", true],
    ["[${s3:prefix}]", "[]", true],
    ["**a**", "bab", true],
    ["a*b*c", "abcbc", true],
    ["a*b*c", "acb", false],
    ["?", "", false],
    ["*?*", "a", true],
  ];
  for (const [pattern, text, matches] of cases) {
    test(`${pattern} ${matches ? "matches" : "does not match"} ${JSON.stringify(text)}`, () => {
      expect(compilePattern(pattern, on)(text, ana)).toBe(matches);
    });
  }

  test("without variables, they are text", () => {
    expect(compilePattern("${aws:username}*", { wildcards: true, variables: false })("${aws:username}!", ana)).toBe(
      true,
    );
  });

  test("a hostile pattern takes time in proportion to its length times the text's", () => {
    const matches = compilePattern(`${"a*".repeat(500)}b`, on);
    expect(matches("a".repeat(2000), ana)).toBe(false);
  });

  test("ARN wildcards stay in their segment, except in the last", () => {
    const matches = (pattern: string, text: string) => compileArnPattern(pattern, on)(text, ana);
    expect(matches("arn:aws:sqs:*:1:q", "arn:aws:sqs:eu:1:q")).toBe(true);
    expect(matches("arn:aws:sqs:*:q", "arn:aws:sqs:eu:1:q")).toBe(false);
    expect(matches("arn:aws:lambda:*:*:function:f*", "arn:aws:lambda:eu:1:function:f:alias")).toBe(true);
    expect(matches("arn:aws:s3:::b*", "arn:aws:s3:::bucket/key")).toBe(true);
    expect(matches("arn:aws:s3*", "arn:aws:s3:::bucket/key")).toBe(true);
    expect(matches("*", "*")).toBe(true);
    expect(matches("arn:aws:iam::*:user/${aws:username}", "arn:aws:iam::1:user/ana")).toBe(true);
    expect(matches("arn:aws:iam::*:user/${aws:username}", "arn:aws:iam::1:user/bob")).toBe(false);
    expect(matches("arn:aws:s3:::bucket/Key", "arn:aws:s3:::bucket/key")).toBe(false);
  });

  test("in resources a star at the end of a segment goes on beyond it, others do not", () => {
    const matches = (pattern: string, text: string) => compileResourcePattern(pattern, on)(text, ana);
    expect(matches("arn:aws:sqs:*:q", "arn:aws:sqs:eu:1:q")).toBe(true);
    expect(matches("arn:aws:sqs:e*:q", "arn:aws:sqs:eu:1:q")).toBe(true);
    expect(matches("arn:aws:sqs:*u:q", "arn:aws:sqs:eu:1:q")).toBe(false);
    expect(matches("arn:aws:sqs:*u:1:q", "arn:aws:sqs:eu:1:q")).toBe(true);
    expect(matches("arn:aws:sqs:*1:q", "arn:aws:sqs:eu:1:q")).toBe(false);
    expect(matches("arn:aws:sqs:eu?1:q", "arn:aws:sqs:eu:1:q")).toBe(false);
    expect(matches("arn:aws:sqs:e?:*:q", "arn:aws:sqs:eu:1:q")).toBe(true);
    expect(matches("arn:aws:sqs:e*u:*:q*", "arn:aws:sqs:eu:1:q")).toBe(true);
    expect(matches("arn:aws:sqs:*:1:${aws:username}", "arn:aws:sqs:eu:1:ana")).toBe(true);
    expect(matches("arn:aws:sqs:e*u:1:${aws:username}", "arn:aws:sqs:eu:1:bob")).toBe(false);
    expect(matches("arn:aws:lambda:eu:1:function:f?o", "arn:aws:lambda:eu:1:function:f:o")).toBe(true);
    expect(matches("arn:aws:s3:::b/Key", "arn:aws:s3:::b/Key")).toBe(true);
    expect(matches("*", "*")).toBe(true);
  });

  test("a hostile pattern of a resource takes time in proportion, too", () => {
    const matches = compileResourcePattern(`arn:aws:${"a*".repeat(300)}b:x`, on);
    expect(matches(`arn:aws:${"a".repeat(2000)}:x`, ana)).toBe(false);
  });
});

describe("IP ranges", () => {
  test("what is not one is refused", () => {
    for (const text of [
      "",
      "1.2.3",
      "1.2.3.4.5",
      "256.1.1.1",
      "1.2.3.4/33",
      "1.2.3.4/",
      "::1/129",
      "1::2::3",
      ":::",
      "g::",
      "12345::",
      "1:2:3:4:5:6:7:8:9",
      "a",
    ]) {
      expect(parseIpRange(text)).toBeUndefined();
    }
  });

  test("bits within a group count", () => {
    const range = parseIpRange("172.16.0.0/12");
    if (range === undefined) throw new Error("a range");
    expect(isInRange("172.31.255.255", range)).toBe(true);
    expect(isInRange("172.32.0.0", range)).toBe(false);
    const all = parseIpRange("0.0.0.0/0");
    if (all === undefined) throw new Error("a range");
    expect(isInRange("255.255.255.255", all)).toBe(true);
  });

  test("IPv6 in its many spellings", () => {
    const range = parseIpRange("fe80::/10");
    if (range === undefined) throw new Error("a range");
    expect(isInRange("febf:ffff::1", range)).toBe(true);
    expect(isInRange("fec0::1", range)).toBe(false);
    expect(parseIpRange("::ffff:1.2.3.4")?.family).toBe(4);
    expect(parseIpRange("1:2:3:4:5:6:7:8")?.bits).toBe(128);
  });
});
