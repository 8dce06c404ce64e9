import { expect, test } from "bun:test";
import { S3Client } from "@aws-sdk/client-s3";
import { createPresignedPost } from "@aws-sdk/s3-presigned-post";
import { parsePostSignature, SignatureError, verifyPostSignature } from "./index.ts";

const credentials = { accessKeyId: "AKIAEXAMPLEEXAMPLE00", secretAccessKey: "secret", sessionToken: "token" };
const options = { region: "us-east-1", service: "s3" };

async function form(): Promise<Record<string, string>> {
  const client = new S3Client({
    region: "us-east-1",
    credentials,
    endpoint: "http://localhost:4566",
    forcePathStyle: true,
  });
  const { fields } = await createPresignedPost(client, { Bucket: "bucket", Key: "key", Expires: 600 });
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name.toLowerCase(), value]));
}

test("a form made by the SDK is accepted, and a changed one is not", async () => {
  const fields = await form();
  const parsed = parsePostSignature((name) => fields[name]);
  if (parsed.kind === "anonymous") throw new Error("the form is signed");
  expect(verifyPostSignature(parsed, credentials.secretAccessKey, options)).toMatchObject({
    kind: "signed",
    accessKeyId: credentials.accessKeyId,
    sessionToken: "token",
    authType: "POST",
  });
  const policy = `${fields.policy?.slice(0, -4)}AAA=`;
  expect(() => verifyPostSignature({ ...parsed, policy }, credentials.secretAccessKey, options)).toThrow(
    SignatureError,
  );
  expect(() => verifyPostSignature(parsed, "another", options)).toThrow(SignatureError);
  expect(() => verifyPostSignature(parsed, credentials.secretAccessKey, { ...options, region: "eu-west-1" })).toThrow(
    SignatureError,
  );
});

test("a form without policy is anonymous; half a form is malformed", () => {
  expect(parsePostSignature(() => undefined)).toEqual({ kind: "anonymous" });
  const fields: Record<string, string> = { policy: "e30=" };
  expect(() => parsePostSignature((name) => fields[name])).toThrow(SignatureError);
  fields["x-amz-signature"] = "00";
  expect(() => parsePostSignature((name) => fields[name])).toThrow(SignatureError);
});

test("Signature Version 2 forms sign the policy with HMAC-SHA1", () => {
  const policy = Buffer.from('{"expiration":"2030-01-01T00:00:00Z","conditions":[]}').toString("base64");
  const signature = new Bun.CryptoHasher("sha1", "secret").update(policy).digest("base64");
  const fields: Record<string, string> = { policy, signature, awsaccesskeyid: "AK" };
  const parsed = parsePostSignature((name) => fields[name]);
  if (parsed.kind === "anonymous") throw new Error("the form is signed");
  expect(verifyPostSignature(parsed, "secret", options)).toMatchObject({ signatureVersion: "AWS", authType: "POST" });
  expect(() => verifyPostSignature(parsed, "other", options)).toThrow(SignatureError);
});
