import { describe, expect, test } from "bun:test";
import { eventKey, eventRecord, sequencerOf, testEvent } from "./event-record.ts";
import { type NotificationRule, refuseOverlaps, ruleMatches } from "./match.ts";

const rule = (event: string, prefix?: string, suffix?: string): NotificationRule => ({
  Events: [event],
  Filter: {
    Key: {
      FilterRules: [
        ...(prefix === undefined ? [] : [{ Name: "prefix" as const, Value: prefix }]),
        ...(suffix === undefined ? [] : [{ Name: "suffix" as const, Value: suffix }]),
      ],
    },
  },
});

test("ruleMatches() goes by event, prefix and suffix", () => {
  const images = rule("s3:ObjectCreated:*", "images/", ".jpg");
  expect(ruleMatches(images, "s3:ObjectCreated:Put", "images/a.jpg")).toBe(true);
  expect(ruleMatches(images, "s3:ObjectCreated:Put", "images/a.png")).toBe(false);
  expect(ruleMatches(images, "s3:ObjectCreated:Put", "a.jpg")).toBe(false);
  expect(ruleMatches(images, "s3:ObjectRemoved:Delete", "images/a.jpg")).toBe(false);
  expect(ruleMatches(rule("s3:ObjectCreated:Put"), "s3:ObjectCreated:Post", "a")).toBe(false);
});

describe("refuseOverlaps()", () => {
  const created = "s3:ObjectCreated:*";
  const overlap = (...rules: NotificationRule[]) => expect(() => refuseOverlaps(rules));

  test("two rules must not announce the same event", () => {
    overlap(rule(created), rule("s3:ObjectCreated:Put")).toThrow("ambiguously defined");
    overlap(rule(created, "a/"), rule(created, "a/b/")).toThrow("ambiguously defined");
    overlap(rule(created, "a/", ".jpg"), rule(created, "a/", "big.jpg")).toThrow("ambiguously defined");
    overlap(rule(created, "a/", ".jpg"), rule(created, "a/", ".png")).not.toThrow();
    overlap(rule(created, "a/"), rule(created, "b/")).not.toThrow();
    overlap(rule(created), rule("s3:ObjectRemoved:*")).not.toThrow();
  });

  test("filters have known names, each once", () => {
    const odd = JSON.parse(
      '{"Events":["s3:ObjectCreated:*"],"Filter":{"Key":{"FilterRules":[{"Name":"infix","Value":"x"}]}}}',
    );
    overlap(odd).toThrow("either prefix or suffix");
    const twice = rule(created, "a");
    const doubled = {
      ...twice,
      Filter: { Key: { FilterRules: [...twice.Filter!.Key!.FilterRules!, ...twice.Filter!.Key!.FilterRules!] } },
    };
    overlap(doubled).toThrow("more than one prefix");
  });
});

test("eventRecord() has the shape of version 2.2", () => {
  const record = eventRecord({
    name: "ObjectCreated:Put",
    time: Date.UTC(2026, 0, 1),
    region: "us-east-1",
    bucket: "b",
    bucketOwner: "owner",
    key: "a b/ü.txt",
    size: 5,
    etag: "e",
    versionId: "v",
    sequence: 10,
    principalId: "111122223333",
    sourceAddress: "127.0.0.1",
    requestId: "R",
    hostId: "H",
    configurationId: "c",
  });
  expect(record).toEqual({
    eventVersion: "2.2",
    eventSource: "aws:s3",
    awsRegion: "us-east-1",
    eventTime: "2026-01-01T00:00:00.000Z",
    eventName: "ObjectCreated:Put",
    userIdentity: { principalId: "111122223333" },
    requestParameters: { sourceIPAddress: "127.0.0.1" },
    responseElements: { "x-amz-request-id": "R", "x-amz-id-2": "H" },
    s3: {
      s3SchemaVersion: "1.0",
      configurationId: "c",
      bucket: { name: "b", ownerIdentity: { principalId: "owner" }, arn: "arn:aws:s3:::b" },
      object: { key: "a+b/%C3%BC.txt", size: 5, eTag: "e", versionId: "v", sequencer: "00000000000000000A" },
    },
  });
});

test("sequencers order as text, keys are form-encoded, the test event says what it is", () => {
  expect(sequencerOf(9) < sequencerOf(16)).toBe(true);
  expect(eventKey("a+b c*(d)")).toBe("a%2Bb+c%2A%28d%29");
  expect(testEvent("b", 0, "R", "H")).toMatchObject({
    Event: "s3:TestEvent",
    Bucket: "b",
    Time: "1970-01-01T00:00:00.000Z",
  });
});
