import { afterEach, expect } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { skipUnless } from "../../../tests/support/skips.ts";
import type { Backend } from "../backend.ts";
import { local, proxyFixtures } from "../testing/proxy-fixture.ts";

const { front, upstream, scripted, close } = proxyFixtures();
afterEach(close);

const withOpenssl = skipUnless(
  Bun.which("openssl") !== null,
  "openssl is not installed; it makes the test's certificate",
);

withOpenssl(
  "an upstream in TLS must show a certificate that is to be trusted, for the name that was asked for",
  async () => {
    const directory = mkdtempSync(join(tmpdir(), "biplane-tls-"));
    try {
      const made = Bun.spawnSync(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=shop.test -addext subjectAltName=DNS:shop.test".split(
          " ",
        ),
        { cwd: directory, stderr: "pipe" },
      );
      expect(made.exitCode).toBe(0);
      const ca = readFileSync(join(directory, "cert.pem"), "utf8");
      const tls = { key: readFileSync(join(directory, "key.pem"), "utf8"), cert: ca };
      const secure = await upstream(async (request) => ({ status: 200, body: await request.body.text(100) }), { tls });
      const plain = local(scripted((peer) => peer.send("220 this is not TLS\r\n")).port);

      const ask = async (address: typeof secure.address, options: NonNullable<Backend["tls"]>): Promise<string> => {
        const backend = { address, tls: options };
        const { port } = await front({
          route: () => ({ backend }),
          onFailure: (failure) => ({ status: 502, body: failure.kind }),
        });
        const responses: string[] = [];
        for (let turn = 0; turn < 2; turn++) {
          const response = await fetch(`http://127.0.0.1:${port}/`, { method: "POST", body: "hello" });
          responses.push(await response.text());
        }
        expect(responses[1]).toBe(responses[0]!);
        return responses[0]!;
      };

      expect(await ask(secure.address, { ca, serverName: "shop.test" })).toBe("hello");
      expect(await ask(secure.address, { ca, serverName: "other.test" })).toBe("tls-failed");
      expect(await ask(secure.address, { ca })).toBe("tls-failed");
      expect(await ask(secure.address, { serverName: "shop.test" })).toBe("tls-failed");
      expect(await ask(secure.address, { serverName: "other.test", insecure: true })).toBe("hello");
      expect(await ask(plain.address, { ca, serverName: "shop.test" })).toBe("tls-failed");
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
);
