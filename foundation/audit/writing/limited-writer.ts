/**
 * A program whose audit log meets a system that refuses to let files grow (RLIMIT_FSIZE), which SQLite takes for a failed write, and then allows it again:
 *
 *     limited-writer.ts <file>
 */
import { systemClock, systemRandom, systemTimers } from "#foundation/runtime";
import { openAuditLog } from "../open-audit-log.ts";
import { event } from "../testing/fixture.ts";

const path = process.argv[2];
if (path === undefined) throw new Error("usage: limited-writer.ts <file>");

/** Bytes that a file may have; undefined for any number. Needs util-linux. */
function limitFiles(bytes: number | undefined): void {
  const { exitCode, stderr } = Bun.spawnSync([
    "prlimit",
    "--pid",
    String(process.pid),
    `--fsize=${bytes ?? "unlimited"}:`,
  ]);
  if (exitCode !== 0) throw new Error(`prlimit: ${stderr.toString()}`);
}

// Without a listener the system ends the process instead of refusing the write.
process.on("SIGXFSZ", () => undefined);
const log = await openAuditLog({
  path,
  plane: "data",
  clock: systemClock,
  timers: systemTimers,
  random: systemRandom,
  hosting: "worker",
});
const append = async (): Promise<string> => {
  try {
    await log.append(event({ reason: "x".repeat(1000) }));
    return "written";
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : String(error);
  }
};

console.log(await append());
limitFiles(4096);
console.log(await append());
await append();
console.log(log.health().ok ? "healthy" : "unhealthy");
limitFiles(undefined);
let outcome = await append();
// The storage is opened again at most once a second.
for (const until = performance.now() + 10_000; outcome !== "written" && performance.now() < until; ) {
  await Bun.sleep(50);
  outcome = await append();
}
console.log(outcome);
console.log(log.health().ok ? "healthy" : "unhealthy");
const verdict = await log.verify();
console.log(verdict.sound ? "sound" : verdict.message);
await log.close();
