import { expect, test } from "bun:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { killAfterLines } from "#foundation/sql/testing";
import { digestOf } from "../content/digest.ts";
import { file, imageOf, tarOf, temporaryDirectory } from "../testing/image-fixture.ts";
import { openBlobStore } from "./open-blob-store.ts";

const describe = (bytes: Buffer) => ({
  mediaType: "application/octet-stream",
  digest: digestOf(bytes),
  size: bytes.length,
});

test("kill -9 leaves no half blob under a digest, and what was pinned last", async () => {
  using scratch = temporaryDirectory();
  for (const lines of [1, 3, 8, 15, 22]) {
    const said: string[] = [];
    await killAfterLines(`${import.meta.dir}/store-writer.testing.ts`, [scratch.path, String(lines)], lines, (line) =>
      said.push(line),
    );
    const folder = `${scratch.path}/blobs/sha256`;
    for (const name of readdirSync(folder)) {
      expect(digestOf(new Uint8Array(readFileSync(`${folder}/${name}`)))).toBe(
        `sha256:${name}` as ReturnType<typeof digestOf>,
      );
    }
    const store = await openBlobStore(scratch.path);
    for (const { digest } of store.pins.values()) expect(await store.has(digest)).toBe(true);
    expect(await store.has(said.at(-1) as ReturnType<typeof digestOf>)).toBe(true);
  }
});

test("asks only for what has not arrived, and starts anew when that was damaged", async () => {
  using scratch = temporaryDirectory();
  const store = await openBlobStore(scratch.path);
  const bytes = Buffer.from("0123456789".repeat(1000));
  const asked: number[] = [];
  const open = (breaks: boolean) =>
    async function* (offset: number) {
      asked.push(offset);
      yield bytes.subarray(offset, offset + 4000);
      if (breaks) throw new Error("broken");
      yield bytes.subarray(offset + 4000);
    };
  await expect(store.receive(describe(bytes), open(true))).rejects.toThrow("broken");
  expect(await store.has(describe(bytes).digest)).toBe(false);
  const partial = `${scratch.path}/arriving/${readdirSync(`${scratch.path}/arriving`)[0]}`;
  writeFileSync(partial, "x".repeat(4000));
  expect(await store.receive(describe(bytes), open(false))).toBe(true);
  expect(asked).toEqual([0, 4000, 0]);
  expect(await store.receive(describe(bytes), open(false))).toBe(false);
});

test("a blob arrives once, however many ask for it", async () => {
  using scratch = temporaryDirectory();
  const store = await openBlobStore(scratch.path);
  const bytes = Buffer.from("x".repeat(100_000));
  let opened = 0;
  const results = await Promise.all(
    Array.from({ length: 10 }, () =>
      store.receive(describe(bytes), async function* () {
        opened++;
        yield bytes;
      }),
    ),
  );
  expect([opened, results.filter(Boolean).length]).toEqual([1, 1]);
});

test("collect removes what nobody keeps, and nothing that is pinned or leased", async () => {
  using scratch = temporaryDirectory();
  const store = await openBlobStore(scratch.path);
  const image = imageOf([tarOf(file("a"))]);
  const types = [image.manifest, ...image.layers];
  for (const [digest, bytes] of image.blobs) {
    const mediaType = types.find((known) => known.digest === digest)?.mediaType ?? "application/octet-stream";
    await store.put(mediaType, bytes);
  }
  await store.pin("app", image.manifest);
  const leased = await store.put("text/plain", Buffer.from("leased"));
  const loose = await store.put("text/plain", Buffer.from("loose"));
  const lease = store.lease([leased.digest]);
  expect(await store.collect()).toEqual({ removedBlobs: 1, removedBytes: 5 });
  expect(await store.has(loose.digest)).toBe(false);
  for (const digest of [...image.blobs.keys(), leased.digest]) expect(await store.has(digest)).toBe(true);
  lease.release();
  await store.unpin("app");
  expect((await store.collect()).removedBlobs).toBe(image.blobs.size + 1);
});
