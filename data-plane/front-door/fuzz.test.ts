/** The whole handler against requests that nobody thought of: always a well-formed answer, never a rejection, never a 500 that is our own. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { AwsError } from "#foundation/aws";
import { presign, signRequest } from "#foundation/aws/sigv4";
import type { HeaderList, HttpResponse } from "#foundation/http";
import { assertSafeHeader } from "#foundation/http";
import { chunkedPlan } from "./testing/chunked.ts";
import { openDoor, PUBLIC_POLICY } from "./testing/door.ts";
import { fakeRequest, HOST, NOW, type RequestPlan } from "./testing/fake-request.ts";

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

const method = fc.constantFrom("GET", "PUT", "POST", "DELETE", "HEAD", "OPTIONS", "PATCH", "PROPFIND", "get");
const pathPiece = fc.oneof(
  fc.constantFrom(
    "photos",
    "public",
    "",
    ".",
    "..",
    "%2F",
    "%zz",
    "%00",
    "%ff",
    "2015-03-31",
    "functions",
    "f",
    "invocations",
    "111122223333",
    "~",
    "+",
    "a b".replace(" ", "%20"),
  ),
  fc.webSegment(),
  latin(0, 12),
);
const path = fc.oneof(
  fc.array(pathPiece, { maxLength: 5 }).map((pieces) => `/${pieces.join("/")}`),
  fc.constantFrom("*", "/", "//", "/photos/cat.png", "/public/cat.png", "/2015-03-31/functions/f/invocations"),
);
const queryPiece = fc.oneof(
  fc.constantFrom(
    "acl",
    "tagging",
    "delete",
    "uploads",
    "list-type=2",
    "uploadId=1",
    "partNumber=1",
    "partNumber=x",
    "versionId=",
    "retention",
    "location",
    "Action=ListUsers",
    "Action=SendMessage",
    "Action=",
    "Version=2010-05-08",
    "Version=2012-11-05",
    "max-keys=-1",
    "X-Amz-Signature=0",
    "X-Amz-Algorithm=AWS4-HMAC-SHA256",
    "X-Amz-Expires=0",
    "AWSAccessKeyId=AKIAROOT",
    "Signature=x",
    "Expires=99999999999",
    "%",
    "=",
    "x-id=GetObject",
  ),
  fc.tuple(latin(0, 8), latin(0, 8)).map(([name, value]) => `${name}=${value}`),
);
const query = fc.array(queryPiece, { maxLength: 6 }).map((pieces) => pieces.join("&"));
const header: fc.Arbitrary<readonly [string, string]> = fc.oneof(
  fc.constantFrom<readonly [string, string]>(
    ["content-type", "application/x-www-form-urlencoded"],
    ["content-type", "application/json"],
    ["content-type", "multipart/form-data; boundary=x"],
    ["x-amz-target", "DynamoDB_20120810.PutItem"],
    ["x-amz-target", "AmazonSQS.SendMessage"],
    ["x-amz-target", "Nobody.Nothing"],
    ["x-amz-target", "__proto__.constructor"],
    ["x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"],
    ["x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"],
    ["x-amz-content-sha256", "nonsense"],
    ["x-amz-decoded-content-length", "3"],
    ["x-amz-trailer", "x-amz-checksum-crc32"],
    ["x-amz-copy-source", "/photos/other"],
    ["x-amz-security-token", "token"],
    ["x-amz-date", "20260601T120000Z"],
    ["x-amz-checksum-crc32", "AAAAAA=="],
    ["content-md5", "1B2M2Y8AsgTpgAmY7PhCfg=="],
    ["authorization", "AWS AKIAROOT:signature"],
    [
      "authorization",
      "AWS4-HMAC-SHA256 Credential=AKIAROOT/20260601/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0",
    ],
    ["origin", "https://example.com"],
    ["range", "bytes=0-"],
    ["expect", "100-continue"],
  ),
  fc.tuple(
    fc.constantFrom(
      "authorization",
      "x-amz-date",
      "x-amz-meta-a",
      "x-amz-acl",
      "x-amz-tagging",
      "content-encoding",
      "if-match",
      "if-modified-since",
      "user-agent",
      "x-amz-object-lock-retain-until-date",
    ),
    latin(0, 30),
  ),
);
const host = fc.constantFrom(
  HOST,
  "photos.s3.localhost:4566",
  "public.localhost",
  "s3.localhost",
  "",
  "[::1]:1",
  "a.b.c.s3-website.localhost",
  "proxy",
);
const body = fc.oneof(
  fc.constant(new Uint8Array(0)),
  fc.uint8Array({ maxLength: 200 }),
  fc
    .constantFrom(
      "{}",
      '{"TableName":"t"}',
      "[]",
      "null",
      '{"a":',
      "Action=ListUsers&Version=2010-05-08",
      "Action=SendMessage&MessageBody=%zz",
      "<Delete/>",
      "<Delete><Object><Key>a</Key></Object></Delete>",
      "<Tagging><TagSet/></Tagging>",
      "3\r\nabc\r\n0\r\n\r\n",
      "0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n",
    )
    .map((text) => Buffer.from(text)),
);

interface Drawn {
  readonly plan: RequestPlan & { readonly body: Uint8Array };
  readonly how: "bare" | "signed" | "presigned" | "chunked" | "spoiled";
  readonly who: "root" | "ana" | "nobody";
  readonly service: string;
  readonly region: string;
  readonly payloadHash: string | undefined;
}

const how = fc.constantFrom<Drawn["how"][]>("bare", "signed", "signed", "presigned", "chunked", "spoiled");

const odd: fc.Arbitrary<Drawn> = fc.record({
  plan: fc.record({
    method,
    path,
    query,
    host,
    headers: fc.array(header, { maxLength: 5 }),
    body,
    withoutLength: fc.boolean(),
    secure: fc.boolean(),
  }),
  how,
  who: fc.constantFrom("root", "root", "root", "ana", "nobody"),
  service: fc.constantFrom(
    ...[
      "s3",
      "s3",
      "s3",
      "dynamodb",
      "sqs",
      "lambda",
      "iam",
      "sts",
      "ec2",
      "logs",
      "elasticloadbalancing",
      "kms",
      "__proto__",
    ],
  ),
  region: fc.constantFrom("us-east-1", "us-east-1", "eu-west-1", "mars"),
  payloadHash: fc.constantFrom(undefined, undefined, "UNSIGNED-PAYLOAD", "0".repeat(64)),
});

/** Requests with one odd thing at most, so that many come through. */
const nearlyGood: fc.Arbitrary<Drawn> = fc.record({
  plan: fc.record({
    method: fc.constantFrom("GET", "PUT"),
    path: fc.constantFrom("/photos/cat.png", "/public/cat.png", "/photos"),
    query: fc.oneof(fc.constant(""), queryPiece),
    headers: fc.array(header, { maxLength: 1 }),
    body,
  }),
  how,
  who: fc.constantFrom("root", "root", "ana"),
  service: fc.constant("s3"),
  region: fc.constant("us-east-1"),
  payloadHash: fc.constantFrom(undefined, undefined, "UNSIGNED-PAYLOAD"),
});

