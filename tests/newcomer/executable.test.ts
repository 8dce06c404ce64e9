/** The executables of `npm run build` need nothing beside them. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import type { CloudEnvironment } from "../support/cloud.ts";
import { s3ClientFor } from "../support/s3.ts";
import { until } from "../support/until.ts";

const ROOT = join(import.meta.dir, "..", "..");

describe("built executables", () => {
  let away: string;

  beforeAll(() => {
    // Elsewhere on the disk: no clone around them, no node_modules above them.
    away = mkdtempSync(join(tmpdir(), "biplane-executable-"));
    const built = Bun.spawnSync([process.execPath, "scripts/build.ts"], { cwd: ROOT, stdout: "pipe", stderr: "pipe" });
    if (built.exitCode !== 0) throw new Error(`the build failed: ${built.stdout}${built.stderr}`);
    for (const name of ["biplane", "biplane-control"]) copyFileSync(join(ROOT, "dist", name), join(away, name));
  }, 120_000);
  afterAll(() => {
    rmSync(away, { recursive: true, force: true });
  });

  test("biplane serves a cloud, biplane-control a control plane that a node joins", async () => {
    const data = join(away, "data");
    const start = async (program: string, ...args: readonly string[]) => {
      const child = Bun.spawn([join(away, program), ...args, "--data", data], {
        cwd: away,
        stdout: "pipe",
        stderr: "pipe",
      });
      let printed = "";
      const collect = async (stream: ReadableStream<Uint8Array>) => {
        for await (const chunk of stream) printed += new TextDecoder().decode(chunk);
      };
      void collect(child.stdout);
      void collect(child.stderr);
      await until(`${program} is ready`, () => {
        if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode}: ${printed}`);
        return /^\s*ready\b/im.test(printed);
      });
      return child;
    };
    const environment = () =>
      JSON.parse(
        Bun.spawnSync([join(away, "biplane"), "env", "--json", "--data", data]).stdout.toString(),
      ) as CloudEnvironment;

    const control = await start("biplane-control", "--api-port", "0");
    const node = await start("biplane", "node", "--control-plane", environment().BIPLANE_API_URL!, "--port", "0");
    const s3 = s3ClientFor(environment());
    await s3.send(new CreateBucketCommand({ Bucket: "from-an-executable" }));
    await s3.send(new PutObjectCommand({ Bucket: "from-an-executable", Key: "k", Body: "written by one file" }));
    const got = await s3.send(new GetObjectCommand({ Bucket: "from-an-executable", Key: "k" }));
    expect(await got.Body!.transformToString()).toBe("written by one file");
    for (const child of [node, control]) {
      child.kill("SIGTERM");
      expect(await child.exited).toBe(0);
    }
  }, 60_000);
});
