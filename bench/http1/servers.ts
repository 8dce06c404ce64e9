/** The servers that are compared, each with one process that does the work. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, measured, type ServerProcess, untilListening } from "../harness/server-process.ts";
import { nginxPath } from "../proxy/servers.ts";
import { BODY, FIELDS } from "./answers.ts";

/** A program of this folder that prints its port. */
export async function startProgram(name: string, script: string, ...args: readonly string[]): Promise<ServerProcess> {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, script), ...args], {
    stdout: "pipe",
    stderr: "inherit",
  });
  const { value } = await child.stdout.getReader().read();
  return measured(name, child, Number(new TextDecoder().decode(value)), () => undefined);
}

/** The same answer by `return`: one process, no log. */
export async function startStaticNginx(): Promise<ServerProcess> {
  const directory = mkdtempSync(join(tmpdir(), "nginx-bench-"));
  const port = await freePort();
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${directory}/${name};`,
  );
  const fields = FIELDS.slice(2).map((text, i, all) => (i % 2 === 0 ? `add_header ${text} ${all[i + 1]};` : ""));
  writeFileSync(
    join(directory, "nginx.conf"),
    `daemon off; master_process off; pid ${directory}/pid; error_log ${directory}/error.log;
events { worker_connections 4096; }
http {
  access_log off; keepalive_requests 1000000000; tcp_nodelay on;
  ${temporary.join("\n  ")}
  default_type ${FIELDS[1]};
  server { listen 127.0.0.1:${port} backlog=1024; ${fields.join(" ")} location / { return 200 "${BODY}"; } }
}
`,
  );
  const child = Bun.spawn([nginxPath!, "-c", join(directory, "nginx.conf"), "-p", directory], {
    stdout: "ignore",
    stderr: "ignore",
  });
  await untilListening(port);
  return measured("nginx", child, port, () => rmSync(directory, { recursive: true, force: true }));
}
