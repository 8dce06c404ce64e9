/** What the gateway is compared with, each with one process that does the work, in front of the same upstream. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, measured, type ServerProcess, untilListening } from "../harness/server-process.ts";

const PEERS = join(import.meta.dir, "../peers/node_modules");

/** Whether the machine has it: `apt-get install haproxy`. */
export const haproxyPath = Bun.which("haproxy") ?? undefined;

/** One thread, connections to the upstream kept and shared, the fields that we send; no log. */
export async function startHaproxy(upstream: number): Promise<ServerProcess> {
  const directory = mkdtempSync(join(tmpdir(), "haproxy-bench-"));
  const port = await freePort();
  const file = join(directory, "haproxy.cfg");
  writeFileSync(
    file,
    `global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  http-reuse always
frontend clients
  bind 127.0.0.1:${port}
  option forwardfor
  http-request set-header X-Forwarded-Proto http
  http-request set-header X-Forwarded-Host %[req.hdr(Host)]
  default_backend upstream
backend upstream
  server one 127.0.0.1:${upstream} pool-max-conn 1024
`,
  );
  const child = Bun.spawn([haproxyPath!, "-db", "-f", file], { stdout: "ignore", stderr: "inherit" });
  await untilListening(port);
  return measured("haproxy", child, port, () => rmSync(directory, { recursive: true, force: true }));
}

/** What passing octets, or messages, on costs in Bun at least. */
export async function startBare(kind: "splice" | "fetch", upstream: number): Promise<ServerProcess> {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "bare.ts"), kind, String(upstream)], {
    stdout: "pipe",
    stderr: "inherit",
  });
  const { value } = await child.stdout.getReader().read();
  const port = Number(new TextDecoder().decode(value));
  return measured(kind === "splice" ? "bare splice in Bun" : "bare fetch in Bun", child, port, () => undefined);
}

/** Checks the same things as the gateway, with the checks that its users write. */
export async function startFastify(upstream: number): Promise<ServerProcess> {
  const port = await freePort();
  const child = Bun.spawn(
    [join(PEERS, "node/bin/node"), join(import.meta.dir, "fastify.cjs"), String(upstream), String(port)],
    { stdout: "ignore", stderr: "inherit", env: { ...process.env, NODE_PATH: PEERS, NODE_NO_WARNINGS: "1" } },
  );
  await untilListening(port);
  return measured("fastify, same checks", child, port, () => undefined);
}
