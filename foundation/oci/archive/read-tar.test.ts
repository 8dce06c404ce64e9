import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { skipUnless } from "../../../tests/support/skips.ts";
import { chunked, file, link, tarOf, temporaryDirectory } from "../testing/image-fixture.ts";
import { readTar } from "./read-tar.ts";

/** The entries of an archive with their contents, holes filled. */
async function entriesOf(archive: Uint8Array, chunkBytes = 700) {
  const entries = [];
  for await (const entry of readTar(chunked(archive, chunkBytes))) {
    const contents = Buffer.alloc(entry.kind === "file" ? Math.min(entry.sizeBytes, 1 << 24) : 0);
    for await (const { offset, bytes } of entry.pieces()) contents.set(bytes, offset);
    entries.push({ ...entry, contents });
  }
  return entries;
}

const invalid = expect.objectContaining({ code: "image_layer_invalid" });

describe("readTar()", () => {
  test("reads back what was written, however the bytes are cut", async () => {
    const name = fc
      .string({ unit: "grapheme", minLength: 1, maxLength: 150 })
      .filter((text) => !/[\0/]/.test(text) && text.isWellFormed());
    const made = fc.record({
      path: name,
      text: fc.string({ maxLength: 2000, unit: "grapheme" }),
      uid: fc.nat(),
      modifiedMs: fc.nat().map((n) => n * 1000),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(made, { maxLength: 5 }), fc.integer({ min: 1, max: 3000 }), async (list, size) => {
        const read = await entriesOf(tarOf(...list), size);
        expect(
          read.map(({ path, uid, modifiedMs, contents }) => ({ path, text: contents.toString(), uid, modifiedMs })),
        ).toEqual(list);
      }),
      { numRuns: 50 },
    );
  });

  test("takes any damage with the proper error, and never hangs", async () => {
    const whole = tarOf(file("a", "text".repeat(200)), file("long/".repeat(40), "x"), link("l", "a"), file("ü", "y"));
    const change = fc.record({ at: fc.nat(whole.length - 1), to: fc.nat(255) });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 6 }), fc.nat(whole.length), async (changes, end) => {
        const damaged = whole.slice(0, end);
        for (const { at, to } of changes) if (at < end) damaged[at] = to;
        await entriesOf(damaged).catch((error) => expect(error).toEqual(invalid));
      }),
      { numRuns: 300 },
    );
  });

  test("damage behind a valid checksum is refused or read, never more", async () => {
    const whole = tarOf(file("a", "text"), { path: "b", kind: "file", text: "x" });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.record({ at: fc.nat(511), to: fc.nat(255) }), { maxLength: 8 }), async (changes) => {
        const damaged = whole.slice();
        for (const { at, to } of changes) damaged[at] = to;
        sign(damaged);
        await entriesOf(damaged).catch((error) => expect(error).toEqual(invalid));
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    ["a NUL in an extended name", "path=a\0b"],
    ["a size that is no number", "size=-1"],
    ["a size beyond all disks", "size=99999999999999999999"],
    ["no equals sign", "path"],
    ["no key", "=x"],
  ])("refuses %s", async (_name, record) => {
    const line = `${record.length + 4} ${record}\n`;
    const extended = tarOf({ path: "pax", text: line }).slice(0, 1024);
    extended[156] = "x".charCodeAt(0);
    sign(extended);
    await expect(entriesOf(Buffer.concat([extended, tarOf(file("a"))]))).rejects.toEqual(invalid);
  });

  test("refuses kinds that it does not know", async () => {
    const archive = tarOf(file("a"));
    archive[156] = "V".charCodeAt(0);
    sign(archive);
    await expect(entriesOf(archive)).rejects.toEqual(invalid);
  });
});

/** Makes the checksum of the first header right. */
function sign(archive: Uint8Array): void {
  archive.fill(0x20, 148, 156);
  const sum = archive.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  archive.set(Buffer.from(`${sum.toString(8).padStart(6, "0")}\0 `), 148);
}

const gnuTar = skipUnless(Bun.which("tar") !== null, "tar is not installed");

describe("archives of GNU tar", () => {
  for (const options of [
    ["--format=gnu"],
    ["--format=pax"],
    ["--format=pax", "--sparse-version=0.0"],
    ["--format=pax", "--sparse-version=0.1"],
    ["--format=pax", "--sparse-version=1.0"],
  ]) {
    gnuTar(`long names and holes: ${options.join(" ")}`, async () => {
      using scratch = temporaryDirectory();
      const long = "n".repeat(200);
      const sparse = Buffer.alloc(3_000_000);
      const made = Bun.spawnSync(
        [
          "sh",
          "-c",
          `mkdir t && printf x > t/${long} && truncate -s 3000000 t/holes && for at in 0 5 9 20 31 44 60 77 90 110 200 400; do printf piece | dd of=t/holes bs=4096 seek=$at conv=notrunc 2>&1; done && ln -s ${long} t/link && tar ${options.join(" ")} --sparse -cf t.tar t`,
        ],
        { cwd: scratch.path },
      );
      expect(made.exitCode).toBe(0);
      for (const at of [0, 5, 9, 20, 31, 44, 60, 77, 90, 110, 200, 400]) sparse.write("piece", at * 4096);
      const entries = await entriesOf(await Bun.file(`${scratch.path}/t.tar`).bytes());
      const holes = entries.find(({ path }) => path === "t/holes")!;
      expect(holes.sizeBytes).toBe(sparse.length);
      expect(holes.contents.equals(sparse)).toBe(true);
      expect(holes.dataStart).toBeUndefined();
      expect(entries.find(({ path }) => path === `t/${long}`)?.contents.toString()).toBe("x");
      expect(entries.find(({ path }) => path === "t/link")?.linkPath).toBe(long);
    });
  }
});
