/**
 * `scripts/bun tests/soak/store-mutations/index.ts [--seeds 200] [--only TEXT]`: plants each deliberate mistake of the list in a copy of the program, and
 * simulates whole clusters with it until one fails. Exits with 1 when a mistake is not found.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Mutation, mutate } from "#foundation/mutants";
import { MUTATIONS } from "./mutations.ts";

const { values } = parseArgs({
  options: { seeds: { type: "string", default: "200" }, only: { type: "string", default: "" } },
});

const ROOT = join(import.meta.dir, "../../..");
/** What a simulated cluster is made of. */
const PARTS = ["foundation", "control-plane/cluster", "data-plane/store", "tests/store", "tests/support", "tests/soak"];

const chosen = MUTATIONS.filter(({ name }) => name.includes(values.only));
const missed: string[] = [];
for (const mutation of chosen) {
  const found = await simulateWith(mutation);
  console.log(
    `${found === undefined ? "MISSED" : "found "} ${mutation.name}${found === undefined ? "" : `\n         ${found}`}`,
  );
  if (found === undefined) missed.push(mutation.name);
}
console.log(`${chosen.length - missed.length} of ${chosen.length} mistakes found`);
if (missed.length > 0) process.exitCode = 1;

/** What a run with the mistake complains of; undefined when all seeds end well. */
async function simulateWith(mutation: Mutation): Promise<string | undefined> {
  const copy = mkdtempSync(join(tmpdir(), "store-mutant-"));
  try {
    for (const part of PARTS) cpSync(join(ROOT, part), join(copy, part), { recursive: true });
    for (const file of ["package.json", "tsconfig.json"]) cpSync(join(ROOT, file), join(copy, file));
    symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"));
    const file = join(copy, mutation.file);
    writeFileSync(file, mutate(readFileSync(file, "utf8"), mutation));
    const child = Bun.spawn([process.execPath, "tests/soak/store.ts", "--seeds", values.seeds], {
      cwd: copy,
      stdout: "ignore",
      stderr: "pipe",
    });
    const complaint = await new Response(child.stderr).text();
    return (await child.exited) === 0 ? undefined : complaint.split("\n")[0]!.slice(0, 300);
  } finally {
    rmSync(copy, { recursive: true });
  }
}
