/** Hosts and paths: which bucket a request means, and that two readers of it never differ. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { CreateBucketCommand, PutBucketWebsiteCommand, PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { type ClientCloud, startClientCloud } from "../support/client-cloud.ts";
import { sendRaw, sendSigned } from "../support/raw-http.ts";
import { s3ClientFor } from "../support/s3.ts";

describe("addressing", () => {
  let here: ClientCloud;
  let s3: S3Client;
  let endpoint: string;
  let port: string;

  beforeAll(async () => {
    here = await startClientCloud();
    endpoint = here.environment.AWS_ENDPOINT_URL!;
    port = new URL(endpoint).port;
    s3 = s3ClientFor(here.environment);
    for (const Bucket of ["photos", "other"]) {
      await s3.send(new CreateBucketCommand({ Bucket }));
      for (const Key of ["cat", "/cat", "a//b", "photos/cat", "a%2Fb"]) {
        await s3.send(new PutObjectCommand({ Bucket, Key, Body: `${Key} of ${Bucket}` }));
      }
    }
  });
  afterAll(async () => {
    await here.dispose();
  });

  test.each([
    ["photos.s3.localhost", "/cat", "cat of photos"],
    ["photos.localhost", "/cat", "cat of photos"],
    ["PHOTOS.s3.us-east-1.LOCALHOST", "/cat", "cat of photos"],
    ["photos.localhost", "//cat", "/cat of photos"],
    ["photos.localhost", "/photos/cat", "photos/cat of photos"],
    ["photos.localhost", "/a%252Fb", "a%2Fb of photos"],
    ["s3.localhost", "/photos/cat", "cat of photos"],
    ["localhost", "/photos//cat", "/cat of photos"],
    ["127.0.0.1", "/photos/a%2F%2Fb", "a//b of photos"],
    ["somewhere.example", "/photos/cat", "cat of photos"],
  ])("%s%s is %j", async (host, path, expected) => {
    const answer = await sendSigned(here.environment, { method: "GET", host: `${host}:${port}`, path });
    expect([answer.status, answer.body]).toEqual([200, expected]);
  });

  test("the signature holds for one host only", async () => {
    const answer = await sendSigned(here.environment, {
      method: "GET",
      host: "photos.localhost",
      path: "/cat",
      tamper: (head) => head.replace("host: photos.localhost", "host: other.localhost"),
    });
    expect([answer.status, answer.code]).toEqual([403, "SignatureDoesNotMatch"]);
  });

  test("a target that names another host than the header is refused", async () => {
    const plan = { method: "GET", host: "photos.localhost", path: "/cat" } as const;
    const toTarget = (target: string) =>
      sendSigned(here.environment, { ...plan, tamper: (head) => head.replace("GET /cat", `GET ${target}`) });
    const other = await toTarget("http://other.localhost/cat");
    expect([other.status, other.code]).toEqual([400, "InvalidHostHeader"]);
    const same = await toTarget("http://photos.localhost/cat");
    expect([same.status, same.body]).toEqual([200, "cat of photos"]);
  });

  test("a bucket that is a website answers as one at its website's name only", async () => {
    await s3.send(
      new PutBucketWebsiteCommand({
        Bucket: "photos",
        WebsiteConfiguration: { IndexDocument: { Suffix: "index.html" } },
      }),
    );
    const visit = (host: string) => sendRaw(endpoint, [`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`]);
    const website = await visit("photos.s3-website.localhost");
    expect([website.status, website.head.toLowerCase().includes("content-type: text/html")]).toEqual([403, true]);
    const api = await visit("photos.s3.localhost");
    expect([api.status, api.code]).toEqual([403, "AccessDenied"]);
    expect(api.head.toLowerCase()).toContain("content-type: application/xml");
  });

  test("odd hosts and targets are answered, and nothing more", async () => {
    for (const [target, host] of [
      ["/cat", ""],
      ["/cat", ".localhost"],
      ["/cat", "..localhost"],
      ["/cat", "[::1]"],
      ["/cat", "photos.localhost:99999"],
      ["/cat", "xn--.localhost"],
      ["/cat", `${"a".repeat(300)}.localhost`],
      ["*", "photos.localhost"],
      ["//", "localhost"],
      ["/%2e%2e/%2e%2e", "localhost"],
      ["/?", "localhost"],
      ["/photos/cat?&&&=&=", "localhost"],
    ] as const) {
      const answer = await sendRaw(endpoint, [`GET ${target} HTTP/1.1\r\nHost: ${host}\r\n\r\n`]);
      expect([target, host, [400, 403, 404].includes(answer.status)]).toEqual([target, host, true]);
    }
  });
});
