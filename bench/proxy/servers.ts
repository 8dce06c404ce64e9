/** Our proxy and its peers, each with one process that does the work, in front of the same upstream. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Subprocess } from "bun";
import { freePort, measured, type ServerProcess, untilListening } from "../harness/server-process.ts";

const HERE = import.meta.dir;
const PEERS = join(HERE, "../peers/node_modules");

/** A program of ours that prints its port. */
async function printsPort(script: string, ...args: readonly string[]): Promise<{ child: Subprocess; port: number }> {
  const child = Bun.spawn([process.execPath, join(HERE, script), ...args], { stdout: "pipe", stderr: "inherit" });
  const { value } = await child.stdout.getReader().read();
  return { child, port: Number(new TextDecoder().decode(value)) };
}

export async function startUpstream(): Promise<ServerProcess> {
  const { child, port } = await printsPort("upstream.ts");
  return measured("upstream", child, port, () => undefined);
}

export async function startOurs(upstream: number): Promise<ServerProcess> {
  const { child, port } = await printsPort("front.ts", String(upstream));
  return measured("biplane", child, port, () => undefined);
}

/** Whether the machine has it: `apt-get install nginx-light`. */
export const nginxPath = Bun.which("nginx") ?? undefined;

/** A configuration of one process without a log. @param http within its block `http` */
async function startNginxWith(name: string, http: (port: number) => string): Promise<ServerProcess> {
  const directory = mkdtempSync(join(tmpdir(), "nginx-bench-"));
  const port = await freePort();
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((kind) => `${kind}_temp_path ${directory}/${kind};`)
    .join("\n  ");
  writeFileSync(
    join(directory, "nginx.conf"),
    `daemon off; master_process off; pid ${directory}/pid; error_log ${directory}/error.log;
events { worker_connections 4096; }
http {
  access_log off; keepalive_requests 1000000000; tcp_nodelay on; client_max_body_size 0;
  ${temporary}
  ${http(port)}
}
`,
  );
  const child = Bun.spawn([nginxPath!, "-c", join(directory, "nginx.conf"), "-p", directory], {
    stdout: "ignore",
    stderr: "ignore",
  });
  await untilListening(port);
  return measured(name, child, port, () => rmSync(directory, { recursive: true, force: true }));
}

/** Connections to the upstream kept, the fields that we send. */
export function startNginx(upstream: number): Promise<ServerProcess> {
  return startNginxWith(
    "nginx",
    (port) => `upstream target { server 127.0.0.1:${upstream}; keepalive 1024; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port} backlog=1024;
    location / {
      proxy_pass http://target; proxy_http_version 1.1; proxy_request_buffering off; proxy_set_header Connection ""; proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Port $server_port; proxy_set_header X-Forwarded-Host $host;
    }
  }`,
  );
}

/** An upstream that answers everything with 200 octets of JSON. @param protocol `http2`: without TLS */
export function startAnsweringNginx(protocol: "" | "http2" = ""): Promise<ServerProcess> {
  return startNginxWith(
    protocol === "" ? "upstream" : `upstream ${protocol}`,
    (port) => `server {
    listen 127.0.0.1:${port} ${protocol} backlog=1024;
    location / { default_type application/json; return 200 '{"value":"${"x".repeat(186)}"}'; }
  }`,
  );
}

export async function startHttpProxy(upstream: number): Promise<ServerProcess> {
  const port = await freePort();
  const child = Bun.spawn(
    [join(PEERS, "node/bin/node"), join(HERE, "node-http-proxy.cjs"), String(upstream), String(port)],
    { stdout: "ignore", stderr: "inherit", env: { ...process.env, NODE_PATH: PEERS, NODE_NO_WARNINGS: "1" } },
  );
  await untilListening(port);
  return measured("http-proxy", child, port, () => undefined);
}
