/** A large object goes in and comes out through a process that hardly grows. `BIPLANE_LARGE_OBJECT_GIB=5` takes the largest that S3 takes in one PUT. */
import { afterAll, beforeAll, describe, expect } from "bun:test";
import { once } from "node:events";
import { statfsSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { type ClientCloud, startClientCloud } from "../support/client-cloud.ts";
import { watchMemory } from "../support/resident-memory.ts";
import { s3ClientFor } from "../support/s3.ts";
import { skipUnless } from "../support/skips.ts";

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;

/** Sixteen times what the process may grow by. */
const OBJECT_BYTES = Number(process.env.BIPLANE_LARGE_OBJECT_GIB ?? 1) * GIB;
const GROWTH_BYTES_MAX = 64 * MIB;

const linux = process.platform === "linux";
const space = statfsSync(tmpdir());
const enoughDisk = space.bavail * space.bsize > 2 * OBJECT_BYTES;
const boundsTest = skipUnless(linux && enoughDisk, "needs Linux, and temporary space for twice the object");

/** A block whose repetition is not the same at each offset of a power of two. */
const BLOCK = new Uint8Array(1_000_003).map((_, index) => (index * 2_654_435_761) >>> 24);

describe("a large object", () => {
  let here: ClientCloud;
  beforeAll(async () => {
    here = await startClientCloud();
  });
  afterAll(async () => {
    await here.dispose();
  });

  boundsTest(
    "streams in and out with less than 64 MiB growth of resident memory",
    async () => {
      const s3 = s3ClientFor(here.environment);
      await s3.send(new CreateBucketCommand({ Bucket: "bounds" }));
      const target = { Bucket: "bounds", Key: "large" };
      // Warm: code paths and buffers that any first request brings are not growth.
      await s3.send(new PutObjectCommand({ ...target, Body: new Uint8Array(8 * MIB) }));
      await (await s3.send(new GetObjectCommand(target))).Body!.transformToByteArray();

      const upload = watchMemory(here.process.pid);
      await put(await getSignedUrl(s3, new PutObjectCommand(target)), OBJECT_BYTES);
      const uploadGrowth = upload.stop();
      expect((await s3.send(new HeadObjectCommand(target))).ContentLength).toBe(OBJECT_BYTES);

      const download = watchMemory(here.process.pid);
      expect(await getAndCompare(await getSignedUrl(s3, new GetObjectCommand(target)))).toBe(OBJECT_BYTES);
      const downloadGrowth = download.stop();
      await s3.send(new DeleteObjectCommand(target));

      console.log(`growth: ${(uploadGrowth / MIB).toFixed(1)} MiB in, ${(downloadGrowth / MIB).toFixed(1)} MiB out`);
      expect(uploadGrowth).toBeLessThan(GROWTH_BYTES_MAX);
      expect(downloadGrowth).toBeLessThan(GROWTH_BYTES_MAX);
    },
    280_000,
  );
});

/** Sends `size` bytes of the repeated block, as fast as the server takes them. */
async function put(url: string, size: number): Promise<void> {
  const call = request(url, { method: "PUT", headers: { "content-length": size } });
  const answered = once(call, "response");
  for (let sent = 0; sent < size; sent += BLOCK.length) {
    const block = size - sent < BLOCK.length ? BLOCK.subarray(0, size - sent) : BLOCK;
    if (!call.write(block)) await once(call, "drain");
  }
  call.end();
  const [response] = await answered;
  response.resume();
  await once(response, "end");
  if (response.statusCode !== 200) throw new Error(`PUT answered ${response.statusCode}`);
}

/** Reads everything and compares it with the repeated block; gives the number of bytes. */
async function getAndCompare(url: string): Promise<number> {
  const call = request(url);
  call.end();
  const [response] = await once(call, "response");
  let offset = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    for (let at = 0; at < chunk.length; ) {
      const inBlock = (offset + at) % BLOCK.length;
      const length = Math.min(chunk.length - at, BLOCK.length - inBlock);
      if (Buffer.compare(chunk.subarray(at, at + length), BLOCK.subarray(inBlock, inBlock + length)) !== 0) {
        throw new Error(`wrong bytes near ${offset + at}`);
      }
      at += length;
    }
    offset += chunk.length;
  }
  return offset;
}
