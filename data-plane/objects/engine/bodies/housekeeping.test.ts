import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { openEmbeddedFixture } from "../conformance/embedded-fixture.ts";
import { freshBucket, pattern, put, remove, text } from "../conformance/fixture.ts";
import type { HousekeepingFiles } from "./file-operations.ts";

/** Files on a disk that has no room for another name or byte while `full`. */
function fillable(): { full: boolean; readonly wrap: (files: HousekeepingFiles) => HousekeepingFiles } {
  const disk = {
    full: false,
    wrap: (files: HousekeepingFiles): HousekeepingFiles => {
      const refuseWhenFull = () => {
        if (disk.full) throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
      };
      return {
        ...files,
        makeDirectory(path) {
          refuseWhenFull();
          files.makeDirectory(path);
        },
        writeWhole(path, bytes) {
          refuseWhenFull();
          files.writeWhole(path, bytes);
        },
      };
    },
  };
  return disk;
}

test("on a full disk what was deleted is removed, whatever waits for a place of its own", async () => {
  const disk = fillable();
  const faults = {
    housekeepingFiles: disk.wrap,
    stagingFiles: <Files>(files: Files) => files,
    records: <Host>(host: Host) => host,
  };
  const fixture = await openEmbeddedFixture("inline", { faults });
  try {
    const { engine, directory } = fixture;
    const [old, fresh] = [freshBucket(), freshBucket()];
    await put(engine, old, "large", pattern(300_000));
    await engine.settle();
    disk.full = true;
    // Neither has a directory yet: one waits in `staging/`, the other in the journal.
    const large = await put(engine, fresh, "large", pattern(300_000));
    const small = await put(engine, fresh, "small", text("x"));
    await remove(engine, old, "large");
    await engine.settle();
    const files = readdirSync(join(directory, "buckets"), { recursive: true, withFileTypes: true });
    expect(files.filter((entry) => entry.isFile())).toEqual([]);

    disk.full = false;
    await engine.settle();
    for (const { version } of [large, small]) expect((await engine.locate(version))[0]).toStartWith("buckets/");
    expect(readdirSync(join(directory, "staging"))).toEqual([]);
  } finally {
    await fixture.close();
  }
});
