/** s3cmd: buckets, files, listings, signed URLs. */
import { afterAll, beforeAll, describe, expect } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ClientCloud, startClientCloud } from "../support/client-cloud.ts";
import { skipUnless } from "../support/skips.ts";

const installed = Bun.which("s3cmd") !== null;
const s3cmdTest = skipUnless(installed, "s3cmd is not installed (Debian: s3cmd)");

describe("s3cmd", () => {
  let here: ClientCloud;
  beforeAll(async () => {
    if (installed) here = await startClientCloud();
  });
  afterAll(async () => {
    if (installed) await here.dispose();
  });

  s3cmdTest(
    "mb, put, ls, get, signurl, del, rb",
    async () => {
      const host = new URL(here.environment.AWS_ENDPOINT_URL!).host;
      const s3cmd = (...args: string[]) =>
        here.must([
          "s3cmd",
          "--no-ssl",
          `--host=${host}`,
          `--host-bucket=${host}`,
          `--access_key=${here.environment.AWS_ACCESS_KEY_ID}`,
          `--secret_key=${here.environment.AWS_SECRET_ACCESS_KEY}`,
          "--region=us-east-1",
          "--no-progress",
          "--multipart-chunk-size-mb=5",
          ...args,
        ]);
      await s3cmd("mb", "s3://s3cmd-bucket");
      writeFileSync(join(here.home, "small.txt"), "small");
      writeFileSync(join(here.home, "large.bin"), new Uint8Array(11 * 1024 * 1024).fill(7));
      await s3cmd("put", "small.txt", "large.bin", "s3://s3cmd-bucket/dir/");
      expect(await s3cmd("ls", "s3://s3cmd-bucket/dir/")).toContain("large.bin");
      await s3cmd("get", "s3://s3cmd-bucket/dir/large.bin", "back.bin");
      expect(readFileSync(join(here.home, "back.bin")).length).toBe(11 * 1024 * 1024);
      const signed = (await s3cmd("signurl", "s3://s3cmd-bucket/dir/small.txt", "+600")).trim();
      expect(await (await fetch(signed)).text()).toBe("small");
      expect(await s3cmd("info", "s3://s3cmd-bucket/dir/small.txt")).toContain("MD5 sum");
      await s3cmd("cp", "s3://s3cmd-bucket/dir/small.txt", "s3://s3cmd-bucket/copy.txt");
      await s3cmd("del", "--recursive", "--force", "s3://s3cmd-bucket/");
      await s3cmd("rb", "s3://s3cmd-bucket");
    },
    120_000,
  );
});
