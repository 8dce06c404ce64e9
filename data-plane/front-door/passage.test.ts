import { beforeEach, describe, expect, test } from "bun:test";
import type { BucketRecord } from "#contracts";
import { computeChecksum } from "#foundation/aws/checksums";
import { presign, presignV2 } from "#foundation/aws/sigv4";
import { chunkedPlan } from "./testing/chunked.ts";
import { type Door, openDoor, outcome, PUBLIC_POLICY } from "./testing/door.ts";
import { OTHER_ACCOUNT } from "./testing/fake-catalog.ts";
import { fakeRequest, HOST, NOW, type RequestPlan, type SigningPlan, signed } from "./testing/fake-request.ts";

const PUT = { method: "PUT", path: "/photos/cat.png", body: "a cat" } as const;
const EXTRA = [["host", HOST] as const, ["x-amz-acl", "public-read"] as const];

let door: Door;
beforeEach(async () => {
  door = await openDoor();
});

/** Sends and expects that nothing came through: neither to the operation nor, unless said, to its access. */
async function refused(plan: RequestPlan, code: string, status: number, asked: readonly string[] = []): Promise<void> {
  const response = await door.handler(fakeRequest(plan));
  expect(outcome(response)).toEqual([status, code]);
  expect(door.seen).toEqual([]);
  expect(door.asked).toEqual([...asked]);
  expect(door.logged).toEqual([]);
}

describe("refused before anything was read", () => {
  /** Nothing of the body may have been touched: a client that waits for `100 Continue` gets the refusal instead. */
  async function unread(plan: RequestPlan, code: string, status: number, asked: readonly string[] = []): Promise<void> {
    const request = fakeRequest(plan);
    const response = await door.handler(request);
    expect(outcome(response)).toEqual([status, code]);
    expect([request.body.used, door.seen.length, door.asked, door.logged]).toEqual([false, 0, [...asked], []]);
  }
  const root = (more: Partial<SigningPlan> = {}): SigningPlan => ({ credential: door.root, ...more });

  test("no credentials", () => unread(PUT, "AccessDenied", 403, ["PutObject"]));
  test("an unknown key", () =>
    unread(
      signed(PUT, { credential: { accessKeyId: "AKIANOBODY", secretAccessKey: "x" } }),
      "InvalidAccessKeyId",
      403,
    ));
  test("a wrong secret", () =>
    unread(
      signed(PUT, root({ credential: { accessKeyId: "AKIAROOT", secretAccessKey: "x" } })),
      "SignatureDoesNotMatch",
      403,
    ));
  test("a session token", () =>
    unread(signed(PUT, root({ credential: { ...door.root, sessionToken: "t" } })), "InvalidToken", 400));
  test("an old date", () => unread(signed(PUT, root({ now: NOW - 20 * 60_000 })), "RequestTimeTooSkewed", 403));
  test("a region that is not served", () =>
    unread(signed(PUT, root({ region: "mars-1" })), "AuthorizationHeaderMalformed", 400));
  test("a service that is not here", () => unread(signed(PUT, root({ service: "kms" })), "UnknownService", 501));
  test("an unsigned header", () =>
    unread(signed(PUT, root({ spoil: (headers) => [...headers, EXTRA[1]!] })), "AccessDenied", 403));
  test("no payload hash", () =>
    unread(
      signed(PUT, root({ spoil: (headers) => headers.filter(([name]) => name !== "x-amz-content-sha256") })),
      "InvalidRequest",
      400,
    ));
  test("credentials in two places", () =>
    unread({ ...signed(PUT, root()), query: "X-Amz-Algorithm=AWS4-HMAC-SHA256" }, "InvalidArgument", 400));
  test("a scheme that is none", () =>
    unread(
      {
        ...PUT,
        headers: [
          ["host", HOST],
          ["authorization", "Bearer token"],
        ],
      },
      "InvalidArgument",
      400,
    ));
  test("a malformed credential", () =>
    unread(
      {
        ...PUT,
        headers: [
          ["host", HOST],
          ["authorization", "AWS4-HMAC-SHA256 Credential=x"],
        ],
      },
      "AuthorizationHeaderMalformed",
      400,
    ));
  test("a changed method, path or query", async () => {
    const good = signed(PUT, root());
    for (const change of [{ method: "DELETE" }, { path: "/photos/dog.png" }, { query: "acl" }]) {
      await unread({ ...good, ...change }, "SignatureDoesNotMatch", 403);
    }
  });
  test("a method that S3 does not have", () =>
    unread(signed({ ...PUT, method: "PATCH" }, root()), "MethodNotAllowed", 405));
  test("an operation that is not offered", () =>
    unread(signed({ ...PUT, path: "/photos", query: "policy" }, root()), "NotImplemented", 501));
  test("a bucket elsewhere", () =>
    unread(signed(PUT, root({ region: "eu-west-1" })), "AuthorizationHeaderMalformed", 400));
  test("a caller who may not", async () => {
    door.catalog.putUser("ana");
    const ana = door.catalog.putKey("AKIAANA", { owner: { type: "user", userName: "ana" } });
    await unread(signed(PUT, { credential: ana }), "AccessDenied", 403, ["PutObject"]);
  });
  test("a caller whose policy cannot be read", async () => {
    door.catalog.putUser("ana", { sections: { inlinePolicies: { broken: "{" } } });
    const ana = door.catalog.putKey("AKIAANA", { owner: { type: "user", userName: "ana" } });
    await unread(signed(PUT, { credential: ana }), "AccessDenied", 403, ["PutObject"]);
  });
  test("somebody else's bucket", async () => {
    door.catalog.putBucket("theirs", { accountId: OTHER_ACCOUNT });
    await unread(signed({ ...PUT, path: "/theirs/cat.png" }, root()), "AccessDenied", 403, ["PutObject"]);
  });
  test("two hosts", async () => {
    const request = {
      ...fakeRequest({ ...signed(PUT, root()), host: "photos.localhost" }),
      target: "http://photos.localhost/cat.png",
    };
    expect(outcome(await door.handler(request))).toEqual([400, "InvalidHostHeader"]);
  });
  test("a chunked upload without its length", () =>
    unread(
      chunkedPlan({ kind: "unsignedTrailer", credential: door.root, body: Buffer.from("x"), decodedLength: null }),
      "MissingContentLength",
      411,
    ));
  test("anonymous signed chunks", () =>
    unread(chunkedPlan({ kind: "signed", body: Buffer.from("x") }), "InvalidRequest", 400));
  test("a document of somebody unknown", () =>
    unread(
      signed(
        { method: "POST", path: "/photos", query: "delete=", body: "<Delete/>" },
        root({ credential: { accessKeyId: "AKIA", secretAccessKey: "x" } }),
      ),
      "InvalidAccessKeyId",
      403,
    ));
});

