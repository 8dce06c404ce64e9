/** What a store of blobs does, whatever store of events it is beside. */
import { expect } from "bun:test";
import type { EventStore } from "#control-plane/events";
import { BlobDamaged, createBlobStore } from "./blob-store.ts";

type Documents = Pick<EventStore, "document" | "documentNames" | "putDocument">;

const bytesOf = (length: number, seed: number): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => (index * 31 + seed * 7 + (index >> 8)) & 0xff);

/** @param opened one store of events, and again over the same data */
export async function expectBlobsKept(store: Documents, again: () => Documents | Promise<Documents>): Promise<void> {
  // Empty, small, one part to the byte, and several.
  const contents = [0, 5, 384 * 1024, 1_000_000].map(bytesOf);
  const blobs = createBlobStore(store);
  const held = await blobs.put(contents);
  const after = createBlobStore(await again());
  for (const [index, bytes] of contents.entries()) {
    const digest = held.digests[index]!;
    expect(Buffer.compare((await after.read(digest))!, bytes)).toBe(0);
    expect(await after.sizeOf(digest)).toBe(bytes.length);
  }
  expect(await after.read(`sha256:${"0".repeat(64)}`)).toBeUndefined();

  // What is held stays though nobody names it; what is named stays though nobody holds it.
  expect(await blobs.collect(() => false)).toBe(0);
  const [first, ...others] = held.digests;
  held.release();
  const heldAgain = await blobs.put([contents[1]!]);
  expect(await blobs.collect((digest) => digest === first)).toBe(others.length - 1);
  expect(await blobs.sizeOf(others[0]!)).toBe(5);
  heldAgain.release();
  expect(await blobs.collect(() => false)).toBe(2);
  expect(await store.documentNames("gateway-blob/", "gateway-blob/", 10)).toEqual([]);
}

/** A crash leaves parts without a head, which are none; and what the disk has damaged is not given out. */
export async function expectBlobsWhole(store: Documents): Promise<void> {
  let left = Number.POSITIVE_INFINITY;
  const failing: Documents = {
    document: (name) => store.document(name),
    documentNames: (prefix, after, limit) => store.documentNames(prefix, after, limit),
    async putDocument(change) {
      if (left-- <= 0) throw new Error("the process is gone");
      await store.putDocument(change);
    },
  };
  const blobs = createBlobStore(failing);
  const bytes = bytesOf(1_000_000, 3);
  // Three parts and a head.
  for (let writes = 0; writes < 4; writes++) {
    left = writes;
    await expect(blobs.put([bytes])).rejects.toThrow("gone");
    left = Number.POSITIVE_INFINITY;
    const { digests } = await createBlobStore(store).put([]);
    expect(digests).toEqual([]);
    expect(await blobs.collect(() => false)).toBe(writes === 0 ? 0 : 1);
    expect(await store.documentNames("gateway-blob/", "gateway-blob/", 10)).toEqual([]);
  }
  const held = await blobs.put([bytes]);
  const digest = held.digests[0]!;
  const [, , second] = await store.documentNames("gateway-blob/", "gateway-blob/", 10);
  await store.putDocument({ name: second!, text: Buffer.from(bytesOf(384 * 1024, 4)).toString("base64") });
  await expect(blobs.read(digest)).rejects.toBeInstanceOf(BlobDamaged);
  await store.putDocument({ name: second!, text: null });
  await expect(blobs.read(digest)).rejects.toBeInstanceOf(BlobDamaged);
}
