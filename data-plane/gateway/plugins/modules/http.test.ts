/** Requests that modules send themselves: the module is suspended while it waits, and others go on. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { testExchange, testHost, textOf } from "../../testing/index.ts";
import { readWrittenRequest } from "./host/http-functions.ts";
import { countsOf, data, guest, type ManifestPart, middleware } from "./testing/modules.ts";

let server: ReturnType<typeof Bun.serve>;
/** Requests to `/wait` are answered when it is called. */
let release: (() => void)[] = [];
const seen: string[] = [];

beforeAll(() => {
  server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      const { pathname } = new URL(request.url);
      seen.push(`${request.method} ${pathname} ${request.headers.get("x-given")} ${await request.text()}`);
      if (pathname === "/wait") await new Promise<void>((resolve) => release.push(resolve));
      if (pathname === "/large") return new Response("x".repeat(2 * 1024 * 1024));
      return new Response(`answer to ${pathname}`, { status: 203, headers: { "X-Answer": "yes" } });
    },
  });
});
afterAll(() => {
  for (const go of release) go();
  server.stop(true);
});

/**
 * Sends what the request's field `x-send` says, `;` for line feeds, and answers with the number that comes of it and with what was received.
 */
const SENDING = guest(
  ["request_header", "http_send", "http_header", "http_body_size", "http_body_read", "answer_header", "answer_body"],
  `${data(0, "x-send")} ${data(16, "x-answer")} ${data(32, "x-code")}
   (func $digits (param $at i32) (param $n i32)
     (if (i32.lt_s (local.get $n) (i32.const 0))
       (then (i32.store8 (local.get $at) (i32.const 45)) (local.set $n (i32.sub (i32.const 0) (local.get $n))))
       (else (i32.store8 (local.get $at) (i32.const 43))))
     (i32.store8 (i32.add (local.get $at) (i32.const 1)) (i32.add (i32.const 48) (i32.div_u (local.get $n) (i32.const 100))))
     (i32.store8 (i32.add (local.get $at) (i32.const 2)) (i32.add (i32.const 48) (i32.rem_u (i32.div_u (local.get $n) (i32.const 10)) (i32.const 10))))
     (i32.store8 (i32.add (local.get $at) (i32.const 3)) (i32.add (i32.const 48) (i32.rem_u (local.get $n) (i32.const 10)))))
   (func (export "on_request") (result i32) (local $length i32) (local $i i32)
     (local.set $length (call $request_header (i32.const 0) (i32.const 6) (i32.const 0) (i32.const 1024) (i32.const 4096)))
     (block (loop
       (br_if 1 (i32.ge_u (local.get $i) (local.get $length)))
       (if (i32.eq (i32.load8_u (i32.add (i32.const 1024) (local.get $i))) (i32.const 59))
         (then (i32.store8 (i32.add (i32.const 1024) (local.get $i)) (i32.const 10))))
       (local.set $i (i32.add (local.get $i) (i32.const 1)))
       (br 0)))
     (call $digits (i32.const 64) (call $http_send (i32.const 1024) (local.get $length)))
     (drop (call $answer_header (i32.const 32) (i32.const 6) (i32.const 64) (i32.const 4)))
     (local.set $length (call $http_header (i32.const 16) (i32.const 8) (i32.const 0) (i32.const 80) (i32.const 32)))
     (if (i32.gt_s (local.get $length) (i32.const 0)) (then
       (drop (call $answer_header (i32.const 16) (i32.const 8) (i32.const 80) (local.get $length)))))
     (if (i32.gt_s (call $http_body_size) (i32.const 0)) (then
       (drop (call $answer_body (i32.const 8192) (call $http_body_read (i32.const 0) (i32.const 8192) (i32.const 4096))))))
     i32.const 1)`,
);

const sending = (part: ManifestPart = {}, config = {}, host = testHost()) =>
  middleware(
    SENDING,
    { capabilities: ["read-request", "answer", "http"], hosts: [server.url.origin], ...part },
    config,
    host,
  );
const asking = (send: string) => testExchange({ headers: { "x-send": send } });
const get = (path: string): string => `GET ${new URL(path, server.url).href};;`;

async function untilWaiting(count: number): Promise<void> {
  while (release.length < count) await Bun.sleep(1);
}

