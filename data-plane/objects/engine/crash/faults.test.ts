/** Every step of every write is made to fail, or is the last before the power fails. */

import { expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { createVirtualTime, systemClock, systemRandom } from "#foundation/runtime";
import type { EngineHost } from "#foundation/sql";
import type { EmbeddedEngine } from "../embedded-engine.ts";
import { EngineError } from "../engine-error.ts";
import { openEmbeddedEngine } from "../open-embedded-engine.ts";
import type { RecordOperations } from "../records/commands.ts";
import { auditDirectory } from "./audit.ts";
import { type Fault, FaultPlan } from "./fault-plan.ts";
import { play, SCRIPT } from "./fault-script.ts";
import { History } from "./history.ts";
import { examine, stateOf } from "./kill-writer.ts";
import { LosingFiles } from "./losing-files.ts";
import { scratchDirectory } from "./scratch.ts";

/** A record keeper whose commits are steps. */
function faultyRecords(host: EngineHost<RecordOperations>, plan: FaultPlan): EngineHost<RecordOperations> {
  return {
    get pending() {
      return host.pending;
    },
    get failure() {
      return host.failure;
    },
    close: () => host.close(),
    async apply(name, argument) {
      const step = plan.before(`commit ${name}`, "SQLITE_FULL");
      const answer = await host.apply(name, argument);
      plan.after(step);
      return answer;
    },
  };
}

interface Run {
  readonly plan: FaultPlan;
  readonly history: History;
  readonly problems: readonly string[];
}

async function run(at: number, fault: Fault, forgets?: "sync contents" | "sync names" | "make durable"): Promise<Run> {
  const directory = scratchDirectory("biplane-faults-");
  const plan = new FaultPlan(at, fault);
  const files = new LosingFiles(directory, plan, forgets);
  const history = new History();
  try {
    const problems: string[] = [];
    let engine: EmbeddedEngine | undefined;
    try {
      engine = await openEmbeddedEngine({
        directory,
        clock: systemClock,
        random: systemRandom,
        // Nothing runs by itself: housekeeping is a step of the script.
        timers: createVirtualTime(0).timers,
        hosting: "inline",
        faults: {
          stagingFiles: (staging) => files.staging(staging),
          housekeepingFiles: (housekeeping) => files.housekeeping(housekeeping),
          records: (host) => faultyRecords(host, plan),
        },
      });
      const opened = engine;
      await play(opened, history, async (step, error) => {
        if (plan.crashed) throw error;
        if (step.name !== "settle") expect(error).toBeInstanceOf(EngineError);
        const found = await stateOf(opened, step.bucketId, step.key, problems);
        const problem = history.accept(`${step.bucketId} ${step.key}`, found);
        if (problem !== undefined) problems.push(problem);
      });
    } catch (error) {
      if (!plan.crashed && fault !== "fails") throw error;
    } finally {
      await engine?.close();
    }
    if (plan.crashed) files.loseUnsynced();
    else if (fault === "fails") problems.push(...auditAfterFailure(directory));
    return { plan, history, problems: [...problems, ...(await examine(directory, history))] };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** After a failure that was survived, what was left by it is at most what the next start removes; the database is whole. */
function auditAfterFailure(directory: string): readonly string[] {
  return auditDirectory(directory).filter((problem) => problem.includes("missing") || problem.includes("counters"));
}

async function everyStep(fault: Fault, kind = ""): Promise<void> {
  const { plan } = await run(-1, fault);
  expect(plan.steps.length).toBeGreaterThan(50);
  for (let at = 0; at < plan.steps.length; at++) {
    if (!plan.steps[at]!.startsWith(kind)) continue;
    const { problems } = await run(at, fault);
    expect(problems, `${fault} ${plan.steps[at]} (step ${at})`).toEqual([]);
  }
}

test("the script passes through every kind of step and ends clean", async () => {
  const { plan, history, problems } = await run(-1, "fails");
  expect(problems).toEqual([]);
  expect(history.acknowledged).toBe(SCRIPT.length);
  expect(new Set(plan.steps.map((step) => step.replace(/ (put|delete|settle|createUpload).*/, "")))).toEqual(
    new Set([
      "commit",
      "commit reserveBodies",
      "commit completeUpload",
      "commit abortUpload",
      "create",
      "write",
      "sync contents",
      "sync names",
      "rename",
      "make directory",
      "make durable",
      "write file",
      "remove",
    ]),
  );
}, 20_000);

test(
  "a power failure before any step loses nothing acknowledged and leaves nothing stray",
  () => everyStep("crash before"),
  60_000,
);
// After any other step is before the next.
test(
  "a power failure between a commit and its acknowledgement leaves the write whole or absent",
  () => everyStep("crash after", "commit"),
  60_000,
);
test("a full disk at any step is an error, not a loss, and the engine goes on", () => everyStep("fails"), 60_000);

for (const forgets of ["sync contents", "sync names", "make durable"] as const) {
  test(`an engine that forgot to ${forgets} would be caught`, async () => {
    const { plan } = await run(-1, "crash after");
    const found: string[] = [];
    for (let at = 0; at < plan.steps.length && found.length === 0; at++) {
      found.push(...(await run(at, "crash after", forgets)).problems);
    }
    expect(found).not.toEqual([]);
  }, 60_000);
}