describe("refused by its body", () => {
  test("a stream that is not what was signed is no call", async () => {
    const plan = signed(PUT, { credential: door.root });
    await refused({ ...plan, body: "a dog" }, "XAmzContentSHA256Mismatch", 400, ["PutObject"]);
  });

  test("no body at all where one was signed", async () => {
    for (const path of ["/", "/photos/cat.png"]) {
      const plan = signed({ path }, { credential: door.root, payloadHash: "0".repeat(64) });
      await refused(plan, "XAmzContentSHA256Mismatch", 400);
    }
  });

  test("a spoiled chunk is no call", async () => {
    const plan = chunkedPlan({ kind: "signed", credential: door.root, body: Buffer.from("a cat") }, (encoded) => {
      encoded[encoded.indexOf("cat")] = 0x62;
      return encoded;
    });
    await refused(plan, "SignatureDoesNotMatch", 403, ["PutObject"]);
  });

  test("documents are compared before access is asked", async () => {
    const tagging = "<Tagging><TagSet></TagSet></Tagging>";
    const request = { method: "PUT", path: "/photos", query: "tagging=", body: tagging } as const;
    const withMd5 = (md5: string): RequestPlan => ({
      ...request,
      headers: [
        ["host", HOST],
        ["content-md5", md5],
      ],
    });
    await refused(signed(request, { credential: door.root }), "InvalidRequest", 400);
    await refused(signed(withMd5("1B2M2Y8AsgTpgAmY7PhCfg=="), { credential: door.root }), "BadDigest", 400);
    const good = signed(withMd5(computeChecksum("MD5", Buffer.from(tagging))), { credential: door.root });
    await refused({ ...good, body: tagging.toLowerCase() }, "XAmzContentSHA256Mismatch", 400);
    expect((await door.send(good)).status).toBe(200);
  });

  test("a document that is no document, or too large", async () => {
    const body = "<Tagging>";
    const headers = [["host", HOST] as const, ["content-md5", computeChecksum("MD5", Buffer.from(body))] as const];
    const plan = { method: "PUT", path: "/photos", query: "tagging=", headers, body } as const;
    await refused(signed(plan, { credential: door.root }), "MalformedXML", 400);
    const large = signed(
      { ...plan, body: Buffer.alloc(8 * 1024 * 1024 + 1) },
      { credential: door.root, payloadHash: "UNSIGNED-PAYLOAD" },
    );
    await refused(large, "MaxMessageLengthExceeded", 400);
  });

  test("malformed percent-encoding in path and query", async () => {
    for (const change of [{ path: "/photos/%zz" }, { path: "/photos/%ff" }, { query: "versionId=%" }]) {
      await refused(signed({ path: "/photos/cat.png", ...change }, { credential: door.root }), "InvalidURI", 400);
    }
  });
});

