/** Requests that are not what their signature says, answered with AWS's codes. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  CreateBucketCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { type ClientCloud, startClientCloud } from "../support/client-cloud.ts";
import { sendRaw, sendSigned } from "../support/raw-http.ts";
import { refusal, s3ClientFor } from "../support/s3.ts";

const MINUTE = 60_000;

describe("signatures", () => {
  let here: ClientCloud;
  let s3: S3Client;
  const put = { method: "PUT", path: "/hostile/key", body: "innocent" } as const;

  beforeAll(async () => {
    here = await startClientCloud();
    s3 = s3ClientFor(here.environment);
    await s3.send(new CreateBucketCommand({ Bucket: "hostile" }));
    await s3.send(new PutObjectCommand({ Bucket: "hostile", Key: "there", Body: "secret" }));
  });
  afterAll(async () => {
    await here.dispose();
  });

  test("a good one passes: the refusals below have the reason that they name", async () => {
    expect((await sendSigned(here.environment, put)).status).toBe(200);
  });

  test("unsigned", async () => {
    const answer = await sendRaw(here.environment.AWS_ENDPOINT_URL!, [
      "GET /hostile/there HTTP/1.1\r\nHost: x\r\n\r\n",
    ]);
    expect([answer.status, answer.code]).toEqual([403, "AccessDenied"]);
    expect(answer.body).not.toContain("secret");
  });

  test("wrong secret", async () => {
    const credential = { accessKeyId: here.environment.AWS_ACCESS_KEY_ID!, secretAccessKey: "wrong" };
    const answer = await sendSigned(here.environment, { ...put, credential });
    expect([answer.status, answer.code]).toEqual([403, "SignatureDoesNotMatch"]);
    expect(answer.body).not.toContain(here.environment.AWS_SECRET_ACCESS_KEY!);
  });

  test("unknown key", async () => {
    const answer = await sendSigned(here.environment, {
      ...put,
      credential: { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "x" },
    });
    expect([answer.status, answer.code]).toEqual([403, "InvalidAccessKeyId"]);
  });

  test("replayed after the permitted skew, from the past and from the future", async () => {
    for (const ageMs of [16 * MINUTE, -16 * MINUTE]) {
      const answer = await sendSigned(here.environment, { ...put, ageMs });
      expect([answer.status, answer.code]).toEqual([403, "RequestTimeTooSkewed"]);
    }
  });

  test("path, query, method, header and body changed after signing", async () => {
    const cases = [
      { tamper: (head: string) => head.replace("/hostile/key", "/hostile/other") },
      { tamper: (head: string) => head.replace("/hostile/key", "/hostile/key?acl") },
      { tamper: (head: string) => head.replace("PUT ", "DELETE ") },
      {
        headers: [["x-amz-meta-a", "1"]] as const,
        tamper: (head: string) => head.replace("x-amz-meta-a: 1", "x-amz-meta-a: 2"),
      },
    ];
    for (const change of cases) {
      const answer = await sendSigned(here.environment, { ...put, ...change });
      expect([answer.status, answer.code]).toEqual([403, "SignatureDoesNotMatch"]);
    }
    const wrongHash = await sendSigned(here.environment, { ...put, payloadHash: "0".repeat(64) });
    expect([wrongHash.status, wrongHash.code]).toEqual([400, "XAmzContentSHA256Mismatch"]);
    expect((await refusal(s3.send(new HeadObjectCommand({ Bucket: "hostile", Key: "other" })))).status).toBe(404);
  });

  test("a header that is not signed but should be", async () => {
    const answer = await sendSigned(here.environment, {
      ...put,
      tamper: (head) => head.replace("\r\n\r\n", "\r\nx-amz-acl: public-read\r\n\r\n"),
    });
    expect([answer.status, answer.code]).toEqual([403, "AccessDenied"]);
  });

  test("a malformed Authorization header", async () => {
    const answer = await sendRaw(here.environment.AWS_ENDPOINT_URL!, [
      "GET / HTTP/1.1\r\nHost: x\r\nx-amz-date: 20260101T000000Z\r\nAuthorization: AWS4-HMAC-SHA256 Credential=nonsense\r\n\r\n",
    ]);
    expect([answer.status, answer.code]).toEqual([400, "AuthorizationHeaderMalformed"]);
  });

  test("a presigned URL that has expired, or was changed", async () => {
    const expired = await getSignedUrl(s3, new GetObjectCommand({ Bucket: "hostile", Key: "there" }), {
      expiresIn: 60,
      signingDate: new Date(Date.now() - 2 * MINUTE),
    });
    const late = await fetch(expired);
    expect([late.status, await late.text()]).toEqual([403, expect.stringContaining("Request has expired")]);

    const url = await getSignedUrl(s3, new GetObjectCommand({ Bucket: "hostile", Key: "there" }));
    expect((await fetch(url.replace("/there", "/elsewhere"))).status).toBe(403);
    expect((await fetch(url, { method: "PUT", body: "x" })).status).toBe(403);
    expect((await fetch(url.replace(/X-Amz-Expires=\d+/, "X-Amz-Expires=604800"))).status).toBe(403);
    expect((await fetch(url)).status).toBe(200);
  });

  test("the wrong region is answered with the right one", async () => {
    const answer = await sendSigned(here.environment, { ...put, region: "eu-west-1" });
    expect([answer.status, answer.code]).toEqual([400, "AuthorizationHeaderMalformed"]);
    expect(answer.body).toContain("<Region>us-east-1</Region>");
  });

  test("a checksum that does not match stores nothing", async () => {
    const answer = await sendSigned(here.environment, {
      ...put,
      path: "/hostile/sum",
      headers: [["x-amz-checksum-crc32", "AAAAAA=="]],
    });
    expect([answer.status, answer.code]).toEqual([400, "BadDigest"]);
    const md5 = await sendSigned(here.environment, {
      ...put,
      path: "/hostile/sum",
      headers: [["content-md5", "1B2M2Y8AsgTpgAmY7PhCfg=="]],
    });
    expect([md5.status, md5.code]).toEqual([400, "BadDigest"]);
    expect((await refusal(s3.send(new HeadObjectCommand({ Bucket: "hostile", Key: "sum" })))).status).toBe(404);
  });
});