describe("http_send", () => {
  test("sends, waits, and gives what is answered", async () => {
    const { plugin } = await sending();
    const answer = (await plugin.onRequest!(asking(`POST ${server.url.href}things;X-Given: 5;;body`)))!;
    expect(answer.headers.toRaw()).toEqual(["x-code", "+203", "x-answer", "yes"]);
    expect(textOf(answer)).toBe("answer to /things");
    expect(seen.at(-1)).toBe("POST /things 5 body");
  });

  test("while one waits, others go on, each in an instance of its own, which is used again", async () => {
    const { plugin, host } = await sending();
    release = [];
    const waiting = [0, 1, 2].map(() => Promise.resolve(plugin.onRequest!(asking(get("/wait")))));
    await untilWaiting(3);
    const [other] = [await plugin.onRequest!(asking(get("/now")))];
    expect(textOf(other)).toBe("answer to /now");
    for (const go of release) go();
    const texts = (await Promise.all(waiting)).map((one) => textOf(one));
    expect(texts).toEqual(Array(3).fill("answer to /wait"));
    expect(countsOf(host)).toEqual({ ok: 4 });
  });

  test("more calls than there may be instances wait for one", async () => {
    // Four instances of 64 MiB.
    const { plugin, host } = await sending({ limits: { memory_mib: 64 } });
    release = [];
    const waiting = Array.from({ length: 6 }, () => Promise.resolve(plugin.onRequest!(asking(get("/wait")))));
    await untilWaiting(4);
    expect(release).toHaveLength(4);
    for (let done = 0; done < 6; done++) {
      await untilWaiting(done + 1);
      release[done]!();
    }
    await Promise.all(waiting);
    expect(countsOf(host)).toEqual({ ok: 6 });
  });

  test.each([
    ["a server that is not declared", () => "GET http://127.0.0.1:1/;;", -5],
    ["the same server at another port", () => `GET http://127.0.0.1:${(server.port ?? 0) ^ 1}/;;`, -5],
    ["a name that only begins like it", () => `GET ${server.url.origin}.evil.test/;;`, -3],
    ["a user in the address", () => `GET http://a:b@127.0.0.1:${server.port}/;;`, -3],
    ["no address", () => "GET /things;;", -3],
    ["files", () => "GET file:///etc/passwd;;", -3],
    ["no empty line", () => `GET ${server.url.href}`, -3],
    ["a field of the connection", () => `GET ${server.url.href};Host: other;;`, -3],
    ["too large an answer", () => get("/large"), -4],
  ])("%s", async (_, send, code) => {
    const { plugin } = await sending();
    const answer = (await plugin.onRequest!(asking(send())))!;
    expect(answer.headers.get("x-code")).toBe(`-00${-code}`);
    expect(answer.body).toBeNull();
  });

  test("a server that nobody listens at", async () => {
    const { plugin } = await sending({ hosts: ["http://127.0.0.1:1"] });
    expect((await plugin.onRequest!(asking("GET http://127.0.0.1:1/;;")))!.headers.get("x-code")).toBe("-006");
  });

  test("a server that takes longer than a call may wait", async () => {
    const { plugin } = await sending({ limits: { wait_ms: 50 } });
    expect((await plugin.onRequest!(asking(get("/wait"))))!.headers.get("x-code")).toBe("-007");
  });

  test("servers that its configuration names", async () => {
    const { plugin } = await sending({ hosts: ["config:/servers"] }, { servers: [`${server.url.href}somewhere`] });
    expect(textOf(await plugin.onRequest!(asking(get("/a"))))).toBe("answer to /a");
    await expect(sending({ hosts: ["config:/server"] }, { server: "nowhere" })).rejects.toThrow(
      /no address of a server/,
    );
  });

  test("a call that fails after it has waited", async () => {
    const bytes = guest(
      ["http_send"],
      `${data(0, `GET ${server.url.href}\n\n`)} (func (export "on_request") (result i32)
        (drop (call $http_send (i32.const 0) (i32.const ${server.url.href.length + 6}))) (loop br 0) i32.const 0)`,
    );
    const { plugin, host } = await middleware(bytes, { capabilities: ["http"], hosts: [server.url.origin] });
    await expect(plugin.onRequest!(testExchange())).rejects.toThrow(/The plugin test fails: it does more than it may/);
    await Promise.resolve(plugin.onRequest!(testExchange())).catch(() => undefined);
    expect(countsOf(host)).toEqual({ ok: 0, instructions: 2 });
  });

  test("is not there while a module is configured", async () => {
    const bytes = guest(
      ["http_send"],
      `(func (export "on_configure") (result i32) (call $http_send (i32.const 0) (i32.const 0)))
       (func (export "on_request") (result i32) i32.const 0)`,
    );
    await expect(middleware(bytes, { capabilities: ["http"] })).rejects.toThrow(/ends with/);
  });
});

test("written requests are read strictly", () => {
  const read = (text: string) => readWrittenRequest(Buffer.from(text));
  expect(read("PUT https://a.test/b?c\nX-A:  1 \nX-A: 2\n\n\n\nbody")).toMatchObject({
    method: "PUT",
    fields: ["X-A", "1", "X-A", "2"],
    body: Buffer.from("\n\nbody"),
  });
  for (const text of [
    "",
    "\n\n",
    "get https://a.test\n\n",
    "GET https://a.test HTTP/1.1\n\n",
    "GET https://a.test\nX\n\n",
  ]) {
    expect(read(text)).toBeUndefined();
  }
});
