/** Requests through the real front door on a socket, and what the log says of them. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import {
  CopyObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { createPresignedPost } from "@aws-sdk/s3-presigned-post";
import { presign } from "#foundation/aws/sigv4";
import { createVirtualTime } from "#foundation/runtime";
import { until } from "../../../tests/support/until.ts";
import { openWireWorld, type WireWorld } from "../testing/wire-world.ts";
import { ACCOUNT, bytesOf } from "../testing/world.ts";
import { LOG_PACE } from "./access-logs.ts";

const OWNER = "a".repeat(64);
const time = createVirtualTime(Date.UTC(2026, 0, 15));
let world: WireWorld;
let Bucket: string;
let target: string;
beforeAll(async () => {
  world = await openWireWorld({ timers: time.timers });
});
afterAll(() => world.close());
beforeEach(async () => {
  Bucket = await world.bucket();
  target = await world.bucket();
  admit("Allow");
  await log(Bucket);
});

const admit = (Effect: "Allow" | "Deny"): void => {
  const Principal = { Service: "logging.s3.amazonaws.com" };
  const statement = { Effect, Principal, Action: "s3:PutObject", Resource: `arn:aws:s3:::${target}/*` };
  world.planes.configure(target, { policy: JSON.stringify({ Version: "2012-10-17", Statement: [statement] }) });
};
const log = (source: string, TargetPrefix = `${source}/`, more: object = {}) =>
  world.call("PutBucketLogging", {
    Bucket: source,
    BucketLoggingStatus: { LoggingEnabled: { TargetBucket: target, TargetPrefix, ...more } },
  });
const keysOf = async (Prefix: string): Promise<string[]> =>
  ((await world.call("ListObjectsV2", { Bucket: target, Prefix })).Contents ?? []).map(({ Key }) => Key ?? "");

/** The fields of all records that were delivered under the prefix after a round. */
async function records(prefix = `${Bucket}/`, atLeast = 1): Promise<string[][]> {
  const lines: string[] = [];
  await until("the log is delivered", async () => {
    // A record is made when its answer was sent, which the client may notice first.
    time.advance(LOG_PACE.everyMs);
    lines.length = 0;
    for (const Key of await keysOf(prefix)) {
      const { Body } = await world.call("GetObject", { Bucket: target, Key });
      lines.push(...(await bytesOf(Body)).toString().trimEnd().split("\n"));
    }
    return lines.length >= atLeast;
  });
  return lines.map((line) => line.match(/\[[^\]]*\]|"[^"]*"|\S+/g) ?? []);
}

