/**
 * The tests of `tests/chaos/`, longer and again and again with other seeds. Prints the seed of a run that failed.
 *
 *     scripts/bun tests/soak/chaos.ts [rounds] [seconds for each race]
 */
const rounds = Number(process.argv[2] ?? 10);
const seconds = process.argv[3] ?? "60";

for (let round = 0; round < rounds; round++) {
  const seed = String(Date.now() % 1_000_000);
  const { exitCode } = Bun.spawnSync([process.execPath, "test", "--timeout", "3600000", "./tests/chaos/"], {
    env: { ...process.env, BIPLANE_SEED: seed, BIPLANE_SECONDS: seconds, BIPLANE_ABORTS: "2000", BIPLANE_KILLS: "100" },
    stdio: ["ignore", "inherit", "inherit"],
  });
  console.log(`round ${round + 1} of ${rounds}, seed ${seed}: ${exitCode === 0 ? "passed" : "FAILED"}`);
  if (exitCode !== 0) process.exit(1);
}
