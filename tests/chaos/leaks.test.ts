/** Clients that go away in the middle, and clients that do not read, leave nothing behind: descriptors, staged files and memory come back to what they were. */
import { afterAll, beforeAll, describe, expect } from "bun:test";
import { readdirSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { type Cloud, type CloudEnvironment, type CloudProcess, createCloud } from "../support/cloud.ts";
import { residentBytes, watchMemory } from "../support/resident-memory.ts";
import { type SignedClient, signedClientFor } from "../support/signed-client.ts";
import { signedHead } from "../support/signed-head.ts";
import { skipUnless } from "../support/skips.ts";
import { until } from "../support/until.ts";

const MIB = 1024 * 1024;
const ABORTS = Number(process.env.BIPLANE_ABORTS ?? 600);
const AT_ONCE = 20;
const UNREAD = 40;
/** Of descriptors: what the program opens for itself from time to time. */
const SLACK = 8;
/** Of memory, after the garbage collector has had its time: what a first load leaves for good in caches and pools. */
const GROWTH_BYTES_MAX = 96 * MIB;
/** 40 answers of 40 MiB that nobody reads: two chunks for each, not the objects. */
const UNREAD_GROWTH_BYTES_MAX = 200 * MIB;

const leakTest = skipUnless(process.platform === "linux", "reads /proc");

describe("clients that go away", () => {
  let cloud: Cloud;
  let running: CloudProcess;
  let environment: CloudEnvironment;
  let s3: SignedClient;
  let descriptorsBefore: number;
  let residentBefore: number;

  const descriptors = () => readdirSync(`/proc/${running.pid}/fd`).length;
  const staged = () => readdirSync(join(cloud.dataDirectory, "node/objects/staging")).length;
  const open = (): Socket => {
    const { hostname, port } = new URL(environment.AWS_ENDPOINT_URL!);
    return connect(Number(port), hostname);
  };
  /** Runs `abort` so that `AT_ONCE` are under way at any time. */
  const repeat = async (abort: (index: number) => Promise<void>): Promise<void> => {
    let next = 0;
    const worker = async () => {
      while (next < ABORTS) await abort(next++);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  };
  const backToNormal = async (): Promise<void> => {
    await until("descriptors are closed", () => descriptors() <= descriptorsBefore + SLACK, 40_000);
    await until("no body is staged", () => staged() === 0);
    await until("memory is given back", () => residentBytes(running.pid) - residentBefore < GROWTH_BYTES_MAX, 60_000);
  };

  beforeAll(async () => {
    cloud = createCloud();
    running = await cloud.start("up", "--port", "0", "--api-port", "0");
    environment = await cloud.environment();
    s3 = signedClientFor(environment);
    expect((await s3.send("PUT", "/leaks")).status).toBe(200);
    const headers = { "x-amz-server-side-encryption": "AES256" };
    const body = new Uint8Array(40 * MIB);
    expect((await s3.send("PUT", "/leaks/plain", { body })).status).toBe(200);
    expect((await s3.send("PUT", "/leaks/sealed", { body, headers })).status).toBe(200);
    for (const key of ["plain", "sealed"]) expect((await s3.send("GET", `/leaks/${key}`)).bytes.length).toBe(40 * MIB);
    await until("both bodies are at their place", () => staged() === 0);
    descriptorsBefore = descriptors();
    residentBefore = residentBytes(running.pid);
  }, 60_000);
  afterAll(async () => {
    expect(await running.stop()).toBe(0);
    await cloud.dispose();
  });

  leakTest(
    `${ABORTS} aborted uploads`,
    async () => {
      const body = Buffer.alloc(MIB, "x");
      const sent = [0, 1_000, 100_000, 600_000, MIB];
      await repeat(
        (index) =>
          new Promise((resolve) => {
            const socket = open();
            socket.on("connect", () => {
              socket.write(signedHead(environment, "PUT", `/leaks/aborted-${index}`, 10 * MIB));
              socket.write(body.subarray(0, sent[index % sent.length]), () => {
                if (index % 2 === 0) socket.resetAndDestroy();
                else socket.destroy();
              });
            });
            socket.on("error", () => undefined);
            socket.on("close", () => resolve());
          }),
      );
      await backToNormal();
      const list = await s3.send("GET", "/leaks", { query: "list-type=2&prefix=aborted" });
      expect(list.text()).toContain("<KeyCount>0</KeyCount>");
    },
    120_000,
  );

  leakTest(
    `${ABORTS} aborted downloads`,
    async () => {
      const read = [0, 1, 200_000, MIB];
      await repeat(
        (index) =>
          new Promise((resolve) => {
            const socket = open();
            let received = 0;
            socket.on("connect", () => {
              socket.write(signedHead(environment, "GET", index % 2 === 0 ? "/leaks/plain" : "/leaks/sealed"), () => {
                if (index % read.length === 0) socket.destroy();
              });
            });
            socket.on("data", (data) => {
              received += data.length;
              if (received < read[index % read.length]!) return;
              if (index % 3 === 0) socket.resetAndDestroy();
              else socket.destroy();
            });
            socket.on("error", () => undefined);
            socket.on("close", () => resolve());
          }),
      );
      await backToNormal();
    },
    120_000,
  );

  leakTest(
    `${UNREAD} downloads that nobody reads do not grow memory and do not delay others`,
    async () => {
      const memory = watchMemory(running.pid);
      // Counted anew: threads that hashed the uploads have ended since, and closed what they had open.
      const idle = descriptors();
      const sockets = Array.from({ length: UNREAD }, (_, index) => {
        const socket = open();
        socket.on("connect", () => {
          socket.write(signedHead(environment, "GET", index % 2 === 0 ? "/leaks/plain" : "/leaks/sealed"));
          socket.pause();
        });
        socket.on("data", () => socket.pause());
        socket.on("error", () => undefined);
        return socket;
      });
      // One for the connection and one for the file.
      await until("all are under way", () => descriptors() >= idle + 2 * UNREAD);
      for (let turn = 0; turn < 50; turn++) {
        expect((await s3.send("PUT", `/leaks/other-${turn % 5}`, { body: "x" })).status).toBe(200);
        expect((await s3.send("GET", `/leaks/other-${turn % 5}`)).text()).toBe("x");
      }
      expect(memory.stop()).toBeLessThan(UNREAD_GROWTH_BYTES_MAX);
      for (const socket of sockets) socket.destroy();
      await backToNormal();
    },
    120_000,
  );
});
