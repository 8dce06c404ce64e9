/**
 * Kills a process that works with an embedded store over and over, and has the next one look whether what was acknowledged is there.
 *
 *     scripts/bun tests/soak/embedded-kill.ts [kills=200]
 *
 * Exits with 1 at the first life that finds anything else. The store's own suite does the same twenty times; this is for a night.
 */

import { join } from "node:path";

const program = join(import.meta.dir, "../../data-plane/store/embedded/crash/kill-loop.ts");
const { exited } = Bun.spawn([process.execPath, program, process.argv[2] ?? "200"], {
  stdio: ["ignore", "inherit", "inherit"],
});
process.exit(await exited);
