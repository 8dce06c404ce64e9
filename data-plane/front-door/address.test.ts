import { describe, expect, test } from "bun:test";
import { addressOf, expectOneHost } from "./address.ts";
import { fakeRequest } from "./testing/fake-request.ts";

const names = { baseDomains: ["s3.localhost", "localhost", "cloud.example.com"] };
const at = (host: string, secure = false) => {
  const { bucket, domain, website } = addressOf(fakeRequest({ host, secure }), names);
  return website ? { bucket, website } : { bucket, domain };
};
const PATH_STYLE = { bucket: undefined, domain: undefined };

describe("addressOf()", () => {
  test.each([
    "127.0.0.1",
    "127.0.0.1:4566",
    "[::1]:4566",
    "localhost",
    "localhost:4566",
    "s3.localhost:4566",
    "S3.LocalHost",
    "s3.eu-west-1.localhost",
    "s3-eu-west-1.localhost",
    "s3-website.localhost",
    "cloud.example.com",
    "s3.cloud.example.com",
    "",
    ".localhost",
    ".s3.localhost",
    "..s3.localhost".slice(1),
    "proxy.internal",
    "notlocalhost",
    "localhost.",
    "999.1.1.1:80",
  ])("%s is path style", (host) => {
    expect(at(host)).toEqual(PATH_STYLE);
  });

  test.each([
    ["photos.localhost", "photos", "localhost"],
    ["photos.localhost:4566", "photos", "localhost"],
    ["photos.s3.localhost", "photos", "s3.localhost"],
    ["PHOTOS.S3.localhost", "photos", "s3.localhost"],
    ["photos.s3.eu-west-1.localhost", "photos", "s3.eu-west-1.localhost"],
    ["photos.s3-us-gov-east-1.localhost", "photos", "s3-us-gov-east-1.localhost"],
    ["my.dotted.bucket.s3.localhost", "my.dotted.bucket", "s3.localhost"],
    ["photos.s3.cloud.example.com", "photos", "s3.cloud.example.com"],
    ["1.2.3.bucket.s3.localhost:80", "1.2.3.bucket", "s3.localhost"],
    // Below S3's own base domain everything is the bucket, also what looks like a label of the service.
    ["x.s3.s3.localhost", "x.s3", "s3.localhost"],
    // Names that only resemble the service's labels.
    ["photos.s3x.localhost", "photos.s3x", "localhost"],
    ["photos.s3.mars.localhost", "photos.s3.mars", "localhost"],
    ["fs3.localhost", "fs3", "localhost"],
  ])("%s names the bucket %s below %s", (host, bucket, domain) => {
    expect(at(host)).toEqual({ bucket, domain });
  });

  test.each([
    "photos.s3-website.localhost",
    "photos.s3-website-eu-west-1.localhost",
    "photos.s3-website.eu-west-1.localhost:80",
  ])("%s is a website", (host) => {
    expect(at(host)).toEqual({ bucket: "photos", website: true });
  });

  test("the endpoint is what the client said", () => {
    const endpoint = (secure: boolean) =>
      addressOf(fakeRequest({ host: "Photos.localhost:99", secure }), names).endpoint;
    expect(endpoint(false)).toBe("http://Photos.localhost:99");
    expect(endpoint(true)).toBe("https://Photos.localhost:99");
  });
});

describe("expectOneHost()", () => {
  const request = (host: string, header: string, target: string) => ({
    ...fakeRequest({ host, headers: [["host", header]] }),
    target,
  });

  test("an absolute-form target must name the host of the header", () => {
    const other = request("photos.localhost", "backups.localhost", "http://photos.localhost/key");
    expect(() => expectOneHost(other)).toThrow("not the one in the Host header");
    expectOneHost(request("photos.localhost", "PHOTOS.localhost", "http://photos.localhost/key"));
  });

  test("other targets are not looked at", () => {
    expectOneHost(request("photos.localhost", "backups.localhost", "/key"));
    expectOneHost(request("photos.localhost", "photos.localhost", "*"));
  });
});
