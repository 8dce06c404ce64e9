import { expect, test } from "bun:test";
import { loadServiceModel, type OperationModel } from "#foundation/aws";
import type { SignedRequest } from "#foundation/aws/sigv4";
import { expectOperationSigned } from "./signature-v2.ts";

const model = await loadServiceModel("s3");
const operation = (name: string): OperationModel => model.operation(name)!;
const by = (signatureVersion: SignedRequest["signatureVersion"]) => ({ signatureVersion }) as SignedRequest;
const refused = (name: string) => () => expectOperationSigned(operation(name), by("AWS"));

test.each([
  "GetObject",
  "PutObject",
  "UploadPart",
  "ListObjectsV2",
  "GetObjectAcl",
  "PutObjectTagging",
  "GetBucketPolicy",
])("Version 2 signs %s", (name) => {
  refused(name)();
});

test.each([
  ["GetObjectRetention", "retention"],
  ["PutObjectRetention", "retention"],
  ["PutObjectLegalHold", "legal-hold"],
  ["GetObjectAttributes", "attributes"],
  ["PutBucketEncryption", "encryption"],
  ["PutPublicAccessBlock", "publicAccessBlock"],
  ["PutBucketOwnershipControls", "ownershipControls"],
])("Version 2 cannot tell %s from something else", (name, parameter) => {
  expect(refused(name)).toThrow(`does not cover the query parameter ${parameter}`);
  expect(refused(name)).toThrow(parameter);
});

test("Version 4 and nobody may ask for anything", () => {
  expectOperationSigned(operation("PutObjectRetention"), by("AWS4-HMAC-SHA256"));
  expectOperationSigned(operation("PutObjectRetention"), undefined);
});
