import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createPresignedPost } from "@aws-sdk/s3-presigned-post";
import { AuditError } from "#foundation/audit";
import { openWireWorld, type WireWorld } from "../testing/wire-world.ts";

let world: WireWorld;
let Bucket: string;
beforeAll(async () => {
  world = await openWireWorld();
  Bucket = await world.bucket();
});
afterAll(() => world.close());

const publicRead = (bucket: string) => ({
  policy: JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: `arn:aws:s3:::${bucket}/*` }],
  }),
  publicAccessBlock: undefined,
});

describe("the audit log", () => {
  const form = (fields: Record<string, string>) => {
    const body = new FormData();
    for (const [name, value] of Object.entries(fields)) body.append(name, value);
    body.append("file", new File(["x"], "x.txt"));
    return { method: "POST", body } as const;
  };
  const visitorsOf = (there: WireWorld, bucket: string) => ({
    headers: { host: `${bucket}.s3-website.localhost:${there.port}` },
  });

  test("has refused forms and visits, though they are no operations of S3", async () => {
    const bucket = await world.bucket();
    world.planes.configure(bucket, { website: { IndexDocument: { Suffix: "index.html" } } });
    const before = world.audit.events.length;
    expect((await fetch(`${world.url}/${bucket}`, form({ key: "k" }))).status).toBe(403);
    expect((await fetch(world.url, visitorsOf(world, bucket))).status).toBe(403);
    const anonymous = {
      category: "action",
      actor: { type: "anonymous" },
      decision: "denied",
      errorCode: "AccessDenied",
    };
    expect(world.audit.events.slice(before)).toMatchObject([
      { ...anonymous, action: "s3:PostObject" },
      { ...anonymous, action: "s3:GetObject" },
    ]);
  });

  test("has every form and visit before it happens where data events are asked for", async () => {
    const curious = await openWireWorld({ auditDataEvents: true });
    try {
      const bucket = await curious.bucket();
      const { url, fields } = await createPresignedPost(curious.s3, { Bucket: bucket, Key: "index.html" });
      expect((await fetch(url, form(fields))).status).toBe(204);
      const website = { website: { IndexDocument: { Suffix: "index.html" } } };
      curious.planes.configure(bucket, { ...website, ...publicRead(bucket) });
      expect((await fetch(curious.url, visitorsOf(curious, bucket))).status).toBe(200);
      const resource = `arn:aws:s3:::${bucket}/index.html`;
      expect(curious.audit.events).toMatchObject([
        { category: "mutation", actor: { type: "root" }, action: "s3:PostObject", resource, decision: "allowed" },
        { category: "mutation", actor: { type: "anonymous" }, action: "s3:GetObject", resource, decision: "allowed" },
      ]);
      curious.audit.failure = new AuditError("AuditUnavailable", "the disk is full");
      expect((await fetch(url, form(fields))).status).toBe(503);
    } finally {
      await curious.close();
    }
  });
});

describe("preflights", () => {
  const ask = (bucket: string, headers: Record<string, string>) =>
    fetch(`${world.url}/${bucket}/key`, { method: "OPTIONS", headers });

  test("without configuration, without match, with match", async () => {
    const asking = { origin: "https://a.example.com", "access-control-request-method": "PUT" };
    const before = await ask(Bucket, asking);
    expect([before.status, await before.text()]).toEqual([
      403,
      expect.stringContaining("CORS is not enabled for this bucket"),
    ]);
    world.planes.configure(Bucket, {
      cors: {
        CORSRules: [
          { AllowedOrigins: ["https://*.example.com"], AllowedMethods: ["PUT", "GET"], AllowedHeaders: ["x-*"] },
        ],
      },
    });
    const other = await ask(Bucket, { ...asking, origin: "https://evil.org" });
    const text = await other.text();
    expect(other.status).toBe(403);
    expect(text).toContain("<Code>AccessForbidden</Code>");
    expect(text).toContain("<ResourceType>OBJECT</ResourceType>");
    const allowed = await ask(Bucket, { ...asking, "access-control-request-headers": "X-Amz-Date" });
    expect(allowed.status).toBe(200);
    expect(allowed.headers.get("access-control-allow-origin")).toBe("https://a.example.com");
    expect(allowed.headers.get("access-control-allow-headers")).toBe("x-amz-date");
    expect(allowed.headers.get("vary")).toContain("Origin");
    expect((await ask(Bucket, { "access-control-request-method": "PUT" })).status).toBe(400);
    expect((await ask(Bucket, { ...asking, "access-control-request-method": "PATCH" })).status).toBe(400);
    expect((await ask("nowhere", asking)).status).toBe(403);
  });

  test("answers carry the headers too, also refusals", async () => {
    const response = await fetch(`${world.url}/${Bucket}/missing`, { headers: { origin: "https://a.example.com" } });
    expect(response.status).toBe(403);
    expect(response.headers.get("access-control-allow-origin")).toBe("https://a.example.com");
    await response.text();
  });
});

