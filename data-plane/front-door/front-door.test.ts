import { beforeEach, describe, expect, test } from "bun:test";
import { AwsError } from "#foundation/aws";
import { presign } from "#foundation/aws/sigv4";
import type { HttpResponse } from "#foundation/http";
import { chunkedPlan } from "./testing/chunked.ts";
import { type Door, openDoor, outcome } from "./testing/door.ts";
import { HOST, NOW, type RequestPlan, signed } from "./testing/fake-request.ts";

const PUT = { method: "PUT", path: "/photos/cat.png", body: "a cat" } as const;
const EXTRA = [["host", HOST] as const, ["x-amz-acl", "public-read"] as const];

const headerOf = (response: HttpResponse, name: string): string | undefined =>
  response.headers?.find(([one]) => one.toLowerCase() === name)?.[1];

let door: Door;
beforeEach(async () => {
  door = await openDoor();
});

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
