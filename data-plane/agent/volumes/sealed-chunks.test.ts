import { expect, test } from "bun:test";
import { createHash, randomBytes } from "node:crypto";
import fc from "fast-check";
import { BackupDamaged, CHUNK_BYTES, ChunkSealer, nonceOf, openChunks } from "./sealed-chunks.ts";

const CONTEXT = { accountId: "000000000001", volumeId: "vol_1", snapshotId: "snp_1" };
const KEY = Buffer.alloc(32, 7);
const BASE = Buffer.alloc(12, 255);

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function whole(bytes: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(bytes));
}

async function sealed(plain: Uint8Array, context = CONTEXT) {
  const sealer = new ChunkSealer(KEY, BASE, context);
  const bytes = await whole(sealer.seal(inPieces(plain, 65_536)));
  return { bytes, totals: sealer.totals };
}

const open = (bytes: Uint8Array, chunks: number, context = CONTEXT, piece = 65_536) =>
  whole(openChunks(KEY, context, chunks, inPieces(bytes, piece)));

test("what was locked opens again, around the edges of chunks, in whatever pieces it comes", async () => {
  for (const size of [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES, 2 * CHUNK_BYTES + 17]) {
    const plain = randomBytes(size);
    const { bytes, totals } = await sealed(plain);
    expect(totals).toEqual({
      sizeBytes: size,
      sha256: createHash("sha256").update(plain).digest("hex"),
      chunks: Math.max(1, Math.ceil(size / CHUNK_BYTES)),
    });
    for (const piece of [1_000_003, 5_000_000]) {
      expect((await open(bytes, totals.chunks, CONTEXT, piece)).equals(plain)).toBe(true);
    }
  }
});

test("nonces count on from the base, over the end of a byte", () => {
  expect(nonceOf(Buffer.from("000000000000000000000000", "hex"), 1).toString("hex")).toBe("000000000000000000000001");
  expect(nonceOf(Buffer.from("0000000000000000000000ff", "hex"), 1).toString("hex")).toBe("000000000000000000000100");
  expect(nonceOf(Buffer.from("ffffffffffffffffffffffff", "hex"), 2).toString("hex")).toBe("000000000000000000000001");
});

test("nothing but the whole of this backup opens", async () => {
  const { bytes, totals } = await sealed(randomBytes(100_000));
  await fc.assert(
    fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
      const changed = Buffer.from(bytes);
      changed[at]! ^= change;
      await expect(open(changed, totals.chunks)).rejects.toBeInstanceOf(BackupDamaged);
    }),
    { numRuns: 200 },
  );
  for (const end of [0, 5, 12, 14, 16, bytes.length - 1]) {
    await expect(open(bytes.subarray(0, end), totals.chunks)).rejects.toBeInstanceOf(BackupDamaged);
  }
  await expect(open(Buffer.concat([bytes, Buffer.alloc(20)]), totals.chunks)).rejects.toBeInstanceOf(BackupDamaged);
  for (const other of [{ accountId: "000000000002" }, { volumeId: "vol_2" }, { snapshotId: "snp_2" }]) {
    await expect(open(bytes, totals.chunks, { ...CONTEXT, ...other })).rejects.toBeInstanceOf(BackupDamaged);
  }
});

test("chunks that change places, or a last one that is left out, are seen", async () => {
  const { bytes, totals } = await sealed(randomBytes(2 * CHUNK_BYTES + 100));
  const size = 4 + CHUNK_BYTES + 16;
  const [first, second, last] = [
    bytes.subarray(12, 12 + size),
    bytes.subarray(12 + size, 12 + 2 * size),
    bytes.subarray(12 + 2 * size),
  ];
  const base = bytes.subarray(0, 12);
  await expect(open(Buffer.concat([base, second, first, last]), totals.chunks)).rejects.toBeInstanceOf(BackupDamaged);
  // Also where the record says that there are fewer.
  await expect(open(Buffer.concat([base, first, second]), 2)).rejects.toBeInstanceOf(BackupDamaged);
});
