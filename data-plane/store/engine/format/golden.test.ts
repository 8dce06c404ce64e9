import { expect, test } from "bun:test";
import { openEngine } from "../index.ts";
import { bytesOf, DIRECTORY, play, prepareDirectory, readEverything, readFile, writeFile } from "../testing/on-disk.ts";
import { hashKey } from "./bloom-filter.ts";
import { encodeManifest, type Manifest } from "./manifest.ts";

/** A run as it was when the format was made, put together by hand; checksums and filter bits come from a second, naive implementation. */
const RUN = [
  "425052554e00 0001 0000000000000007", // head: "BPRUN" 0, format 1, run 7
  // data: two entries, the shared prefix "a", where the entries begin; "b" = "x", "c" cleared
  "00000002 0001 61 0000000f 00000017 0001 00000001 62 78 0001 ffffffff 63",
  "01 0000000000000007 0000000000000010 02f08621", // kind, run, offset, checksum
  "00000002 751a2c", // filter: two keys, 24 bits
  "02 0000000000000007 0000000000000043 8d209f95",
  "00000001 00000033 02f08621 00000000", // index: one block of 51 bytes, its checksum, from the empty key on
  "03 0000000000000007 000000000000005f bec403ea",
  "00000001 00000001 62 00000001 64", // cleared ranges: one, from "b" to "d"
  "04 0000000000000007 0000000000000084 330b2b7b",
  // foot: two entries, one of them cleared, filter at 67, size and checksum of filter, index and ranges, run 7, "BPRUNEND"
  "0000000000000002 0000000000000001 0000000000000043 0000001c 8d209f95 00000025 bec403ea 00000023 330b2b7b",
  "0000000000000007 425052554e454e44",
  "96d6f00f",
]
  .join("")
  .replaceAll(" ", "");

/** "BPMANI" 0, format 1, version, meta, next run; one group: level 0, one run: 7, 235 bytes, checksum of the foot, two entries, one cleared, "ab" … "d". */
const MANIFEST = [
  "42504d414e4900 01 0102030405060708 00000002 aabb 0000000000000008",
  "00000001 00 00000001 0000000000000007 00000000000000eb 96d6f00f 0000000000000002 0000000000000001",
  "00000002 6162 00000001 64",
  "a4314f98",
]
  .join("")
  .replaceAll(" ", "");

const [AB, AC, B, D] = ["ab", "ac", "b", "d"].map(bytesOf) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];

test("a run and a manifest are written as they were when the formats were made", () => {
  play(async ({ runtime }) => {
    await prepareDirectory(runtime);
    const engine = await openEngine(runtime, { directory: DIRECTORY });
    for (let version = 1n; version <= 6n; version++) {
      await engine.load({ pairs: [{ key: AB, value: B }], version });
    }
    await engine.load({ pairs: [], version: 0n });
    await engine.flush({
      version: 0x0102030405060708n,
      meta: Uint8Array.of(0xaa, 0xbb),
      changes: [
        { type: "set", key: AB, value: bytesOf("x") },
        { type: "clear", key: AC },
        { type: "clear_range", begin: B, end: D },
      ],
    });
    await engine.close();
    expect((await readFile(runtime, "run-0000000000000007")).toHex()).toBe(RUN);
    expect((await readFile(runtime, "manifest")).toHex()).toBe(MANIFEST);
  });
});

test("a run and a manifest are read as they were written when the formats were made", () => {
  play(async ({ runtime }) => {
    await prepareDirectory(runtime);
    await writeFile(runtime, "run-0000000000000007", Uint8Array.fromHex(RUN));
    await writeFile(runtime, "manifest", Uint8Array.fromHex(MANIFEST));
    const engine = await openEngine(runtime, { directory: DIRECTORY });
    expect(engine.durableVersion).toBe(0x0102030405060708n);
    expect(engine.meta.toHex()).toBe("aabb");
    expect(await readEverything(engine)).toEqual(["6162=78"]);
    await engine.verify();
  });
});

test("an empty engine is a manifest of 36 bytes", () => {
  const empty: Manifest = { durableVersion: 0n, meta: new Uint8Array(0), nextRun: 1, groups: [] };
  expect(encodeManifest(empty).toHex()).toStartWith(
    `42504d414e490001 ${"00".repeat(12)} 0000000000000001 00000000`.replaceAll(" ", ""),
  );
  expect(encodeManifest(empty).length).toBe(8 + 8 + 4 + 8 + 4 + 4);
});

test("the hash of the filter is part of the format", () => {
  expect(hashKey(AB)).toBe(0x98cc640d);
  expect(hashKey(new Uint8Array(0))).toBe(0xab3e7c0b);
});