const drawn = fc.oneof(odd, nearlyGood);

/** Printable and other bytes that a header or a target may carry (one per character). */
function latin(minLength: number, maxLength: number): fc.Arbitrary<string> {
  const character = fc
    .integer({ min: 0x21, max: 0xff })
    .filter((code) => code !== 0x7f && code !== 0x23 && code !== 0x3f);
  return fc.array(character, { minLength, maxLength }).map((codes) => String.fromCharCode(...codes));
}

function planOf({ plan, how, who, service, region, payloadHash }: Drawn): RequestPlan {
  const credential =
    who === "root" ? door.root : who === "ana" ? ana : { accessKeyId: "AKIANOBODY", secretAccessKey: "x" };
  const { method: verb = "GET", path: at = "/", query: asked = "", body: bytes } = plan;
  const given: HeaderList = [["host", plan.host ?? HOST], ...(plan.headers ?? [])];
  const target = { method: verb, path: at, query: asked, headers: given };
  const options = { credential, region, service, now: NOW };
  switch (how) {
    case "bare":
      return { ...plan, headers: given };
    case "chunked":
      return chunkedPlan({
        kind: bytes.length % 2 === 0 ? "signed" : "unsignedTrailer",
        credential,
        body: bytes,
        path: at,
        method: verb,
        query: asked,
      });
    case "presigned": {
      const hash = new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
      const queryText = presign(target, {
        ...options,
        expiresSeconds: 60,
        ...(service === "s3" ? {} : { payloadHash: hash }),
      });
      return { ...plan, headers: given, query: queryText };
    }
    case "signed":
    case "spoiled": {
      const { headers } = signRequest(target, payloadHash ?? bytes, options);
      return { ...plan, headers: how === "signed" ? headers : without(headers, bytes.length) };
    }
  }
}

/** Takes away a header that says something and is signed. */
function without(headers: HeaderList, choice: number): HeaderList {
  const signedOnes = headers.filter(
    ([name, value]) => value.trim() !== "" && name !== "user-agent" && name !== "expect",
  );
  const taken = signedOnes[choice % signedOnes.length];
  return headers.filter((one) => one !== taken);
}

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
      const plan = planOf(one);
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
