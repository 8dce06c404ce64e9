import { afterEach, describe, expect, test } from "bun:test";
import { parseSignature, verifySignature } from "#foundation/aws/sigv4";
import type { ServerExchange } from "#foundation/http1";
import { systemClock } from "#foundation/runtime";
import { configProblems, testExchange, testHost } from "../../../testing/index.ts";
import { said } from "../testing/dispatching.ts";
import { closeGateways, testGateway } from "../testing/gateway.ts";
import { closeServers, testServer } from "../testing/servers.ts";
import { isBucket, isKey, objectPlaces } from "./object-place.ts";
import { s3 } from "./s3.ts";

afterEach(async () => {
  await closeGateways();
  await closeServers();
});

const KEYS = { access_key_id: "AKIAEXAMPLEEXAMPLE00", secret_access_key: "s3cr3t/With+Signs==", region: "eu-west-1" };
const configOf = (endpoint: string, more: object = {}) => ({
  ...KEYS,
  endpoint,
  force_path_style: true,
  bucket_param: "bucket",
  key_param: "key",
  timeout: 5,
  ...more,
});

/** What the signature covers: `sha256` and `unsigned`, or why it does not hold. */
function verified({ head }: ServerExchange): string {
  const [path = "", query = ""] = head.target.split("?");
  const raw = head.fields.toRaw();
  const request = { method: head.method, path, query, headers: { get: (name: string) => head.fields.get(name), raw } };
  try {
    const options = { now: systemClock.now(), region: KEYS.region, service: "s3" };
    const signature = verifySignature(parseSignature(request), request, KEYS.secret_access_key, options);
    return signature.kind === "signed" ? signature.payload.kind : signature.kind;
  } catch (error) {
    return String(error);
  }
}

/** A store that keeps objects by path, and lets in whose signature holds. */
async function store(objects: Map<string, Buffer> = new Map()) {
  const signatures: string[] = [];
  const server = await testServer(async (exchange) => {
    const { method, target } = exchange.head;
    const signature = verified(exchange);
    signatures.push(signature);
    if (!["sha256", "unsigned"].includes(signature)) {
      exchange.answer({ status: 403 }, signature);
    } else if (method === "PUT") {
      objects.set(target, await exchange.body.bytes(64 << 20));
      exchange.answer({ status: 200, fields: ["ETag", '"e"'] });
    } else if (method === "DELETE") exchange.answer({ status: objects.delete(target) ? 204 : 404 });
    else {
      const object = objects.get(target);
      if (object === undefined) exchange.answer({ status: 404 }, "<Code>NoSuchKey</Code>");
      else exchange.answer({ status: 200, fields: ["x-amz-meta-a", "b"] }, object);
    }
  });
  return { server, objects, signatures };
}

