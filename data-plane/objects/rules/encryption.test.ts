import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { customerKey, encryptionForWrite, isConfidential, keyForRead } from "./encryption.ts";

const key = Buffer.alloc(32, 7);
const headers = {
  SSECustomerAlgorithm: "AES256",
  SSECustomerKey: key.toString("base64"),
  SSECustomerKeyMD5: createHash("md5").update(key).digest("base64"),
};

describe("customerKey()", () => {
  test("reads a whole set of headers", () => {
    expect(customerKey(headers, true)?.keyMd5).toBe(headers.SSECustomerKeyMD5);
    expect(customerKey({}, false)).toBeUndefined();
  });

  test("refuses parts, wrong keys and insecure connections", () => {
    expect(() => customerKey(headers, false)).toThrow("secure connection");
    expect(() => customerKey({ ...headers, SSECustomerAlgorithm: undefined }, true)).toThrow(
      "valid encryption algorithm",
    );
    expect(() => customerKey({ ...headers, SSECustomerAlgorithm: "DES" }, true)).toThrow("Supported value: AES256");
    expect(() => customerKey({ ...headers, SSECustomerKey: undefined }, true)).toThrow("appropriate secret key");
    expect(() => customerKey({ ...headers, SSECustomerKeyMD5: undefined }, true)).toThrow("client calculated MD5");
    expect(() => customerKey({ ...headers, SSECustomerKey: "AAAA" }, true)).toThrow("secret key was invalid");
    expect(() => customerKey({ ...headers, SSECustomerKeyMD5: "AAAA" }, true)).toThrow("did not match the hash");
  });
});

describe("encryptionForWrite()", () => {
  test("header, customer key, bucket default, nothing", () => {
    expect(encryptionForWrite({}, false, true)).toEqual({ mode: "none" });
    expect(encryptionForWrite({}, true, true)).toEqual({ mode: "SSE-S3" });
    expect(encryptionForWrite({ ServerSideEncryption: "AES256" }, false, true)).toEqual({ mode: "SSE-S3" });
    expect(encryptionForWrite(headers, true, true).mode).toBe("SSE-C");
  });

  test("refuses what is not there", () => {
    expect(() => encryptionForWrite({ ServerSideEncryption: "aws:kms" }, false, true)).toThrow("no key service");
    expect(() => encryptionForWrite({ SSEKMSKeyId: "k" }, false, true)).toThrow("no key service");
    expect(() => encryptionForWrite({ ServerSideEncryption: "rot13" }, false, true)).toThrow("not supported");
    expect(() => encryptionForWrite({ ...headers, ServerSideEncryption: "AES256" }, false, true)).toThrow(
      "incompatible",
    );
  });
});

describe("keyForRead()", () => {
  const sealed = { mode: "SSE-C", keyMd5: headers.SSECustomerKeyMD5 } as const;

  test("a customer's key is needed exactly where the object has one", () => {
    expect(keyForRead(sealed, headers, true)).toEqual(key);
    expect(keyForRead({ mode: "none" }, {}, true)).toBeUndefined();
    expect(() => keyForRead(sealed, {}, true)).toThrow("correct parameters must be provided");
    expect(() => keyForRead({ mode: "SSE-S3" }, headers, true)).toThrow("not applicable");
    expect(() => keyForRead({ mode: "SSE-C", keyMd5: "other" }, headers, true)).toThrow("Access Denied");
  });
});

test("isConfidential() takes TLS and the machine itself", () => {
  expect(isConfidential({ secure: true, remoteAddress: "203.0.113.1" })).toBe(true);
  expect(isConfidential({ secure: false, remoteAddress: "127.0.0.1" })).toBe(true);
  expect(isConfidential({ secure: false, remoteAddress: "::ffff:127.0.0.1" })).toBe(true);
  expect(isConfidential({ secure: false, remoteAddress: "203.0.113.1" })).toBe(false);
});
