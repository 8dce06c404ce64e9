/** Requests at random: half of them correctly signed, a part nearly good, the rest whatever the generators make. */
import fc from "fast-check";
import { type Credential, presign, signRequest } from "#foundation/aws/sigv4";
import type { HeaderList } from "#foundation/http";
import { chunkedPlan } from "./chunked.ts";
import { HOST, NOW, type RequestPlan } from "./fake-request.ts";

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

/** What was drawn. */
export interface Drawn {
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

export const drawn = fc.oneof(odd, nearlyGood);

/** Printable and other bytes that a header or a target may carry (one per character). */
export function latin(minLength: number, maxLength: number): fc.Arbitrary<string> {
  const character = fc
    .integer({ min: 0x21, max: 0xff })
    .filter((code) => code !== 0x7f && code !== 0x23 && code !== 0x3f);
  return fc.array(character, { minLength, maxLength }).map((codes) => String.fromCharCode(...codes));
}

/** The request of a draw. */
export function planOf(
  { plan, how, who, service, region, payloadHash }: Drawn,
  keys: Readonly<Record<"root" | "ana", Credential>>,
): RequestPlan {
  const credential = who === "nobody" ? { accessKeyId: "AKIANOBODY", secretAccessKey: "x" } : keys[who];
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
