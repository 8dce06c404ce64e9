/**
 * `npm test`: lint, types, every test, and one closing line `N passed, N failed, N skipped`.
 *
 * Tests run two processes at a time: those of a room, beside its code, a few files a process, and what starts programs one file a process, so that a test
 * which kills, fills or leaks cannot reach into another. Skips are allowed only through `tests/support/skips.ts`; a skip that left no reason fails the run.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { runStep } from "./steps.ts";
import { batchesOf } from "./test-batches.ts";
import { readTestReport, type TestReport } from "./test-report.ts";

/** A batch that takes longer is hung: the whole run has ten minutes. */
const BATCH_TIMEOUT_MS = 300_000;

/** These measure or kill processes and want the machine for themselves; they run last, one at a time. */
const ALONE = /^tests\/(chaos|newcomer|bounds|hostile)\//;

const root = process.cwd();
const scratch = mkdtempSync(join(tmpdir(), "biplane-test-"));
const skipsFile = join(scratch, "skips.ndjson");
const filters = process.argv.slice(2);

const files = [
  ...new Bun.Glob(
    "{apps,bench,clients,contracts,control-plane,data-plane,foundation,scripts,tests}/**/*.test.ts",
  ).scanSync(root),
]
  .filter((file) => filters.length === 0 || filters.some((filter) => file.includes(filter)))
  .sort();

let passed = 0;
let failed = 0;
let skipped = 0;
const failures: string[] = [];
const slow: { batch: string; seconds: number }[] = [];

/** Ends a process and everything that it has started and that did not leave its group. */
function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // The whole group has ended by itself: the usual case.
  }
}

/** Runs a few test files in a process of their own and adds up what they report. */
async function runBatch(batch: readonly string[], index: number): Promise<void> {
  const name = batch.length === 1 ? batch[0]! : `${batch[0]} and ${batch.length - 1} more`;
  const reportFile = join(scratch, `${index}.xml`);
  const started = performance.now();
  // Output goes to a file: a pipe would stay open as long as any process that a test left behind. The processes of a batch are a group of their own and
  // end with it.
  const outputFile = join(scratch, `${index}.log`);
  const child = Bun.spawn(
    [
      process.execPath,
      "test",
      "--timeout",
      "30000",
      "--preload",
      "./tests/support/fixed-seed.ts",
      "--reporter=junit",
      `--reporter-outfile=${reportFile}`,
      ...batch.map((file) => `./${file}`),
    ],
    {
      stdio: ["ignore", Bun.file(outputFile), Bun.file(outputFile)],
      env: { ...process.env, BIPLANE_SKIPS: skipsFile },
      detached: true,
    },
  );
  const hung = setTimeout(() => killGroup(child.pid), BATCH_TIMEOUT_MS);
  const code = await child.exited;
  clearTimeout(hung);
  killGroup(child.pid);
  const output = existsSync(outputFile) ? readFileSync(outputFile, "utf8") : "";
  const seconds = (performance.now() - started) / 1000;
  slow.push({ batch: name, seconds });
  const report: TestReport = existsSync(reportFile)
    ? readTestReport(readFileSync(reportFile, "utf8"))
    : { passed: 0, failed: 0, skipped: 0 };
  passed += report.passed;
  skipped += report.skipped;
  // A process that dies without a report (a crash, a hang) has failed once, whatever it had passed.
  const batchFailed = code === 0 ? report.failed : Math.max(1, report.failed);
  failed += batchFailed;
  if (batchFailed > 0) {
    failures.push(name);
    console.log(`\nFAIL ${name} (exit ${code}, ${seconds.toFixed(1)} s)\n${output}`.trimEnd());
  } else {
    console.log(
      `ok   ${name} (${report.passed} passed${report.skipped > 0 ? `, ${report.skipped} skipped` : ""}, ${seconds.toFixed(1)} s)`,
    );
  }
}

let started = 0;

async function runPool(pool: readonly (readonly string[])[], lanes: number): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < pool.length) await runBatch(pool[next++]!, started++);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

if (filters.length === 0) {
  const steps = [
    await runStep("lint and format", ["node_modules/.bin/biome", "check", "--error-on-warnings", "."]),
    await runStep("types", ["node_modules/.bin/tsc", "--noEmit", "-p", "tsconfig.json"]),
  ];
  for (const step of steps) {
    if (step.ok) passed += 1;
    else {
      failed += 1;
      failures.push(step.name);
    }
  }
}

await runPool(batchesOf(files.filter((file) => !ALONE.test(file))), Math.min(2, availableParallelism()));
await runPool(
  files.filter((file) => ALONE.test(file)).map((file) => [file]),
  1,
);

const reasons = existsSync(skipsFile)
  ? readFileSync(skipsFile, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { name: string; reason: string })
  : [];
if (reasons.length > 0) {
  console.log("\nSkipped, with the reason of each:");
  for (const { name, reason } of reasons) console.log(`  ${name}: ${reason}`);
}
if (skipped > reasons.length) {
  failed += 1;
  failures.push(`${skipped - reasons.length} skip(s) without a reason`);
}
const slowest = slow.sort((a, b) => b.seconds - a.seconds).slice(0, 5);
console.log(`\nSlowest: ${slowest.map(({ batch, seconds }) => `${batch} ${seconds.toFixed(1)} s`).join(", ")}`);
if (failures.length > 0) console.log(`Failed: ${failures.join(", ")}`);
rmSync(scratch, { recursive: true, force: true });
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exit(failed === 0 ? 0 : 1);
