/** From a commit until a thousand data planes, each with a WebSocket of its own, have what it changed. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startControlPlane } from "#apps/control";
import type { AccountId, Region } from "#contracts";
import { manifestOf } from "#control-plane/scheduler/testing";
import { createMetrics, silentLogger } from "#foundation/telemetry";
import { median } from "../harness/statistics.ts";
import { figure } from "./figure.ts";

const EDGES = 1_000;
const CHANGES = 10;

export async function measureFanOut(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "biplane-bench-fan-out-"));
  const { core, api, credentials, close } = await startControlPlane({
    dataDirectory: directory,
    hostname: "127.0.0.1",
    port: 0,
    names: [],
    region: "us-east-1" as Region,
    version: "0",
    logger: silentLogger,
    metrics: createMetrics(),
  });
  const origin = { actor: "user:bench", requestId: "bench" };
  const accountId = credentials.accountId as AccountId;
  const app = await core.execute({ type: "app.create", accountId, name: "shop" }, origin);
  if (!app.ok) throw new Error(app.message);
  const env = await core.execute(
    { type: "env.create", accountId, appId: app.result.appId, name: "production" },
    origin,
  );
  if (!env.ok) throw new Error(env.message);
  const release = await core.execute(
    {
      type: "release.create",
      accountId,
      appId: app.result.appId,
      artifact: { source: "directory", digest: `sha256:${"a".repeat(64)}`, sizeBytes: 10 },
      manifest: manifestOf(),
    },
    origin,
  );
  if (!release.ok) throw new Error(release.message);
  const subscribers = Bun.spawn(
    [process.execPath, join(import.meta.dir, "subscribers.ts"), api.url, credentials.joinToken, String(EDGES)],
    { stdout: "pipe", stderr: "inherit" },
  );
  const lines = linesOf(subscribers.stdout);
  try {
    await lines.until((line) => line === "ready");
    const times: number[] = [];
    for (let change = 0; change < CHANGES; change++) {
      const begun = performance.now();
      const route = await core.execute(
        {
          type: "route.create",
          accountId,
          envId: env.result.envId,
          protocol: "http",
          hostname: `shop-${change}.example.test`,
          processType: "web",
          port: 8080,
        },
        origin,
      );
      if (!route.ok) throw new Error(route.message);
      await lines.until((line) => Number(line) >= route.eventId);
      times.push(performance.now() - begun);
    }
    figure(`fan-out: a change is with all ${EDGES} edges, median of ${CHANGES}`, median(times), "ms", {
      atMost: 1_000,
    });
    figure("fan-out: the slowest of them", Math.max(...times), "ms", { atMost: 1_000 });
  } finally {
    subscribers.kill();
    await subscribers.exited;
    await close();
    rmSync(directory, { recursive: true, force: true });
  }
}

function linesOf(stream: ReadableStream<Uint8Array>) {
  const reader = stream
    .pipeThrough(new TextDecoderStream() as never)
    .getReader() as ReadableStreamDefaultReader<string>;
  let rest = "";
  const waiting: string[] = [];
  return {
    async until(is: (line: string) => boolean): Promise<void> {
      for (;;) {
        for (let line = waiting.shift(); line !== undefined; line = waiting.shift()) if (is(line)) return;
        const { value, done } = await reader.read();
        if (done) throw new Error("the edges have ended");
        const parts = (rest + value).split("\n");
        rest = parts.pop() ?? "";
        waiting.push(...parts);
      }
    },
  };
}
