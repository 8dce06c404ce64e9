/** Clients that mean harm, at a running gateway with a server behind it. */
import { afterEach, describe, expect, test } from "bun:test";
import { connect, type Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { until } from "../support/until.ts";
import {
  compiled,
  type EchoUpstream,
  type RunningGateway,
  refusalsOf,
  sendRaw,
  starting,
} from "./support/compiled-gateway.ts";

const started = starting();
afterEach(() => started.end());

const description = (upstream: string): string =>
  `openapi: 3.1.0
info: {title: Things, version: "1"}
paths:
  /open:
    post:
      x-biplane-dispatch: {name: http-upstream, config: {url: "${upstream}"}}
      responses: {"200": {description: ok}}
    get:
      x-biplane-dispatch: {name: http-upstream, config: {url: "${upstream}"}}
      responses: {"200": {description: ok}}
  /things/{id}:
    get:
      parameters:
        - {name: id, in: path, required: true, schema: {type: string, maxLength: 20}}
        - {name: q, in: query, schema: {type: string}}
        - {name: mail, in: query, schema: {type: string, pattern: "^([a-z0-9]+)*@example$"}}
      x-biplane-dispatch: {name: http-upstream, config: {url: "${upstream}"}}
      responses: {"200": {description: ok}}
  /things:
    post:
      x-biplane-dispatch: {name: http-upstream, config: {url: "${upstream}"}}
      requestBody: {required: true, content: {application/json: {schema: {$ref: "#/components/schemas/Tree"}}}}
      responses: {"200": {description: ok}}
  /mine:
    get:
      x-biplane-middlewares:
        - name: apikey-auth
          config: {keys: [{key: "env://KEY", id: ann}], upstream_headers: {consumer: X-Consumer, groups: X-Groups}}
      x-biplane-dispatch: {name: http-upstream, config: {url: "${upstream}"}}
      responses: {"200": {description: ok}}
components:
  schemas:
    Tree:
      type: object
      properties:
        name: {type: string, pattern: "^(([a-z])+.)+[A-Z]([a-z])+$"}
        child: {$ref: "#/components/schemas/Tree"}
        children: {type: array, items: {$ref: "#/components/schemas/Tree"}}
`;

interface World extends RunningGateway {
  readonly upstream: EchoUpstream;
}

async function world(limits: object = {}): Promise<World> {
  const upstream = started.upstream();
  const secrets = { environment: { KEY: "the key" } };
  return { upstream, ...(await started.gateway(compiled(description(upstream.url)), { limits, secrets })) };
}

const SECRET = "GET /open?smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
const length = SECRET.length;

describe("smuggling: one request is one at the upstream, and the same", () => {
  test.each([
    ["a length and chunks", `Content-Length: ${length + 5}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${SECRET}`],
    ["two lengths", `Content-Length: 0\r\nContent-Length: ${length}\r\n\r\n${SECRET}`],
    ["two lengths in one field", `Content-Length: 0, ${length}\r\n\r\n${SECRET}`],
    ["a length that is none", `Content-Length: +${length}\r\n\r\n${SECRET}`],
    ["another coding", `Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${SECRET}`],
    ["chunks that are not last", `Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${SECRET}`],
    ["chunks twice", `Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${SECRET}`],
    ["a blank before the colon", `Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n${SECRET}`],
    ["a line that goes on", `X: 1\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n${SECRET}`],
    ["a bare line feed", `X: 1\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${SECRET}`],
    ["a carriage return alone", `X: 1\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${SECRET}`],
    ["a chunk whose size is none", `Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n${SECRET}`],
    ["a null in a field", `X: a\0b\r\n\r\n${SECRET}`],
    ["two hosts", `Host: b\r\n\r\n${SECRET}`],
  ])("%s", async (_, rest) => {
    const { gateway, upstream } = await world();
    const { status, text } = await sendRaw(gateway, `POST /open HTTP/1.1\r\nHost: a\r\n${rest}`);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(text.match(/HTTP\/1\.1 \d/g)).toHaveLength(1);
    expect(upstream.seen.filter(({ target }) => target.includes("smuggled"))).toEqual([]);
  });

  test("what is written in a target or a field stays there", async () => {
    const { url, upstream } = await world();
    const sly = "a%0d%0aX-Admin:%201%0d%0a%0d%0aGET%20/";
    expect((await fetch(`${url}/things/x?q=${sly}`)).status).toBe(200);
    expect(upstream.seen.map(({ target, headers }) => [target, headers.has("x-admin")])).toEqual([
      [`/things/x?q=${sly}`, false],
    ]);
  });
});

describe("oversize: refused with its status, and the upstream hears nothing", () => {
  const small = { maxBodyBytes: 1_000, maxHeadBytes: 2_000, maxFields: 20, maxTargetBytes: 500 };
  const head = (line: string, fields = ""): string =>
    `${line} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${fields}\r\n`;
  const chunk = `400\r\n${"x".repeat(1_024)}\r\n`;
  const json = "Content-Type: application/json\r\n";
  test.each([
    [414, "a target", head(`GET /open?${"a".repeat(600)}`)],
    [431, "a field", head("GET /open", `X: ${"a".repeat(2_500)}\r\n`)],
    [431, "many fields", head("GET /open", "X: a\r\n".repeat(30))],
    [413, "a body, announced", head("POST /things", `${json}Content-Length: 5000\r\n`)],
    [
      413,
      "a body in chunks",
      `${head("POST /things", `${json}Transfer-Encoding: chunked\r\n`)}${chunk}${chunk}0\r\n\r\n`,
    ],
    [400, "a body beyond all numbers", head("POST /things", `${json}Content-Length: 9007199254740993\r\n`)],
  ] as const)("%d: %s", async (status, _, request) => {
    const { gateway, upstream } = await world(small);
    expect((await sendRaw(gateway, request)).status).toBe(status);
    expect(upstream.seen).toEqual([]);
  });
});

describe("slow: a client that does not go on is told so, and keeps nobody waiting", () => {
  const short = { headTimeoutMs: 100, bodyTimeoutMs: 100 };
  test.each([
    ["a head that does not end", "GET /open HTTP/1.1\r\nHost: a\r\nX: "],
    [
      "a body that is looked into",
      "POST /things HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{",
    ],
  ])("%s is answered 408", async (_, octets) => {
    const { gateway, url, upstream } = await world(short);
    const slow = Array.from({ length: 20 }, () => sendRaw(gateway, octets));
    expect((await fetch(`${url}/open`)).status).toBe(200);
    for (const { status } of await Promise.all(slow)) expect(status).toBe(408);
    expect(upstream.seen).toHaveLength(1);
  });

  test("a head that comes one octet at a time is cut as well", async () => {
    const { gateway } = await world(short);
    let text = "";
    let isOver = false;
    const socket: Socket = connect(gateway.port, "127.0.0.1");
    socket.on("data", (data) => {
      text += String(data);
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      isOver = true;
    });
    socket.write("GET /open HTTP/1.1\r\nHost: a\r\nX: ");
    await until("it is cut", () => {
      if (!isOver && text === "") socket.write("a");
      return isOver;
    });
    expect(text).toStartWith("HTTP/1.1 408");
  });
});

describe("malformed encodings", () => {
  test.each([
    [404, "/things/%zz"],
    [404, "/things/%"],
    [404, "/things/%c0%af"],
    [404, "/things/%ed%a0%80"],
    [404, "/things/%ff"],
    [400, "/things/x?q=%zz"],
    [400, "/things/x?q=%c3"],
    [400, "/things/x?q=%c0%80"],
    [400, "/things/%2e%2e"],
    [400, "/things/..%2fopen"],
    [400, "/things/%2e%2e%2fopen"],
    [400, "/things/..%5copen"],
  ])("%d for %s", async (status, target) => {
    const { gateway, upstream } = await world();
    const request = `GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`;
    expect((await sendRaw(gateway, request)).status).toBe(status);
    expect(upstream.seen).toEqual([]);
  });

  const deep = (open: string, close: string, depth: number): string => `${open.repeat(depth)}{}${close.repeat(depth)}`;
  test.each([
    ["octets that are no UTF-8", Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
    ["UTF-16", Buffer.from("{}", "utf16le")],
    ["something behind it", Buffer.from("{} {}")],
    ["lists in lists, without end", Buffer.from("[".repeat(900_000))],
    [
      "a tree as deep as fits, of the wrong type in the end",
      Buffer.from(deep('{"child":', "}", 90_000).replace("{}", "1")),
    ],
    ["a tree of lists as deep as fits", Buffer.from(deep('{"children":[', "]}", 60_000).replace("{}", "1"))],
  ])("400 for a body of %s", async (_, body) => {
    const { url, upstream } = await world();
    const headers = { "content-type": "application/json" };
    expect((await fetch(`${url}/things`, { method: "POST", headers, body })).status).toBe(400);
    expect(upstream.seen).toEqual([]);
    expect((await fetch(`${url}/open`)).status).toBe(200);
  });
});

test("trees of every depth are judged, or refused as too deep: never our fault", async () => {
  const { url } = await world();
  const headers = { "content-type": "application/json" };
  for (const depth of [10, 1_000, 5_000, 10_000, 20_000, 40_000, 80_000]) {
    const body = `${'{"child":'.repeat(depth)}{}${"}".repeat(depth)}`;
    const { status } = await fetch(`${url}/things`, { method: "POST", headers, body });
    expect(depth < 1_000 ? [200] : [200, 400], String(depth)).toContain(status);
  }
});

describe("header spoofing", () => {
  test("fields that say who somebody is, or where from, are the gateway's own", async () => {
    const { url, upstream } = await world();
    const spoofed = {
      "x-consumer": "root",
      "x-groups": "admin",
      "x-auth-consumer": "root",
      "x-forwarded-for": "10.0.0.1",
      "x-forwarded-proto": "https",
      "x-forwarded-host": "admin.internal",
      forwarded: "for=10.0.0.1",
      "x-real-ip": "10.0.0.1",
    };
    expect((await fetch(`${url}/mine`, { headers: spoofed })).status).toBe(401);
    expect((await fetch(`${url}/mine`, { headers: { ...spoofed, "x-api-key": "the key" } })).status).toBe(200);
    const [{ headers }] = upstream.seen as [(typeof upstream.seen)[0]];
    expect(headers.get("x-consumer")).toBe("ann");
    expect(headers.has("x-groups")).toBe(false);
    expect(headers.has("x-api-key")).toBe(false);
    expect(headers.get("x-forwarded-for")).toBe("127.0.0.1");
    expect(headers.get("x-forwarded-proto")).toBe("http");
    expect(headers.get("x-forwarded-host")).toBe(new URL(url).host);
    expect(headers.get("forwarded") ?? "").not.toContain("10.0.0.1");
  });

  test("what is for one hop goes no further, and takes nothing of the gateway's away", async () => {
    const { gateway, upstream } = await world();
    const fields = [
      "Connection: close, X-Forwarded-For, X-Secret, Host, X-Request-Id",
      "Keep-Alive: timeout=5",
      "Proxy-Authorization: Basic YTpi",
      "TE: trailers",
      "X-Secret: 1",
      "X-Kept: 1",
    ];
    const { status } = await sendRaw(gateway, `GET /open HTTP/1.1\r\nHost: a\r\n${fields.join("\r\n")}\r\n\r\n`);
    expect(status).toBe(200);
    const [{ headers }] = upstream.seen as [(typeof upstream.seen)[0]];
    for (const name of ["keep-alive", "proxy-authorization", "te", "x-secret"])
      expect(headers.has(name), name).toBe(false);
    expect([headers.get("x-kept"), headers.get("x-forwarded-for")]).toEqual(["1", "127.0.0.1"]);
  });
});

describe("ReDoS: patterns that keep others busy", () => {
  test("are over at once in parameters and bodies, for texts as long as fit", async () => {
    const { url } = await world({ maxTargetBytes: 200_000, maxHeadBytes: 400_000 });
    const mail = `${"a".repeat(100_000)}!`;
    expect((await fetch(`${url}/things/x?mail=${mail}`)).status).toBe(400);
    const headers = { "content-type": "application/json" };
    const post = (name: string) => fetch(`${url}/things`, { method: "POST", headers, body: JSON.stringify({ name }) });
    expect((await post("a".repeat(100_000))).status).toBe(400);
    expect((await post(`${"a.".repeat(10_000)}Ab`)).status).toBe(200);
  });

  test("that cannot be over at once are refused when they are compiled", () => {
    for (const pattern of ["(a+)\\\\1+$", "(?<=a+)b", "(?=a+$)a"]) {
      const text = description("http://a").replace("^([a-z0-9]+)*@example$", pattern);
      expect(refusalsOf(text), pattern).toEqual(["E1004"]);
    }
  });
});

describe("decompression bombs", () => {
  const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
  test.each(["gzip", "deflate", "br", "zstd", "gzip, identity"])(
    "a body of %s that is to be checked is refused, and not unpacked",
    async (coding) => {
      const { url, upstream } = await world();
      const headers = { "content-type": "application/json", "content-encoding": coding };
      for (const body of [bomb, "{}"]) {
        const answer = await fetch(`${url}/things`, { method: "POST", headers, body });
        expect([answer.status, answer.headers.get("accept-encoding")]).toEqual([415, "identity"]);
      }
      expect(upstream.seen).toEqual([]);
    },
  );

  test("one that nobody looks into passes as it is, within the limit of all bodies", async () => {
    const { url, upstream } = await world();
    const headers = { "content-type": "application/octet-stream", "content-encoding": "gzip" };
    const send = (body: Uint8Array) => fetch(`${url}/open`, { method: "POST", headers, body });
    expect((await send(bomb)).status).toBe(200);
    expect(upstream.seen[0]!.headers.get("content-encoding")).toBe("gzip");
    expect((await send(new Uint8Array(2 * 1024 * 1024))).status).toBe(413);
    const plain = { "content-type": "application/json", "content-encoding": "identity" };
    expect((await fetch(`${url}/things`, { method: "POST", headers: plain, body: "{}" })).status).toBe(200);
  });
});
