/** The AWS CLI, unmodified, with nothing but the variables of `biplane env`. */
import { afterAll, beforeAll, describe, expect } from "bun:test";
import { mkdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type AwsCli, hasAwsCli, NO_AWS_CLI, startAwsCli } from "../support/aws-cli.ts";
import { type ClientCloud, startClientCloud } from "../support/client-cloud.ts";
import { skipUnless } from "../support/skips.ts";

const cliTest = skipUnless(hasAwsCli, NO_AWS_CLI);
const MINUTE = 60_000;

describe("AWS CLI", () => {
  let here: ClientCloud;
  let cli: AwsCli;
  const aws = (...args: string[]) => cli.must(args);

  beforeAll(async () => {
    if (!hasAwsCli) return;
    here = await startClientCloud();
    cli = await startAwsCli(here);
  });
  afterAll(async () => {
    if (!hasAwsCli) return;
    await cli.close();
    await here.dispose();
  });

  cliTest(
    "s3 mb, cp, ls, sync, presign, rm, rb",
    async () => {
      await aws("s3", "mb", "s3://cli-photos");
      const big = new Uint8Array(20 * 1024 * 1024).map((_, index) => (index * 31) & 0xff);
      writeFileSync(join(here.home, "big.bin"), big);
      await aws("s3", "cp", "big.bin", "s3://cli-photos/deep/big.bin");
      await aws("s3", "cp", "s3://cli-photos/deep/big.bin", "back.bin");
      expect(Buffer.compare(readFileSync(join(here.home, "back.bin")), Buffer.from(big))).toBe(0);

      mkdirSync(join(here.home, "tree/sub dir"), { recursive: true });
      writeFileSync(join(here.home, "tree/ä ö+&.txt"), "umlauts");
      writeFileSync(join(here.home, "tree/sub dir/empty"), "");
      // Listings show whole seconds: files of this second would look newer than their copies.
      const anHourAgo = Date.now() / 1000 - 3600;
      for (const name of ["tree/ä ö+&.txt", "tree/sub dir/empty"])
        utimesSync(join(here.home, name), anHourAgo, anHourAgo);
      await aws("s3", "sync", "tree", "s3://cli-photos/tree");
      expect(await aws("s3", "sync", "tree", "s3://cli-photos/tree")).toBe("");
      expect(await aws("s3", "ls", "--recursive", "s3://cli-photos/tree/")).toContain("tree/ä ö+&.txt");

      const url = (await aws("s3", "presign", "s3://cli-photos/tree/ä ö+&.txt")).trim();
      const fetched = await fetch(url);
      expect([fetched.status, await fetched.text()]).toEqual([200, "umlauts"]);

      await aws("s3", "rm", "--recursive", "s3://cli-photos/");
      await aws("s3", "rb", "s3://cli-photos");
      expect(await aws("s3", "ls")).not.toContain("cli-photos");
    },
    2 * MINUTE,
  );

  cliTest(
    "s3api: versions, tags, policy, conditional writes",
    async () => {
      await aws("s3api", "create-bucket", "--bucket", "cli-api");
      await aws(
        "s3api",
        "put-bucket-versioning",
        "--bucket",
        "cli-api",
        "--versioning-configuration",
        "Status=Enabled",
      );
      writeFileSync(join(here.home, "one"), "1");
      writeFileSync(join(here.home, "two"), "22");
      const first = JSON.parse(
        await aws("s3api", "put-object", "--bucket", "cli-api", "--key", "k", "--body", "one"),
      ) as { VersionId: string };
      await aws("s3api", "put-object", "--bucket", "cli-api", "--key", "k", "--body", "two");
      const versions = JSON.parse(await aws("s3api", "list-object-versions", "--bucket", "cli-api")) as {
        Versions: { IsLatest: boolean; Size: number }[];
      };
      expect(versions.Versions.map(({ IsLatest, Size }) => [IsLatest, Size])).toEqual([
        [true, 2],
        [false, 1],
      ]);
      await aws("s3api", "get-object", "--bucket", "cli-api", "--key", "k", "--version-id", first.VersionId, "old");
      expect(readFileSync(join(here.home, "old"), "utf8")).toBe("1");

      await aws(
        "s3api",
        "put-object-tagging",
        "--bucket",
        "cli-api",
        "--key",
        "k",
        "--tagging",
        "TagSet=[{Key=a,Value=b}]",
      );
      expect(JSON.parse(await aws("s3api", "get-object-tagging", "--bucket", "cli-api", "--key", "k"))).toMatchObject({
        TagSet: [{ Key: "a", Value: "b" }],
      });

      const refused = await cli.run([
        "s3api",
        "put-object",
        "--bucket",
        "cli-api",
        "--key",
        "k",
        "--body",
        "one",
        "--if-none-match",
        "*",
      ]);
      expect(refused.code).not.toBe(0);
      expect(refused.stderr).toContain("PreconditionFailed");

      const missing = await cli.run(["s3api", "get-bucket-policy", "--bucket", "cli-api"]);
      expect(missing.stderr).toContain("NoSuchBucketPolicy");
    },
    2 * MINUTE,
  );
});
