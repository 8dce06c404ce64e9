/** Requests that try to break the server rather than its signatures: odd keys, odd HTTP, odd documents. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { type ClientCloud, startClientCloud } from "../support/client-cloud.ts";
import { sendRaw, sendSigned } from "../support/raw-http.ts";
import { refusal, s3ClientFor } from "../support/s3.ts";

const ODD_KEYS = [
  "../../../../tmp/escaped",
  "..",
  ".",
  "a/../b",
  "a//b",
  "/leading",
  "trailing/",
  "trailing//",
  "space in key",
  "plus+and%2Fpercent",
  "quote\"'<>&",
  "newline\nand\ttab",
  "control\u0001\u001f\u007f",
  "nul\u0000byte",
  "ümläut/日本語/🦊",
  "\u{10ffff}",
  "CON",
  "a".repeat(1024),
  "ß".repeat(512),
  "-rf",
  "~",
  "*?[]{}",
  "\\windows\\path",
];

describe("odd requests", () => {
  let here: ClientCloud;
  let s3: S3Client;
  let endpoint: string;

  beforeAll(async () => {
    here = await startClientCloud();
    endpoint = here.environment.AWS_ENDPOINT_URL!;
    s3 = s3ClientFor(here.environment);
    await s3.send(new CreateBucketCommand({ Bucket: "odd" }));
  });
  afterAll(async () => {
    await here.dispose();
  });

  test("odd keys are keys like others, and none leaves the bucket", async () => {
    for (const Key of ODD_KEYS) await s3.send(new PutObjectCommand({ Bucket: "odd", Key, Body: `body of ${Key}` }));
    for (const Key of ODD_KEYS) {
      const got = await s3.send(new GetObjectCommand({ Bucket: "odd", Key }));
      expect(await got.Body!.transformToString()).toBe(`body of ${Key}`);
    }
    const listed = await s3.send(new ListObjectsV2Command({ Bucket: "odd", EncodingType: "url" }));
    const keys = listed.Contents!.map(({ Key }) => decodeURIComponent(Key!.replaceAll("+", " ")));
    const byBytes = [...ODD_KEYS].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect(keys).toEqual(byBytes);
    expect(existsSync("/tmp/escaped")).toBe(false);
    expect(existsSync(join(here.cloud.dataDirectory, "escaped"))).toBe(false);
    for (const Key of ODD_KEYS) await s3.send(new DeleteObjectCommand({ Bucket: "odd", Key }));
    expect((await s3.send(new ListObjectsV2Command({ Bucket: "odd" }))).KeyCount).toBe(0);
  });

  test("keys that are too long, and bucket names that are none", async () => {
    expect(
      (await refusal(s3.send(new PutObjectCommand({ Bucket: "odd", Key: "k".repeat(1025), Body: "" })))).name,
    ).toBe("KeyTooLongError");
    for (const name of ["ab", "Upper", "under_score", "192.168.0.1", "-x-", "a..b", "..%2f..", "x".repeat(64)]) {
      const answer = await sendSigned(here.environment, { method: "PUT", path: `/${name}` });
      expect([name, answer.status, answer.code]).toEqual([name, 400, "InvalidBucketName"]);
    }
  });

  test("malformed percent-encoding and raw bytes in the path", async () => {
    const answer = await sendSigned(here.environment, { method: "GET", path: "/odd/%zz" });
    expect(answer.status).toBe(400);
    const raw = await sendRaw(endpoint, ["GET /odd/\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n"]);
    expect([0, 400, 403]).toContain(raw.status);
  });

  test("XML bombs, external entities, junk and depth are refused quickly", async () => {
    const bomb = `<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaaaaaaaa">${Array.from({ length: 9 }, (_, n) => `<!ENTITY ${String.fromCharCode(98 + n)} "${`&${String.fromCharCode(97 + n)};`.repeat(10)}">`).join("")}]><Delete><Object><Key>&j;</Key></Object></Delete>`;
    const external = `<?xml version="1.0"?><!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><Delete><Object><Key>&x;</Key></Object></Delete>`;
    const deep = `${"<a>".repeat(100_000)}${"</a>".repeat(100_000)}`;
    for (const body of [
      bomb,
      external,
      deep,
      "<Delete>",
      "not xml",
      "<Delete><Object></Delete>",
      "\u0000",
      "<Delete/><Delete/>",
    ]) {
      const md5 = new Bun.CryptoHasher("md5").update(body).digest("base64");
      const answer = await sendSigned(here.environment, {
        method: "POST",
        path: "/odd",
        query: "delete=",
        headers: [["content-md5", md5]],
        body,
      });
      expect([body.slice(0, 20), answer.status, answer.code]).toEqual([body.slice(0, 20), 400, "MalformedXML"]);
      expect(answer.body).not.toContain("root:");
    }
  });

  test("oversized headers, too many headers, a target that is too long", async () => {
    const huge = await sendRaw(endpoint, [`GET / HTTP/1.1\r\nHost: x\r\nX-A: ${"a".repeat(100_000)}\r\n\r\n`]);
    expect([0, 400, 431]).toContain(huge.status);
    const many = await sendRaw(endpoint, [
      `GET / HTTP/1.1\r\nHost: x\r\n${Array.from({ length: 5_000 }, (_, n) => `X-${n}: 1\r\n`).join("")}\r\n`,
    ]);
    expect([0, 400, 431]).toContain(many.status);
    const long = await sendRaw(endpoint, [`GET /${"a".repeat(50_000)} HTTP/1.1\r\nHost: x\r\n\r\n`]);
    expect([0, 400, 414, 431]).toContain(long.status);
  });

  test("smuggling shapes are refused", async () => {
    for (const head of [
      "PUT /odd/x HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n",
      "PUT /odd/x HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
      "PUT /odd/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
      "PUT /odd/x HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
      "PUT /odd/x HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
    ]) {
      const answer = await sendRaw(endpoint, [head]);
      expect([head.slice(0, 60), answer.status === 0 || answer.status >= 400]).toEqual([head.slice(0, 60), true]);
      expect(answer.all.match(/HTTP\/1\.1 /g)?.length ?? 0).toBeLessThanOrEqual(1);
    }
  });

  test("header injection through metadata and response overrides is impossible", async () => {
    const answer = await sendSigned(here.environment, {
      method: "GET",
      path: "/odd/absent",
      query: "response-content-type=text%2Fplain%0D%0AX-Injected%3A%201",
    });
    expect(answer.head.toLowerCase()).not.toContain("x-injected");
    await s3.send(new PutObjectCommand({ Bucket: "odd", Key: "there", Body: "x" }));
    const there = await sendSigned(here.environment, {
      method: "GET",
      path: "/odd/there",
      query: "response-content-type=text%2Fplain%0D%0AX-Injected%3A%201",
    });
    expect(there.head.toLowerCase()).not.toContain("\r\nx-injected");
    expect(there.status).toBeLessThan(500);
  });

  test("a body that is shorter than announced stores nothing", async () => {
    await new Promise<void>((resolve) => {
      const { hostname, port } = new URL(endpoint);
      void Bun.connect({
        hostname,
        port: Number(port),
        socket: {
          open(socket) {
            socket.write("PUT /odd/short HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nonly this");
            socket.end();
          },
          data() {},
          close: () => resolve(),
        },
      });
    });
    expect((await refusal(s3.send(new GetObjectCommand({ Bucket: "odd", Key: "short" })))).name).toBe("NoSuchKey");
  });

  test("after all of this the server still answers", async () => {
    await s3.send(new PutObjectCommand({ Bucket: "odd", Key: "alive", Body: "yes" }));
    expect(await (await s3.send(new GetObjectCommand({ Bucket: "odd", Key: "alive" }))).Body!.transformToString()).toBe(
      "yes",
    );
  });
});
