/** `http-upstream` with servers that speak HTTP/2. */
import { afterEach, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type Http2Session, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JsonObject } from "#foundation/gateway-artifact";
import { skipUnless } from "../../../../tests/support/skips.ts";
import { until } from "../../../../tests/support/until.ts";
import { configProblems } from "../../testing/index.ts";
import { closeGateways, testGateway } from "./testing/gateway.ts";

const ends: (() => unknown)[] = [];
afterEach(async () => {
  await closeGateways();
  for (const end of ends.splice(0)) await end();
});

type OnStream = (stream: ServerHttp2Stream, headers: Record<string, unknown>) => void;

async function h2cServer(
  onStream: OnStream,
  settings: object = {},
): Promise<{ url: string; sessions: Http2Session[] }> {
  const sessions: Http2Session[] = [];
  const server = createServer({ settings });
  server.on("session", (session) => sessions.push(session));
  server.on("stream", onStream);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  ends.push(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, sessions };
}

const nginx = Bun.which("nginx") ?? Bun.which("nginx", { PATH: "/usr/sbin" });
const nginxTest = skipUnless(nginx !== null, "nginx is not installed (apt-get install nginx-light)");

/** Says GOAWAY every 20 requests. */
async function nginxServer(): Promise<{ url: string; asked(): number }> {
  const at = mkdtempSync(join(tmpdir(), "biplane-http2-upstream-"));
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const { port } = listener;
  listener.stop(true);
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${at}/${name};`,
  );
  writeFileSync(
    join(at, "nginx.conf"),
    `daemon off; master_process off; pid ${at}/pid; error_log ${at}/error.log;
events {}
http {
  access_log ${at}/access.log; keepalive_requests 20; ${temporary.join(" ")}
  server { listen 127.0.0.1:${port} http2; location / { return 200 "ok"; } }
}
`,
  );
  const child = Bun.spawn([nginx!, "-c", join(at, "nginx.conf"), "-p", at], { stdout: "ignore", stderr: "ignore" });
  ends.push(async () => {
    child.kill();
    await child.exited;
    rmSync(at, { recursive: true });
  });
  await until("nginx listens", () => existsSync(join(at, "pid")));
  const asked = (): number => readFileSync(join(at, "access.log"), "utf8").split("\n").length - 1;
  return { url: `http://127.0.0.1:${port}`, asked };
}

const gatewayTo = (url: string) =>
  testGateway(
    "http-upstream",
    {
      url,
      http_version: "2",
      timeout: 10,
      connect_timeout: 5,
      idle_timeout: 10,
      load_balancing: "round_robin",
      preserve_host: false,
    },
    ["GET /things/{id}", "POST /things/{id}", "POST /pkg.Greeter/{method}"],
  );

