/** kill -9 of the agent at random moments: nothing is lost, nothing runs twice, adoption finds all. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../../../../tests/support/until.ts";
import { TOKEN_VARIABLE } from "../rules/environment.ts";
import type { InstanceStatus } from "../runtime.ts";
import { openProcessRuntime } from "./process-runtime.ts";
import { processesWithEnvironment } from "./process-table.ts";

/** `BIPLANE_KILL_ROUNDS=100` for the long form. */
const ROUNDS = Number(process.env.BIPLANE_KILL_ROUNDS ?? 12);
const INSTANCES = 3;
const SEED = Number(process.env.BIPLANE_SEED) || 20_261_126;

let directory: string;
let stateDirectory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "biplane-kill-"));
  stateDirectory = join(directory, "state");
  mkdirSync(join(directory, "release"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** Tokens of runs of which something lives, supervisors included. */
function livingTokens(): ReadonlySet<string> {
  const known = new Set<string>();
  const root = join(stateDirectory, "instances");
  for (const id of readdirSync(root)) {
    const runs = join(root, id, "runs");
    for (const run of existsSync(runs) ? readdirSync(runs) : []) {
      const file = join(runs, run, "run.json");
      if (existsSync(file)) known.add((JSON.parse(readFileSync(file, "utf8")) as { token: string }).token);
    }
  }
  return new Set([...known].filter((token) => processesWithEnvironment(`${TOKEN_VARIABLE}=${token}`).length > 0));
}

test(
  `${ROUNDS} kills of the agent in the middle of its work`,
  async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const scratch = join(directory, "scratch");
      const agent = Bun.spawn(
        [
          process.execPath,
          join(import.meta.dir, "agent-kill.fixture.ts"),
          stateDirectory,
          join(directory, "release"),
          scratch,
          String(INSTANCES),
          String(SEED + round),
        ],
        { stdio: ["ignore", "pipe", "inherit"] },
      );
      await agent.stdout.getReader().read();
      // From the first thing that it does to long into its work; a golden stride visits moments evenly.
      await Bun.sleep(((SEED + round) * 0.618_033_988_75 * 300) % 300);
      agent.kill("SIGKILL");
      await agent.exited;

      const runtime = openProcessRuntime({ stateDirectory });
      try {
        const found = await runtime.adopt();
        const isLiving = ({ phase }: InstanceStatus): boolean => phase !== "exited" && phase !== "created";
        const living = found.filter(isLiving);
        // What lives is what adoption says lives, and each just once. A supervisor that has written the exit takes a moment to leave.
        await until("nothing lives that is not an adopted run", async () => {
          const tokens = livingTokens();
          return tokens.size === (await runtime.adopt()).filter(isLiving).length;
        });
        for (const { instanceId, phase, run, exit } of found) {
          expect(existsSync(join(scratch, instanceId, "twice"))).toBe(false);
          if (phase === "exited") expect(exit).toMatchObject({ run });
          // A run that was killed without being asked could not put its directory away.
          if (phase === "exited") rmSync(join(scratch, instanceId, "alive"), { recursive: true, force: true });
        }
        for (const { instanceId } of living) {
          if ((await runtime.status(instanceId)).phase !== "running") continue;
          // It went on talking while nobody was there, and can be talked to again.
          let heard = 0;
          for await (const _ of runtime.logs(instanceId, { follow: true, tail: 0 })) {
            heard += 1;
            if (heard === 2) break;
          }
          await runtime.stats(instanceId).catch(() => {});
        }
      } finally {
        runtime.close();
      }
    }
    const runtime = openProcessRuntime({ stateDirectory });
    for (const { instanceId } of await runtime.adopt()) await runtime.destroy(instanceId);
    runtime.close();
    expect(readdirSync(join(stateDirectory, "instances"))).toEqual([]);
  },
  30_000 + ROUNDS * 3_000,
);