describe("signatures that cover the body without saying its hash", () => {
  const FORM = "Action=SendMessage&Version=2012-11-05&MessageBody=hello";
  const JSON_TARGET = [["host", HOST] as const, ["x-amz-target", "DynamoDB_20120810.PutItem"] as const];
  /** As botocore signs every service but S3: here in the query, where the hash has no place either. */
  const covering = (service: string, plan: RequestPlan & { readonly body: string }): RequestPlan => {
    const { method = "POST", path = "/", headers = [["host", HOST]], body } = plan;
    const payloadHash = new Bun.CryptoHasher("sha256").update(body).digest("hex");
    const options = { credential: door.root, region: "us-east-1", service, now: NOW, expiresSeconds: 60, payloadHash };
    return { ...plan, method, query: presign({ method, path, query: "", headers }, options) };
  };
  beforeEach(async () => {
    door = await openDoor({ offered: { sqs: ["SendMessage"], dynamodb: ["PutItem"] } });
  });

  test("the body is read and proven, as JSON and as a form on any path", async () => {
    const item = '{"TableName":"t","Item":{"k":{"S":"v"}}}';
    expect((await door.send(covering("dynamodb", { headers: JSON_TARGET, body: item }))).status).toBe(200);
    expect((await door.send(covering("sqs", { path: "/111122223333/queue", body: FORM }))).status).toBe(200);
    expect(door.seen.map(({ operation, input }) => [operation, input.TableName, input.MessageBody])).toEqual([
      ["PutItem", "t", undefined],
      ["SendMessage", undefined, "hello"],
    ]);
  });

  test("another body does not match", async () => {
    const item = covering("dynamodb", { headers: JSON_TARGET, body: '{"TableName":"t"}' });
    await refused({ ...item, body: '{"TableName":"u"}' }, "InvalidSignatureException", 400);
    await refused({ ...item, body: "" }, "InvalidSignatureException", 400);
    const form = covering("sqs", { path: "/111122223333/queue", body: FORM });
    await refused({ ...form, body: FORM.replace("hello", "howdy") }, "SignatureDoesNotMatch", 403);
  });

  test("it is not read for keys that do not exist, nor beyond its limit", async () => {
    const plan = covering("dynamodb", { headers: JSON_TARGET, body: '{"TableName":"t"}' });
    door.catalog.putKey("AKIAROOT", { status: "Inactive" });
    const request = fakeRequest(plan);
    expect(outcome(await door.handler(request))).toEqual([400, "UnrecognizedClientException"]);
    expect(request.body.used).toBe(false);

    door.catalog.putKey("AKIAROOT");
    const large = fakeRequest({ ...plan, body: Buffer.alloc(17 * 1024 * 1024 + 1) });
    expect(outcome(await door.handler(large))).toEqual([413, "RequestEntityTooLargeException"]);
    expect(door.seen).toEqual([]);
  });

  test("a hash that was said is compared as well", async () => {
    const plan = { method: "POST", headers: JSON_TARGET, body: '{"TableName":"t"}' } as const;
    const good = signed(plan, { credential: door.root, service: "dynamodb" });
    expect((await door.send(good)).status).toBe(200);
    door.seen.length = 0;
    door.asked.length = 0;
    await refused({ ...good, body: '{"TableName":"u"}' }, "InvalidSignatureException", 400);
  });
});

