/**
 * Gateways of a fleet without their control plane for a long time, under load: one is started anew meanwhile, and afterwards all serve what is wanted.
 *
 *     scripts/bun tests/soak/gateway-without-control-plane.ts [minutes=10]
 *
 * Exits with 1 when a request has failed.
 */
const minutes = Number(process.argv[2] ?? 10);
const { exitCode } = Bun.spawnSync(
  [process.execPath, "test", "--timeout", "3600000", "./tests/gateway/connected-away.test.ts"],
  { env: { ...process.env, BIPLANE_AWAY_SECONDS: String(minutes * 60) }, stdio: ["ignore", "inherit", "inherit"] },
);
process.exit(exitCode);
