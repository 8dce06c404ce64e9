/** The worked examples of the S3 API Reference: "Signature Calculations for the Authorization Header", "Query Parameters", "RESTAuthentication". */

import { describe, expect, test } from "bun:test";
import {
  needsBodyToVerify,
  parseSignature,
  presign,
  type SignableRequest,
  signRequest,
  verifySignature,
} from "./index.ts";
import { stringToSignV2 } from "./verify-v2.ts";

const credential = {
  accessKeyId: "AKIAIOSFODNN7EXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
};
const now = Date.UTC(2013, 4, 24);
const options = { credential, region: "us-east-1", service: "s3", now };
const accepts = { now, region: "us-east-1", service: "s3" };

function request(
  method: string,
  path: string,
  query: string,
  headers: readonly (readonly [string, string])[],
): SignableRequest {
  return {
    method,
    path,
    query,
    headers: { get: (name) => headers.find(([n]) => n.toLowerCase() === name)?.[1], raw: headers.flat() },
  };
}

const headerExamples = [
  {
    name: "GET object with a range",
    method: "GET",
    path: "/test.txt",
    query: "",
    headers: [
      ["Host", "examplebucket.s3.amazonaws.com"],
      ["Range", "bytes=0-9"],
    ],
    body: "",
    signature: "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
  },
  {
    name: "PUT object with a dollar sign in the key",
    method: "PUT",
    path: "/test$file.text",
    query: "",
    headers: [
      ["Host", "examplebucket.s3.amazonaws.com"],
      ["Date", "Fri, 24 May 2013 00:00:00 GMT"],
      ["x-amz-storage-class", "REDUCED_REDUNDANCY"],
    ],
    body: "Welcome to Amazon S3.",
    signature: "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
  },
  {
    name: "GET bucket lifecycle",
    method: "GET",
    path: "/",
    query: "lifecycle",
    headers: [["Host", "examplebucket.s3.amazonaws.com"]],
    body: "",
    signature: "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
  },
  {
    name: "GET bucket with parameters",
    method: "GET",
    path: "/",
    query: "max-keys=2&prefix=J",
    headers: [["Host", "examplebucket.s3.amazonaws.com"]],
    body: "",
    signature: "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
  },
] as const;

describe("S3's examples of signatures in the header", () => {
  for (const example of headerExamples) {
    test(example.name, () => {
      const { method, path, query } = example;
      const signed = signRequest({ method, path, query, headers: example.headers }, Buffer.from(example.body), options);
      expect(signed.signature).toBe(example.signature);
      const received = request(method, path, query, signed.headers);
      const verified = verifySignature(parseSignature(received), received, credential.secretAccessKey, accepts);
      expect(verified).toMatchObject({ kind: "signed", accessKeyId: credential.accessKeyId, authType: "REST-HEADER" });
    });
  }
});

