import { expect } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { skipUnless } from "../../tests/support/skips.ts";
import { connectWebSocket, httpRequest, serveHttp } from "./index.ts";

const withOpenssl = skipUnless(
  Bun.which("openssl") !== null,
  "openssl is not installed; it makes the test's certificate",
);

withOpenssl("HTTPS and wss serve requests, streams and WebSockets, and verify the certificate", async () => {
  const directory = mkdtempSync(join(tmpdir(), "biplane-tls-"));
  try {
    const made = Bun.spawnSync(
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1".split(
        " ",
      ),
      { cwd: directory, stderr: "pipe" },
    );
    expect(made.exitCode).toBe(0);
    const cert = readFileSync(join(directory, "cert.pem"), "utf8");
    const server = await serveHttp({
      port: 0,
      tls: { key: readFileSync(join(directory, "key.pem"), "utf8"), cert },
      handler: async (request) => ({
        status: 200,
        body: `${request.secure} ${request.target} ${await request.body.text(100)}`,
      }),
      upgrade: () => ({
        kind: "accept",
        onOpen: (connection) => connection.onMessage((data) => connection.send(data)),
      }),
    });
    expect(server.url).toStartWith("https://127.0.0.1:");
    const reply = await httpRequest({ url: server.url, target: "/a/../b", method: "PUT", body: "hello", ca: cert });
    expect(await reply.text()).toBe("true /a/../b hello");
    await expect(httpRequest({ url: server.url })).rejects.toThrow("cannot be reached");
    const socket = await connectWebSocket({ url: server.url.replace("https", "wss"), ca: cert });
    const echoed = new Promise((resolve) => socket.onMessage(resolve));
    socket.send("hi");
    expect(await echoed).toBe("hi");
    socket.close();
    await server.close(100);
    expect(server.connections).toBe(0);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
