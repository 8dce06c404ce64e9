import { describe, expect, test } from "bun:test";
import { AwsError, decodeInput, loadServiceModel, routeOperation } from "../index.ts";
import { wireRequest } from "../wire-request.testing.ts";

const model = await loadServiceModel("s3");

function route(method: string, target: string, headers: Readonly<Record<string, string>> = {}, baseDomains?: string[]) {
  const routed = routeOperation(model, wireRequest(method, target, headers), baseDomains && { baseDomains });
  return [routed.operation.name, routed.labels] as const;
}

function refusal(method: string, target: string): AwsError {
  try {
    route(method, target);
  } catch (error) {
    if (error instanceof AwsError) return error;
    throw error;
  }
  throw new Error("it was routed");
}

describe("S3 routing", () => {
  test.each([
    ["GET", "/", {}, "ListBuckets"],
    ["GET", "/?x-id=ListDirectoryBuckets", {}, "ListDirectoryBuckets"],
    ["GET", "/b", {}, "ListObjects"],
    ["GET", "/b/", {}, "ListObjects"],
    ["GET", "/b?list-type=2", {}, "ListObjectsV2"],
    ["GET", "/b?list-type=2&prefix=a", {}, "ListObjectsV2"],
    ["GET", "/b?versions", {}, "ListObjectVersions"],
    ["GET", "/b?uploads=", {}, "ListMultipartUploads"],
    ["GET", "/b?location", {}, "GetBucketLocation"],
    ["GET", "/b?acl", {}, "GetBucketAcl"],
    ["GET", "/b?analytics", {}, "ListBucketAnalyticsConfigurations"],
    ["GET", "/b?analytics&id=a", {}, "GetBucketAnalyticsConfiguration"],
    ["PUT", "/b", {}, "CreateBucket"],
    ["PUT", "/b?unknown", {}, "CreateBucket"],
    ["PUT", "/b?tagging", {}, "PutBucketTagging"],
    ["HEAD", "/b", {}, "HeadBucket"],
    ["HEAD", "/b/k", {}, "HeadObject"],
    ["DELETE", "/b", {}, "DeleteBucket"],
    ["POST", "/b?delete", {}, "DeleteObjects"],
    ["GET", "/b/k", {}, "GetObject"],
    ["GET", "/b/k?X-Amz-Signature=1", {}, "GetObject"],
    ["GET", "/b/k?x-id=PutObject", {}, "GetObject"],
    ["GET", "/b/k?uploadId=u", {}, "ListParts"],
    ["GET", "/b/k?tagging", {}, "GetObjectTagging"],
    ["GET", "/b/k?attributes", { "x-amz-object-attributes": "ETag" }, "GetObjectAttributes"],
    ["GET", "/b/k?attributes", {}, "GetObjectAttributes"],
    ["PUT", "/b/k", {}, "PutObject"],
    ["PUT", "/b/k?x-id=CopyObject", {}, "PutObject"],
    ["PUT", "/b/k", { "x-amz-copy-source": "/a/b" }, "CopyObject"],
    ["PUT", "/b/k?partNumber=1&uploadId=u", {}, "UploadPart"],
    ["PUT", "/b/k?partNumber=1&uploadId=u", { "x-amz-copy-source": "/a/b" }, "UploadPartCopy"],
    ["PUT", "/b/k?acl", {}, "PutObjectAcl"],
    ["POST", "/b/k?uploads", {}, "CreateMultipartUpload"],
    ["POST", "/b/k?uploadId=u", {}, "CompleteMultipartUpload"],
    ["POST", "/b/k?select&select-type=2", {}, "SelectObjectContent"],
    ["DELETE", "/b/k", {}, "DeleteObject"],
    ["DELETE", "/b/k?uploadId=u", {}, "AbortMultipartUpload"],
  ])("%s %s %j is %s", (method, target, headers, operation) => {
    expect(route(method, target, headers)[0]).toBe(operation);
  });

  test.each([
    ["/b/a%2Fb", "a/b"],
    ["/b//a//b/", "/a//b/"],
    ["/b/a/../b/./c", "a/../b/./c"],
    ["/b/%2e%2e/x", "../x"],
    ["/b/a+b", "a+b"],
    ["/b/a%2Bb%20c", "a+b c"],
    ["/b/%2525", "%25"],
    ["/b/%E2%82%AC", "\u20ac"],
    ["/b/%00%01%7F", "\u0000\u0001\u007f"],
    ["/b/__proto__", "__proto__"],
  ])("the key of %s is %j, decoded once and not normalised", (target, key) => {
    expect(route("GET", target)).toEqual(["GetObject", { Bucket: "b", Key: key }]);
  });

  test.each(["/b/%", "/b/%2", "/b/%zz", "/b/%ff", "/b/%C3%28", "/%/k"])("%s is an InvalidURI", (target) => {
    expect(refusal("GET", target)).toMatchObject({ code: "InvalidURI", statusCode: 400 });
  });

  test("a malformed query is an InvalidURI", () => {
    expect(refusal("GET", "/b/k?versionId=%zz")).toMatchObject({ code: "InvalidURI", statusCode: 400 });
  });

  test.each([
    ["POST", "/b/k", "OBJECT"],
    ["PATCH", "/b/k", "OBJECT"],
    ["POST", "/b", "BUCKET"],
    ["DELETE", "/", "SERVICE"],
    ["PUT", "/", "SERVICE"],
  ])("%s %s is not allowed", (method, target, resource) => {
    expect(refusal(method, target)).toMatchObject({
      code: "MethodNotAllowed",
      statusCode: 405,
      fields: { Method: method, ResourceType: resource },
    });
  });

  test("the host names the bucket where a base domain says so", () => {
    const domains = ["s3.localhost"];
    const host = { host: "my.bucket.S3.localhost:9000" };
    expect(route("GET", "/a/b", host, domains)).toEqual(["GetObject", { Bucket: "my.bucket", Key: "a/b" }]);
    expect(route("GET", "/", host, domains)).toEqual(["ListObjects", { Bucket: "my.bucket" }]);
    expect(route("GET", "/b/k", { host: "s3.localhost:9000" }, domains)).toEqual([
      "GetObject",
      { Bucket: "b", Key: "k" },
    ]);
    expect(route("GET", "/b/k", { host: "evils3.localhost" }, domains)).toEqual([
      "GetObject",
      { Bucket: "b", Key: "k" },
    ]);
    expect(route("GET", "/b/k", { host: "[::1]:9000" }, domains)).toEqual(["GetObject", { Bucket: "b", Key: "k" }]);
  });

  test("a value of the wrong type names its argument", () => {
    const request = wireRequest("GET", "/b?list-type=2&max-keys=many");
    const routed = routeOperation(model, request);
    expect(() => decodeInput(routed, request, new Uint8Array(0))).toThrow(
      expect.objectContaining({
        code: "InvalidArgument",
        message: "Provided max-keys not an integer or within integer range",
        fields: { ArgumentName: "max-keys", ArgumentValue: "many" },
      }),
    );
  });

  test("a condition with an invalid date is ignored, an empty number is absent", () => {
    const request = wireRequest("GET", "/b/k?partNumber=", { "if-modified-since": "yesterday" });
    expect(decodeInput(routeOperation(model, request), request, new Uint8Array(0))).toEqual({ Bucket: "b", Key: "k" });
  });

  test("the raw text of Expires is kept beside the date", () => {
    const request = wireRequest("PUT", "/b/k", { expires: "never" });
    const input = decodeInput(routeOperation(model, request), request, new Uint8Array(0));
    expect(input).toMatchObject({ ExpiresString: "never" });
    expect(input.Expires).toBeUndefined();
  });
});
