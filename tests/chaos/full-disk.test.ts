/** A disk that fills up under load and has room again: writes are refused in good order, reads go on, deleting makes room, nothing is damaged. */
import { afterAll, beforeAll, describe, expect } from "bun:test";
import { mkdtempSync, readdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Cloud, type CloudProcess, createCloud } from "../support/cloud.ts";
import { randomFrom } from "../support/random.ts";
import { type SignedClient, signedClientFor } from "../support/signed-client.ts";
import { skipUnless } from "../support/skips.ts";
import { until } from "../support/until.ts";

const DISK = "80m";
const SIZES = [300, 20_000, 100_000, 1_500_000];
const WORKERS = 6;
const KEYS_PER_WORKER = 20;
const CYCLES = 3;

/** A small file system of its own needs a mount. */
const mount = mkdtempSync(join(tmpdir(), "biplane-disk-"));
const mounted =
  process.platform === "linux" &&
  process.getuid?.() === 0 &&
  Bun.spawnSync(["mount", "-t", "tmpfs", "-o", `size=${DISK}`, "tmpfs", mount]).exitCode === 0;
const fullDiskTest = skipUnless(mounted, "needs root on Linux, to mount a small file system");

describe("a full disk", () => {
  let cloud: Cloud;
  let running: CloudProcess;
  let s3: SignedClient;
  const random = randomFrom(7);
  /** What each key must hold: a size, or nothing. */
  const truth = new Map<string, number | undefined>();
  const bodyOf = (key: string, size: number) => Buffer.alloc(size, `${key};${size};`);
  const start = async (port: string) => {
    running = await cloud.start("up", "--port", port, "--api-port", "0");
    s3 = signedClientFor(await cloud.environment());
  };

  beforeAll(async () => {
    if (!mounted) return;
    cloud = createCloud(mount);
    await start("0");
    expect((await s3.send("PUT", "/full")).status).toBe(200);
  }, 60_000);
  afterAll(async () => {
    try {
      if (mounted) expect(await running.stop()).toBe(0);
    } finally {
      if (mounted) {
        await cloud.dispose();
        Bun.spawnSync(["umount", "-l", mount]);
      }
      rmSync(mount, { recursive: true });
    }
  });

  /** Somebody else takes all the room there is. */
  const fill = () => {
    for (let piece = 0; ; piece++) {
      const { bavail, bsize } = statfsSync(mount);
      if (bavail === 0) return;
      try {
        writeFileSync(join(mount, `ballast-${piece}`), new Uint8Array(bavail * bsize));
      } catch {
        // The server took some of it meanwhile; what could be written stays.
      }
    }
  };
  const free = () => {
    for (const name of readdirSync(mount)) if (name.startsWith("ballast-")) rmSync(join(mount, name));
  };

  /** Puts and deletes a key; only what was acknowledged changes the truth. Refusals have to be 503. */
  const change = async (key: string): Promise<number> => {
    const path = `/full/${key}`;
    if (random() < 0.25) {
      const answer = await s3.send("DELETE", path);
      if (answer.status === 204) truth.set(key, undefined);
      else expect([answer.status, answer.code]).toEqual([503, "ServiceUnavailable"]);
      return answer.status;
    }
    const size = SIZES[Math.floor(random() * SIZES.length)]!;
    const answer = await s3.send("PUT", path, { body: bodyOf(key, size) });
    if (answer.status === 200) truth.set(key, size);
    else expect([answer.status, answer.code]).toEqual([503, "ServiceUnavailable"]);
    return answer.status;
  };
  const verify = async () => {
    for (const [key, size] of truth) {
      const got = await s3.send("GET", `/full/${key}`);
      expect([key, got.status]).toEqual([key, size === undefined ? 404 : 200]);
      if (size !== undefined) expect(Buffer.compare(got.bytes, bodyOf(key, size))).toBe(0);
    }
  };

  fullDiskTest(
    "refuses writes with 503, serves reads, works again when there is room",
    async () => {
      const port = new URL((await cloud.environment()).AWS_ENDPOINT_URL!).port;
      for (let cycle = 0; cycle < CYCLES; cycle++) {
        let stopped = false;
        let accepted = 0;
        let refused = 0;
        const workers = Array.from({ length: WORKERS }, async (_, worker) => {
          while (!stopped) {
            const status = await change(`w${worker}-${Math.floor(random() * KEYS_PER_WORKER)}`);
            if (status === 503) refused++;
            else accepted++;
          }
        });
        await until("writes are accepted", () => accepted > 50);
        fill();
        await until("writes are refused", () => refused > 100, 30_000);
        stopped = true;
        await Promise.all(workers);
        await verify();
        expect((await s3.send("GET", "/full", { query: "list-type=2" })).status).toBe(200);
        // Killed on a full disk, it starts, or says why it cannot: taking over the log is a write.
        if (cycle === 1) {
          await running.kill();
          const started = await start(port).then(
            () => true,
            (error: Error) => {
              expect(error.message).toContain("The disk is full. Free space and try again.");
              return false;
            },
          );
          free();
          if (!started) await start(port);
          await verify();
        }
        free();
        await until("writes are accepted again", async () => (await change("again")) === 200, 30_000);
      }
      await verify();
    },
    120_000,
  );
});
