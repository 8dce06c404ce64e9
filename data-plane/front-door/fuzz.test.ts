/** The whole handler against requests that nobody thought of: always a well-formed answer, never a rejection, never a 500 that is our own. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { AwsError } from "#foundation/aws";
import { assertSafeHeader, type HttpResponse } from "#foundation/http";
import { openDoor, PUBLIC_POLICY } from "./testing/door.ts";
import { fakeRequest } from "./testing/fake-request.ts";
import { drawn, latin, planOf } from "./testing/random-requests.ts";

const RUNS = 3_000;

const OFFERED = {
  s3: [
    "ListBuckets",
    "GetObject",
    "PutObject",
    "DeleteObjects",
    "ListObjectsV2",
    "CopyObject",
    "UploadPart",
    "PutBucketTagging",
    "GetObjectRetention",
  ],
  dynamodb: ["PutItem", "ListTables"],
  sqs: ["SendMessage", "ListQueues"],
  lambda: ["Invoke", "ListFunctions"],
  iam: ["ListUsers"],
  sts: ["GetCallerIdentity", "AssumeRoleWithWebIdentity"],
  ec2: ["DescribeVpcs"],
} as const;

const door = await openDoor({ offered: OFFERED });
door.catalog.putBucket("public", { sections: { policy: PUBLIC_POLICY } });
door.catalog.putUser("ana");
const ana = door.catalog.putKey("AKIAANA", { owner: { type: "user", userName: "ana" } });

/** What every answer must be, whoever asked for what. */
function expectWellFormed(response: HttpResponse, verb: string | undefined): void {
  const { status, headers = [], body: text } = response;
  expect(status).toBeGreaterThanOrEqual(200);
  expect(status).toBeLessThan(600);
  for (const [name, value] of headers) assertSafeHeader(name, value);
  const has = (name: string) => headers.some(([one]) => one.toLowerCase() === name);
  expect(has("x-amz-request-id") || has("x-amzn-requestid")).toBe(true);
  if (status < 400) return;
  if (verb === "HEAD") expect(text).toBeNull();
  else if (typeof text === "string" && text.startsWith("{")) {
    const parsed = JSON.parse(text) as Record<string, unknown>;
    expect(typeof parsed.__type === "string" || has("x-amzn-errortype")).toBe(true);
  } else {
    expect(text).toMatch(/<Code>[A-Za-z0-9.]+<\/Code>/);
    expect(text).toMatch(/<Request(Id|ID)>0123456789ABCDEF</);
    expect(new Set(String(text).match(/&(?!(amp|lt|gt|quot|apos|#\d+|#x[0-9a-fA-F]+);)/g) ?? [])).toEqual(new Set());
  }
}

test("any request gets a well-formed answer", async () => {
  const statuses = new Map<number, number>();
  let called = 0;
  await fc.assert(
    fc.asyncProperty(drawn, async (one) => {
      door.seen.length = 0;
      door.logged.length = 0;
      const plan = planOf(one, { root: door.root, ana });
      const response = await door.handler(fakeRequest(plan));
      statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
      expectWellFormed(response, plan.method);
      expect(door.logged).toEqual([]);
      expect(response.status).not.toBe(500);
      expect(door.seen.length).toBeLessThanOrEqual(1);
      if (door.seen.length === 1) {
        called++;
        expect(response.status).toBeLessThan(300);
        const { caller } = door.seen[0]!.context;
        // Whoever came through has proven it, or nobody had to.
        if (one.how === "spoiled" || one.who !== "root") expect(caller.type).not.toBe("root");
      }
    }),
    { numRuns: RUNS },
  );
  // The test tests something: requests came through, and others were refused for many reasons.
  expect(called).toBeGreaterThan(RUNS / 10);
  expect(statuses.size).toBeGreaterThan(5);
});

test("whatever a service throws is answered", async () => {
  const thrown = fc.oneof(
    fc.anything().map((value) => () => {
      throw value;
    }),
    fc
      .record({
        code: fc.oneof(fc.constantFrom("NoSuchKey", "InvalidObjectState", "NoSuchBucket"), fc.string({ minLength: 1 })),
        message: fc.string({ unit: "binary" }),
        fields: fc.dictionary(
          fc.constantFrom("Key", "StorageClass", "x", "Message"),
          fc.anything({ withBigInt: true }),
        ),
        header: latin(0, 5),
      })
      .map(({ code, message, fields, header: value }) => () => {
        throw new AwsError(code, message, { fields, headers: [["x-note", `${value}\r\n`]] });
      }),
  );
  await fc.assert(
    fc.asyncProperty(thrown, fc.constantFrom("GET", "HEAD"), async (behave, verb) => {
      door.behave = behave;
      const response = await door.sendSigned({ method: verb, path: "/photos", query: "list-type=2" });
      expect(response.status).toBeGreaterThanOrEqual(400);
      for (const [name, value] of response.headers ?? []) assertSafeHeader(name, value);
    }),
    { numRuns: 500 },
  );
  door.behave = () => ({});
});
