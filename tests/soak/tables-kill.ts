/**
 * Kills the table engine's process over and over while it writes in every way, and examines what each life left.
 *
 *     scripts/bun tests/soak/tables-kill.ts [kills=100]
 *
 * Exits with 1 at the first life after which something acknowledged is missing, a transaction is half done, an index or a counter disagrees with its table, or the
 * stream does not tell what happened. The engine's own suite does the same a few times; this is for a night.
 */

import { join } from "node:path";

const program = join(import.meta.dir, "../../data-plane/tables/engine/crash/kill-loop.ts");
const { exited } = Bun.spawn([process.execPath, program, process.argv[2] ?? "100"], {
  stdio: ["ignore", "inherit", "inherit"],
});
process.exit(await exited);