describe("s3", () => {
  test("reads and writes objects, streaming, signed with its own key", async () => {
    const { server, objects, signatures } = await store();
    const operations = ["GET", "PUT", "DELETE"].map((method) => `${method} /files/{bucket}/{key+}`);
    const gateway = await testGateway("s3", configOf(server.url), operations);
    const url = gateway.url("/files/photos/2026/a%20b(c)%2B%C3%A9.bin");
    const body = Buffer.alloc(8 * 1024 * 1024, "0123456789");
    const put = await fetch(url, { method: "PUT", body, headers: { "x-amz-meta-a": "b" } });
    expect([put.status, put.headers.get("etag"), signatures]).toEqual([200, '"e"', ["unsigned"]]);
    expect([...objects.keys()]).toEqual(["/photos/2026/a%20b%28c%29%2B%C3%A9.bin"]);
    const got = await fetch(url);
    expect([got.headers.get("x-amz-meta-a"), Bun.hash(await got.arrayBuffer())]).toEqual(["b", Bun.hash(body)]);
    const head = await fetch(url, { method: "HEAD" });
    expect([head.status, head.headers.get("content-length")]).toEqual([200, String(body.length)]);
    expect((await fetch(url, { method: "DELETE" })).status).toBe(204);
    expect((await fetch(url)).status).toBe(404);
  });

  test("passes on what is about the object, and nothing else: no credentials, no query", async () => {
    const { server } = await store(new Map([["/photos/a", Buffer.from("x")]]));
    const dispatcher = await s3.setup(configOf(server.url, { bucket: "photos" }), {
      ...testHost(),
      clock: systemClock,
    });
    const headers = {
      authorization: "Bearer client",
      cookie: "a=1",
      range: "bytes=0-1",
      "if-none-match": '"e"',
      "x-amz-acl": "public-read",
      "x-amz-copy-source": "/other/b",
      "X-Amz-Security-Token": "theirs",
    };
    const request = { target: "/?acl", headers, pathParameters: { bucket: "other", key: "a" } };
    expect(await said(await dispatcher.dispatch(testExchange(request)))).toEqual([200, "x"]);
    const [{ target, fields } = { target: "", fields: {} as Readonly<Record<string, string>> }] = server.asked;
    expect(target).toBe("/photos/a");
    expect(Object.keys(fields).sort()).toEqual([
      "authorization",
      "host",
      "if-none-match",
      "range",
      "x-amz-content-sha256",
      "x-amz-date",
    ]);
    expect(fields.authorization).toStartWith("AWS4-HMAC-SHA256 Credential=AKIAEXAMPLEEXAMPLE00/");
  });

  test("signs a whole body, and a session", async () => {
    const { server, signatures, objects } = await store();
    const config = configOf(server.url, { session_token: "session" });
    const dispatcher = await s3.setup(config, { ...testHost(), clock: systemClock });
    const request = { method: "PUT", body: "whole", pathParameters: { bucket: "photos", key: "a" } };
    expect((await dispatcher.dispatch(testExchange(request))).status).toBe(200);
    expect([signatures, objects.get("/photos/a")?.toString()]).toEqual([["sha256"], "whole"]);
    expect(server.asked[0]?.fields["x-amz-security-token"]).toBe("session");
  });

  test("gives the fallback for what is not there, to those who read", async () => {
    const { server } = await store(new Map([["/site/index.html", Buffer.from("page")]]));
    const config = configOf(server.url, { bucket: "site", fallback_key: "index.html" });
    const dispatcher = await s3.setup(config, { ...testHost(), clock: systemClock });
    const ask = async (method: string, key: string) =>
      said(await dispatcher.dispatch(testExchange({ method, pathParameters: { key } })));
    expect(await ask("GET", "app/users/7")).toEqual([200, "page"]);
    expect(await ask("GET", "")).toEqual([200, "page"]);
    expect(await ask("GET", "index.html")).toEqual([200, "page"]);
    expect((await ask("DELETE", "other"))[0]).toBe(404);
    expect(server.asked.length).toBe(5);
  });

  test("refuses what is no object, and asks nobody", async () => {
    const { server } = await store();
    const dispatcher = await s3.setup(configOf(server.url), testHost());
    const status = async (method: string, bucket: string, key: string) =>
      (await dispatcher.dispatch(testExchange({ method, pathParameters: { bucket, key } }))).status;
    expect(await status("POST", "photos", "a")).toBe(405);
    for (const bucket of ["", "a", "evil.example/", "a@b.c", "UPPER", "a..b"]) {
      expect(await status("GET", bucket, "a")).toBe(404);
    }
    for (const key of ["", "..", "a/../b", "./a", "x".repeat(1025)])
      expect(await status("GET", "photos", key)).toBe(400);
    expect(server.asked).toEqual([]);
  });

  test("wants to know how long an object is", async () => {
    const { server } = await store();
    const gateway = await testGateway("s3", configOf(server.url), ["PUT /{bucket}/{key}"]);
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue("x");
        controller.close();
      },
    });
    expect((await fetch(gateway.url("/photos/a"), { method: "PUT", body })).status).toBe(411);
    expect(server.asked).toEqual([]);
  });
});

describe("places of objects", () => {
  test.each([
    ["https://s3.eu-west-1.amazonaws.com", false, "photos", "photos.s3.eu-west-1.amazonaws.com", "/a/b%20c"],
    ["https://s3.eu-west-1.amazonaws.com", true, "photos", "s3.eu-west-1.amazonaws.com", "/photos/a/b%20c"],
    ["https://s3.eu-west-1.amazonaws.com", false, "my.photos", "s3.eu-west-1.amazonaws.com", "/my.photos/a/b%20c"],
    ["http://store.test:9000/base/", false, "photos", "photos.store.test:9000", "/base/a/b%20c"],
  ])("%s, by path %p, %s", (endpoint, forcesPath, bucket, host, path) => {
    const place = objectPlaces(endpoint, forcesPath)(bucket, "a/b c");
    expect([place.upstream.host, place.path]).toEqual([host, path]);
  });

  test("names of buckets and keys", () => {
    expect(["abc", "a-b.c", "a1b"].every(isBucket)).toBe(true);
    expect(["ab", "-ab", "ab-", "a_b", "a/b", "a:b", "a..b", "x".repeat(64)].some(isBucket)).toBe(false);
    expect(["a", "a/b", "..a", "a/...", "/"].every(isKey)).toBe(true);
  });

  test("configurations that do not fit are refused by the compiler", () => {
    const { region, ...keys } = { ...KEYS, secret_access_key: "env://SECRET" };
    expect(configProblems("s3", keys)).not.toEqual([]);
    expect(configProblems("s3", { ...keys, region, bucket: "No" })).not.toEqual([]);
    expect(configProblems("s3", { ...keys, region: "a.evil.example/" })).not.toEqual([]);
    expect(configProblems("s3", { ...keys, region, bucket: "photos", fallback_key: "index.html" })).toEqual([]);
  });
});
