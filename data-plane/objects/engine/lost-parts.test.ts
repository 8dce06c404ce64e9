import { expect, test } from "bun:test";
import { existsSync, renameSync } from "node:fs";
import { join } from "node:path";
import { type EmbeddedFixture, openEmbeddedFixture } from "./conformance/embedded-fixture.ts";
import { bytesOf, freshBucket, pattern, put } from "./conformance/fixture.ts";

async function without(fixture: EmbeddedFixture, name: string, look: () => Promise<void>): Promise<void> {
  const path = join(fixture.directory, name);
  renameSync(path, `${path}.kept`);
  await look();
  expect(existsSync(path)).toBe(false);
  renameSync(`${path}.kept`, path);
}

test("an engine whose records or key are lost does not begin anew over the bodies that are left", async () => {
  const fixture = await openEmbeddedFixture("inline");
  try {
    const bucketId = freshBucket();
    const { version } = await put(fixture.engine, bucketId, "k", pattern(300_000), { encryption: { mode: "SSE-S3" } });
    // Committed and still in `staging/`, which an engine without records would sweep.
    await fixture.engine.close();
    await without(fixture, "objects.db", async () => {
      await expect(fixture.reopen()).rejects.toThrow("objects.db is missing");
    });
    await without(fixture, "master.key", async () => {
      await expect(fixture.reopen()).rejects.toThrow("master.key is missing");
    });
    await fixture.reopen();
    const found = await fixture.engine.head(bucketId, "k");
    expect(await bytesOf(fixture.engine, found!)).toEqual(pattern(300_000));
    expect(found!.etag).toBe(version.etag);
  } finally {
    await fixture.close();
  }
});
