import { beforeEach, describe, expect, test } from "bun:test";
import type { BucketRecord } from "#contracts";
import { AwsError } from "#foundation/aws";
import { computeChecksum } from "#foundation/aws/checksums";
import { presign, presignV2 } from "#foundation/aws/sigv4";
import type { HttpResponse } from "#foundation/http";
import { chunkedPlan } from "./testing/chunked.ts";
import { type Door, openDoor, outcome, PUBLIC_POLICY } from "./testing/door.ts";
import { OTHER_ACCOUNT } from "./testing/fake-catalog.ts";
import { fakeRequest, HOST, NOW, type RequestPlan, type SigningPlan, signed } from "./testing/fake-request.ts";

const PUT = { method: "PUT", path: "/photos/cat.png", body: "a cat" } as const;
const EXTRA = [["host", HOST] as const, ["x-amz-acl", "public-read"] as const];

const headerOf = (response: HttpResponse, name: string): string | undefined =>
  response.headers?.find(([one]) => one.toLowerCase() === name)?.[1];

let door: Door;
beforeEach(async () => {
  door = await openDoor();
});

/** Sends and expects that nothing came through: neither to the operation nor, unless said, to its access. */
async function refused(
  plan: RequestPlan,
  code: string,
  status: number,
  asked: readonly string[] = [],
): Promise<HttpResponse> {
  const request = fakeRequest(plan);
  const response = await door.handler(request);
  expect(outcome(response)).toEqual([status, code]);
  expect(door.seen).toEqual([]);
  expect(door.asked).toEqual([...asked]);
  expect(door.logged).toEqual([]);
  return response;
}

describe("a good request", () => {
  test("reaches its operation with input, caller, body and answers with the operation's output", async () => {
    door.behave = () => ({ ETag: '"etag"' });
    const response = await door.sendSigned({
      ...PUT,
      headers: [
        ["host", HOST],
        ["x-amz-meta-mood", "calm"],
      ],
    });
    expect([
      response.status,
      headerOf(response, "etag"),
      headerOf(response, "x-amz-request-id"),
      headerOf(response, "x-amz-id-2"),
    ]).toEqual([200, '"etag"', "0123456789ABCDEF", "HOST"]);
    const [{ operation, input, context, body }] = door.seen as [Door["seen"][number]];
    expect([operation, input.Bucket, input.Key, input.Metadata, body]).toEqual([
      "PutObject",
      "photos",
      "cat.png",
      { mood: "calm" },
      "a cat",
    ]);
    expect(context).toMatchObject({
      requestId: "0123456789ABCDEF",
      hostId: "HOST",
      region: "us-east-1",
      now: NOW,
      endpoint: `http://${HOST}`,
      virtualHost: false,
      presigned: false,
      caller: { type: "root", accessKeyId: "AKIAROOT" },
    });
  });

  test("a part of something is a 206", async () => {
    door.behave = () => ({ ContentRange: "bytes 0-0/5", Body: new Uint8Array(1) });
    expect((await door.sendSigned({ path: "/photos/cat.png" })).status).toBe(206);
    door.behave = () => ({ ContentRange: undefined, Body: new Uint8Array(1) });
    expect((await door.sendSigned({ path: "/photos/cat.png" })).status).toBe(200);
  });

  test("chunked, with its trailers", async () => {
    for (const kind of ["signed", "signedTrailer", "unsignedTrailer"] as const) {
      const plan = chunkedPlan({ kind, body: Buffer.alloc(10_000, "x"), credential: door.root });
      expect((await door.send(plan)).status).toBe(200);
      expect(door.seen.at(-1)?.body).toBe("x".repeat(10_000));
      expect([...(door.seen.at(-1)?.context.trailers.keys() ?? [])]).toEqual(
        kind === "signed" ? [] : ["x-amz-checksum-crc32"],
      );
    }
  });

  test("presigned, and with unsigned headers that S3 ignores", async () => {
    const query = presign(
      { method: "GET", path: "/photos/cat.png", query: "", headers: [["host", HOST]] },
      { credential: door.root, region: "us-east-1", service: "s3", now: NOW, expiresSeconds: 60 },
    );
    const headers = [["host", HOST] as const, ["x-custom", "1"] as const, ["range", "bytes=0-1"] as const];
    expect((await door.send({ path: "/photos/cat.png", query, headers })).status).toBe(200);
    expect(door.seen[0]?.context.presigned).toBe(true);
    expect(outcome(await door.send({ path: "/photos/cat.png", query, headers: EXTRA }))).toEqual([403, "AccessDenied"]);
    expect(outcome(await door.send({ path: "/photos/cat.png", query: `${query}&versionId=1` }))).toEqual([
      403,
      "SignatureDoesNotMatch",
    ]);
    expect(door.seen.length).toBe(1);
  });

  test.each([
    ["photos.s3.localhost:4566", "/cat.png", "cat.png"],
    ["photos.localhost", "/photos/cat.png", "photos/cat.png"],
    ["photos.s3.eu-west-1.localhost", "//a%2Fb//", "/a/b//"],
    ["127.0.0.1", "/photos//a%2Fb//../", "/a/b//../"],
    ["localhost", "/photos/%2E%2E/x", "../x"],
  ])("at %s, %s is the key %s", async (host, path, key) => {
    expect((await door.sendSigned({ host, path })).status).toBe(200);
    expect(door.seen[0]).toMatchObject({ operation: "GetObject", input: { Bucket: "photos", Key: key } });
    expect(door.seen[0]?.context.virtualHost).toBe(host.startsWith("photos"));
  });

  test("repeated parameters: all are signed, the first counts", async () => {
    const query = "versionId=1&versionId=2&partNumber=7&partNumber=8";
    expect((await door.sendSigned({ path: "/photos/cat.png", query })).status).toBe(200);
    expect(door.seen[0]?.input).toMatchObject({ VersionId: "1", PartNumber: 7 });
  });

  test("a query as long as the server takes", async () => {
    const query = Array.from({ length: 1600 }, (_, n) => `x${n}=${n}`).join("&");
    expect((await door.sendSigned({ path: "/photos/cat.png", query })).status).toBe(200);
  });
});

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
    door.catalog.putUser("ana", { inlinePolicies: { broken: "{" } });
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