describe("a record", () => {
  test("says who did what, and how it ended", async () => {
    await world.s3.send(new PutObjectCommand({ Bucket, Key: "a b", Body: "hello" }));
    await world.s3.send(new GetObjectCommand({ Bucket, Key: "a b", Range: "bytes=1-2" }));
    const all = await records(undefined, 2);
    const of = (operation: string) => all.find((fields) => fields[6] === operation) ?? [];
    const put = of("REST.PUT.OBJECT");
    expect(put).toHaveLength(26);
    expect(put.slice(0, 2)).toEqual([OWNER, Bucket]);
    expect(put[2]).toMatch(/^\[\d\d\/[A-Z][a-z]{2}\/\d{4}(:\d\d){3} \+0000\]$/);
    expect([put[3], put[4]]).toEqual(["127.0.0.1", OWNER]);
    expect([put[7], put[9], put[10], put[11], put[12]]).toEqual(["a%2520b", "200", "-", "-", "5"]);
    expect(put[8]).toBe(`"PUT /${Bucket}/a%20b?x-id=PutObject HTTP/1.1"`);
    expect(put[16]).toStartWith('"aws-sdk-js/');
    expect(put.slice(18)).toEqual(["HOST", "SigV4", "-", "AuthHeader", `127.0.0.1:${world.port}`, "-", "-", "-"]);
    const get = of("REST.GET.OBJECT");
    expect([get[9], get[11], get[12]]).toEqual(["206", "2", "5"]);
    expect(Number(get[13])).toBeGreaterThanOrEqual(Number(get[14]));
  });

  test("is kept of refusals too, with their code, and of nobody", async () => {
    await fetch(`${world.url}/${Bucket}/k`);
    await fetch(`${world.url}/${Bucket}/k`, { headers: { authorization: "AWS4-HMAC-SHA256 nonsense" } });
    await world.s3.send(new HeadObjectCommand({ Bucket, Key: "missing" })).catch(() => undefined);
    const all = (await records(undefined, 3)).map((fields) => [fields[4], fields[6], fields[7], fields[9], fields[10]]);
    expect(all).toContainEqual(["-", "REST.GET.OBJECT", "k", "403", "AccessDenied"]);
    expect(all).toContainEqual(["-", "REST.GET.OBJECT", "k", "400", "AuthorizationHeaderMalformed"]);
    expect(all).toContainEqual([OWNER, "REST.HEAD.OBJECT", "missing", "404", "NoSuchKey"]);
  });

  test("does not give presigned requests away", async () => {
    await world.put(Bucket, "k", "hello");
    const credential = { accessKeyId: "AKIATESTTESTTEST1234", secretAccessKey: "secret" };
    const host = `127.0.0.1:${world.port}`;
    const query = presign(
      { method: "GET", path: `/${Bucket}/k`, query: "", headers: [["host", host]] },
      { credential, region: "us-east-1", service: "s3", now: Date.now(), expiresSeconds: 60 },
    );
    const url = `${world.url}/${Bucket}/k?${query}`;
    expect((await fetch(url, { headers: { referer: url } })).status).toBe(200);
    const [fields = []] = await records();
    expect(fields.join(" ")).not.toContain(/X-Amz-Signature=(\w+)/.exec(query)?.[1] ?? "?");
    expect(fields.join(" ")).not.toContain(credential.accessKeyId);
    expect(fields[8]).toContain("X-Amz-Signature=REDACTED");
    expect(fields[21]).toBe("QueryString");
  });

  test("says when nothing but an ACL let the request in", async () => {
    world.planes.configure(Bucket, {
      ownershipControls: { Rules: [{ ObjectOwnership: "ObjectWriter" }] },
      publicAccessBlock: undefined,
    });
    await world.put(Bucket, "open", "x", { ACL: "public-read" });
    await fetch(`${world.url}/${Bucket}/open`);
    expect((await records())[0]?.[25]).toBe("Yes");
    const statement = { Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: `arn:aws:s3:::${Bucket}/*` };
    world.planes.configure(Bucket, { policy: JSON.stringify({ Version: "2012-10-17", Statement: [statement] }) });
    await fetch(`${world.url}/${Bucket}/open`);
    expect((await records(undefined, 2)).map((fields) => fields[25]).sort()).toEqual(["-", "Yes"]);
  });
});

describe("one request, several records", () => {
  test("each key of a batch", async () => {
    await world.put(Bucket, "one", "x");
    const Objects = [{ Key: "one" }, { Key: "two", VersionId: "not a version" }];
    await world.s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }));
    const all = (await records(undefined, 3)).map((fields) => [fields[6], fields[7], fields[8], fields[9], fields[10]]);
    expect(all[0]?.[0]).toBe("REST.POST.MULTI_OBJECT_DELETE");
    expect(all).toContainEqual(["BATCH.DELETE.OBJECT", "one", "-", "204", "-"]);
    expect(all).toContainEqual(["BATCH.DELETE.OBJECT", "two", "-", "400", "InvalidArgument"]);
  });

  test("both halves of a copy, each in the log of its bucket", async () => {
    const source = await world.bucket();
    await log(source);
    await world.put(source, "from", "x");
    const send = (CopySource: string) => world.s3.send(new CopyObjectCommand({ Bucket, Key: "to", CopySource }));
    await send(`${source}/from`);
    const written = await records();
    expect(written.map((fields) => [fields[1], fields[6], fields[7]])).toEqual([[Bucket, "REST.COPY.OBJECT", "to"]]);
    const read = await records(`${source}/`);
    expect(read.map((fields) => [fields[1], fields[6], fields[7]])).toEqual([[source, "REST.COPY.OBJECT_GET", "from"]]);
  });

  test("forms name their sender and key", async () => {
    const { fields } = await createPresignedPost(world.s3, { Bucket, Key: "up/${filename}" });
    for (const more of [fields, { key: "anonymous" }]) {
      const form = new FormData();
      for (const [name, value] of Object.entries(more)) form.set(name, value);
      form.set("file", new File(["x"], "x.txt"));
      await (await fetch(`${world.url}/${Bucket}`, { method: "POST", body: form })).text();
    }
    const all = (await records(undefined, 2)).map((fields) => [fields[4], fields[6], fields[7], fields[9], fields[10]]);
    expect(all).toEqual([
      [OWNER, "REST.POST.OBJECT", "up/x.txt", "204", "-"],
      ["-", "REST.POST.OBJECT", "anonymous", "403", "AccessDenied"],
    ]);
  });

  test("visitors of a website, and pages that ask before they send", async () => {
    await world.call("PutBucketWebsite", { Bucket, WebsiteConfiguration: { IndexDocument: { Suffix: "index.html" } } });
    const host = `${Bucket}.s3-website.localhost:${world.port}`;
    await (await fetch(`${world.url}/page`, { headers: { host } })).text();
    const headers = { origin: "https://a.example.com", "access-control-request-method": "PUT" };
    await (await fetch(`${world.url}/${Bucket}/k`, { method: "OPTIONS", headers })).text();
    const all = (await records(undefined, 2)).map((fields) => [fields[4], fields[6], fields[7], fields[9], fields[10]]);
    expect(all).toContainEqual(["-", "WEBSITE.GET.OBJECT", "page", "403", "AccessDenied"]);
    expect(all).toContainEqual(["-", "REST.OPTIONS.PREFLIGHT", "k", "403", "AccessForbidden"]);
  });
});

