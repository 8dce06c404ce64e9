import { describe, expect, test } from "bun:test";
import { AwsError, type S3 } from "#foundation/aws";
import { compileNotifications } from "./compile.ts";
import { eventKey, eventRecord, type ObjectEvent, sequencerOf, testEvent } from "./event-record.ts";
import { type NotificationRule, refuseOverlaps } from "./match.ts";
import { validateNotifications } from "./validate.ts";

const QUEUE = "arn:aws:sqs:us-east-1:111122223333:jobs";

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
const toQueue = (one: NotificationRule, QueueArn = QUEUE) => ({ ...one, QueueArn }) as S3.QueueConfiguration;

test("compileNotifications() finds the rule by event, prefix and suffix", () => {
  const { match } = compileNotifications({
    QueueConfigurations: [
      { ...toQueue(rule("s3:ObjectCreated:*", "images/", ".jpg")), Id: "images" },
      { ...toQueue(rule("s3:ObjectRemoved:Delete")), Id: "removals" },
    ],
  });
  expect(match("ObjectCreated:Put", "images/a.jpg")).toMatchObject({ id: "images", destination: QUEUE });
  expect(match("ObjectCreated:Put", "images/a.png")).toBeUndefined();
  expect(match("ObjectCreated:Put", "a.jpg")).toBeUndefined();
  expect(match("ObjectRemoved:Delete", "a.jpg")).toMatchObject({ id: "removals" });
  expect(match("ObjectRemoved:DeleteMarkerCreated", "a.jpg")).toBeUndefined();
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

describe("validateNotifications()", () => {
  const validate = (configuration: unknown) => {
    let ids = 0;
    return validateNotifications(configuration as S3.NotificationConfiguration, () => `id-${++ids}`);
  };
  const queues = (...rules: unknown[]) => ({ QueueConfigurations: rules });
  const refusal = (configuration: unknown): string => {
    try {
      validate(configuration);
    } catch (error) {
      if (error instanceof AwsError) return `${error.code}: ${error.message}`;
      throw error;
    }
    return "(accepted)";
  };

  test("gives ids, capitalises filter names, and names each destination once", () => {
    const { section, destinations } = validate(
      queues(toQueue(rule("s3:ObjectCreated:*", "a/", ".jpg")), {
        ...toQueue({ Events: ["s3:ObjectRemoved:*", "s3:ObjectRemoved:*"] }),
        Id: "mine",
      }),
    );
    expect(section as unknown).toEqual({
      QueueConfigurations: [
        {
          Id: "id-1",
          Events: ["s3:ObjectCreated:*"],
          QueueArn: QUEUE,
          Filter: {
            Key: {
              FilterRules: [
                { Name: "Prefix", Value: "a/" },
                { Name: "Suffix", Value: ".jpg" },
              ],
            },
          },
        },
        { Id: "mine", Events: ["s3:ObjectRemoved:*"], QueueArn: QUEUE },
      ],
    });
    expect(destinations).toEqual([{ arn: QUEUE, service: "sqs", region: "us-east-1" }]);
  });

  test("what is kept validates again", () => {
    const { section } = validate(queues(toQueue(rule("s3:ObjectCreated:*", "a/", ".jpg"))));
    expect(validate(section).section).toEqual(section);
  });

  test("an empty configuration is none", () => {
    expect(validate({})).toEqual({ section: undefined, destinations: [] });
  });

  const created = rule("s3:ObjectCreated:*");
  test.each<[string, unknown, string]>([
    ["nothing", undefined, "MalformedXML"],
    ["an event bus", { EventBridgeConfiguration: {} }, "NotImplemented"],
    ["no ARN", queues(created), "MalformedXML"],
    ["no events", queues({ QueueArn: QUEUE, Events: [] }), "MalformedXML"],
    ["an unknown event", queues(toQueue(rule("s3:ObjectRead:*"))), "InvalidArgument: A specified event is not"],
    ["an inherited name", queues(toQueue(rule("toString"))), "InvalidArgument: A specified event is not"],
    ["an ARN that is none", queues(toQueue(created, "jobs")), "InvalidArgument: The ARN could not be parsed"],
    ["another service's ARN", queues(toQueue(created, QUEUE.replace("sqs", "sns"))), "InvalidArgument: The ARN could"],
    ["an empty filter value", queues(toQueue(rule("s3:ObjectCreated:*", ""))), "InvalidArgument: filter value cannot"],
    ["a long filter value", queues(toQueue(rule("s3:ObjectCreated:*", "ü".repeat(513)))), "InvalidArgument: Size of"],
    ["a long id", queues({ ...toQueue(created), Id: "i".repeat(256) }), "InvalidArgument: ID length"],
    [
      "equal ids",
      queues({ ...toQueue(created), Id: "i" }, { ...toQueue(rule("s3:ObjectRemoved:*")), Id: "i" }),
      "InvalidArgument: Same ID",
    ],
    ["overlapping rules", queues(toQueue(created), toQueue(created)), "InvalidArgument: Configuration is ambiguously"],
    ["too many rules", queues(...Array(101).fill(toQueue(created))), "InvalidArgument: A bucket cannot have"],
  ])("refuses %s", (_, configuration, expected) => {
    expect(refusal(configuration)).toStartWith(expected);
  });
});

const EVENT: ObjectEvent = {
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
  principalId: "AWS:AIDAEXAMPLE",
  sourceAddress: "127.0.0.1",
  requestId: "R",
  hostId: "H",
  configurationId: "c",
};

test("eventRecord() has the shape of AWS's", () => {
  expect(eventRecord(EVENT)).toEqual({
    eventVersion: "2.1",
    eventSource: "aws:s3",
    awsRegion: "us-east-1",
    eventTime: "2026-01-01T00:00:00.000Z",
    eventName: "ObjectCreated:Put",
    userIdentity: { principalId: "AWS:AIDAEXAMPLE" },
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

test("eventRecord() tells of settings without size and sequencer, in a later version", () => {
  expect(eventRecord({ ...EVENT, name: "ObjectTagging:Put" })).toMatchObject({
    eventVersion: "2.3",
    s3: { object: { key: "a+b/%C3%BC.txt", eTag: "e", versionId: "v" } },
  });
  const { s3 } = eventRecord({ ...EVENT, name: "ObjectAcl:Put" }) as { s3: { object: object } };
  expect(Object.keys(s3.object)).toEqual(["key", "eTag", "versionId"]);
});

test("eventRecord() tells a delete marker with the ETag of nothing, a removal without", () => {
  const removal = { ...EVENT, size: undefined, etag: undefined };
  const objectOf = (name: ObjectEvent["name"]) =>
    (eventRecord({ ...removal, name }) as { s3: { object: object } }).s3.object;
  expect(objectOf("ObjectRemoved:DeleteMarkerCreated")).toMatchObject({ eTag: "d41d8cd98f00b204e9800998ecf8427e" });
  expect(Object.keys(objectOf("ObjectRemoved:Delete"))).toEqual(["key", "versionId", "sequencer"]);
  expect(eventRecord({ ...removal, name: "LifecycleExpiration:Delete" })).toMatchObject({ eventVersion: "2.3" });
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
