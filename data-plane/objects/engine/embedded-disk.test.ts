/** What the embedded engine does on disk that the port does not speak of. */

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock, systemRandom, systemTimers } from "#foundation/runtime";
import { type EmbeddedFixture, openEmbeddedFixture } from "./conformance/embedded-fixture.ts";
import {
  bytesOf,
  complete,
  freshBucket,
  pattern,
  put,
  putPart,
  query,
  refusal,
  remove,
  startUpload,
  text,
} from "./conformance/fixture.ts";
import { auditDirectory } from "./crash/audit.ts";
import { openEmbeddedEngine } from "./open-embedded-engine.ts";
import { READ_GRACE_MS } from "./records/body-ledger.ts";

/** More than any disk of the tests has; the same piece, so that it costs nothing. */
async function* endless(): AsyncGenerator<Uint8Array> {
  const piece = new Uint8Array(64 * 1024 * 1024);
  for (;;) yield piece;
}

describe("embedded engine on disk", () => {
  let fixture: EmbeddedFixture;
  beforeEach(async () => {
    fixture = await openEmbeddedFixture("inline", { bucketNameOf: () => "photos" });
  });
  afterEach(() => fixture.close());

  const filesUnder = (path: string): string[] =>
    readdirSync(join(fixture.directory, path), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => entry.name)
      .sort();

  test("objects become files with readable names that hold exactly their bytes", async () => {
    const { engine, directory } = fixture;
    const bucketId = freshBucket();
    const small = await put(engine, bucketId, "2024/cat.txt", text("meow"));
    const large = await put(engine, bucketId, "2024/dog.bin", pattern(300_000));
    expect(await engine.locate(small.version)).toEqual([]);
    await engine.settle();
    for (const [version, bytes] of [
      [small.version, text("meow")],
      [large.version, pattern(300_000)],
    ] as const) {
      const [path] = await engine.locate(version);
      expect(path).toMatch(/^buckets\/photos\/00\/2024%2F(cat\.txt|dog\.bin)~\d+$/);
      expect(Buffer.compare(readFileSync(join(directory, path!)), bytes)).toBe(0);
      expect(statSync(join(directory, path!)).mode & 0o777).toBe(0o600);
    }
    expect(statSync(join(directory, "master.key")).mode & 0o777).toBe(0o600);
    expect(filesUnder("staging")).toEqual([]);
  });

  test("two buckets of one name have two directories", async () => {
    const { engine } = fixture;
    const [one, two] = [freshBucket(), freshBucket()];
    const first = await put(engine, one, "k", text("1"));
    const second = await put(engine, two, "k", text("2"));
    await engine.settle();
    const paths = [...(await engine.locate(first.version)), ...(await engine.locate(second.version))];
    expect(paths.map((path) => path.split("/")[1])).toEqual(["photos", "photos~2"]);
  });

  test("what is overwritten before housekeeping never becomes a file; what is deleted is unlinked", async () => {
    const { engine } = fixture;
    const bucketId = freshBucket();
    for (let round = 0; round < 5; round++) await put(engine, bucketId, "k", text(`round ${round}`));
    await engine.settle();
    expect(filesUnder("buckets")).toHaveLength(1);
    await remove(engine, bucketId, "k");
    await engine.settle();
    expect(filesUnder("buckets")).toEqual([]);
  });

  test("a dropped bucket leaves no directory", async () => {
    const { engine, directory } = fixture;
    const bucketId = freshBucket();
    const upload = await startUpload(engine, bucketId, "u");
    await putPart(engine, upload, 1, pattern(200_000));
    await put(engine, bucketId, "k", text("x"));
    await engine.settle();
    expect(existsSync(join(directory, "buckets/photos"))).toBe(true);
    await engine.dropBucket(bucketId);
    await engine.settle();
    expect(existsSync(join(directory, "buckets/photos"))).toBe(false);
  });

  test("a body that is damaged on disk is reported, never served", async () => {
    const { engine, directory } = fixture;
    const bucketId = freshBucket();
    for (const mode of ["none", "SSE-S3"] as const) {
      for (const size of [1000, 300_000]) {
        const { version } = await put(engine, bucketId, `${mode} ${size}`, pattern(size), { encryption: { mode } });
        await engine.settle();
        const path = join(directory, (await engine.locate(version))[0]!);
        const intact = readFileSync(path);
        if (mode === "SSE-S3") {
          const flipped = Uint8Array.from(intact);
          flipped[flipped.length - 30]! ^= 4;
          writeFileSync(path, flipped);
          expect(await refusal(bytesOf(engine, version))).toBe("Corrupt");
        }
        truncateSync(path, intact.length - 1);
        expect(await refusal(engine.read(version, undefined))).toBe("Corrupt");
        writeFileSync(path, Buffer.concat([intact, intact]));
        expect(await refusal(engine.read(version, { start: 0, end: 10 }))).toBe("Corrupt");
      }
    }
  });

  test("a version read after its grace is over is gone, not damaged", async () => {
    const { engine, advance } = fixture;
    const bucketId = freshBucket();
    const { version } = await put(engine, bucketId, "k", pattern(300_000));
    await engine.settle();
    await remove(engine, bucketId, "k");
    advance(READ_GRACE_MS + 1);
    await engine.settle();
    expect(await refusal(engine.read(version, undefined))).toBe("NoSuchKey");
  });

  test("bytes under SSE-S3 are not on disk, neither in a file nor in the journal", async () => {
    const { engine, directory } = fixture;
    const bucketId = freshBucket();
    const secret = "the treasure lies under the old oak";
    await put(engine, bucketId, "k", text(secret), { encryption: { mode: "SSE-S3" } });
    await put(engine, bucketId, "big", text(secret.repeat(10_000)), { encryption: { mode: "SSE-S3" } });
    const everything = (): Buffer =>
      Buffer.concat(
        readdirSync(directory, { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map((entry) => readFileSync(join(entry.parentPath, entry.name))),
      );
    expect(everything().includes(secret)).toBe(false);
    await engine.settle();
    expect(everything().includes(secret)).toBe(false);
    await put(engine, bucketId, "plain", text(secret));
    expect(everything().includes(secret)).toBe(true);
  });

  test("on a disk that is nearly full nothing is added, but everything can be read and deleted", async () => {
    const room = { freeBytes: 1e8, totalBytes: 1e10 };
    const small = await openEmbeddedFixture("inline", {
      faults: {
        room: async () => ({ ...room }),
        stagingFiles: (files) => files,
        housekeepingFiles: (files) => files,
        records: (host) => host,
      },
    });
    const bucketId = freshBucket();
    await put(small.engine, bucketId, "k", text("here"));
    const upload = await startUpload(small.engine, bucketId, "u");
    room.freeBytes = 1e6;
    // Whatever was seen at the first look is used up by what is announced.
    expect(await refusal(put(small.engine, bucketId, "new", pattern(1_000), { pieces: 10 }))).toBe("(fulfilled)");
    const filled = await refusal(small.engine.stage(endless(), { encryption: { mode: "none" } }));
    expect(filled).toBe("InsufficientStorage");
    expect(await refusal(put(small.engine, bucketId, "k", text("more")))).toBe("InsufficientStorage");
    expect(await refusal(putPart(small.engine, upload, 1, text("more")))).toBe("InsufficientStorage");
    expect(await refusal(remove(small.engine, bucketId, "k"))).toBe("(fulfilled)");
    expect(await refusal(small.engine.abortUpload(bucketId, "u", upload.uploadId))).toBe("(fulfilled)");
    await small.engine.settle();
    expect(readdirSync(join(small.directory, "staging"))).toEqual([]);
    room.freeBytes = 1e9;
    expect(await refusal(put(small.engine, bucketId, "k", text("again")))).toBe("(fulfilled)");
    await small.close();
  });

  test("a second engine on the same directory is refused", async () => {
    const second = openEmbeddedEngine({
      directory: fixture.directory,
      clock: systemClock,
      random: systemRandom,
      timers: systemTimers,
      hosting: "inline",
    });
    await expect(second).rejects.toThrow("in use by another engine");
  });

  test("what a crash leaves in staging is removed at the next start; nothing else is touched", async () => {
    const bucketId = freshBucket();
    const { version } = await put(fixture.engine, bucketId, "k", pattern(300_000));
    await fixture.engine.stageBytes(pattern(300_000), { mode: "none" });
    writeFileSync(join(fixture.directory, "staging", "not ours"), "x");
    expect(filesUnder("staging")).toHaveLength(3);
    await fixture.reopen();
    expect(filesUnder("staging")).toEqual([]);
    expect(Buffer.compare(await bytesOf(fixture.engine, version), pattern(300_000))).toBe(0);
  });

  test("uploads are found by age; closed buckets are known after a restart", async () => {
    const { advance, now } = fixture;
    const bucketId = freshBucket();
    const old = await startUpload(fixture.engine, bucketId, "z");
    advance(1000);
    await startUpload(fixture.engine, bucketId, "a");
    const found = await fixture.engine.uploadsOlderThan(bucketId, now(), 10);
    expect(found.map(({ uploadId }) => uploadId)).toEqual([old.uploadId]);
    await fixture.engine.closeBucket(bucketId);
    await fixture.reopen();
    expect(await fixture.engine.closedBuckets()).toEqual([bucketId]);
  });

  test("after a busy life the directory holds what the records say, and nothing else", async () => {
    const bucketId = freshBucket();
    const { engine } = fixture;
    await Promise.all(
      Array.from({ length: 60 }, async (_, index) => {
        const key = `k${index % 20}`;
        await put(engine, bucketId, key, pattern(index * 5000), {
          versioning: index % 2 === 0 ? "Enabled" : "Suspended",
        });
        if (index % 5 === 0) await remove(engine, bucketId, key, { versioning: "Enabled" });
        const upload = await startUpload(engine, bucketId, key);
        const bytes = pattern(150_000 + index);
        await putPart(engine, upload, 1, bytes);
        await putPart(engine, upload, 2, text("left out"));
        if (index % 3 === 0) await complete(engine, upload, [[1, bytes]], { versioning: "Enabled" });
        else if (index % 3 === 1) await engine.abortUpload(bucketId, key, upload.uploadId);
      }),
    );
    expect((await engine.listVersions(query(bucketId))).entries.length).toBeGreaterThan(20);
    await engine.settle();
    await engine.close();
    expect(auditDirectory(fixture.directory)).toEqual([]);
    await fixture.reopen();
  });
});