test("S3's example of a presigned URL", () => {
  const headers = [["host", "examplebucket.s3.amazonaws.com"]] as const;
  const query = presign(
    { method: "GET", path: "/test.txt", query: "", headers },
    { ...options, expiresSeconds: 86_400 },
  );
  expect(query).toEndWith("&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
  const received = request("GET", "/test.txt", query, headers);
  const verified = verifySignature(parseSignature(received), received, credential.secretAccessKey, accepts);
  expect(verified).toMatchObject({
    kind: "signed",
    payload: { kind: "unsigned" },
    presigned: { expiresAtMs: now + 86_400_000 },
  });
});

describe("S3's examples of Signature Version 2", () => {
  const secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
  const bucket = "awsexamplebucket1";
  const host = ["Host", "awsexamplebucket1.us-west-1.s3.amazonaws.com"] as const;
  const examples = [
    {
      name: "object GET",
      request: ["GET", "/photos/puppy.jpg", "", [host, ["Date", "Tue, 27 Mar 2007 19:36:42 +0000"]]],
      signature: "qgk2+6Sv9/oM7G3qLEjTH1a1l1g=",
      at: Date.UTC(2007, 2, 27, 19, 36, 42),
    },
    {
      name: "list",
      request: [
        "GET",
        "/",
        "prefix=photos&max-keys=50&marker=puppy",
        [host, ["Date", "Tue, 27 Mar 2007 19:42:41 +0000"]],
      ],
      signature: "m0WP8eCtspQl5Ahe6L1SozdX9YA=",
      at: Date.UTC(2007, 2, 27, 19, 42, 41),
    },
    {
      name: "fetch of the access control list",
      request: ["GET", "/", "acl", [host, ["Date", "Tue, 27 Mar 2007 19:44:46 +0000"]]],
      signature: "82ZHiFIjc+WbcwFKGUVEQspPn+0=",
      at: Date.UTC(2007, 2, 27, 19, 44, 46),
    },
  ] as const;
  for (const example of examples) {
    test(example.name, () => {
      const [method, path, query, headers] = example.request;
      const signed = request(method, path, query, [
        ...headers,
        ["Authorization", `AWS ${credential.accessKeyId}:${example.signature}`],
      ]);
      const verified = verifySignature(parseSignature(signed), signed, secret, {
        now: example.at,
        region: "us-west-1",
        service: "s3",
        virtualHostBucket: bucket,
      });
      expect(verified).toMatchObject({ kind: "signed", signatureVersion: "AWS", authType: "REST-HEADER" });
    });
  }

  test("query string request", () => {
    const signed = request(
      "GET",
      "/photos/puppy.jpg",
      "AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D&Expires=1175139620",
      [["Host", "johnsmith.s3.amazonaws.com"]],
    );
    expect(stringToSignV2(signed, { expires: "1175139620", virtualHostBucket: "johnsmith" })).toBe(
      "GET\n\n\n1175139620\n/johnsmith/photos/puppy.jpg",
    );
    const verified = verifySignature(parseSignature(signed), signed, secret, {
      now: 1_175_139_620_000,
      region: "us-east-1",
      service: "s3",
      virtualHostBucket: "johnsmith",
    });
    expect(verified).toMatchObject({ kind: "signed", presigned: { expiresAtMs: 1_175_139_620_000 } });
  });

  test("presigned uploads made with botocore: headers and token travel in the query", () => {
    const urls = [
      "AWSAccessKeyId=AKIAEXAMPLEEXAMPLE00&Signature=%2F9VmpKEiS%2FnslT6Ps8ORpophiJc%3D&content-type=text%2Fplain&x-amz-meta-a=1&Expires=1795253102",
      "AWSAccessKeyId=AKIAEXAMPLEEXAMPLE00&Signature=xdiW3pWfVfIv5xP%2F1OifImaiJBc%3D&content-type=text%2Fplain&x-amz-meta-a=1&x-amz-security-token=to%2Fken%2B%3D&Expires=1795253102",
    ];
    for (const url of urls) {
      for (const sentAgain of [[], [["Content-Type", "text/plain"] as const, ["x-amz-meta-a", "1"] as const]]) {
        const signed = request("PUT", "/bucket/a%20key", `versionId=7&response-content-type=text%2Fplain&${url}`, [
          ["Host", "localhost:4566"],
          ...sentAgain,
        ]);
        const verified = verifySignature(parseSignature(signed), signed, "secret", {
          now: 1_795_253_102_000,
          region: "us-east-1",
          service: "s3",
        });
        expect(verified.kind).toBe("signed");
      }
    }
  });
});

describe("requests signed with botocore, which does not send the hash of the body", () => {
  const accepted = { now: Date.UTC(2026, 5, 1, 12, 0, 0), region: "us-east-1", service: "lambda" };
  const path = "/2015-03-31/functions/arn%3Aaws%3Alambda/./x//y";
  const query = "Marker=a%2Fb%20c&A=";

  test("header", () => {
    const body = Buffer.from('{"a":1}');
    const signed = request("POST", path, query, [
      ["Host", "localhost:4566"],
      ["X-Amz-Target", "X.Y"],
      ["X-Amz-Date", "20260601T120000Z"],
      ["X-Amz-Security-Token", "to/ken+="],
      [
        "Authorization",
        "AWS4-HMAC-SHA256 Credential=AKIAEXAMPLEEXAMPLE00/20260601/us-east-1/lambda/aws4_request, SignedHeaders=host;x-amz-date;x-amz-security-token;x-amz-target, Signature=e01cd1426a5c87af9d3aadda093776d150716db320502b38169bbce70db05228",
      ],
    ]);
    expect(needsBodyToVerify(parseSignature(signed), signed)).toBe(true);
    const verified = verifySignature(parseSignature(signed), signed, "secret", { ...accepted, body });
    expect(verified).toMatchObject({ kind: "signed", sessionToken: "to/ken+=" });
    expect(() =>
      verifySignature(parseSignature(signed), signed, "secret", { ...accepted, body: Buffer.from('{"a":2}') }),
    ).toThrow("mismatch");
  });

  test("presigned", () => {
    const signed = request(
      "GET",
      path,
      `${query}&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAEXAMPLEEXAMPLE00%2F20260601%2Fus-east-1%2Flambda%2Faws4_request&X-Amz-Date=20260601T120000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Security-Token=to%2Fken%2B%3D&X-Amz-Signature=4ce16e3684d94e926560fa04a1198292a41460852090fc58fd0296a1915283e5`,
      [["Host", "localhost:4566"]],
    );
    const verified = verifySignature(parseSignature(signed), signed, "secret", accepted);
    expect(verified).toMatchObject({ kind: "signed", sessionToken: "to/ken+=" });
  });
});
