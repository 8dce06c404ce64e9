/** Conformance: encryption at rest. */

import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import type { EncryptionRequest } from "../port.ts";
import {
  bytesOf,
  collect,
  complete,
  type EngineFixture,
  freshBucket,
  pattern,
  put,
  putPart,
  refusal,
  startUpload,
} from "./fixture.ts";

function customer(fill: number) {
  const key = new Uint8Array(32).fill(fill);
  const keyMd5 = createHash("md5").update(key).digest("base64");
  return { key, keyMd5, request: { mode: "SSE-C", key, keyMd5 } as const satisfies EncryptionRequest };
}

const SIZES = [0, 1, 65_536, 65_537, 131_072, 300_001];

export function encryptionCases(fixture: () => EngineFixture): void {
  test("SSE-S3: every size and range, also after a restart", async () => {
    const bucketId = freshBucket();
    for (const size of SIZES) {
      await put(fixture().engine, bucketId, `w${size}`, pattern(size), { encryption: { mode: "SSE-S3" } });
      await put(fixture().engine, bucketId, `s${size}`, pattern(size), { encryption: { mode: "SSE-S3" }, pieces: 999 });
    }
    await fixture().reopen();
    const { engine } = fixture();
    for (const size of SIZES) {
      for (const way of ["w", "s"]) {
        const version = (await engine.head(bucketId, `${way}${size}`))!;
        expect(version).toMatchObject({ encryption: { mode: "SSE-S3" }, size });
        expect(Buffer.compare(await bytesOf(engine, version), pattern(size))).toBe(0);
        for (const [start, end] of [
          [size >> 1, size],
          [Math.min(size, 65_535), Math.min(size, 65_538)],
          [0, Math.min(size, 1)],
        ] as const) {
          const range = await collect(await engine.read(version, { start, end }));
          expect(Buffer.compare(range, pattern(size).subarray(start, end)), `${size} ${start}-${end}`).toBe(0);
          const small = await engine.readSmall(version, { start, end });
          if (small !== undefined) expect(Buffer.compare(small, pattern(size).subarray(start, end))).toBe(0);
        }
      }
    }
  });

  test("SSE-C: only the right key opens, the wrong one is refused before reading", async () => {
    const { engine } = fixture();
    const bucketId = freshBucket();
    const right = customer(1);
    const wrong = customer(2);
    for (const size of [10, 200_000]) {
      const { version } = await put(engine, bucketId, `k${size}`, pattern(size), { encryption: right.request });
      expect(version.encryption).toEqual({ mode: "SSE-C", keyMd5: right.keyMd5 });
      expect(Buffer.compare(await bytesOf(engine, version, right.key), pattern(size))).toBe(0);
      expect(await refusal(engine.read(version, undefined, wrong.key))).toBe("WrongEncryptionKey");
      expect(await refusal(engine.read(version, undefined))).toBe("WrongEncryptionKey");
      expect(await refusal(engine.readSmall(version, { start: 0, end: 5 }, wrong.key))).toBe("WrongEncryptionKey");
    }
  });

  test("parts are encrypted with the upload's way and key", async () => {
    const { engine } = fixture();
    const bucketId = freshBucket();
    const right = customer(3);
    const wrong = customer(4);
    const parts = [
      [1, pattern(200_000, 1)],
      [2, pattern(70_000, 2)],
      [3, pattern(3, 3)],
    ] as const;
    const whole = Buffer.concat(parts.map(([, bytes]) => bytes));
    for (const [name, encryption, key] of [
      ["s3", { mode: "SSE-S3" } as const, undefined],
      ["c", right.request, right.key],
    ] as const) {
      const upload = await startUpload(engine, bucketId, name, encryption);
      for (const [number, bytes] of parts) await putPart(engine, upload, number, bytes, key);
      if (key !== undefined) {
        expect(await refusal(putPart(engine, upload, 4, parts[0][1], wrong.key))).toBe("WrongEncryptionKey");
        expect(await refusal(putPart(engine, upload, 4, parts[0][1]))).toBe("WrongEncryptionKey");
      }
      const { version } = await complete(engine, upload, parts);
      expect(version.encryption.mode).toBe(encryption.mode);
      expect(Buffer.compare(await bytesOf(engine, version, key), whole)).toBe(0);
      const range = await collect(await engine.read(version, { start: 199_000, end: 270_002 }, key));
      expect(Buffer.compare(range, whole.subarray(199_000, 270_002))).toBe(0);
    }
  });
}
