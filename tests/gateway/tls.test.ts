/** A gateway with certificates: HTTP/2, names, clients that must show one, and others while it serves. */
import { afterAll, afterEach, beforeAll, describe, expect } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Subprocess } from "bun";
import { skipUnless } from "../support/skips.ts";
import { until } from "../support/until.ts";
import { artifactSaying } from "./support/artifacts.ts";
import { startGatewayProcess } from "./support/gateway-process.ts";

const curl = Bun.which("curl");
const tlsTest = skipUnless(
  curl !== null && Bun.which("openssl") !== null,
  "curl and openssl are not installed: they ask, and make certificates",
);

const folder = mkdtempSync(join(tmpdir(), "biplane-gateway-tls-"));
const running: Subprocess[] = [];
beforeAll(() => writeFileSync(join(folder, "a.bca"), artifactSaying("one").bytes));
afterEach(async () => {
  const children = running.splice(0);
  for (const child of children) child.kill("SIGKILL");
  await Promise.all(children.map(({ exited }) => exited));
});
afterAll(() => rmSync(folder, { recursive: true }));

const at = (...path: readonly string[]): string => join(folder, ...path);

/** A certificate that nobody else has signed. @param path of both files, without their endings */
function certify(path: string, name: string): void {
  const { exitCode, stderr } = Bun.spawnSync([
    ...["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"],
    ...[
      "-keyout",
      `${path}.key`,
      "-out",
      `${path}.crt`,
      "-subj",
      `/CN=${name}`,
      "-addext",
      `subjectAltName=DNS:${name}`,
    ],
  ]);
  if (exitCode !== 0) throw new Error(stderr.toString());
}

/** What curl is answered, with the version of HTTP; what it complains of otherwise. */
async function ask(url: string, host: string, ...options: readonly string[]): Promise<string> {
  const { port } = new URL(url);
  const child = Bun.spawn(
    [
      ...[curl!, "-sS", "--max-time", "10", "--resolve", `${host}:${port}:127.0.0.1`, "-w", " %{http_version}"],
      ...[...options, `https://${host}:${port}/version`],
    ],
    { stdout: "pipe", stderr: "pipe" },
  );
  const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return (await child.exited) === 0 ? out : `failed: ${err}`;
}

describe("a gateway with certificates", () => {
  tlsTest("speaks HTTP/2 and HTTP/1.1, and shows each name its own", async () => {
    certify(at("main"), "gateway.test");
    for (const [name, folderName] of [
      ["shop.test", "shop.test"],
      ["eu.shop.test", "_.shop.test"],
    ] as const) {
      mkdirSync(at("names", folderName), { recursive: true });
      certify(at("names", folderName, "tls"), name);
    }
    const { url } = await startGatewayProcess(
      [
        "--artifact",
        at("a.bca"),
        "--tls-cert",
        at("main.crt"),
        "--tls-key",
        at("main.key"),
        "--tls-names",
        at("names"),
      ],
      {},
      running,
    );
    expect(url).toStartWith("https://");
    expect(await ask(url, "gateway.test", "--cacert", at("main.crt"))).toBe("one 2");
    expect(await ask(url, "gateway.test", "--cacert", at("main.crt"), "--http1.1")).toBe("one 1.1");
    expect(await ask(url, "shop.test", "--cacert", at("names/shop.test/tls.crt"))).toBe("one 2");
    expect(await ask(url, "eu.shop.test", "--cacert", at("names/_.shop.test/tls.crt"))).toBe("one 2");
    expect(await ask(url, "shop.test", "--cacert", at("main.crt"))).toStartWith("failed:");
  });

  tlsTest(
    "shows others as soon as they are there, and no request fails",
    async () => {
      certify(at("first"), "gateway.test");
      certify(at("second"), "gateway.test");
      for (const kind of ["key", "crt"]) writeFileSync(at(`shown.${kind}`), readFileSync(at(`first.${kind}`)));
      const { url, child } = await startGatewayProcess(
        ["--artifact", at("a.bca"), "--tls-cert", at("shown.crt"), "--tls-key", at("shown.key")],
        {},
        running,
      );
      const both = at("both.crt");
      writeFileSync(both, readFileSync(at("first.crt"), "utf8") + readFileSync(at("second.crt"), "utf8"));
      const answers: string[] = [];
      let isOver = false;
      const asking = (async () => {
        while (!isOver) answers.push(await ask(url, "gateway.test", "--cacert", both));
      })();
      await until("some are answered", () => answers.length > 3);
      // The certificate first: for a moment it does not fit its key, and the one before is shown.
      for (const kind of ["crt", "key"]) {
        writeFileSync(at("new"), readFileSync(at(`second.${kind}`)));
        renameSync(at("new"), at(`shown.${kind}`));
      }
      // For a moment there are two listeners, for the connections that wait at the one before: both are given new ones.
      let inARow = 0;
      await until(
        "only the second one is shown",
        async () => {
          inARow = (await ask(url, "gateway.test", "--cacert", at("second.crt"))) === "one 2" ? inARow + 1 : 0;
          return inARow === 5;
        },
        20_000,
      );
      writeFileSync(at("shown.key"), "no key");
      child.kill("SIGHUP");
      expect(await ask(url, "gateway.test", "--cacert", at("second.crt"))).toBe("one 2");
      isOver = true;
      await asking;
      expect(answers.filter((answer) => answer !== "one 2")).toEqual([]);
    },
    60_000,
  );

  tlsTest("lets in only clients that show one of its authorities, when it is told to", async () => {
    certify(at("server"), "gateway.test");
    certify(at("client"), "client.test");
    certify(at("stranger"), "stranger.test");
    const { url } = await startGatewayProcess(
      [
        ...["--artifact", at("a.bca"), "--tls-cert", at("server.crt"), "--tls-key", at("server.key")],
        ...["--tls-client-ca", at("client.crt")],
      ],
      {},
      running,
    );
    const trusting = ["--cacert", at("server.crt")];
    const showing = (name: string): readonly string[] => ["--cert", at(`${name}.crt`), "--key", at(`${name}.key`)];
    expect(await ask(url, "gateway.test", ...trusting, ...showing("client"))).toBe("one 2");
    expect(await ask(url, "gateway.test", ...trusting, ...showing("stranger"))).toStartWith("failed:");
    expect(await ask(url, "gateway.test", ...trusting)).toStartWith("failed:");
  });

  tlsTest("says what is wrong with its files, and does not start", async () => {
    certify(at("one"), "gateway.test");
    certify(at("other"), "gateway.test");
    const start = (...options: readonly string[]) =>
      startGatewayProcess(["--artifact", at("a.bca"), ...options], {}, running).then(
        () => "started",
        (error: Error) => error.message,
      );
    expect(await start("--tls-cert", at("one.crt"))).toContain("--tls-cert and --tls-key are given together");
    expect(await start("--tls-client-ca", at("one.crt"))).toContain("--tls-client-ca needs --tls-cert and --tls-key");
    expect(await start("--tls-cert", at("one.crt"), "--tls-key", at("nothing"))).toContain("cannot be read (ENOENT)");
    expect(await start("--tls-cert", at("one.crt"), "--tls-key", at("other.key"))).toMatch(
      /ended with 2: .*the key in .*other.key is not that of the certificate in .*one.crt/,
    );
    expect(await start("--tls-cert", at("one.key"), "--tls-key", at("one.key"))).toContain(
      "holds no certificate in PEM",
    );
  });
});
