/** Clients that nobody here wrote, over TLS: curl, Bun's own, and the conformance suite h2spec. */
import { afterAll, beforeAll, describe, expect } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Server, type ServerExchange, serve } from "#foundation/http1";
import { skipUnless } from "../../tests/support/skips.ts";
import { http2 } from "./index.ts";

const openssl = Bun.which("openssl") !== null;
const curl = Bun.which("curl");
const h2spec = Bun.which("h2spec");
const tlsTest = skipUnless(openssl, "openssl is not installed; it makes the test's certificates");
const curlTest = skipUnless(openssl && curl !== null, "curl and openssl are not installed");
const specTest = skipUnless(
  openssl && h2spec !== null,
  "h2spec is not on the PATH (go install github.com/summerwind/h2spec/cmd/h2spec@latest)",
);

const folder = mkdtempSync(join(tmpdir(), "biplane-http2-"));
let server: Server;

function certificateFor(name: string): { key: string; cert: string } {
  const at = (kind: string): string => join(folder, `${name}-${kind}.pem`);
  const made = Bun.spawnSync([
    ...["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"],
    ...["-keyout", at("key"), "-out", at("cert"), "-subj", `/CN=${name}`, "-addext", `subjectAltName=DNS:${name}`],
  ]);
  if (made.exitCode !== 0) throw new Error(made.stderr.toString());
  return { key: readFileSync(at("key"), "utf8"), cert: readFileSync(at("cert"), "utf8") };
}

function answer(exchange: ServerExchange): void {
  const { version, target, host } = exchange.head;
  if (target === "/large") {
    const piece = Buffer.alloc(50_000, "x");
    let left = 100;
    exchange.begin({ status: 200 }, undefined);
    const go = (): void => {
      while (left-- > 0) if (!exchange.write(piece)) return;
      exchange.end();
    };
    exchange.onDrain = go;
    go();
  } else if (exchange.isReceived) exchange.answer({ status: 200 }, `${version} ${host.split(":")[0]}`);
  else {
    void exchange.body.bytes(10_000_000).then(
      (bytes) => exchange.answer({ status: 200 }, String(bytes.length)),
      () => {},
    );
  }
}

beforeAll(async () => {
  if (!openssl) return;
  server = await serve({
    port: 0,
    protocols: [http2()],
    tls: {
      ...certificateFor("localhost"),
      names: { "shop.test": certificateFor("shop.test"), "*.shop.test": certificateFor("any.shop.test") },
    },
    onExchange: answer,
  });
});
afterAll(async () => {
  await server?.close(0);
  rmSync(folder, { recursive: true });
});

async function curled(name: string, path: string, ...options: readonly string[]): Promise<string> {
  const child = Bun.spawn(
    [
      curl!,
      "-sS",
      "--resolve",
      `${name}:${server.port}:127.0.0.1`,
      ...options,
      `https://${name}:${server.port}${path}`,
    ],
    { stdout: "pipe", stderr: "pipe" },
  );
  const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  if ((await child.exited) !== 0) throw new Error(err);
  return out;
}

const trusting = (name: string): readonly string[] => ["--cacert", join(folder, `${name}-cert.pem`)];

describe("curl", () => {
  curlTest("speaks HTTP/2, and HTTP/1.1 when it wants to", async () => {
    expect(await curled("localhost", "/", "--http2", ...trusting("localhost"))).toBe("2 localhost");
    expect(await curled("localhost", "/", "--http1.1", ...trusting("localhost"))).toBe("1.1 localhost");
  });

  curlTest("is shown the certificate of the name that it asks for", async () => {
    expect(await curled("shop.test", "/", "--http2", ...trusting("shop.test"))).toBe("2 shop.test");
    expect(await curled("any.shop.test", "/", "--http2", ...trusting("any.shop.test"))).toBe("2 any.shop.test");
    await expect(curled("other.test", "/", "--http2", ...trusting("shop.test"))).rejects.toThrow(/certificate/);
  });

  curlTest("sends and takes bodies that are larger than any window", async () => {
    writeFileSync(join(folder, "body"), Buffer.alloc(3_000_000));
    const sent = ["--http2", ...trusting("localhost"), "--data-binary", `@${join(folder, "body")}`];
    expect(await curled("localhost", "/", ...sent)).toBe("3000000");
    expect((await curled("localhost", "/large", "--http2", ...trusting("localhost"))).length).toBe(5_000_000);
  });
});

tlsTest("a client of Bun's sends a thousand requests over one connection", async () => {
  const session = connect(`https://localhost:${server.port}`, { rejectUnauthorized: false });
  let failure: unknown;
  session.on("error", (error) => {
    failure = error;
  });
  const one = (): Promise<string> =>
    new Promise((resolve, reject) => {
      const stream = session.request({ ":path": "/", "x-kind": "bench" });
      let text = "";
      stream.setEncoding("utf8");
      stream.on("data", (piece) => {
        text += piece;
      });
      stream.on("end", () => resolve(text));
      stream.on("error", reject);
      stream.end();
    });
  for (let round = 0; round < 20; round++) {
    const answers = await Promise.all(Array.from({ length: 50 }, one));
    expect(new Set(answers)).toEqual(new Set(["2 localhost"]));
  }
  session.close();
  expect(failure).toBeUndefined();
});

specTest(
  "h2spec finds nothing",
  async () => {
    const child = Bun.spawn([h2spec!, "-h", "127.0.0.1", "-p", String(server.port), "-t", "-k"], { stdout: "pipe" });
    const report = await child.stdout.text();
    expect(report).toMatch(/145 tests, 145 passed, 0 skipped, 0 failed/);
  },
  60_000,
);
