/**
 * Writes `foundation/aws/models/*.gen.ts` from the installed `@aws-sdk/client-*` packages (and, where `BIPLANE_VECTORS` names them, from the
 * published constraints).
 *
 * Run it after changing the version of a client: `scripts/bun scripts/generate-aws-models.ts`.
 */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { generatedModules } from "./generate/aws-modules.ts";

const folder = join(import.meta.dirname, "../foundation/aws/models");
const vectors = process.env.BIPLANE_VECTORS || undefined;
if (vectors === undefined) console.log("BIPLANE_VECTORS is not set: the modules of constraints stay as they are");
for await (const { file, text } of generatedModules(vectors)) {
  writeFileSync(join(folder, file), text);
  console.log(`${file}: ${(text.length / 1024).toFixed(0)} KiB`);
}
