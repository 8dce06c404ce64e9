/** `npm run build`: one self-contained executable for each entry point, under `dist/`. */
import { mkdirSync, statSync } from "node:fs";
import { compileCommand, WORKERS } from "./compile.ts";
import { runStep } from "./steps.ts";

const executables = [
  { name: "biplane", entry: "apps/biplane/main.ts", workers: WORKERS },
  {
    name: "biplane-control",
    entry: "apps/control/main.ts",
    workers: WORKERS.filter((path) => !path.startsWith("data-plane/")),
  },
  { name: "biplane-gateway", entry: "apps/gateway/main.ts", workers: [] },
];

mkdirSync("dist", { recursive: true });
let failed = false;
for (const { name, entry, workers } of executables) {
  const outfile = `dist/${name}`;
  const step = await runStep(`build ${outfile}`, compileCommand({ outfile, entry, workers }));
  failed ||= !step.ok;
  if (step.ok) console.log(`     ${(statSync(outfile).size / 1_000_000).toFixed(0)} MB`);
}
process.exit(failed ? 1 : 0);
