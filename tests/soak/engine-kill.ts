/**
 * Kills the object engine's process over and over while it writes in every way, and examines what each life left.
 *
 *     scripts/bun tests/soak/engine-kill.ts [kills=50]
 *
 * Exits with 1 at the first life after which something acknowledged is missing or wrong, something unacknowledged is half there, or a file is stray. The
 * engine's own suite does the same ten times; this is for a night.
 */

import { join } from "node:path";

const program = join(import.meta.dir, "../../data-plane/objects/engine/crash/kill-loop.ts");
const { exited } = Bun.spawn([process.execPath, program, process.argv[2] ?? "50"], {
  stdio: ["ignore", "inherit", "inherit"],
});
process.exit(await exited);
