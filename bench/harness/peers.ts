/** The programs that benchmarks compare with, installed apart from the project's own dependencies. */
import { existsSync } from "node:fs";
import { join } from "node:path";

/**
 * Installs them when one is missing. Ends the process when that fails.
 * @param needed a package whose presence shows that the installation is as new as its lock file
 */
export function installPeers(needed: string): void {
  const peers = join(import.meta.dir, "../peers");
  if (existsSync(join(peers, "node_modules", needed))) return;
  console.log("installing the peers …");
  const install = Bun.spawnSync(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: peers,
    stdio: ["ignore", "inherit", "inherit"],
  });
  if (install.exitCode !== 0) process.exit(1);
}