describe("anonymous callers", () => {
  test("a bucket policy or an ACL lets them in", async () => {
    door.catalog.putBucket("public", { sections: { policy: PUBLIC_POLICY } });
    door.catalog.putBucket("granted", { sections: { acl: {} } as BucketRecord["sections"] });
    for (const bucket of ["public", "granted"]) {
      expect((await door.send({ path: `/${bucket}/cat.png` })).status).toBe(200);
      expect(
        (await door.send(chunkedPlan({ kind: "unsignedTrailer", path: `/${bucket}/cat.png`, body: Buffer.from("c") })))
          .status,
      ).toBe(200);
    }
    expect(door.seen.map(({ context }) => context.caller)).toEqual(Array(4).fill({ type: "anonymous" }));
  });

  test("a POST that looks like a form may be S3's after all", async () => {
    door.catalog.putBucket("public", { sections: { policy: PUBLIC_POLICY } });
    const body = "<Delete><Object><Key>a</Key></Object></Delete>";
    const headers = [
      ["host", HOST] as const,
      ["content-type", "application/x-www-form-urlencoded"] as const,
      ["content-md5", computeChecksum("MD5", Buffer.from(body))] as const,
    ];
    const plan: RequestPlan = { method: "POST", path: "/public", query: "delete", headers, body };
    expect((await door.send(plan)).status).toBe(200);
    expect(door.seen[0]).toMatchObject({ operation: "DeleteObjects", input: { Delete: { Objects: [{ Key: "a" }] } } });
    const hashed = { ...plan, headers: [...headers, ["x-amz-content-sha256", "0".repeat(64)] as const] };
    expect(outcome(await door.send(hashed))).toEqual([400, "XAmzContentSHA256Mismatch"]);
  });

  test("services that know no strangers", async () => {
    const target = [["host", HOST] as const, ["x-amz-target", "DynamoDB_20120810.ListTables"] as const];
    await refused({ method: "POST", headers: target, body: "{}" }, "MissingAuthenticationTokenException", 400);
    await refused({ query: "Action=ListUsers&Version=2010-05-08" }, "MissingAuthenticationToken", 403);
    // Nor are they told which operations there are.
    const unknown = [["host", HOST] as const, ["x-amz-target", "DynamoDB_20120810.Nothing"] as const];
    await refused({ method: "POST", headers: unknown, body: "{}" }, "MissingAuthenticationTokenException", 400);
    await refused({ path: "/2015-03-31/functions" }, "MissingAuthenticationTokenException", 403);
    await refused({ query: "Action=GetCallerIdentity&Version=2011-06-15" }, "MissingAuthenticationToken", 403);
    await refused({ query: "Action=AssumeRoleWithWebIdentity&Version=2011-06-15" }, "UnsupportedOperation", 501);
  });
});

describe("Signature Version 2", () => {
  const presigned = (method: string, query = ""): string =>
    presignV2({ method, path: "/photos/cat.png", query, headers: fakeRequest({}).headers }, door.root, {
      expiresAtSeconds: NOW / 1000 + 60,
    });

  test("a presigned URL works, and cannot be turned into another operation", async () => {
    const query = presigned("GET");
    expect((await door.send({ path: "/photos/cat.png", query })).status).toBe(200);
    door.seen.length = 0;
    door.asked.length = 0;
    await refused({ path: "/photos/cat.png", query: `acl&${query}` }, "SignatureDoesNotMatch", 403);
  });

  test("parameters that it does not sign cannot choose the operation", async () => {
    door = await openDoor({ offered: { s3: ["GetObject", "GetObjectRetention"] } });
    await refused({ path: "/photos/cat.png", query: `retention&${presigned("GET")}` }, "InvalidRequest", 400);
  });

  test("it covers the bucket also where the host names it", async () => {
    const request = { method: "GET", path: "/cat.png", query: "", headers: fakeRequest({}).headers };
    const options = { expiresAtSeconds: NOW / 1000 + 60 };
    const host = "photos.localhost";
    const query = presignV2(request, door.root, { ...options, virtualHostBucket: "photos" });
    expect((await door.send({ path: "/cat.png", query, host })).status).toBe(200);
    expect(door.seen[0]?.input).toMatchObject({ Bucket: "photos", Key: "cat.png" });
    const elsewhere = { path: "/cat.png", query, host: "backups.localhost" };
    expect(outcome(await door.send(elsewhere))).toEqual([403, "SignatureDoesNotMatch"]);
  });

  test("its chunks cannot be signed", async () => {
    const headers = [["host", HOST] as const, ["x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"] as const];
    const path = "/photos/cat.png";
    const query = presignV2({ method: "PUT", path, query: "", headers: fakeRequest({ headers }).headers }, door.root, {
      expiresAtSeconds: NOW / 1000 + 60,
    });
    await refused({ method: "PUT", path, query, headers, body: "x" }, "InvalidRequest", 400);
  });
});
