/** Lint, format and types in one go: `npm run check`. Exits with 1 on the first kind of finding. */
import { runStep } from "./steps.ts";

const findings = [
  await runStep("lint and format", ["node_modules/.bin/biome", "check", "--error-on-warnings", "."]),
  await runStep("types", ["node_modules/.bin/tsc", "--noEmit", "-p", "tsconfig.json"]),
];
process.exit(findings.every((step) => step.ok) ? 0 : 1);
