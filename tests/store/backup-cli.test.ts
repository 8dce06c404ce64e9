/** The command line against a cluster of processes, and Biplane's own S3. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Cloud, createCloud } from "../support/cloud.ts";
import { ProcessCluster } from "./processes.ts";

let cloud: Cloud;
let cluster: ProcessCluster;
const directory = mkdtempSync(join(tmpdir(), "biplane-backup-"));

beforeAll(async () => {
  cloud = createCloud();
  cluster = await ProcessCluster.start(["n1"]);
  await Promise.all([
    cloud.start("up", "--port", "0", "--api-port", "0"),
    cluster.until(({ phase }) => phase === "running"),
  ]);
}, 120_000);
afterAll(async () => {
  await cluster.close();
  await cloud.dispose();
  rmSync(directory, { recursive: true, force: true });
});

async function ok(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await cloud.cli(...args);
  if (code !== 0) throw new Error(`biplane ${args.join(" ")} ended with ${code}: ${stderr}`);
  return stdout;
}

/** Exit code and error code. */
async function refusal(...args: string[]): Promise<string> {
  const { code, stdout } = await cloud.cli(...args, "--json");
  return `${code} ${(JSON.parse(stdout) as { readonly error: { readonly code: string } }).error.code}`;
}

test("a store is backed up to a bucket and to a directory, and what was there is there again", async () => {
  const where = ["--coordinators", cluster.coordinators];
  await ok("store", "set", "greeting", "hello", ...where);
  await ok("store", "set", "\\x00\\xfe", "bytes", ...where);
  const before = await ok("store", "list", ...where);
  await ok("buckets", "create", "backups");
  for (const place of ["s3://backups/store/monday", join(directory, "monday")]) {
    const made = JSON.parse(await ok("store", "backup", "--to", place, ...where, "--json")) as { parts: number };
    expect(made.parts).toBeGreaterThan(0);
    expect(await refusal("store", "backup", "--to", place, ...where)).toBe("2 USAGE");

    await ok("store", "set", "greeting", "bye", ...where);
    await ok("store", "set", "later", "yes", ...where);
    expect(await refusal("store", "restore", "--from", place, ...where)).toBe("2 USAGE");
    expect(await ok("store", "restore", "--from", place, "--clear", ...where)).toStartWith("Restored: the state at");
    expect(await ok("store", "list", ...where)).toBe(before);
  }
  expect(await refusal("store", "restore", "--from", "s3://backups/store/tuesday", ...where)).toBe("4 NOT_FOUND");
  expect(await refusal("store", "restore", "--from", join(directory, "tuesday"), ...where)).toBe("4 NOT_FOUND");
  expect(await refusal("store", "backup", ...where)).toBe("2 USAGE");
}, 120_000);
