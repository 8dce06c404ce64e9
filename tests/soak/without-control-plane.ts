/**
 * The platform without its control plane for a long time, under a constant load: agent and edge are started anew meanwhile, and afterwards everything goes on.
 *
 *     scripts/bun tests/soak/without-control-plane.ts [minutes=10]
 *
 * Exits with 1 when a request was lost.
 */
const minutes = Number(process.argv[2] ?? 10);
const { exitCode } = Bun.spawnSync(
  [process.execPath, "test", "--timeout", "3600000", "./tests/platform/zero-downtime.test.ts"],
  { env: { ...process.env, BIPLANE_AWAY_SECONDS: String(minutes * 60) }, stdio: ["ignore", "inherit", "inherit"] },
);
process.exit(exitCode);