describe("form uploads", () => {
  const upload = (url: string, fields: Record<string, string>, file: string | undefined, name = "photo.txt") => {
    const form = new FormData();
    for (const [key, value] of Object.entries(fields)) form.append(key, value);
    if (file !== undefined) form.append("file", new File([file], name, { type: "text/plain" }));
    return fetch(url, { method: "POST", body: form, redirect: "manual" });
  };
  const presign = (more: Partial<Parameters<typeof createPresignedPost>[1]> = {}) =>
    createPresignedPost(world.s3, { Bucket, Key: "up/${filename}", ...more });

  test("a presigned form stores the file under the name of the browser", async () => {
    const { url, fields } = await presign({
      Conditions: [["starts-with", "$key", "up/"], ["content-length-range", 1, 100], { success_action_status: "201" }],
      Fields: { success_action_status: "201" },
    });
    const response = await upload(url, fields, "hello", "C:\\pictures\\photo.txt");
    const text = await response.text();
    expect([response.status, text]).toEqual([201, expect.stringContaining("<Key>up/photo.txt</Key>")]);
    expect(text).toContain(`<Bucket>${Bucket}</Bucket>`);
    expect(await world.text(Bucket, "up/photo.txt")).toBe("hello");
  });

  test("the policy bounds the length", async () => {
    const { url, fields } = await presign({
      Conditions: [
        ["starts-with", "$key", "up/"],
        ["content-length-range", 3, 5],
      ],
    });
    const long = await upload(url, fields, "x".repeat(6));
    expect([long.status, await long.text()]).toEqual([400, expect.stringContaining("<Code>EntityTooLarge</Code>")]);
    const short = await upload(url, fields, "xx");
    expect([short.status, await short.text()]).toEqual([400, expect.stringContaining("<Code>EntityTooSmall</Code>")]);
    expect((await upload(url, fields, "xxxx")).status).toBe(204);
  });

  test("fields that the policy does not know, another key, a changed policy: all refused", async () => {
    const { url, fields } = await presign({ Key: "fixed" });
    expect((await upload(url, { ...fields, acl: "public-read" }, "x")).status).toBe(403);
    expect((await upload(url, { ...fields, key: "other" }, "x")).status).toBe(403);
    const forged = {
      ...fields,
      Policy: Buffer.from('{"expiration":"2099-01-01T00:00:00Z","conditions":[]}').toString("base64"),
    };
    const response = await upload(url, forged, "x");
    expect([response.status, await response.text()]).toEqual([403, expect.stringContaining("SignatureDoesNotMatch")]);
  });

  test("an anonymous form needs a bucket that lets everybody write", async () => {
    expect((await upload(`${world.url}/${Bucket}`, { key: "anonymous" }, "x")).status).toBe(403);
  });

  test("a form without a file or key is refused; a redirect names what was stored", async () => {
    const { url, fields } = await presign({
      Key: "r",
      Fields: { success_action_redirect: "http://127.0.0.1/done?a=1" },
    });
    expect((await upload(url, fields, undefined)).status).toBe(400);
    const { key: _key, ...keyless } = fields;
    expect((await upload(url, keyless, "x")).status).toBe(400);
    const response = await upload(url, fields, "x");
    expect(response.status).toBe(303);
    expect(response.headers.get("location")).toMatch(
      new RegExp(`^http://127.0.0.1/done\\?a=1&bucket=${Bucket}&key=r&etag=%22[0-9a-f]{32}%22$`),
    );
  });
});

describe("websites", () => {
  let site: string;
  const visit = (path: string, init: RequestInit = {}) =>
    fetch(`${world.url}${path}`, {
      ...init,
      redirect: "manual",
      headers: { host: `${site}.s3-website.localhost:${world.port}`, ...init.headers },
    });

  beforeAll(async () => {
    site = await world.bucket();
    await world.put(site, "index.html", "<h1>home</h1>", { ContentType: "text/html" });
    await world.put(site, "docs/index.html", "docs");
    await world.put(site, "error.html", "lost");
    await world.put(site, "moved", "", { WebsiteRedirectLocation: "/docs/" });
    world.planes.configure(site, publicRead(site));
  });

  test("needs a configuration", async () => {
    const response = await visit("/");
    expect([response.status, await response.text()]).toEqual([
      404,
      expect.stringContaining("NoSuchWebsiteConfiguration"),
    ]);
  });

  test("index documents, redirects and the error document", async () => {
    world.planes.configure(site, {
      website: {
        IndexDocument: { Suffix: "index.html" },
        ErrorDocument: { Key: "error.html" },
        RoutingRules: [{ Condition: { KeyPrefixEquals: "old/" }, Redirect: { ReplaceKeyPrefixWith: "docs/" } }],
      },
    });
    const home = await visit("/");
    expect([home.status, home.headers.get("content-type"), await home.text()]).toEqual([
      200,
      "text/html",
      "<h1>home</h1>",
    ]);
    expect(await (await visit("/docs/")).text()).toBe("docs");
    const folder = await visit("/docs");
    expect([folder.status, folder.headers.get("location")]).toEqual([302, "/docs/"]);
    const moved = await visit("/moved");
    expect([moved.status, moved.headers.get("location")]).toEqual([301, "/docs/"]);
    const ruled = await visit("/old/a");
    expect(ruled.headers.get("location")).toBe(`http://${site}.s3-website.localhost:${world.port}/docs/a`);
    // The policy lets nobody list: what is missing is forbidden, with the site's own page.
    const lost = await visit("/nothing");
    expect([lost.status, await lost.text()]).toEqual([403, "lost"]);
    expect((await visit("/", { method: "DELETE" })).status).toBe(405);
    const etag = home.headers.get("etag")!;
    expect((await visit("/", { headers: { "if-none-match": etag } })).status).toBe(304);
    const part = await visit("/", { headers: { range: "bytes=0-3" } });
    expect([part.status, await part.text()]).toEqual([206, "<h1>"]);
  });
});