describe("delivery", () => {
  test("goes into objects of the target's owner, named by time", async () => {
    await world.s3.send(new ListObjectsV2Command({ Bucket }));
    await records();
    const [Key = ""] = await keysOf(`${Bucket}/`);
    expect(Key).toMatch(new RegExp(`^${Bucket}/2026-01-15-10-30-00-[0-9A-F]{16}$`));
    const head = await world.call("HeadObject", { Bucket: target, Key, ChecksumMode: "ENABLED" });
    expect(head).toMatchObject({ ContentType: "text/plain", ChecksumType: "FULL_OBJECT" });
  });

  test("by the day of the request, where that was asked for", async () => {
    await log(Bucket, "logs/", { TargetObjectKeyFormat: { PartitionedPrefix: { PartitionDateSource: "EventTime" } } });
    await world.s3.send(new ListObjectsV2Command({ Bucket }));
    await records(`logs/${ACCOUNT}/us-east-1/${Bucket}/`);
    const day = new Date().toISOString().slice(0, 10);
    const [Key = ""] = await keysOf("logs/");
    expect(Key).toStartWith(`logs/${ACCOUNT}/us-east-1/${Bucket}/${day.replaceAll("-", "/")}/${day}-00-00-00-`);
  });

  test("opens log objects to those who were granted", async () => {
    world.planes.configure(target, { ownershipControls: { Rules: [{ ObjectOwnership: "ObjectWriter" }] } });
    const grant = { Grantee: { Type: "CanonicalUser", ID: "b".repeat(64) }, Permission: "READ" } as const;
    await log(Bucket, "granted/", { TargetGrants: [grant] });
    await world.s3.send(new ListObjectsV2Command({ Bucket }));
    await records("granted/");
    const [Key = ""] = await keysOf("granted/");
    expect((await world.call("GetObjectAcl", { Bucket: target, Key })).Grants).toEqual([
      { Grantee: { Type: "CanonicalUser", ID: OWNER }, Permission: "FULL_CONTROL" },
      grant,
    ]);
  });

  test("is not logged itself, where a bucket is its own target", async () => {
    target = Bucket;
    admit("Allow");
    await log(Bucket, "own/");
    await world.s3.send(new ListObjectsV2Command({ Bucket }));
    expect(await records("own/")).toHaveLength(1);
    for (let round = 0; round < 3; round++) await time.advanceSettled(LOG_PACE.everyMs);
    expect(await records("own/")).toHaveLength(1);
  });

  test("to a target that does not let it in any more is dropped and counted; requests do not notice", async () => {
    admit("Deny");
    await world.s3.send(new ListObjectsV2Command({ Bucket }));
    const refused = () =>
      Number(/access_log_records_total\{outcome="refused"\} (\d+)/.exec(world.environment.metrics.expose())?.[1] ?? 0);
    const before = refused();
    await until("it was refused", () => {
      time.advance(LOG_PACE.everyMs);
      return refused() > before;
    });
    expect(await keysOf(`${Bucket}/`)).toEqual([]);
    admit("Allow");
    await world.s3.send(new ListObjectsV2Command({ Bucket }));
    expect(await records()).toHaveLength(1);
  });

  test("stops when logging is switched off", async () => {
    await world.s3.send(new ListObjectsV2Command({ Bucket }));
    expect(await records()).toHaveLength(1);
    await world.call("PutBucketLogging", { Bucket, BucketLoggingStatus: {} });
    await world.s3.send(new ListObjectsV2Command({ Bucket }));
    const other = await world.bucket();
    await log(other);
    await world.s3.send(new ListObjectsV2Command({ Bucket: other }));
    await records(`${other}/`);
    expect(await records()).toHaveLength(1);
  });
});
