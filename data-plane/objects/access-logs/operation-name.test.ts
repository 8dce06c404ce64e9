import { expect, test } from "bun:test";
import { logName } from "./operation-name.ts";

test("logName() names operations as S3's logs do", () => {
  const names = [
    ["GetObject", "GET", true, "REST.GET.OBJECT"],
    ["PutObject", "PUT", true, "REST.PUT.OBJECT"],
    ["HeadBucket", "HEAD", false, "REST.HEAD.BUCKET"],
    ["ListObjectsV2", "GET", false, "REST.GET.BUCKET"],
    ["ListObjectVersions", "GET", false, "REST.GET.BUCKETVERSIONS"],
    ["GetBucketVersioning", "GET", false, "REST.GET.VERSIONING"],
    ["GetBucketLogging", "GET", false, "REST.GET.LOGGING_STATUS"],
    ["GetBucketPolicy", "GET", false, "REST.GET.BUCKETPOLICY"],
    ["PutBucketPolicy", "PUT", false, "REST.PUT.BUCKETPOLICY"],
    ["GetObjectTagging", "GET", true, "REST.GET.OBJECT_TAGGING"],
    ["GetObjectAcl", "GET", true, "REST.GET.ACL"],
    ["CreateMultipartUpload", "POST", true, "REST.POST.UPLOADS"],
    ["UploadPart", "PUT", true, "REST.PUT.PART"],
    ["CompleteMultipartUpload", "POST", true, "REST.POST.UPLOAD"],
    ["AbortMultipartUpload", "DELETE", true, "REST.DELETE.UPLOAD"],
    ["ListParts", "GET", true, "REST.GET.UPLOAD"],
    ["DeleteObjects", "POST", false, "REST.POST.MULTI_OBJECT_DELETE"],
    ["CopyObject", "PUT", true, "REST.COPY.OBJECT"],
    ["UploadPartCopy", "PUT", true, "REST.COPY.PART"],
  ] as const;
  for (const [operation, method, onObject, name] of names) {
    expect(logName(operation, method, onObject, false), operation).toBe(name);
  }
  expect(logName(undefined, "GET", true, true)).toBe("WEBSITE.GET.OBJECT");
  expect(logName(undefined, "OPTIONS", true, false)).toBe("REST.OPTIONS.PREFLIGHT");
  expect(logName(undefined, "POST", true, false)).toBe("REST.POST.OBJECT");
  expect(logName(undefined, "GET", false, false)).toBe("REST.GET.BUCKET");
});