describe("answers to failures", () => {
  test("HEAD has no body", async () => {
    const response = await door.send({ method: "HEAD", path: "/photos/cat.png" });
    expect([response.status, response.body]).toEqual([403, null]);
    const signature = await door.send(
      signed({ method: "HEAD", path: "/photos/cat.png" }, { credential: { ...door.root, secretAccessKey: "x" } }),
    );
    expect([signature.status, signature.body]).toEqual([403, null]);
  });

  test("a service's error is answered in its words, a defect is logged and hidden", async () => {
    door.behave = () => {
      throw new AwsError("NoSuchKey", "gone", { fields: { Key: "cat.png" } });
    };
    const gone = await door.sendSigned({ path: "/photos/cat.png" });
    expect([outcome(gone), String(gone.body)]).toEqual([
      [404, "NoSuchKey"],
      expect.stringContaining("<Key>cat.png</Key>"),
    ]);
    expect(door.logged).toEqual([]);

    door.behave = () => {
      throw new Error("the database password is hunter2");
    };
    const defect = await door.sendSigned({ path: "/photos/cat.png" });
    expect(outcome(defect)).toEqual([500, "InternalError"]);
    expect(String(defect.body)).not.toContain("hunter2");
    expect(door.logged.join()).toContain("the database password");
  });

  test("an output that cannot be encoded is a defect", async () => {
    door.behave = () => ({ Body: 7 });
    expect(outcome(await door.sendSigned({ path: "/photos/cat.png" }))).toEqual([500, "InternalError"]);
    expect(door.logged.length).toBe(1);
  });

  test("an error that cannot be encoded is still answered, and one with an unsafe header is made safe", async () => {
    door.behave = () => {
      throw new AwsError("NoSuchKey", "gone", { headers: [["x-note", "a\r\nb: c"]] });
    };
    expect(headerOf(await door.sendSigned({ path: "/photos/cat.png" }), "x-note")).toBe("a??b: c");
    door.behave = () => {
      throw new AwsError("InvalidObjectState", "odd", { fields: { StorageClass: { not: "text" } } });
    };
    expect((await door.sendSigned({ path: "/photos/cat.png" })).status).toBeGreaterThanOrEqual(400);
  });

  test("the wrong region names the right one", async () => {
    const response = await door.send(
      signed({ path: "/photos/cat.png" }, { credential: door.root, region: "eu-west-1" }),
    );
    expect([headerOf(response, "x-amz-bucket-region"), String(response.body)]).toEqual([
      "us-east-1",
      expect.stringContaining("<Region>us-east-1</Region>"),
    ]);
    expect(
      (await door.send(signed({ path: "/photos", query: "location" }, { credential: door.root, region: "eu-west-1" })))
        .status,
    ).toBe(200);
  });
});

describe("browsers", () => {
  const browserDoor = (intercept?: () => Promise<HttpResponse>): Promise<Door> =>
    openDoor({
      browser: {
        intercept: () => intercept?.(),
        corsHeaders: (bucket) => [["access-control-allow-origin", `for ${bucket}`]],
      },
    });
  const fromPage: RequestPlan = {
    path: "/photos/cat.png",
    headers: [
      ["host", HOST],
      ["origin", "https://example.com"],
    ],
  };

  test("answers and refusals carry the bucket's CORS headers, however the bucket is named", async () => {
    door = await browserDoor();
    const answers = [
      await door.sendSigned(fromPage),
      await door.send(fromPage),
      await door.send({ ...fromPage, headers: [...(fromPage.headers ?? []), ["authorization", "nonsense"]] }),
    ];
    expect(answers.map((answer) => [answer.status, headerOf(answer, "access-control-allow-origin")])).toEqual([
      [200, "for photos"],
      [403, "for photos"],
      [400, "for photos"],
    ]);
    const hosted = await door.send({
      path: "/photos/cat.png",
      host: "other.localhost",
      headers: [
        ["host", "other.localhost"],
        ["origin", "x"],
      ],
    });
    expect(headerOf(hosted, "access-control-allow-origin")).toBe("for other");
  });

  test("without an origin, or at another service, there are none", async () => {
    door = await browserDoor();
    expect(headerOf(await door.sendSigned({ path: "/photos/cat.png" }), "access-control-allow-origin")).toBeUndefined();
    const lambda = await door.send({ ...fromPage, path: "/2015-03-31/functions" });
    expect(headerOf(lambda, "access-control-allow-origin")).toBeUndefined();
  });

  test("an interception answers alone; its failures are refusals", async () => {
    door = await browserDoor(async () => ({ status: 204, headers: [] }));
    expect(await door.send(fromPage)).toEqual({ status: 204, headers: [] });
    door = await browserDoor(async () => {
      throw new AwsError("AccessForbidden", "CORSResponse", { statusCode: 403 });
    });
    expect(outcome(await door.send(fromPage))).toEqual([403, "AccessForbidden"]);
    expect(door.seen).toEqual([]);
  });
});
