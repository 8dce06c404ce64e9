/**
 * Raft groups in a world that breaks, shuffled cores, and disks that lose power: the simulations of `foundation/raft`, from many more seeds.
 *
 *     scripts/bun tests/soak/raft.ts [seeds=1000] [first seed=1]
 *
 * Exits with 1 at the first seed that breaks a promise, and names it.
 */

import { join } from "node:path";

const program = join(import.meta.dir, "../../foundation/raft/simulation/soak.ts");
const { exited } = Bun.spawn([process.execPath, program, ...process.argv.slice(2)], {
  stdio: ["ignore", "inherit", "inherit"],
});
process.exit(await exited);
