import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { mkdtempSync, openSync, readdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FileSlice, type HttpServer, httpRequest, serveHttp } from "./index.ts";
import { rawClient } from "./testing/raw-client.ts";

const LARGE = 3 * 1024 * 1024 + 17;
const content = Buffer.alloc(LARGE);
for (let i = 0; i < LARGE; i++) content[i] = (i * 31 + (i >> 8)) & 255;

let directory: string;
let file: string;
let server: HttpServer;
let slice: FileSlice;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "biplane-http-"));
  file = join(directory, "content");
  writeFileSync(file, content);
  server = await serveHttp({ port: 0, handler: () => ({ status: 200, body: slice }) });
});

afterAll(async () => {
  await server.close(0);
  rmSync(directory, { recursive: true });
});

async function fetched(wanted: FileSlice): Promise<{ status: number; bytes: Uint8Array }> {
  slice = wanted;
  const reply = await httpRequest({ url: server.url });
  return { status: reply.status, bytes: await reply.bytes() };
}

/** Descriptors of this process that are open on the test's files. */
function openDescriptors(): number {
  return readdirSync("/proc/self/fd").filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(directory);
    } catch {
      return false;
    }
  }).length;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await Bun.sleep(5);
}

const digest = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

describe("file slices", () => {
  test.each([
    [0, LARGE],
    [0, 1],
    [5, 5],
    [1000, 200_000],
    [1, 262_145],
    [262_143, 786_434],
    [LARGE - 1, LARGE],
  ])("bytes %d to %d", async (start, end) => {
    const { status, bytes } = await fetched({ kind: "file", path: file, start, end });
    expect(status).toBe(200);
    expect(bytes.length).toBe(end - start);
    expect(digest(bytes)).toBe(digest(content.subarray(start, end)));
  });

  test("a transform sees the chunks in order", async () => {
    let position = 0;
    const transform = (chunk: Uint8Array): Uint8Array => {
      for (let i = 0; i < chunk.length; i++) chunk[i]! ^= position++ & 255;
      return chunk;
    };
    const { bytes } = await fetched({ kind: "file", path: file, start: 0, end: LARGE, transform });
    for (let i = 0; i < LARGE; i++) bytes[i]! ^= i & 255;
    expect(digest(bytes)).toBe(digest(content));
  });

  test("many at once do not mix", async () => {
    slice = { kind: "file", path: file, start: 0, end: LARGE };
    const all = await Promise.all(
      Array.from({ length: 16 }, async () => (await httpRequest({ url: server.url })).bytes()),
    );
    for (const bytes of all) expect(digest(bytes)).toBe(digest(content));
  });

  test("a missing file and one that is too short at its beginning are errors, not broken bodies", async () => {
    expect((await fetched({ kind: "file", path: join(directory, "none"), start: 0, end: 10 })).status).toBe(500);
    expect((await fetched({ kind: "file", path: file, start: LARGE, end: LARGE + 1 })).status).toBe(500);
  });

  test("a file that ends early breaks the connection", async () => {
    slice = { kind: "file", path: file, start: 0, end: LARGE + 1 };
    await expect((await httpRequest({ url: server.url })).bytes()).rejects.toThrow("before the answer was complete");
  });

  test("descriptors are closed: after success, after failure, for HEAD, and when the client leaves", async () => {
    await fetched({ kind: "file", path: file, fd: openSync(file, "r"), start: 0, end: LARGE });
    await fetched({ kind: "file", path: file, fd: openSync(file, "r"), start: LARGE, end: LARGE + 5 });
    slice = { kind: "file", path: file, fd: openSync(file, "r"), start: 0, end: LARGE };
    const head = await httpRequest({ url: server.url, method: "HEAD" });
    expect(head.headers.get("content-length")).toBe(String(LARGE));
    await head.discard();
    slice = { kind: "file", path: file, start: 0, end: LARGE };
    const client = await rawClient(server.port);
    client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    await client.until((received) => received.length > 1000);
    client.destroy();
    await until(() => openDescriptors() === 0);
  });
});
