import { expect, test } from "bun:test";
import fc from "fast-check";
import { EngineCorruptionError } from "../errors.ts";
import { BLOCK_KIND, FRAME_BYTES, openBlock } from "./block-frame.ts";
import { BlockIndex, BlockIndexBuilder } from "./block-index.ts";
import { addToBloomFilter, BloomFilter, emptyBloomFilter, hashKey } from "./bloom-filter.ts";
import { crc32c } from "./checksum.ts";
import { DataBlock, DataBlockBuilder } from "./data-block.ts";
import { decodeManifest, encodeManifest } from "./manifest.ts";
import { checkRunHead, decodeRunFoot, encodeRunFoot, RUN_FOOT_BYTES } from "./run-frame.ts";
import { decodeTombstones, encodeTombstones } from "./tombstones.ts";

const block = { bytes: 1, checksum: 2 };
const FILE = "/file";

/** Bytes of a good form, each of them a beginning for mutations. */
const seeds: readonly Uint8Array[] = [dataBlock(), index(), withoutFrame(filterOf(Uint32Array.of(1, 2, 3)))].concat([
  withoutFrame(encodeTombstones([{ begin: Uint8Array.of(1), end: Uint8Array.of(2) }])),
  encodeRunFoot({ run: 1, entries: 1, clearedKeys: 0, filterAt: 16, filter: block, index: block, tombstones: block }),
  manifest().subarray(0, -4),
]);

/** Whatever the bytes are: a value, or an `EngineCorruptionError`. What was read can be used. */
const decoders: Readonly<Record<string, (bytes: Uint8Array) => void>> = {
  "a data block": (bytes) => {
    const block = new DataBlock(bytes, FILE, 0);
    for (let entry = 0; entry < block.count; entry++) {
      block.keyAt(entry);
      block.valueOf(entry);
    }
    block.find(Uint8Array.of(1, 2));
    expect(block.lowerBound(Uint8Array.of(1, 2))).toBeLessThanOrEqual(block.count);
  },
  "an index": (bytes) => {
    const read = new BlockIndex(bytes, 16, FILE, 0);
    for (let block = 0; block < read.count; block++) read.keyOf(block);
    expect(read.blockOf(Uint8Array.of(7))).toBeLessThan(Math.max(1, read.count));
  },
  "a filter": (bytes) => void new BloomFilter(bytes, FILE, 0).mayHold(1234567),
  "cleared ranges": (bytes) => void decodeTombstones(bytes, FILE, 0).covering(Uint8Array.of(1)),
  "a frame": (bytes) => void openBlock(bytes, { kind: BLOCK_KIND.data, run: 1, offset: 0 }, 0, FILE),
  "the head of a run": (bytes) => checkRunHead(bytes, 1, FILE),
  "the foot of a run": (bytes) => void decodeRunFoot(bytes, 1, 1000, FILE),
  "the foot of a run with a good checksum": (bytes) => {
    const padded = new Uint8Array(RUN_FOOT_BYTES - 4);
    padded.set(bytes.subarray(0, padded.length));
    decodeRunFoot(withChecksum(padded), 1, 19 + RUN_FOOT_BYTES, FILE);
  },
  "a manifest": (bytes) => void decodeManifest(bytes, FILE),
  "a manifest with a good checksum": (bytes) => void decodeManifest(withChecksum(bytes), FILE),
};

for (const [name, decode] of Object.entries(decoders)) {
  test(`${name}: any bytes are read or refused as damaged`, () => {
    const mutated = fc
      .tuple(fc.constantFrom(...seeds), fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 3 }), fc.nat(200))
      .map(([seed, changes, cut]) => {
        const bytes = seed.slice(0, cut < 20 ? Math.max(0, seed.length - cut) : seed.length);
        for (const [at, byte] of changes) if (at < bytes.length) bytes[at] = byte;
        return bytes;
      });
    fc.assert(
      fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 80 })), (bytes) => {
        try {
          decode(bytes);
        } catch (error) {
          if (!(error instanceof EngineCorruptionError)) throw error;
        }
      }),
      { numRuns: 400 },
    );
  });
}

test("a data block gives back what was put in, and finds it", () => {
  const entry = fc.tuple(fc.uint8Array({ maxLength: 4, max: 2 }), fc.option(fc.uint8Array({ maxLength: 5 })));
  fc.assert(
    fc.property(
      fc.array(entry, { minLength: 1, maxLength: 20 }),
      fc.uint8Array({ maxLength: 4, max: 2 }),
      (all, key) => {
        const entries = [...new Map(all.map(([k, v]) => [k.toHex(), [k, v ?? undefined] as const])).values()];
        entries.sort(([a], [b]) => Buffer.compare(a, b));
        const builder = new DataBlockBuilder();
        for (const [k, v] of entries) builder.add(k, v);
        const block = new DataBlock(withoutFrame(builder.encode()), FILE, 0);
        expect(Array.from({ length: block.count }, (_, i) => [block.keyAt(i), block.valueOf(i)])).toEqual(
          entries.map(([k, v]) => [k, v]),
        );
        expect(block.lowerBound(key)).toBe(entries.filter(([k]) => Buffer.compare(k, key) < 0).length);
        expect(block.find(key)).toBe(entries.findIndex(([k]) => Buffer.compare(k, key) === 0));
      },
    ),
    { numRuns: 200 },
  );
});

test("a filter lets every key pass that is in it, and few others", () => {
  const hashes = Uint32Array.from({ length: 2000 }, (_, i) => hashKey(Uint8Array.of(i, i >> 8)));
  const filter = new BloomFilter(withoutFrame(filterOf(hashes)), FILE, 0);
  for (const hash of hashes) expect(filter.mayHold(hash)).toBe(true);
  let passed = 0;
  for (let i = 0; i < 2000; i++) if (filter.mayHold(hashKey(Uint8Array.of(i, i >> 8, 1)))) passed++;
  expect(passed).toBeLessThan(60);
});

function filterOf(hashes: Uint32Array): Uint8Array {
  const block = emptyBloomFilter(hashes.length);
  addToBloomFilter(block, hashes);
  return block;
}

function withoutFrame(block: Uint8Array): Uint8Array {
  return block.subarray(0, block.length - FRAME_BYTES);
}

function withChecksum(bytes: Uint8Array): Uint8Array {
  const whole = new Uint8Array(bytes.length + 4);
  whole.set(bytes);
  new DataView(whole.buffer).setUint32(bytes.length, crc32c(bytes));
  return whole;
}

function dataBlock(): Uint8Array {
  const builder = new DataBlockBuilder();
  builder.add(Uint8Array.of(1, 2), Uint8Array.of(3));
  builder.add(Uint8Array.of(1, 3), undefined);
  builder.add(Uint8Array.of(1, 3, 0), new Uint8Array(0));
  return withoutFrame(builder.encode());
}

function index(): Uint8Array {
  const builder = new BlockIndexBuilder();
  builder.add(51, 9, undefined, Uint8Array.of(1));
  builder.add(60, 9, Uint8Array.of(1, 2), Uint8Array.of(5, 5));
  return withoutFrame(builder.encode());
}

function manifest(): Uint8Array {
  const run = { number: 1, sizeBytes: 200, footChecksum: 5, entries: 2, clearedKeys: 1 };
  const runs = [{ ...run, begin: Uint8Array.of(1), end: Uint8Array.of(2) }];
  return encodeManifest({ durableVersion: 5n, meta: Uint8Array.of(1), nextRun: 2, groups: [{ level: 1, runs }] });
}
