/** From `biplane deploy` to the first request that is answered, as a person has it: the command line, a new release each time, a process. */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createCloud } from "../../tests/support/cloud.ts";
import { median } from "../harness/statistics.ts";
import { figure } from "./figure.ts";

const RUNS = 10;

export async function measureDeploy(): Promise<void> {
  const cloud = createCloud();
  const source = mkdtempSync(join(tmpdir(), "biplane-bench-deploy-"));
  cpSync(join(import.meta.dir, "../../examples/hello"), source, { recursive: true });
  try {
    await cloud.start("up", "--port", "0");
    const whole: number[] = [];
    const rollout: number[] = [];
    for (let run = 0; run <= RUNS; run++) {
      writeFileSync(join(source, "run.txt"), String(run));
      const begun = performance.now();
      const { code, stdout, stderr } = await cloud.cli("deploy", source, "--json");
      if (code !== 0) throw new Error(stderr);
      const { urls, deploy } = JSON.parse(stdout) as {
        readonly urls: readonly string[];
        readonly deploy: { readonly created_at: string; readonly finished_at: string };
      };
      const url = new URL(urls[0]!);
      const answer = await fetch(`http://127.0.0.1:${url.port}/`, { headers: { host: url.host } });
      if (!answer.ok) throw new Error(`${url.href} answered ${answer.status}`);
      // The first makes the app, the environment and the bucket of releases.
      if (run === 0) continue;
      whole.push(performance.now() - begun);
      rollout.push(Date.parse(deploy.finished_at) - Date.parse(deploy.created_at));
    }
    figure(`deploy: command to first answer, median of ${RUNS}`, median(whole), "ms", { atMost: 1_000 });
    figure("deploy: the slowest of them", Math.max(...whole), "ms", { atMost: 1_000 });
    figure("deploy: of which the rollout, median", median(rollout), "ms", {});
  } finally {
    await cloud.dispose();
    rmSync(source, { recursive: true, force: true });
  }
}