describe("http-upstream with http_version 2", () => {
  test("asks with the fields of every upstream, under its own name", async () => {
    const seen: Record<string, unknown>[] = [];
    const { url } = await h2cServer((stream, headers) => {
      seen.push(headers);
      stream.respond({ ":status": 201, "x-from": "upstream" });
      stream.end("made");
    });
    const gateway = await gatewayTo(url);
    const answer = await fetch(gateway.url("/things/7?a=b"), { headers: { "X-Client": "me", Connection: "close" } });
    expect([answer.status, answer.headers.get("x-from"), await answer.text()]).toEqual([201, "upstream", "made"]);
    expect(seen[0]).toMatchObject({
      ":method": "GET",
      ":path": "/things/7?a=b",
      ":authority": new URL(url).host,
      "x-client": "me",
      "x-forwarded-for": "127.0.0.1",
      "x-forwarded-proto": "http",
    });
    expect(seen[0]).not.toHaveProperty("connection");
  });

  test("passes bodies on as they come, both ways at the same time", async () => {
    const { url } = await h2cServer((stream) => {
      stream.respond({ ":status": 200 });
      stream.pipe(stream);
    });
    const gateway = await gatewayTo(url);
    const client = connect(gateway.url(""));
    ends.push(() => client.destroy());
    const request = client.request({ ":method": "POST", ":path": "/things/1" });
    const pieces: string[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece.toString()));
    const said = async (piece: string): Promise<void> => {
      const before = pieces.join("");
      request.write(piece);
      while (pieces.join("") !== before + piece) await new Promise((resolve) => request.once("data", resolve));
    };
    await said("one");
    await said("two");
    request.end();
    await new Promise((resolve) => request.once("end", resolve));
    expect(pieces.join("")).toBe("onetwo");
  });

  test("carries large bodies whole", async () => {
    const { url } = await h2cServer((stream) => {
      stream.respond({ ":status": 200 });
      stream.pipe(stream);
    });
    const gateway = await gatewayTo(url);
    const body = Buffer.alloc(5_000_000, "0123456789abcdefg");
    const answer = await fetch(gateway.url("/things/1"), { method: "POST", body });
    expect(Buffer.from(await answer.arrayBuffer()).equals(body)).toBe(true);
  });

  test("carries gRPC: the message, the answer, and the trailers that say how it ended", async () => {
    const asked: unknown[] = [];
    const { url } = await h2cServer((stream, headers) => {
      asked.push(headers.te, headers["content-type"]);
      stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "5", "grpc-message": "not found" }));
      stream.pipe(stream);
    });
    const gateway = await gatewayTo(url);
    const client = connect(gateway.url(""));
    ends.push(() => client.destroy());
    const message = Buffer.from("\0\0\0\0\x05hello", "latin1");
    const request = client.request({
      ":method": "POST",
      ":path": "/pkg.Greeter/SayHello",
      "content-type": "application/grpc",
      te: "trailers",
    });
    const received: Buffer[] = [];
    let trailers: Record<string, unknown> = {};
    request.on("data", (piece: Buffer) => received.push(piece));
    request.on("trailers", (fields) => {
      trailers = { ...fields };
    });
    request.end(message);
    await new Promise((resolve) => request.once("close", resolve));
    expect(Buffer.concat(received).equals(message)).toBe(true);
    expect(trailers).toMatchObject({ "grpc-status": "5", "grpc-message": "not found" });
    expect(asked).toEqual(["trailers", "application/grpc"]);
  });

  nginxTest("loses no request, and sends none twice, when its server goes away every few requests", async () => {
    const { url, asked } = await nginxServer();
    const gateway = await gatewayTo(url);
    const statuses = new Map<number, number>();
    const client = async (): Promise<void> => {
      for (let i = 0; i < 25; i++) {
        const { status } = await fetch(gateway.url("/things/1"), i % 2 === 0 ? {} : { method: "POST", body: "x" });
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    };
    await Promise.all(Array.from({ length: 32 }, client));
    expect([...statuses]).toEqual([[200, 800]]);
    await until("all are logged", () => asked() >= 800);
    expect(asked()).toBe(800);
  });

  test("sends a thousand requests at the same time over few connections", async () => {
    const held: ServerHttp2Stream[] = [];
    const { url, sessions } = await h2cServer(
      (stream) => {
        held.push(stream);
        if (held.length < 1000) return;
        for (const one of held) {
          one.respond({ ":status": 200 });
          one.end("ok");
        }
      },
      { maxConcurrentStreams: 128 },
    );
    const gateway = await gatewayTo(url);
    const clients = Array.from({ length: 10 }, () => connect(gateway.url("")));
    ends.push(() => {
      for (const client of clients) client.destroy();
    });
    const statuses = await Promise.all(
      Array.from({ length: 1000 }, (_, i) => {
        const request = clients[i % 10]!.request({ ":path": `/things/${i}` });
        return new Promise<unknown>((resolve, reject) => {
          request.on("response", (headers) => resolve(headers[":status"]));
          request.on("error", reject);
          request.resume();
        });
      }),
    );
    expect(statuses.every((status) => status === 200)).toBe(true);
    expect(sessions.length).toBe(8);
  });

  test("is refused where nobody could say what a server speaks", () => {
    const problems = (config: JsonObject): string => configProblems("http-upstream", config).join();
    expect(problems({ url: "http://a.test", http_version: "auto" })).toMatch(/^\/http_version Without TLS/);
    expect(problems({ url: "https://a.test", http_version: "auto" })).toBe("");
    expect(problems({ url: "http://a.test", http_version: "2" })).toBe("");
    const health = { active: { path: "/health" } };
    expect(problems({ url: "http://a.test", http_version: "2", health })).toMatch(/^\/health\/active Servers/);
    expect(problems({ url: "https://a.test", http_version: "2", health })).toBe("");
    expect(problems({ url: "https://a.test", http_version: "3" })).toMatch(/^\/http_version/);
  });
});
