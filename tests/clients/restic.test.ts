/** restic: initialise a repository, back up twice, check every byte, restore. */
import { afterAll, beforeAll, describe, expect } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ClientCloud, startClientCloud } from "../support/client-cloud.ts";
import { skipUnless } from "../support/skips.ts";

const installed = Bun.which("restic") !== null;
const resticTest = skipUnless(installed, "restic is not installed (Debian: restic)");

describe("restic", () => {
  let here: ClientCloud;
  beforeAll(async () => {
    if (installed) here = await startClientCloud();
  });
  afterAll(async () => {
    if (installed) await here.dispose();
  });

  resticTest(
    "backup, check, restore",
    async () => {
      const env = {
        RESTIC_REPOSITORY: `s3:${here.environment.AWS_ENDPOINT_URL}/restic-repo`,
        RESTIC_PASSWORD: "correct horse battery staple",
        RESTIC_CACHE_DIR: join(here.home, "cache"),
      };
      const restic = (...args: string[]) => here.must(["restic", ...args], { env });
      const source = join(here.home, "source");
      mkdirSync(source);
      const big = new Uint8Array(16 * 1024 * 1024);
      for (let offset = 0; offset < big.length; offset += 65_536)
        crypto.getRandomValues(big.subarray(offset, offset + 65_536));
      writeFileSync(join(source, "big.bin"), big);
      writeFileSync(join(source, "note.txt"), "first");

      await restic("init");
      await restic("backup", source);
      writeFileSync(join(source, "note.txt"), "second");
      await restic("backup", source);
      expect(await restic("check", "--read-data")).toContain("no errors were found");
      await restic("restore", "latest", "--target", join(here.home, "restored"));
      expect(readFileSync(join(here.home, "restored", source, "note.txt"), "utf8")).toBe("second");
      expect(Buffer.compare(readFileSync(join(here.home, "restored", source, "big.bin")), Buffer.from(big))).toBe(0);
      await restic("forget", "--keep-last", "1", "--prune");
      expect(await restic("check")).toContain("no errors were found");
    },
    180_000,
  );
});
