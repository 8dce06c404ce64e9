/** `npm run generate`: service models from the pinned SDK packages, then the tables of parity, of permissions, and of the manifest. */
import { runStep } from "./steps.ts";

for (const [name, script] of [
  ["service models", "scripts/generate-aws-models.ts"],
  ["parity table", "scripts/generate-parity.ts"],
  ["table of permissions", "scripts/generate-permissions.ts"],
  ["fields of the manifest", "scripts/generate-manifest.ts"],
  ["requirements", "scripts/generate-requirements.ts"],
  ["TypeScript client", "scripts/generate-typescript-client.ts"],
] as const) {
  const step = await runStep(name, [process.execPath, script]);
  if (!step.ok) process.exit(1);
}
