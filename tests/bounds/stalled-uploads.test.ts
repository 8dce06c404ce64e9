/** A thousand clients that stop in the middle of their uploads cost a bounded amount of memory, and those who go on are served. */
import { afterAll, beforeAll, describe, expect } from "bun:test";
import { connect, type Socket } from "node:net";
import { type Cloud, type CloudEnvironment, type CloudProcess, createCloud } from "../support/cloud.ts";
import { residentBytes, watchMemory } from "../support/resident-memory.ts";
import { type SignedClient, signedClientFor } from "../support/signed-client.ts";
import { signedHead } from "../support/signed-head.ts";
import { skipUnless } from "../support/skips.ts";
import { until } from "../support/until.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const STALLED = 1_000;
/** What each sends of the 64 MiB that it announces. */
const SENT = [1_000, 100 * KIB, 300 * KIB, 700 * KIB, 3 * MIB];
/** Segments, write buffers and unread bytes have 64 MiB each; the rest is a thousand connections, requests and open files. */
const STILL_BYTES_MAX = 256 * MIB;
/** While 800 MiB come in at once there is besides what every connection delivers unasked, and what the collector has not collected yet. */
const PEAK_BYTES_MAX = 768 * MIB;

const boundsTest = skipUnless(process.platform === "linux", "reads /proc");

describe("uploads that stand still", () => {
  let cloud: Cloud;
  let running: CloudProcess;
  let environment: CloudEnvironment;
  let s3: SignedClient;
  const sockets: Socket[] = [];

  beforeAll(async () => {
    cloud = createCloud();
    running = await cloud.start("up", "--port", "0", "--api-port", "0");
    environment = await cloud.environment();
    s3 = signedClientFor(environment);
    expect((await s3.send("PUT", "/still")).status).toBe(200);
    // Warm: what any first upload brings is not growth.
    expect((await s3.send("PUT", "/still/warm", { body: new Uint8Array(16 * MIB) })).status).toBe(200);
  }, 60_000);
  afterAll(async () => {
    for (const socket of sockets) socket.destroy();
    await running.stop();
    await cloud.dispose();
  });

  boundsTest(
    `${STALLED} at once hold less than ${STILL_BYTES_MAX / MIB} MiB, and others are served`,
    async () => {
      const { hostname, port } = new URL(environment.AWS_ENDPOINT_URL!);
      const bytes = Buffer.alloc(Math.max(...SENT), "still");
      const before = residentBytes(running.pid);
      const memory = watchMemory(running.pid);
      let sent = 0;
      for (let index = 0; index < STALLED; index++) {
        const socket = connect(Number(port), hostname);
        socket.on("error", () => undefined);
        socket.on("connect", () => {
          socket.write(signedHead(environment, "PUT", `/still/${index}`, 64 * MIB));
          socket.write(bytes.subarray(0, SENT[index % SENT.length]), () => {
            sent += 1;
          });
        });
        sockets.push(socket);
      }
      // What a socket has taken the server may not have read yet; it does so while the others are served.
      await until("all have sent what they will send", () => sent === STALLED, 60_000);
      const body = Buffer.alloc(16 * MIB, "moving");
      for (let turn = 0; turn < 3; turn++) {
        expect((await s3.send("PUT", `/still/moving-${turn}`, { body })).status).toBe(200);
        expect(Buffer.compare((await s3.send("GET", `/still/moving-${turn}`)).bytes, body)).toBe(0);
        expect((await s3.send("PUT", `/still/small-${turn}`, { body: "x" })).status).toBe(200);
      }
      const growth = () => residentBytes(running.pid) - before;
      await until("what is not needed is given back", () => growth() < STILL_BYTES_MAX, 15_000);
      const still = growth();
      expect(sockets.filter((socket) => socket.destroyed)).toHaveLength(0);
      for (const socket of sockets) socket.destroy();
      const peak = memory.stop();
      console.log(`growth: ${(peak / MIB).toFixed(0)} MiB at most, ${(still / MIB).toFixed(0)} MiB held`);
      expect(peak).toBeLessThan(PEAK_BYTES_MAX);
    },
    150_000,
  );
});
