import { afterEach, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { type ChecksumAlgorithm, checksumAlgorithms } from "#foundation/aws/checksums";
import { type BodyDigests, type BodyHasher, hashHere } from "./body-hasher.ts";
import { createDigestThreads, type DigestThreads } from "./digest-threads.ts";
import { SEGMENT_BYTES, SEGMENTS } from "./protocol.ts";

const opened: DigestThreads[] = [];
afterEach(() => {
  for (const threads of opened.splice(0)) threads.stop();
});
function open(options: Parameters<typeof createDigestThreads>[0] = {}): DigestThreads {
  const threads = createDigestThreads({ threadsMax: 2, ...options });
  opened.push(threads);
  return threads;
}

/** Hands the bytes over in pieces whose memory is overwritten afterwards, as a socket's may be. */
async function feed(hasher: BodyHasher, bytes: Uint8Array, pieceBytes: number): Promise<BodyDigests> {
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    const piece = Buffer.from(bytes.subarray(at, at + pieceBytes));
    await hasher.update(piece);
    piece.fill(0);
  }
  hasher.end();
  return hasher.digests();
}

const inHex = (digests: BodyDigests) =>
  Object.fromEntries([...digests].map(([name, bytes]) => [name, Buffer.from(bytes).toString("hex")]));

const ALL: readonly ChecksumAlgorithm[] = checksumAlgorithms;
const ROOM = SEGMENTS * SEGMENT_BYTES;

test.each([
  ["nothing", 0, 1],
  ["a few bytes", 100, 7],
  ["whole segments", 2 * SEGMENT_BYTES, SEGMENT_BYTES],
  ["pieces across segments", 3 * ROOM + 12_345, 65_521],
  ["pieces larger than all segments", 3 * ROOM + 1, ROOM + 77_777],
])("a thread gives the digests that this one would: %s", async (_, size, pieceBytes) => {
  const bytes = randomBytes(size);
  const [there, here] = await Promise.all([
    feed(open().begin(ALL), bytes, pieceBytes),
    feed(hashHere(ALL), bytes, pieceBytes),
  ]);
  expect(inHex(there)).toEqual(inHex(here));
  expect([...there.keys()]).toEqual([...ALL]);
});

test("bodies at the same time do not mix, on threads or within one", async () => {
  const threads = open();
  const bodies = Array.from({ length: 7 }, (_, index) => randomBytes(ROOM + index * 100_003));
  const digests = await Promise.all(bodies.map((bytes) => feed(threads.begin(["MD5", "CRC64NVME"]), bytes, 65_536)));
  const expected = await Promise.all(bodies.map((bytes) => feed(hashHere(["MD5", "CRC64NVME"]), bytes, 65_536)));
  expect(digests.map(inHex)).toEqual(expected.map(inHex));
  expect(threads.running).toBe(2);
});

test("memory is bounded: a body that is ahead of its thread is asked to wait", () => {
  const hasher = open().begin(["MD5"]);
  const piece = new Uint8Array(SEGMENT_BYTES);
  // The thread's answers arrive with a later turn of the event loop: in this one no segment becomes free.
  for (let segment = 1; segment < SEGMENTS; segment++) expect(hasher.update(piece)).toBeUndefined();
  expect(hasher.update(piece)).toBeInstanceOf(Promise);
  hasher.abandon();
});

test("an abandoned body leaves the others alone", async () => {
  const threads = open({ threadsMax: 1 });
  const abandoned = threads.begin(["MD5"]);
  const bytes = randomBytes(ROOM + 5);
  abandoned.update(bytes.subarray(0, ROOM - 1));
  const kept = feed(threads.begin(["MD5"]), bytes, 65_536);
  abandoned.abandon();
  expect(inHex(await kept)).toEqual(inHex(await feed(hashHere(["MD5"]), bytes, 65_536)));
});

test("bodies fail when their thread is stopped, also those that wait, and later ones get a new thread", async () => {
  const threads = open({ threadsMax: 1 });
  const hasher = threads.begin(["MD5"]);
  const room = hasher.update(new Uint8Array(ROOM));
  threads.stop();
  await room;
  expect(() => hasher.update(new Uint8Array(1))).toThrow("stopped");
  await expect(hasher.digests()).rejects.toThrow("stopped");
  expect(threads.running).toBe(0);
  const bytes = randomBytes(99);
  expect(inHex(await feed(threads.begin(["MD5"]), bytes, 10))).toEqual(inHex(await feed(hashHere(["MD5"]), bytes, 10)));
});

test("threads with nothing to do end", async () => {
  const threads = open({ idleMs: 1 });
  await feed(threads.begin(["MD5"]), randomBytes(10), 10);
  while (threads.running > 0) await Bun.sleep(1);
});

test("bodies that stand still leave their memory to others", async () => {
  const threads = open({ threadsMax: 1, segmentsMax: 3 });
  const still = Array.from({ length: 20 }, () => threads.begin(["MD5"]));
  const beginnings = still.map((_, index) => randomBytes(1000 + index));
  for (const [index, hasher] of still.entries()) await hasher.update(beginnings[index]!);
  const bytes = randomBytes(2 * ROOM + 17);
  expect(inHex(await feed(threads.begin(["MD5"]), bytes, 65_536))).toEqual(
    inHex(await feed(hashHere(["MD5"]), bytes, 65_536)),
  );
  for (const [index, hasher] of still.entries()) {
    await hasher.update(bytes.subarray(0, 100_000));
    hasher.end();
    const whole = Buffer.concat([beginnings[index]!, bytes.subarray(0, 100_000)]);
    expect(inHex(await hasher.digests())).toEqual(inHex(await feed(hashHere(["MD5"]), whole, 65_536)));
  }
});

test("abandoned bodies give their memory back", async () => {
  const threads = open({ threadsMax: 1, segmentsMax: 2 });
  const bytes = randomBytes(ROOM + 5);
  for (let round = 0; round < 10; round++) {
    const hashers = [1, 2, 3].map(() => threads.begin(["MD5"]));
    const rooms = hashers.map((hasher) => hasher.update(bytes));
    for (const hasher of hashers) hasher.abandon();
    await Promise.all(rooms);
  }
  expect(inHex(await feed(threads.begin(["MD5"]), bytes, 65_536))).toEqual(
    inHex(await feed(hashHere(["MD5"]), bytes, 65_536)),
  );
});
