/** Servers that nobody here wrote: nginx, nghttpd and node:http2, with TLS and without. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Http2Server, type Http2Session, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ClientLimits, ClientPool, type ClientResponse, type Origin, send } from "#foundation/http1";
import { skipUnless } from "../../../tests/support/skips.ts";
import { until } from "../../../tests/support/until.ts";
import { http2Client } from "../index.ts";

const openssl = Bun.which("openssl") !== null;
const nginx = Bun.which("nginx") ?? Bun.which("nginx", { PATH: "/usr/sbin" });
const nghttpd = Bun.which("nghttpd") ?? Bun.which("nghttpd", { PATH: "/usr/sbin" });
const nginxTest = skipUnless(
  openssl && nginx !== null,
  "nginx or openssl is not installed (apt-get install nginx-light)",
);
const nghttpTest = skipUnless(
  openssl && nghttpd !== null,
  "nghttpd or openssl is not installed (apt-get install nghttp2-server)",
);

const folder = mkdtempSync(join(tmpdir(), "biplane-http2-servers-"));
const ends: (() => unknown)[] = [];
const BIG = Buffer.alloc(3_000_000, "0123456789abcdef");
let ca = "";

beforeAll(() => {
  writeFileSync(join(folder, "big"), BIG);
  writeFileSync(join(folder, "small"), "small");
  if (!openssl) return;
  const made = Bun.spawnSync([
    ...["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"],
    ...["-keyout", join(folder, "key.pem"), "-out", join(folder, "cert.pem"), "-subj", "/CN=localhost"],
    ...["-addext", "subjectAltName=DNS:localhost"],
  ]);
  if (made.exitCode !== 0) throw new Error(made.stderr.toString());
  ca = readFileSync(join(folder, "cert.pem"), "utf8");
});
afterAll(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  rmSync(folder, { recursive: true });
});

function poolOf(limits: Partial<ClientLimits> = {}): ClientPool {
  const pool = new ClientPool({ http2: http2Client(), limits });
  ends.push(() => pool.close());
  return pool;
}

function freePort(): number {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const { port } = listener;
  listener.stop(true);
  return port;
}

async function spawned(command: readonly string[], port: number): Promise<void> {
  const child = Bun.spawn([...command], { stdout: "ignore", stderr: "ignore" });
  ends.push(async () => {
    child.kill();
    await child.exited;
  });
  await until(`${command[0]} listens`, async () => {
    try {
      const socket = await Bun.connect({ hostname: "127.0.0.1", port, socket: { data() {} } });
      socket.end();
      return true;
    } catch {
      return false;
    }
  });
}

async function startNginx(more = ""): Promise<{ plain: number; secure: number }> {
  const [plain, secure] = [freePort(), freePort()];
  const at = mkdtempSync(join(folder, "nginx-"));
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `${name}_temp_path ${at}/${name};`)
    .join("\n");
  writeFileSync(
    join(at, "nginx.conf"),
    `daemon off; master_process off; pid ${at}/pid; error_log ${at}/error.log;
events { worker_connections 1024; }
http {
  access_log off; ${more} ${temporary} client_max_body_size 0;
  server {
    listen 127.0.0.1:${plain} http2;
    listen 127.0.0.1:${secure} ssl http2;
    ssl_certificate ${folder}/cert.pem; ssl_certificate_key ${folder}/key.pem;
    location / { root ${folder}; }
    location /says { default_type text/plain; return 200 "$server_protocol $request_method $http_x_a"; }
  }
}
`,
  );
  await spawned([nginx!, "-c", join(at, "nginx.conf"), "-p", at], plain);
  return { plain, secure };
}

const plainOrigin = (port: number): Origin => ({ address: { kind: "tcp", host: "127.0.0.1", port }, version: "2" });
const secureOrigin = (port: number, version: "2" | "auto" = "2"): Origin => ({
  address: { kind: "tcp", host: "127.0.0.1", port },
  tls: { ca, serverName: "localhost" },
  version,
});
const get = (pool: ClientPool, origin: Origin, target: string): Promise<ClientResponse> =>
  send(pool, origin, { method: "GET", target, host: "localhost", fields: ["X-A", "b"] });
const bytes = ({ body }: ClientResponse): Promise<Buffer> => body.bytes(10_000_000);

describe("nginx", () => {
  nginxTest("answers, small and large, with TLS and without, many at a time over one connection", async () => {
    const { plain, secure } = await startNginx();
    const pool = poolOf();
    for (const origin of [plainOrigin(plain), secureOrigin(secure), secureOrigin(secure, "auto")]) {
      expect((await bytes(await get(pool, origin, "/says"))).toString()).toBe("HTTP/2.0 GET b");
      const all = await Promise.all(
        Array.from({ length: 100 }, async (_, i) => bytes(await get(pool, origin, i % 10 === 0 ? "/big" : "/small"))),
      );
      for (const [i, one] of all.entries()) expect(one.equals(i % 10 === 0 ? BIG : Buffer.from("small"))).toBe(true);
      expect(pool.counts(origin)).toEqual({ idle: 1, open: 1, waiting: 0 });
    }
  });

  nginxTest("goes away every few requests, and none is lost", async () => {
    const { plain } = await startNginx("keepalive_requests 20;");
    const pool = poolOf();
    const origin = plainOrigin(plain);
    let failed = 0;
    const client = async (): Promise<void> => {
      for (let i = 0; i < 50; i++) {
        const answer = await get(pool, origin, "/small").then(bytes, () => undefined);
        if (answer?.toString() !== "small") failed++;
      }
    };
    await Promise.all(Array.from({ length: 40 }, client));
    expect(failed).toBe(0);
  });
});

describe("nghttpd", () => {
  nghttpTest("answers, echoes what is uploaded, and sends trailers", async () => {
    const port = freePort();
    const options = ["--address=127.0.0.1", `--htdocs=${folder}`, "--trailer=x-end: yes", "--echo-upload"];
    await spawned([nghttpd!, ...options, String(port), join(folder, "key.pem"), join(folder, "cert.pem")], port);
    const pool = poolOf();
    const origin = secureOrigin(port, "auto");
    const answer = await get(pool, origin, "/big");
    expect((await bytes(answer)).equals(BIG)).toBe(true);
    expect(answer.body.trailers.toRaw()).toEqual(["x-end", "yes"]);
    const echoed = await send(
      pool,
      origin,
      { method: "POST", target: "/", host: "localhost", stream: { length: undefined } },
      {
        source: (async function* () {
          for (let at = 0; at < BIG.length; at += 70_000) yield BIG.subarray(at, at + 70_000);
        })(),
      },
    );
    expect((await bytes(echoed)).equals(BIG)).toBe(true);
  });
});

describe("node:http2", () => {
  test("takes a thousand requests at the same time over few connections", async () => {
    const sessions = new Set<Http2Session>();
    const held: (() => void)[] = [];
    const server: Http2Server = createServer({ settings: { maxConcurrentStreams: 100 } });
    server.on("session", (session) => sessions.add(session));
    server.on("stream", (stream: ServerHttp2Stream, headers) => {
      held.push(() => {
        stream.respond({ ":status": 200 });
        stream.end(String(headers[":path"]));
      });
      if (held.length === 1000) for (const go of held) go();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    ends.push(() => server.close());
    const pool = poolOf();
    const origin = plainOrigin((server.address() as AddressInfo).port);
    const answers = await Promise.all(
      Array.from({ length: 1000 }, async (_, i) => (await bytes(await get(pool, origin, `/${i}`))).toString()),
    );
    expect(answers).toEqual(Array.from({ length: 1000 }, (_, i) => `/${i}`));
    expect(sessions.size).toBe(10);
    pool.close();
  });
});
