/** Biplane and its peers, each started as its users start it, with the credentials that it takes. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Credential } from "#foundation/aws/sigv4";
import { freePort, measured, type ServerProcess, untilListening } from "../harness/server-process.ts";

export interface S3Server extends ServerProcess {
  readonly credential: Credential;
  /** What it does for the same request, so that a ratio can be read fairly. */
  readonly note: string;
}

const ROOT = join(import.meta.dir, "../..");
const PEERS = join(ROOT, "bench/peers/node_modules");

const MAIN = join(ROOT, "apps/biplane/main.ts");

/** `biplane up`: every request authenticated and authorised, every write fsynced. */
export async function startBiplane(): Promise<S3Server> {
  const data = mkdtempSync(join(tmpdir(), "biplane-bench-"));
  const server = await startBiplaneOn(data, () => rmSync(data, { recursive: true, force: true }));
  return { ...server, ...environmentOf(data), note: "signature checked, policy evaluated, fsynced" };
}

/** Where the Biplane on this directory listens, and its root credential. */
export function environmentOf(data: string): { readonly port: number; readonly credential: Credential } {
  const env = Bun.spawnSync([process.execPath, MAIN, "env", "--json", "--data", data]);
  const environment = JSON.parse(env.stdout.toString()) as Record<string, string>;
  return {
    port: Number(new URL(environment.AWS_ENDPOINT_URL!).port),
    credential: { accessKeyId: environment.AWS_ACCESS_KEY_ID!, secretAccessKey: environment.AWS_SECRET_ACCESS_KEY! },
  };
}

/** Resolves when it says that it is ready. Its port is in the data directory; `biplane env` reads it. */
export async function startBiplaneOn(data: string, cleanUp: () => void = () => undefined): Promise<ServerProcess> {
  const child = Bun.spawn([process.execPath, MAIN, "up", "--data", data, "--port", "0", "--api-port", "0"], {
    stdout: "pipe",
    stderr: "inherit",
  });
  const decoder = new TextDecoder();
  let printed = "";
  for await (const chunk of child.stdout) {
    printed += decoder.decode(chunk);
    if (/^\s*ready\b/im.test(printed)) break;
  }
  return measured("biplane", child, 0, cleanUp);
}

/** s3rver: a file per object, signatures checked, nothing fsynced. */
export async function startS3rver(): Promise<S3Server> {
  const data = mkdtempSync(join(tmpdir(), "s3rver-bench-"));
  const port = await freePort();
  const child = Bun.spawn(
    [
      join(PEERS, "node/bin/node"),
      join(PEERS, "s3rver/bin/s3rver.js"),
      "--directory",
      data,
      "--port",
      String(port),
      "--address",
      "127.0.0.1",
      "--silent",
    ],
    { stdout: "ignore", stderr: "ignore" },
  );
  await untilListening(port);
  return {
    ...measured("s3rver", child, port, () => rmSync(data, { recursive: true, force: true })),
    credential: { accessKeyId: "S3RVER", secretAccessKey: "S3RVER" },
    note: "signature checked, no policies, not fsynced",
  };
}

/** fauxqs: everything in memory, nothing checked. */
export async function startFauxqs(): Promise<S3Server> {
  const port = await freePort();
  const child = Bun.spawn([join(PEERS, "node/bin/node"), join(PEERS, "fauxqs/dist/server.js")], {
    stdout: "ignore",
    stderr: "ignore",
    env: { ...process.env, FAUXQS_PORT: String(port), FAUXQS_HOST: "127.0.0.1", FAUXQS_LOGGER: "false" },
  });
  await untilListening(port);
  return {
    ...measured("fauxqs", child, port, () => undefined),
    credential: { accessKeyId: "test", secretAccessKey: "test" },
    note: "in memory, signatures not checked",
  };
}
