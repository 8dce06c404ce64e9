/**
 * `npm test`: lint, types, every test, and one closing line `N passed, N failed, N skipped`.
 *
 * Tests run in a few processes at a time, the longest first: those of a room, beside its code, a few files a process, and what starts programs one file a
 * process, so that a test which kills, fills or leaks cannot reach into another. The program that they start is compiled once, before them. Skips are allowed
 * only through `tests/support/skips.ts`; a skip that left no reason fails the run.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { makePostgresTemplate, whyNoPostgres } from "#foundation/sql/postgres/testing";
import { compileCommand, WORKERS } from "./compile.ts";
import { runStep, type StepResult } from "./steps.ts";
import { batchesOf, longestFirst } from "./test-batches.ts";
import { readTestReport, type TestReport } from "./test-report.ts";

/** A batch that takes longer is hung: the whole run has ten minutes. */
const BATCH_TIMEOUT_MS = 300_000;

/** Two more than there are processors: there is always a test that waits. */
const LANES = Math.min(8, availableParallelism() + 2);

/** The last stage of the compiler takes short programs more time than it gives them: a tenth to two fifths of what tests take. */
const COMPILER = { BUN_JSC_useFTLJIT: "0" };

/** Tests of these parts start the program. */
const STARTS_PROGRAM = /^(?:apps|tests)\//;

const root = process.cwd();
const scratch = mkdtempSync(join(tmpdir(), "biplane-test-"));
const skipsFile = join(scratch, "skips.ndjson");
const filters = process.argv.slice(2);

const files = [
  ...new Bun.Glob(
    "{apps,bench,clients,contracts,control-plane,data-plane,foundation,scripts,tests}/**/*.test.ts",
  ).scanSync(root),
]
  .filter((file) => !file.includes("node_modules/"))
  .filter((file) => filters.length === 0 || filters.some((filter) => file.includes(filter)))
  .sort();

/**
 * The program as an executable with its bytecode: it starts in a third of the processor time that its sources take, and it starts hundreds of times.
 * `BIPLANE_TEST_PROGRAM` names another one. `tests/newcomer` starts what a newcomer starts.
 */
const program = process.env.BIPLANE_TEST_PROGRAM ?? join(scratch, "biplane");
const compileProgram = compileCommand(
  { outfile: program, entry: "apps/biplane/main.ts", workers: WORKERS },
  ...["--bytecode", "--format=esm"],
);

/** What every PostgreSQL server of the tests begins with. A file that begins before it is there makes its own. */
const postgresTemplate = join(scratch, "postgres");
const ownPostgres = (process.env.BIPLANE_TEST_DATABASE_URL ?? "") === "" && whyNoPostgres() === undefined;

let passed = 0;
let failed = 0;
let skipped = 0;
const failures: string[] = [];
const slow: { batch: string; seconds: number; processorSeconds: number }[] = [];

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
      "--preload",
      "./tests/support/waiting-loop.ts",
      "--reporter=junit",
      `--reporter-outfile=${reportFile}`,
      ...batch.map((file) => `./${file}`),
    ],
    {
      stdio: ["ignore", Bun.file(outputFile), Bun.file(outputFile)],
      env: {
        ...COMPILER,
        ...process.env,
        BIPLANE_SKIPS: skipsFile,
        BIPLANE_TEST_POSTGRES_TEMPLATE: postgresTemplate,
        ...(existsSync(program) && { BIPLANE_TEST_PROGRAM: program }),
      },
      detached: true,
    },
  );
  const hung = setTimeout(() => killGroup(child.pid), BATCH_TIMEOUT_MS);
  const code = await child.exited;
  clearTimeout(hung);
  killGroup(child.pid);
  const output = existsSync(outputFile) ? readFileSync(outputFile, "utf8") : "";
  const seconds = (performance.now() - started) / 1000;
  slow.push({ batch: name, seconds, processorSeconds: Number(child.resourceUsage()?.cpuTime.total ?? 0) / 1e6 });
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

/** Counts a step as a test. */
async function takeStep(step: Promise<StepResult>): Promise<void> {
  const { ok, name } = await step;
  if (ok) passed += 1;
  else {
    failed += 1;
    failures.push(name);
  }
}

let next = 0;
const tasks: (() => Promise<void>)[] = [];
let compiled: Promise<void> | undefined;
if (process.env.BIPLANE_TEST_PROGRAM === undefined && files.some((file) => STARTS_PROGRAM.test(file))) {
  tasks.push(() => {
    compiled = takeStep(runStep("compile the program", compileProgram));
    return compiled;
  });
}
if (filters.length === 0) {
  if (ownPostgres) {
    tasks.push(() =>
      makePostgresTemplate(postgresTemplate).catch((error) =>
        console.log(`each PostgreSQL server of the tests makes its own files: ${error}`),
      ),
    );
  }
  tasks.push(
    () => takeStep(runStep("types", ["node_modules/.bin/tsc", "--noEmit", "-p", "tsconfig.json"])),
    () => takeStep(runStep("lint and format", ["node_modules/.bin/biome", "check", "--error-on-warnings", "."])),
  );
}
for (const [index, batch] of longestFirst(batchesOf(files)).entries()) {
  tasks.push(async () => {
    if (batch.some((file) => STARTS_PROGRAM.test(file))) await compiled;
    await runBatch(batch, index);
  });
}
const lane = async () => {
  while (next < tasks.length) await tasks[next++]!();
};
await Promise.all(Array.from({ length: LANES }, lane));

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
const seconds = (amount: number) => `${amount.toFixed(1)} s`;
/** The first few of all batches by what they took most of. */
const most = (count: number, of: "seconds" | "processorSeconds") =>
  [...slow]
    .sort((a, b) => b[of] - a[of])
    .slice(0, count)
    .map((each) => `${each.batch} ${seconds(each[of])}`)
    .join(", ");
console.log(`\nSlowest: ${most(5, "seconds")}`);
console.log(`Most processor time: ${most(15, "processorSeconds")}`);
const processor = slow.reduce((sum, each) => sum + each.processorSeconds, 0);
console.log(`Tests took ${seconds(performance.now() / 1000)}, and ${seconds(processor)} of processor time.`);
if (failures.length > 0) console.log(`Failed: ${failures.join(", ")}`);
rmSync(scratch, { recursive: true, force: true });
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exit(failed === 0 ? 0 : 1);
