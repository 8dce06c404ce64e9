/**
 * `npm run build`: one self-contained executable for each entry point, under `dist/`.
 *
 * Worker threads are entry points of their own: the executable carries them beside the program.
 */
import { mkdirSync, statSync } from "node:fs";
import { runStep } from "./steps.ts";

const WORKERS = ["foundation/sql/worker-thread.ts"];

const executables = [
  { name: "biplane", entry: "apps/biplane/main.ts" },
  { name: "biplane-control", entry: "apps/control/main.ts" },
];

mkdirSync("dist", { recursive: true });
let failed = false;
for (const { name, entry } of executables) {
  const outfile = `dist/${name}`;
  const step = await runStep(`build ${outfile}`, [
    process.execPath,
    "build",
    "--compile",
    "--minify-syntax",
    "--minify-whitespace",
    `--outfile=${outfile}`,
    entry,
    ...WORKERS,
  ]);
  failed ||= !step.ok;
  if (step.ok) console.log(`     ${(statSync(outfile).size / 1_000_000).toFixed(0)} MB`);
}
process.exit(failed ? 1 : 0);
