/** rclone: sync a tree, check it, read it back. */
import { afterAll, beforeAll, describe, expect } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ClientCloud, startClientCloud } from "../support/client-cloud.ts";
import { skipUnless } from "../support/skips.ts";

const installed = Bun.which("rclone") !== null;
const rcloneTest = skipUnless(installed, "rclone is not installed (Debian: rclone)");

/** More than the multipart cutoff below, so that both kinds of upload are used. */
const BIG = 12 * 1024 * 1024;

describe("rclone", () => {
  let here: ClientCloud;
  beforeAll(async () => {
    if (installed) here = await startClientCloud();
  });
  afterAll(async () => {
    if (installed) await here.dispose();
  });

  rcloneTest(
    "sync, check, sync again, delete what is gone",
    async () => {
      const remote = {
        RCLONE_CONFIG_CLOUD_TYPE: "s3",
        RCLONE_CONFIG_CLOUD_PROVIDER: "Other",
        RCLONE_CONFIG_CLOUD_ENV_AUTH: "true",
        RCLONE_CONFIG_CLOUD_ENDPOINT: here.environment.AWS_ENDPOINT_URL!,
        RCLONE_CONFIG_CLOUD_FORCE_PATH_STYLE: "true",
        RCLONE_S3_UPLOAD_CUTOFF: "5Mi",
        RCLONE_S3_CHUNK_SIZE: "5Mi",
      };
      const rclone = (...args: string[]) => here.must(["rclone", ...args], { env: remote });
      const tree = join(here.home, "tree");
      mkdirSync(join(tree, "a/b/c"), { recursive: true });
      for (let index = 0; index < 60; index += 1) writeFileSync(join(tree, `a/file-${index}.txt`), `content ${index}`);
      writeFileSync(
        join(tree, "a/b/c/big.bin"),
        new Uint8Array(BIG).map((_, index) => (index * 7) & 0xff),
      );
      writeFileSync(join(tree, "a/b/ünïcode & spaces.txt"), "x");

      await rclone("mkdir", "cloud:rclone-bucket");
      await rclone("sync", tree, "cloud:rclone-bucket/tree");
      await rclone("check", "--download", tree, "cloud:rclone-bucket/tree");
      await rclone("check", tree, "cloud:rclone-bucket/tree");
      writeFileSync(join(tree, "a/file-0.txt"), "changed");
      await rclone("sync", tree, "cloud:rclone-bucket/tree");
      await rclone("copy", "cloud:rclone-bucket/tree/a", join(here.home, "back"));
      expect(readFileSync(join(here.home, "back/file-0.txt"), "utf8")).toBe("changed");
      await rclone("purge", "cloud:rclone-bucket");
      expect(await rclone("lsd", "cloud:")).not.toContain("rclone-bucket");
    },
    120_000,
  );
});
