/** Commands of applications through a whole control plane on its embedded log, and the building anew of its views. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "#contracts";
import { openControlPlane } from "#control-plane/core";
import { manifestOf } from "#control-plane/scheduler/testing";
import { systemClock, systemRandom } from "#foundation/runtime";
import { figure } from "./figure.ts";

/** So many callers at once, each waiting for its answer. */
const CALLERS = 256;
const APPS = 2_000;
/** Deploys of each app. */
const DEPLOYS = 5;

export async function measureCommands(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "biplane-bench-platform-"));
  const core = await openControlPlane({ dataDirectory: directory, clock: systemClock, random: systemRandom });
  try {
    const { accountId } = await core.ensureRoot();
    let sent = 0;
    const run = async <Given extends Command>(command: Given) => {
      const key = `bench-${sent++}`;
      const outcome = await core.execute(command, { actor: "user:bench", requestId: key, idempotencyKey: key });
      if (!outcome.ok) throw new Error(outcome.message);
      return outcome.result;
    };
    const limits = {
      apps: APPS,
      envs: APPS,
      routes: APPS,
      hostnames: APPS,
      max_instances: APPS,
      total_cpu_millis: APPS * 1_000,
    };
    await run({ type: "quota.set", accountId, limits });

    const headBefore = core.head;
    const begun = performance.now();
    const appOf = async (index: number): Promise<void> => {
      const name = `app-${index}`;
      const { appId } = await run({ type: "app.create", accountId, name });
      const { envId } = await run({ type: "env.create", accountId, appId, name: "production" });
      for (let deploy = 0; deploy < DEPLOYS; deploy++) {
        const { releaseId } = await run({
          type: "release.create",
          accountId,
          appId,
          artifact: { source: "directory", digest: `sha256:${String(deploy).repeat(64)}`, sizeBytes: 10 },
          manifest: manifestOf({}, { app: { name } }),
        });
        await run({ type: "deploy.create", accountId, envId, deployKind: "deploy", releaseId });
      }
    };
    let next = 0;
    const caller = async (): Promise<void> => {
      while (next < APPS) await appOf(next++);
    };
    await Promise.all(Array.from({ length: CALLERS }, caller));
    const seconds = (performance.now() - begun) / 1_000;
    figure(`control plane: commands, ${CALLERS} callers, durable, with keys`, sent / seconds, "/s", { atLeast: 2_000 });
    figure("control plane: their events, with views and answers", (core.head - headBefore) / seconds, "/s", {});
    console.log("control plane: views lag by nothing: they are written with their events");

    const rebuilt = async (names?: readonly string[]): Promise<number> => {
      const rebuildBegun = performance.now();
      const reports = await core.rebuild(names);
      if (reports.some(({ equal }) => !equal)) throw new Error("a view is not what its events say");
      return (core.head as number) / ((performance.now() - rebuildBegun) / 1_000);
    };
    figure("rebuild: events of the log into one view, compared", await rebuilt(["envs"]), "/s", { atLeast: 100_000 });
    figure("rebuild: events of the log into all views, compared", await rebuilt(), "/s", {});
  } finally {
    await core.close();
    rmSync(directory, { recursive: true, force: true });
  }
}
