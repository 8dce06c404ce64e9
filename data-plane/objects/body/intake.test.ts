import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { computeChecksum } from "#foundation/aws/checksums";
import type { StagedBody } from "../engine/port.ts";
import { COLLECT_BYTES_MAX, type IntakeRequest, type Staging, takeBody } from "./intake.ts";

async function* chunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < bytes.length; offset += size) yield bytes.subarray(offset, offset + size);
}

/** Remembers what was staged and not discarded. */
class Memory implements Staging {
  readonly staged = new Map<StagedBody, Uint8Array>();
  async bytes(bytes: Uint8Array): Promise<StagedBody> {
    const body: StagedBody = { size: bytes.length, encryption: { mode: "none" } };
    this.staged.set(body, bytes);
    return body;
  }
  async stream(source: AsyncIterable<Uint8Array>): Promise<StagedBody> {
    const parts: Uint8Array[] = [];
    for await (const chunk of source) parts.push(chunk.slice());
    return this.bytes(Buffer.concat(parts));
  }
  async discard(body: StagedBody): Promise<void> {
    this.staged.delete(body);
  }
}

const sizes = [0, 5, COLLECT_BYTES_MAX, COLLECT_BYTES_MAX + 1, 3_000_000];
const bodyOf = (size: number) => Buffer.alloc(size, "biplane ");
const md5 = (bytes: Uint8Array) => createHash("md5").update(bytes);

function request(bytes: Uint8Array, more: Partial<IntakeRequest> = {}): IntakeRequest {
  return {
    source: chunks(bytes, 65_536),
    length: bytes.length,
    contentMd5: undefined,
    announced: undefined,
    algorithm: "CRC64NVME",
    trailers: new Map(),
    ...more,
  };
}

describe.each(sizes)("takeBody() of %d bytes", (size) => {
  const bytes = bodyOf(size);
  const crc32 = computeChecksum("CRC32", bytes);

  test("stages every byte and gives both hashes", async () => {
    const memory = new Memory();
    const taken = await takeBody(request(bytes), memory);
    expect(Buffer.compare(memory.staged.get(taken.body)!, bytes)).toBe(0);
    expect(taken.md5).toBe(md5(bytes).digest("hex"));
    expect(taken.checksum).toBe(computeChecksum("CRC64NVME", bytes));
  });

  test("accepts what was announced, also in a trailer and by another algorithm", async () => {
    const trailers = new Map([["x-amz-checksum-crc32", crc32]]);
    const announcements: Partial<IntakeRequest>[] = [
      { contentMd5: md5(bytes).digest("base64") },
      { announced: { algorithm: "CRC32", value: crc32 }, algorithm: "CRC32" },
      { announced: { algorithm: "CRC32", value: crc32 } },
      { announced: { algorithm: "CRC32", value: undefined }, algorithm: "CRC32", trailers },
    ];
    for (const announcement of announcements) {
      expect((await takeBody(request(bytes, announcement), new Memory())).body.size).toBe(size);
    }
  });

  test("a wrong digest leaves nothing staged", async () => {
    const wrong = computeChecksum("CRC32", Buffer.from("something else"));
    const refused: [Partial<IntakeRequest>, string][] = [
      [{ contentMd5: md5(Buffer.from("x")).digest("base64") }, "Content-MD5"],
      [{ announced: { algorithm: "CRC32", value: wrong } }, "The CRC32 you specified did not match"],
      [{ announced: { algorithm: "CRC32", value: undefined }, algorithm: "CRC32" }, "x-amz-checksum-crc32"],
    ];
    for (const [announcement, message] of refused) {
      const memory = new Memory();
      await expect(takeBody(request(bytes, announcement), memory)).rejects.toThrow(message);
      expect(memory.staged.size).toBe(0);
    }
  });

  test("a length that is not the length is refused", async () => {
    const memory = new Memory();
    await expect(takeBody(request(bytes, { length: size + 1 }), memory)).rejects.toThrow("number of bytes");
    if (size > 0) {
      await expect(takeBody(request(bytes, { length: size - 1 }), memory)).rejects.toThrow("number of bytes");
    }
    expect(memory.staged.size).toBe(0);
  });
});

test("takeBody() refuses before reading what cannot be right", () => {
  const memory = new Memory();
  expect(() => takeBody(request(bodyOf(1), { contentMd5: "nonsense" }), memory)).toThrow(
    "Content-MD5 you specified was invalid",
  );
  expect(() => takeBody(request(bodyOf(1), { length: 6 * 1024 ** 3 }), memory)).toThrow("maximum allowed size");
});
