/**
 * Kills the queue engine's process over and over while queues are used in every way, and examines what each life left.
 *
 *     scripts/bun tests/soak/queue-kill.ts [kills=50]
 *
 * Exits with 1 at the first life after which something acknowledged is not so, a message is there twice, or the tables do not agree. The engine's own suite
 * does the same six times; this is for a night.
 */

import { join } from "node:path";

const program = join(import.meta.dir, "../../data-plane/queues/engine/crash/kill-loop.ts");
const { exited } = Bun.spawn([process.execPath, program, process.argv[2] ?? "50"], {
  stdio: ["ignore", "inherit", "inherit"],
});
process.exit(await exited);
